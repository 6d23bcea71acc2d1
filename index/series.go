package index

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"heapline/index/heap"
)

// The ways in which a series tells objects of one dump from those of another.
const (
	ByIdentity = "identity" // address, type, class, site and generation
	ByCohort   = "cohort"   // numbers of objects of a site and a generation, which only ever fall: for a heap that was compacted
	ByTotals   = "totals"   // the dumps are of several processes: only a site's numbers can be compared
)

// Series compares the last dump of a process with earlier ones. It never
// changes once Compare returned it.
type Series struct {
	Dumps []DumpOfSeries
	// LeftOut are the earlier dumps of which a part is missing: they are not
	// compared, since what they lack would look as if it had come later.
	LeftOut []DumpOfSeries
	Match   string // one of ByIdentity, ByCohort, ByTotals

	last    *Snapshot
	past    []*Past
	seen    []uint8   // by object of the last dump: the first dump that shows it, 0-based; live ones only
	changed []heap.ID // objects of all dumps that have another size in one, as far as it is known
	growth  []Growth  // by SiteID
	numbers [][]int32
	old     []int64 // see olderThanFirst
}

// DumpOfSeries is one of the dumps, oldest first.
type DumpOfSeries struct {
	Path   string `json:"path"`
	Newest int64  `json:"newestGeneration"` // GC count, -1 where nothing was traced
	Live   Count  `json:"live"`
	damage
}

// Growth is how the live objects of a site have changed from dump to dump.
type Growth struct {
	Counts  []Count // in each dump, oldest first
	Seen    []Count // of the last dump's objects those that each dump is the first to show; nil by totals
	Objects Slope   // a dump
	Bytes   Slope   // a dump; shallow sizes
}

// NewKept is what came after the first dump and before the last but one was
// written, and is still there in the last: the figure of three dumps.
func (g Growth) NewKept() Count {
	var sum Count
	if len(g.Seen) > 2 {
		for _, c := range g.Seen[1 : len(g.Seen)-1] {
			sum.Objects += c.Objects
			sum.Bytes += c.Bytes
		}
	}
	return sum
}

// NewSince is what came after the first dump and is there in the last.
func (g Growth) NewSince() Count {
	sum := g.NewKept()
	if n := len(g.Seen); n > 1 {
		sum.Objects += g.Seen[n-1].Objects
		sum.Bytes += g.Seen[n-1].Bytes
	}
	return sum
}

// Freed is how many objects of a dump are gone by the last one; not known by
// totals.
func (g Growth) Freed(dump int) int64 {
	if g.Seen == nil {
		return 0
	}
	left := int64(0) // what is there in the last was there in all since the first that shows it
	for _, c := range g.Seen[:dump+1] {
		left += c.Objects
	}
	return max(0, g.Counts[dump].Objects-left)
}

// maxDumps is how many dumps a series has at most.
const maxDumps = 200

// Compare compares a snapshot with earlier dumps, of which the order does not
// matter. An error is that of ctx, or says which dump does not belong there.
func (s *Snapshot) Compare(ctx context.Context, past []*Past) (*Series, error) {
	past = slices.SortedStableFunc(slices.Values(past), func(a, b *Past) int { return cmp.Compare(a.newest, b.newest) })
	if len(past) == 0 || len(past) >= maxDumps {
		return nil, fmt.Errorf("a series has from 2 to %d dumps, not %d", maxDumps, len(past)+1)
	}
	x := &Series{last: s}
	x.take(past)
	x.Dumps = append(x.Dumps, DumpOfSeries{s.summary.Path, s.newest, s.summary.Live, s.damage()})
	x.Match = matchOf(s.heap.heap, x.past)
	x.number()
	if x.Match == ByIdentity {
		x.seen = x.byIdentity()
		if x.lost() > lostAtMost {
			x.Match = ByCohort
		}
	}
	if x.Match == ByCohort {
		x.changed = nil
		x.seen = x.byCohort()
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	x.grow()
	x.old = x.olderThanFirst()
	return x, nil
}

// number finds the sites of the last dump in the earlier ones: -1 where there
// was none.
func (x *Series) number() {
	x.numbers = make([][]int32, len(x.past))
	for i, p := range x.past {
		x.numbers[i] = make([]int32, len(x.last.sites))
		for id, site := range x.last.sites {
			number, ok := p.sites[heap.Site{File: site.File, Line: site.Line}]
			if !ok {
				number = -1
			}
			x.numbers[i][id] = number
		}
	}
}

// byIdentity finds for every live object the first dump that shows it. One that
// is in a dump was in all between that one and the last.
func (x *Series) byIdentity() []uint8 {
	c := x.last.heap
	seen, print := make([]uint8, c.heap.End()), c.heap.Prints()
	for id := c.heap.First(); id < c.heap.End(); id++ {
		if !c.live.Has(id) {
			continue
		}
		number, at, is := print(id), c.heap.Address(id), c.heap.Is(id)
		first, changed := len(x.past), false
		for ; first > 0; first-- {
			was, ok := x.past[first-1].ids.Find(at, number)
			if !ok {
				break
			}
			changed = changed || was != is
		}
		seen[id] = uint8(first)
		if changed && first == 0 {
			x.changed = append(x.changed, id)
		}
	}
	return seen
}

// lostAtMost is the share of the older objects that may not be found where they
// were: a class renamed here and there, a singleton class that an object got.
const lostAtMost = 0.02

// lost is the share of the objects that must be in the last dump but one by
// their generation and are not found in it: those that compaction has moved. A
// dump that a forked child takes after a GC of its own has the child's generation
// for its newest, which the process has yet to begin.
func (x *Series) lost() float64 {
	c, before := x.last.heap, len(x.past)-1
	if before < 0 {
		return 0
	}
	begun := x.past[before].newest - 1
	due, lost := 0, 0
	for id := c.heap.First(); id < c.heap.End(); id++ {
		if g := c.heap.Generation(id); c.live.Has(id) && g >= 0 && g < begun {
			due++
			if int(x.seen[id]) > before {
				lost++
			}
		}
	}
	return float64(lost) / float64(max(1, due))
}

// byCohort does so without addresses: of a cohort that had n objects in an
// earlier dump, n at most can be from then. Which ones cannot be told: those
// that the dump lists first stand for them. Objects without a generation are
// older than tracing.
func (x *Series) byCohort() []uint8 {
	c := x.last.heap
	seen := make([]uint8, c.heap.End())
	place := map[cohort]uint32{}
	for id := c.heap.First(); id < c.heap.End(); id++ {
		generation := c.heap.Generation(id)
		if !c.live.Has(id) || generation < 0 {
			continue
		}
		x.changed = append(x.changed, id) // may be
		site := c.siteOf(id)
		if site < 0 { // as old as its generation says
			seen[id] = x.dumpOf(generation)
			continue
		}
		key := cohort{int32(site), generation}
		before := place[key]
		place[key]++
		first := len(x.past)
		for ; first > 0; first-- {
			number := x.numbers[first-1][site]
			if number < 0 || x.past[first-1].cohorts[cohort{number, generation}] <= before {
				break
			}
		}
		seen[id] = uint8(first)
	}
	return seen
}

// dumpOf is the first dump that has objects of a generation or a later one.
func (x *Series) dumpOf(generation int64) uint8 {
	i, _ := slices.BinarySearchFunc(x.past, generation, func(p *Past, g int64) int { return cmp.Compare(p.newest, g) })
	return uint8(i)
}

// grow adds up per site.
func (x *Series) grow() {
	c := x.last.heap
	x.growth = make([]Growth, len(x.last.sites))
	for id, site := range x.last.sites {
		g := Growth{Counts: make([]Count, 0, len(x.Dumps))}
		for i, p := range x.past {
			var count Count
			if number := x.numbers[i][id]; number >= 0 {
				count = p.counts[number]
			}
			g.Counts = append(g.Counts, count)
		}
		g.Counts = append(g.Counts, site.Count)
		if x.seen != nil {
			g.Seen = make([]Count, len(x.Dumps))
			for _, object := range c.objectsOf(SiteID(id)) {
				g.Seen[x.seen[object]].add(c.heap.Memsize(object))
			}
		}
		byNumber := func(dump int) int64 { return int64(dump) }
		g.Objects = slope(g.Counts, byNumber, func(c Count) int64 { return c.Objects })
		g.Bytes = slope(g.Counts, byNumber, func(c Count) int64 { return c.Bytes })
		x.growth[id] = g
	}
}

// Growth returns how a site of the last dump has grown. Its slices are shared,
// read-only.
func (x *Series) Growth(id SiteID) Growth { return x.growth[id] }

// PerGC is by how many objects a site grows from one GC to the next; false where
// the dumps do not tell their GCs, or are of several processes.
func (x *Series) PerGC(id SiteID) (objects float64, ok bool) {
	first, last := x.Dumps[0].Newest, x.Dumps[len(x.Dumps)-1].Newest // in order
	if x.Match == ByTotals || first < 0 || first == last {
		return 0, false
	}
	at := func(dump int) int64 { return x.Dumps[dump].Newest }
	return slope(x.growth[id].Counts, at, func(c Count) int64 { return c.Objects }).Median, true
}

// Last returns the snapshot of the last dump.
func (x *Series) Last() *Snapshot { return x.last }
