package index

import (
	"context"
	"io"
	"runtime"

	"heapline/index/graph"
	"heapline/index/heap"
)

// Past is what is kept of an earlier dump to compare a later one with: which
// objects were live, and how many of each site and generation. It never changes.
type Past struct {
	path    string
	newest  int64
	live    Count
	damage  damage
	ids     *heap.Identities
	sites   map[heap.Site]int32 // number of each site with live objects
	counts  []Count             // live objects, by site number
	cohorts map[cohort]uint32   // live objects
	alone   map[cohort]single   // the object of a cohort of one
	marks   map[uint64]uint64
	pinned  map[uint64]bool
	starts  map[uint64]string // of the values of large strings, by address
	texts   map[textKey]textWas
}

// textKey is a large String of a site, told by how its value starts, whatever
// object it is.
type textKey struct {
	site  int32 // number
	start string
}

// textWas is what such Strings were; several are not told apart.
type textWas struct {
	strings int
	heap.Was
}

// leastStart is the memory of strings whose starts are kept: smaller ones are
// not told to grow.
const leastStart = 500 // bytes

// cohort is the live objects of one site and one generation.
type cohort struct {
	site       int32
	generation int64
}

// ReadPast reads a dump for comparison only, as Build does with the same
// options and errors: without what keeps objects alive, and forgetting all else
// when it is done.
func ReadPast(ctx context.Context, r io.Reader, opts Options) (*Past, error) {
	in := &meter{ctx: ctx, r: r, opts: opts}
	h, cut, err := read(ctx, in, opts)
	if err != nil {
		return nil, err
	}
	runtime.GC()
	in.stage("finding what is alive")
	live, err := h.Refs.Reach(ctx, graph.NewSet(h.Refs.Len()))
	if err != nil {
		return nil, err
	}
	p := newPast(opts.Path, h, live)
	p.damage = damageOf(h, cut)
	return p, ctx.Err()
}

// Past returns what to keep of the dump when a later one is loaded.
func (s *Snapshot) Past() *Past {
	p := newPast(s.summary.Path, s.heap.heap, s.heap.live)
	p.damage = s.damage()
	return p
}

func newPast(path string, h *heap.Heap, live graph.Set) *Past {
	p := &Past{
		path: path, newest: h.Newest, ids: h.Identities(live), sites: map[heap.Site]int32{}, cohorts: map[cohort]uint32{},
		marks: h.Landmarks(), pinned: h.Pinned(), starts: map[uint64]string{}, texts: map[textKey]textWas{},
	}
	numbers := make([]int32, len(h.Sites())) // of the heap's sites, + 1
	tally, members := newCohortTally(p.cohorts), map[cohort]heap.ID{}
	for id := h.First(); id < h.End(); id++ {
		if !live.Has(id) {
			continue
		}
		p.live.add(h.Memsize(id))
		site := h.SiteOf(id)
		if site < 0 || h.IsTracer(id) {
			continue
		}
		if numbers[site] == 0 {
			p.sites[h.Sites()[site]] = int32(len(p.counts))
			p.counts = append(p.counts, Count{})
			numbers[site] = int32(len(p.counts))
		}
		number := numbers[site] - 1
		p.counts[number].add(h.Memsize(id))
		key := cohort{number, h.Generation(id)}
		if tally.add(key) {
			members[key] = id
		}
	}
	tally.flush()
	p.findAlone(h, members)
	for id, start := range h.Starts(live, leastStart) {
		p.starts[h.Address(id)] = start
		if site := h.SiteOf(id); site >= 0 && numbers[site] > 0 {
			key := textKey{numbers[site] - 1, start}
			p.texts[key] = textWas{p.texts[key].strings + 1, h.Is(id)}
		}
	}
	return p
}

// single is an object that can be told without its address.
type single struct {
	print uint32
	was   heap.Was
}

func (s single) find(print uint32) (heap.Was, bool) { return s.was, s.print == print }

// findAlone keeps the members of cohorts of one that may become larger.
func (p *Past) findAlone(h *heap.Heap, members map[cohort]heap.ID) {
	p.alone = map[cohort]single{}
	print := h.Prints()
	for key, id := range members {
		if p.cohorts[key] == 1 && key.generation >= 0 && h.Size(id) >= 0 {
			p.alone[key] = single{print(id), h.Is(id)}
		}
	}
}

// cohortTally counts into a map; objects of one cohort come in runs.
type cohortTally struct {
	counts map[cohort]uint32
	last   cohort
	n      uint32
}

func newCohortTally(counts map[cohort]uint32) *cohortTally { return &cohortTally{counts: counts} }

// add counts one more and reports whether it begins a run.
func (t *cohortTally) add(c cohort) bool {
	begins := c != t.last || t.n == 0
	if begins {
		t.flush()
		t.last = c
	}
	t.n++
	return begins
}

func (t *cohortTally) flush() {
	if t.n > 0 {
		t.counts[t.last] += t.n
	}
	t.n = 0
}

// Path returns the dump's path as it was given.
func (p *Past) Path() string { return p.path }

// NewestGeneration is the highest generation of the dump, -1 where none was traced.
func (p *Past) NewestGeneration() int64 { return p.newest }
