package index

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"sync/atomic"

	"heapline/index/dump"
	"heapline/index/graph"
	"heapline/index/heap"
)

// Progress is how far a load has come.
type Progress struct {
	Stage string // a few words for people: "reading", "finding what is alive"
	Done  int64  // bytes of the file consumed so far (compressed bytes where it is compressed)
	Total int64  // bytes of the file, 0 where unknown
}

// Options are what Build needs to know beside the bytes.
type Options struct {
	Path     string         // shown in the summary; not opened
	Size     int64          // bytes of the file for progress, 0 where unknown
	Workers  int            // parsers at once; 0: one a core
	Memory   int64          // bytes that the load may take, 0 for a share of the machine's
	Progress func(Progress) // may be nil; called from one goroutine at a time

	// Counted, if not nil, is called once in the middle of a load with a
	// snapshot that has the counts and shallow sizes and no retained ones yet.
	Counted func(*Snapshot)
}

// Build reads a dump, plain, gzip or zstd, and returns its index. Unreadable
// lines are counted in the summary; an error means that nothing useful could be
// read, or that ctx was cancelled (then errors.Is(err, context.Canceled)).
// Errors are sentences for developers, without the path.
func Build(ctx context.Context, r io.Reader, opts Options) (*Snapshot, error) {
	in := &meter{ctx: ctx, r: r, opts: opts}
	h, cut, err := read(ctx, in, opts)
	if err != nil {
		return nil, err
	}
	runtime.GC() // the parts of the dump are merged: let the graph reuse their memory
	in.stage("finding what is alive")
	search := graph.NewSearch(h.Refs)
	s := newSnapshot(h, search.Reached())
	s.summary.Path = opts.Path
	s.summary.describe(h, cut)
	if opts.Counted != nil {
		opts.Counted(s)
	}
	in.stage("finding what keeps it alive")
	tree, err := search.Dominators(ctx)
	if err != nil {
		return nil, err
	}
	return s.withTree(tree), ctx.Err()
}

// withTree returns a snapshot that also knows what retains what.
func (s *Snapshot) withTree(tree *graph.Tree) *Snapshot {
	full, c := *s, *s.heap
	full.heap, full.caches = &c, &caches{}
	c.tree = tree
	c.retained = tree.Retained(func(id heap.ID) uint64 { return uint64(c.heap.Memsize(id)) })
	full.sites = slices.Clone(s.sites)
	for i, r := range c.bounds(c.bySite()) {
		full.sites[i].Retained = r
	}
	return &full
}

// read returns the heap and, in cut, why the input ended early where it did.
func read(ctx context.Context, in *meter, opts Options) (h *heap.Heap, cut, err error) {
	in.stage("reading")
	plain, err := dump.Decompress(in)
	if err != nil {
		return nil, nil, unreadable(in, nil, err)
	}
	defer plain.Close()
	limit := opts.Memory
	if limit <= 0 {
		limit = DefaultMemory()
	}
	text := &headed{Reader: plain}
	h, err = heap.Read(ctx, text, heap.Options{Workers: opts.Workers, MaxMemory: limit})
	switch {
	case ctx.Err() != nil:
		return nil, nil, ctx.Err()
	case errors.Is(err, heap.ErrTooLarge):
		return nil, nil, fmt.Errorf("loading it would take more than the %s of memory that it may take: "+
			"raise the limit (the setting heapline.maxMemory, the flag --max-memory), or load it on a larger machine", FormatBytes(limit))
	case h == nil:
		return nil, nil, unreadable(in, text.head, err)
	}
	return h, err, nil
}

// meter counts the bytes read, reports progress and ends reading when the load
// is cancelled, also where the system makes it wait.
type meter struct {
	ctx  context.Context //nolint:containedctx // io.Reader has no room for it
	r    io.Reader
	opts Options
	done atomic.Int64
	name string
	err  error // what the input itself failed with
	room []byte
}

// readAtOnce is how much is read at once: into memory of the meter's own, for a
// read that nobody waits for any more may still write to it.
const readAtOnce = 1 << 18 // bytes

func (m *meter) Read(p []byte) (int, error) {
	if m.ctx.Err() != nil {
		return 0, m.ctx.Err()
	}
	if m.room == nil {
		m.room = make([]byte, readAtOnce)
	}
	room := m.room[:min(len(p), readAtOnce)]
	n, err := Await(m.ctx, func() (int, error) { return m.r.Read(room) })
	if m.ctx.Err() != nil {
		m.room = nil
		return 0, m.ctx.Err()
	}
	copy(p, room[:n])
	m.done.Add(int64(n))
	if err != nil && !errors.Is(err, io.EOF) {
		m.err = err
	}
	m.report()
	return n, err
}

func (m *meter) stage(name string) {
	m.name = name
	m.report()
}

func (m *meter) report() {
	if m.opts.Progress != nil {
		m.opts.Progress(Progress{Stage: m.name, Done: m.done.Load(), Total: m.opts.Size})
	}
}

// newSnapshot adds up the live objects per site.
func newSnapshot(h *heap.Heap, live graph.Set) *Snapshot {
	s := &Snapshot{newest: h.Newest, first: map[string]int{}}
	perSite, survivors := make([]Count, len(h.Sites())), make(map[int]Count)
	for id := h.First(); id < h.End(); id++ {
		if !h.Exists(id) {
			continue
		}
		bytes, site := h.Memsize(id), h.SiteOf(id)
		s.summary.Objects.add(bytes)
		if !live.Has(id) {
			s.summary.Garbage.add(bytes)
			if h.Old(id) {
				s.summary.Survivors.add(bytes)
				count := survivors[site]
				count.add(bytes)
				survivors[site] = count
			}
			continue
		}
		s.summary.Live.add(bytes)
		switch {
		case h.IsTracer(id):
			s.summary.Tracer.add(bytes)
			continue
		case site < 0:
			s.summary.NoSite.add(bytes)
			continue
		}
		perSite[site].add(bytes)
		if h.Stale(id) {
			s.summary.Stale++
		}
	}
	members := s.addSites(h, perSite)
	s.survivors = survivorSites(h, survivors)
	s.heap, s.caches = newContents(h, live, members, s.sites), &caches{}
	return s
}

// survivorSites lists the survivors by site, largest bytes first; those without
// a site have no place to look at.
func survivorSites(h *heap.Heap, counts map[int]Count) []Survivors {
	list := []Survivors{}
	for site, count := range counts {
		if site >= 0 {
			at := h.Sites()[site]
			list = append(list, Survivors{at.File, at.Line, count})
		}
	}
	slices.SortFunc(list, func(a, b Survivors) int {
		return cmp.Or(cmp.Compare(b.Bytes, a.Bytes), cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
	return list
}

// addSites lists the sites with live objects and returns for each site of the
// heap its SiteID, -1 where it has none.
func (s *Snapshot) addSites(h *heap.Heap, perSite []Count) []SiteID {
	members := make([]SiteID, len(perSite))
	for i, site := range h.Sites() {
		members[i] = -1
		if perSite[i].Objects == 0 {
			continue
		}
		members[i] = SiteID(len(s.sites))
		if _, ok := s.first[site.File]; !ok {
			s.first[site.File] = len(s.sites)
			s.files = append(s.files, site.File)
		}
		s.sites = append(s.sites, Site{ID: members[i], File: site.File, Line: site.Line, Count: perSite[i]})
	}
	s.summary.Sites, s.summary.Files = len(s.sites), len(s.files)
	return members
}
