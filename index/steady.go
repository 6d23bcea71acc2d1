package index

import (
	"context"
	"slices"

	"heapline/index/dump"
	"heapline/index/heap"
)

// A single dump tells growth too, if allocations were traced: of a line that
// leaks, some objects of every age are alive, as many of the youngest as of the
// oldest. Start-up leaves old ones only, a bounded cache young ones, a batch
// those of one age.

const (
	ages        = 8 // parts of a process's life
	fewestGCs   = 2 * ages
	longestGap  = 2    // parts of a life without a survivor
	mostOfOne   = 0.6  // of the survivors in one part of it: a batch
	leastOfHalf = 0.05 // of the survivors in either half
	mostYounger = 2    // times as many as older ones
	burst       = 5    // times what survived of the median part: the hot keys of a cache are old, its entries are not
)

// SteadyGrowth returns the lines whose objects have survived at a steady rate
// since early in the process's life, what grows by most bytes first. It is
// weaker evidence than a series of dumps. An error is that of ctx.
func (s *Snapshot) SteadyGrowth(ctx context.Context, least Thresholds) ([]Suspect, error) {
	oldest, gcs := s.life()
	if s.heap.tree == nil || gcs < fewestGCs {
		return nil, nil
	}
	before, err := s.before(ctx)
	if err != nil {
		return nil, err
	}
	grows := make([]bool, len(s.sites))
	for id := range s.sites {
		grows[id] = s.lives(SiteID(id), oldest, gcs).steady(least)
	}
	h := s.heap.heap
	// What is of no growing line is where things pile up, however young it is.
	age := func(id heap.ID) int {
		site, generation := s.heap.siteOf(id), h.Generation(id)
		shared := h.Kind(id) == dump.Array && h.Internal(id) // the memory of an Array that is where things pile up
		if generation < oldest || site >= 0 && !grows[site] && !shared {
			return 0
		}
		return max(1, ageOf(generation, oldest, gcs))
	}
	var list []Suspect
	for _, p := range s.heap.piles(before, age, ages, grows) {
		p.dropMinor(least, func(id SiteID) int64 { return s.sites[id].Objects })
		main, ok := p.mainSite()
		if !ok || !s.fillsUp(p, oldest, gcs, least) {
			continue
		}
		suspect := s.suspectOf(p, main, before)
		suspect.Per = "GC"
		suspect.GrowthObjects, suspect.GrowthBytes = float64(p.sites[main].Objects)/float64(gcs), float64(p.bytes())/float64(gcs)
		suspect.here = suspect.GrowthBytes
		list = append(list, suspect)
	}
	return once(list), nil
}

// life returns the oldest generation of a live object and how many GCs ago, at
// the newest one, that was.
func (s *Snapshot) life() (oldest, gcs int64) {
	oldest = s.newest
	for _, id := range s.heap.objects {
		if g := s.heap.heap.Generation(id); g >= 0 {
			oldest = min(oldest, g)
		}
	}
	return oldest, s.newest - oldest
}

func ageOf(generation, oldest, gcs int64) int {
	return int((generation - oldest) * ages / (gcs + 1))
}

// lives are a site's live objects by the part of the process's life in which
// they were made.
type lives [ages]int64

func (s *Snapshot) lives(id SiteID, oldest, gcs int64) (l lives) {
	for _, object := range s.heap.objectsOf(id) {
		if g := s.heap.heap.Generation(object); g >= 0 {
			l[ageOf(g, oldest, gcs)]++
		}
	}
	return l
}

// steady reports whether objects of nearly all ages survive, from the first
// half of the life up to now.
func (l lives) steady(least Thresholds) bool {
	first := slices.IndexFunc(l[:], func(n int64) bool { return n > 0 })
	if first < 0 || first > ages/2 {
		return false
	}
	var sum, second int64
	gap, longest := 0, 0
	for i, n := range l[first:] {
		sum += n
		if i >= (ages-first)/2 {
			second += n
		}
		if gap++; n > 0 {
			gap = 0
		}
		longest = max(longest, gap)
	}
	sorted := slices.Sorted(slices.Values(l[first:]))
	median, most := sorted[len(sorted)/2], sorted[len(sorted)-1]
	share := float64(second) / float64(sum)
	return sum >= least.Objects*ages && longest < longestGap && l[ages-1]+l[ages-2] > 0 &&
		most <= burst*median && float64(most) <= mostOfOne*float64(sum) && share >= leastOfHalf && share <= 1-leastOfHalf &&
		!l.thinsOut(first)
}

// thinsOut reports whether few are left of the older ones: objects that live for
// a time that chance decides. The youngest may be garbage yet to be.
func (l lives) thinsOut(first int) bool {
	var older, younger int64
	for i := first; i < ages-1; i++ {
		if 2*(i-first) < ages-1-first {
			older += l[i]
		} else {
			younger += l[i]
		}
	}
	return float64(younger) > mostYounger*float64(older)
}

// fillsUp reports whether what is piled up began to do so soon after its holder
// was made. What an old holder holds of young objects only is bounded.
func (s *Snapshot) fillsUp(p *pile, oldest, gcs int64, least Thresholds) bool {
	var l lives
	for age, c := range p.grown {
		l[age] = c.Objects
	}
	from := ageOf(max(oldest, s.heap.heap.Generation(p.holder)), oldest, gcs)
	first := slices.IndexFunc(l[:], func(n int64) bool { return n > 0 })
	return l.steady(least) && 2*(first-from) <= ages-from
}
