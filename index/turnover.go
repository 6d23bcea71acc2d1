package index

import (
	"math"
	"slices"

	"heapline/index/dump"
	"heapline/index/heap"
)

// A cache, a pool or the sessions of those who are logged in come and go. Their
// numbers rise and fall by chance, and some of each dump's are there in the
// next; nothing piles up.

// steps is in how many intervals there came to be more.
func (g Growth) steps() (n int) {
	for i, c := range g.Counts[1:] {
		if c.Objects > g.Counts[i].Objects {
			n++
		}
	}
	return n
}

// grown is by how many objects.
func (g Growth) grown() int64 { return g.Counts[len(g.Counts)-1].Objects - g.Counts[0].Objects }

// stays is the share of what is new that makes the site larger: the rest took
// the place of what went.
func (g Growth) stays() float64 {
	return min(1, float64(max(0, g.grown()))/float64(max(1, g.NewSince().Objects)))
}

// perElement is how many of a line's objects what is put into the holder has, as
// far as it can be told.
func (p *pile) perElement(id SiteID) float64 {
	if p.tops[id] == 0 {
		return 1
	}
	return min(float64(p.sites[id].Objects)/float64(p.tops[id]), mostPerElement)
}

// mostPerElement is of an object of usual size: a list is one element of very many.
const mostPerElement = 10

// deviations is how many standard deviations chance is trusted to reach.
const deviations = 3

// beyondChance reports whether a site has grown by more than it would if as many
// came as went, each when it likes: by the square root of their number, about
// (both are Poisson distributed then). Objects of one element come and go
// together.
func (x *Series) beyondChance(id SiteID, perElement float64) bool {
	return float64(x.growth[id].grown()) >= deviations*math.Sqrt(2*perElement*float64(x.gone(id)))
}

// gone is how many of a site's objects of the first dump went, which as many may
// have replaced. Where the dump before the last has nearly only those that stay,
// those count that went after it: what is short-lived is no part of what piles up.
func (x *Series) gone(id SiteID) int64 {
	g := x.growth[id]
	later, left := x.old[id], g.Seen[0].Objects
	if late := later - left; late >= 0 && 10*late <= later {
		return late
	}
	return g.Freed(0)
}

// olderThanFirst counts, by site, the objects in the dump before the last that
// are as old as the first dump, by their generations.
func (x *Series) olderThanFirst() []int64 {
	old := make([]int64, len(x.last.sites))
	before := len(x.past) - 1
	if before < 0 {
		return old
	}
	byNumber := make([]int64, len(x.past[before].counts))
	for c, n := range x.past[before].cohorts {
		if c.generation >= 0 && c.generation < x.past[0].newest {
			byNumber[c.site] += int64(n)
		}
	}
	for id, number := range x.numbers[before] {
		if number >= 0 {
			old[id] = byNumber[number]
		}
	}
	return old
}

// withoutBounded leaves out the piles in which what is new took the place of what
// was there: their holders do not become longer as the lines do whose objects
// they hold.
func (x *Series) withoutBounded(piles []*pile) []*pile {
	most := map[SiteID]int64{}
	known := map[*pile]bool{}
	print := x.last.heap.heap.Prints()
	for _, p := range piles {
		p.longer, known[p] = x.lengthened(p, print)
		for site := range p.tops {
			most[site] = max(most[site], p.longer)
		}
	}
	return slices.DeleteFunc(piles, func(p *pile) bool {
		for site := range p.elements {
			more := x.growth[site].grown()
			// Of few elements that hold ever more, the holder need not be longer.
			if 3*p.longer >= more || p.tops[site] < more && 3*most[site] < more {
				return false
			}
		}
		return known[p] && len(p.elements) > 0
	})
}

// lengthened is by how many elements the holders of a pile have grown since the
// first dump; false where that is not known of each.
func (x *Series) lengthened(p *pile, print func(heap.ID) uint32) (by int64, ok bool) {
	h := x.last.heap.heap
	for id := range p.holders {
		if h.Kind(id) != dump.Array && h.Kind(id) != dump.Hash {
			return 0, false
		}
		was, ok := x.history(id, print(id))
		if !ok {
			return 0, false
		}
		by += was[len(was)-1].Size - was[0].Size
	}
	return by, true
}
