package index

import (
	"maps"
	"slices"
	"strings"

	"heapline/index/dump"
	"heapline/index/graph"
	"heapline/index/heap"
)

// A String, Array or Hash may take ever more memory without one new object:
// text is appended to it, or small numbers.

// swelling is a site with objects that have become larger from dump to dump.
type swelling struct {
	objects  []heap.ID
	anew     bool  // they are others in each dump, of one text that becomes longer
	bytes    int64 // by which they have grown since the first dump
	elements int64 // and elements, or bytes of text
}

// swellings finds them by site; what leaks pile up in is not among them.
func (x *Series) swellings(least Thresholds, holders map[heap.ID]bool) map[SiteID]swelling {
	c := x.last.heap
	sites, print, starts := map[SiteID]swelling{}, c.heap.Prints(), c.heap.Starts(c.live, leastStart)
	enough := least.Bytes * int64(len(x.past))
	for id := c.heap.First(); id < c.heap.End(); id++ {
		if !c.live.Has(id) || x.seen[id] != 0 || holders[id] || c.heap.Memsize(id) < enough || c.siteOf(id) < 0 || !c.maySwell(id) {
			continue
		}
		was, ok := x.history(id, print(id))
		if !ok || was[len(was)-1].Memsize-was[0].Memsize < enough || !swells(was) || x.refilled(id, starts) {
			continue
		}
		sites[c.siteOf(id)] = sites[c.siteOf(id)].with(id, was)
	}
	anew := x.rewritten(starts)
	for _, id := range slices.Sorted(maps.Keys(anew)) {
		s, was := sites[c.siteOf(id)], anew[id]
		if (s.anew || len(s.objects) == 0) && was[len(was)-1].Memsize-was[0].Memsize >= enough && swells(was) {
			s.anew = true
			sites[c.siteOf(id)] = s.with(id, was)
		}
	}
	return sites
}

func (s swelling) with(id heap.ID, was []heap.Was) swelling {
	s.objects = append(s.objects, id)
	s.bytes += was[len(was)-1].Memsize - was[0].Memsize
	s.elements += max(0, was[len(was)-1].Size-was[0].Size)
	return s
}

// shortestStart is how much of a text is enough to know it again.
const shortestStart = 40 // bytes

// rewritten returns the Strings that are new since the first dump and of which
// each dump has just one with the same start, with what they were in each: text
// that is added to with +=.
func (x *Series) rewritten(starts map[heap.ID]string) map[heap.ID][]heap.Was {
	c := x.last.heap
	once := map[textKey]int{}
	for id, start := range starts {
		once[textKey{int32(c.siteOf(id)), start}]++
	}
	found := map[heap.ID][]heap.Was{}
	for id, start := range starts {
		site := c.siteOf(id)
		if site < 0 || x.seen[id] == 0 || len(start) < shortestStart || once[textKey{int32(site), start}] > 1 {
			continue
		}
		if c.heap.Kind(c.dominator(id)) == dump.String { // the memory of another one, whose text was replaced
			continue
		}
		var was []heap.Was
		for i, p := range x.past {
			if before := p.texts[textKey{x.numbers[i][site], start}]; before.strings == 1 {
				was = append(was, before.Was)
			}
		}
		if len(was) == len(x.past) {
			found[id] = append(was, heap.Was{Memsize: c.heap.Memsize(id), Size: c.heap.Size(id)})
		}
	}
	return found
}

// maySwell leaves out what is as large as others make it: the table of a WeakMap
// follows what its keys are, a class what its objects have.
func (c *contents) maySwell(id heap.ID) bool {
	switch c.heap.Kind(id) {
	case dump.Class, dump.Module, dump.IMemo:
		return false
	case dump.Data: // a Set, of some Rubies
		return !strings.HasPrefix(c.heap.Struct(id), "weak") // weakmap and weakkeymap, MRI: weakmap.c
	}
	return true
}

// refilled reports whether a String begins otherwise than before: a buffer that
// was emptied meanwhile. What is appended to keeps its start.
func (x *Series) refilled(id heap.ID, starts map[heap.ID]string) bool {
	now, ok := starts[id]
	address := x.last.heap.heap.Address(id)
	for _, p := range x.past {
		before, known := p.starts[address]
		if ok && known && x.Match == ByIdentity && !strings.HasPrefix(now, before) {
			return true
		}
	}
	return false
}

// holderOf is what the objects of a swelling belong to, Root where that is
// nothing, or not one object.
func (c *contents) holderOf(objects []heap.ID) heap.ID {
	holder := graph.Root
	for i, id := range objects {
		d := c.dominator(id)
		if d != graph.Root {
			d = c.owned(d)
		}
		if i > 0 && d != holder {
			return graph.Root
		}
		holder = d
	}
	return holder
}

// history returns what an object was in each dump, the last one included.
func (x *Series) history(id heap.ID, print uint32) ([]heap.Was, bool) {
	h := x.last.heap.heap
	was := make([]heap.Was, 0, len(x.Dumps))
	for i, p := range x.past {
		before, ok := p.ids.Find(h.Address(id), print)
		if x.Match == ByCohort {
			before, ok = p.alone[cohort{x.numbers[i][x.last.heap.siteOf(id)], h.Generation(id)}].find(print)
		}
		if !ok {
			return nil, false
		}
		was = append(was, before)
	}
	return append(was, heap.Was{Memsize: h.Memsize(id), Size: h.Size(id)}), true
}

// swells reports whether an object has become larger in every interval, in the
// last ones not much less so than in the first, and had begun to before: one
// that is nearly empty in the first dump is emptied now and then, and larger
// later by chance. Its length tells that better than its bytes, of which it
// takes some in store.
func swells(was []heap.Was) bool {
	last := len(was) - 1
	number := func(i int) int64 { return was[i].Size }
	if was[last].Size < 0 {
		number = func(i int) int64 { return was[i].Memsize }
	}
	for i := range last {
		if number(i+1) <= number(i) {
			return false
		}
	}
	if 2*int64(last)*number(0) < number(last)-number(0) {
		return false
	}
	return !slowsDown(last, number)
}
