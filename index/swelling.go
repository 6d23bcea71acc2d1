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
	sites, small := map[SiteID]swelling{}, map[SiteID]*togetherness{}
	print, starts := c.heap.Prints(), c.heap.Starts(c.live, leastStart)
	for _, id := range x.changed {
		site := c.siteOf(id)
		if site < 0 || holders[id] || !c.maySwell(id) {
			continue
		}
		was, ok := x.history(id, print(id))
		switch {
		case !ok || x.filledByNew(id, was):
		case !x.much(id, was, least):
			addTogether(small, site, id, was, c.heap.Kind(id))
		case swells(was) && !x.refilled(id, starts):
			sites[site] = sites[site].with(c.heap.Kind(id), id, was)
		}
	}
	x.rewrittenToo(sites, starts, least)
	for site, all := range small {
		if _, ok := sites[site]; !ok && all.swells(least) {
			sites[site] = all.swelling
		}
	}
	return sites
}

// rewrittenToo adds the Strings that are made anew each time, a line's only
// where it has no other swelling.
func (x *Series) rewrittenToo(sites map[SiteID]swelling, starts map[heap.ID]string, least Thresholds) {
	c := x.last.heap
	anew := x.rewritten(starts)
	for _, id := range slices.Sorted(maps.Keys(anew)) {
		s, was := sites[c.siteOf(id)], anew[id]
		if (s.anew || len(s.objects) == 0) && x.much(id, was, least) && swells(was) {
			s.anew = true
			sites[c.siteOf(id)] = s.with(dump.String, id, was)
		}
	}
}

func (s swelling) with(kind dump.Type, id heap.ID, was []heap.Was) swelling {
	s.objects = append(s.objects, id)
	s.bytes += grownBytes(kind, was)
	s.elements += max(0, was[len(was)-1].Size-was[0].Size)
	return s
}

// The least bytes that an entry of a Hash takes, and an element of an Array.
const (
	entryBytes   = 24
	elementBytes = 8
)

// content is the memory that an object's content takes. Its own memory may be
// elsewhere, which Arrays and Strings then share (MRI: RARRAY_SHARED), and more,
// of which it takes some in store.
func content(kind dump.Type, was heap.Was) int64 {
	switch kind {
	case dump.Array:
		return was.Size * elementBytes
	case dump.Hash:
		return was.Size * entryBytes
	case dump.String:
		return was.Size
	}
	return was.Memsize
}

// grownBytes is by how much an object has grown since the first dump.
func grownBytes(kind dump.Type, was []heap.Was) int64 {
	last := len(was) - 1
	if grown := was[last].Memsize - was[0].Memsize; grown > 0 {
		return grown
	}
	return content(kind, was[last]) - content(kind, was[0])
}

// much reports whether an object has grown by enough to be a suspect: one more
// element may double the memory of an Array or Hash.
func (x *Series) much(id heap.ID, was []heap.Was, least Thresholds) bool {
	kind, last, intervals := x.last.heap.heap.Kind(id), len(was)-1, int64(len(x.past))
	if (kind == dump.Array || kind == dump.Hash) && was[last].Size-was[0].Size < least.Objects*intervals {
		return false
	}
	return max(was[last].Memsize-was[0].Memsize, content(kind, was[last])-content(kind, was[0])) >= least.Bytes*intervals
}

// togetherness is what the objects of a site are together that each grow by
// little: a list for every user.
type togetherness struct {
	swelling
	content []heap.Was // of all, by dump; Size only
	shrank  int
}

func addTogether(sites map[SiteID]*togetherness, site SiteID, id heap.ID, was []heap.Was, kind dump.Type) {
	if was[0].Size < 0 {
		return
	}
	all := sites[site]
	if all == nil {
		all = &togetherness{content: make([]heap.Was, len(was))}
		sites[site] = all
	}
	shrinks := false
	for i := range was {
		all.content[i].Size += content(kind, was[i])
		shrinks = shrinks || i > 0 && was[i].Size < was[i-1].Size
	}
	if shrinks {
		all.shrank++
		return
	}
	all.swelling = all.with(kind, id, was)
}

// mostShrink is one in how many objects may have become smaller where they grow
// together: buffers are emptied now and then.
const mostShrink = 10

func (t *togetherness) swells(least Thresholds) bool {
	last := len(t.content) - 1
	return mostShrink*t.shrank <= len(t.objects) && t.elements >= least.Objects*int64(last) &&
		t.content[last].Size-t.content[0].Size >= least.Bytes*int64(last) && swells(t.content)
}

// filledByNew reports whether an Array or Hash, or a Set, has become larger by
// objects that are new: these tell better whether they stay.
func (x *Series) filledByNew(id heap.ID, was []heap.Was) bool {
	c := x.last.heap
	news := 0
	count := func(of heap.ID) {
		for _, to := range c.heap.Refs.Out(of) {
			if to >= c.heap.First() && x.seen[to] != 0 {
				news++
			}
		}
	}
	count(id)
	for _, to := range c.heap.Refs.Out(id) {
		if c.heap.Kind(to) == dump.Array && c.heap.Internal(to) { // what an Array shares
			count(to)
		}
	}
	last := len(was) - 1
	if was[0].Size < 0 {
		return int64(news)*setEntry >= was[last].Memsize-was[0].Memsize
	}
	return 2*int64(news) >= was[last].Size-was[0].Size
}

// setEntry is the most that an entry of a Set takes, with what is in store.
const setEntry = 64 // bytes

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
			found[id] = append(was, c.heap.Is(id))
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
		if site := x.last.heap.siteOf(id); x.Match == ByCohort && site < 0 {
			ok = false
		} else if x.Match == ByCohort {
			before, ok = p.alone[cohort{x.numbers[i][site], h.Generation(id)}].find(print)
		}
		if !ok {
			return nil, false
		}
		was = append(was, before)
	}
	return append(was, h.Is(id)), true
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
