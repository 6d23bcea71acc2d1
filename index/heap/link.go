package heap

import (
	"context"
	"slices"

	"golang.org/x/sync/errgroup"

	"heapline/index/dump"
	"heapline/index/graph"
)

// This file is on the hot path of a load: it turns every reference from an
// address into an id.

// link builds the graph. Each part's edges are written into its own stretch of
// one array, by several goroutines at once; the stretches are then moved
// together, since edges that lead nowhere leave gaps.
func (h *Heap) link(ctx context.Context, parts []*part, index *addresses, roots [][]rootRecord, edges, workers int) error {
	n := len(h.address)
	h.class = make([]ID, n)
	targets := make([]ID, edges)
	offsets := make([]uint32, n+1)
	used := h.linkRoots(roots, index, targets, offsets)

	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(workers)
	stretches := make([]stretch, len(parts))
	start, first := used, int(h.First())
	for i, p := range parts {
		s := stretch{part: p, first: first, start: start}
		start += len(p.refs) + len(p.refEnd)
		first += len(p.refEnd)
		group.Go(guard(func() error {
			s.link(h, index, targets, offsets)
			stretches[i] = s
			return ctx.Err()
		}))
	}
	if err := group.Wait(); err != nil {
		return err
	}
	for _, s := range stretches {
		h.Dangling += s.dangling
		h.missing = append(h.missing, s.missing...)
		copy(targets[used:], targets[s.start:s.end])
		for i := range s.objects {
			offsets[s.first+i] += uint32(used)
		}
		used += s.end - s.start
	}
	h.countMissing()
	offsets[n] = uint32(used)
	h.Refs = graph.CSR{Offsets: offsets, Targets: targets[:used:used]}
	return nil
}

// linkRoots writes the edges of the pseudo-root and of the categories and
// returns how many there are.
func (h *Heap) linkRoots(roots [][]rootRecord, index *addresses, targets []ID, offsets []uint32) int {
	used := 0
	for i := range roots {
		targets[used] = ID(i + 1)
		used++
	}
	for i, records := range roots {
		offsets[i+1] = uint32(used)
		for _, r := range records {
			for _, addr := range r.refs {
				if id := index.lookup(addr); id != noNode {
					targets[used] = id
					used++
				} else {
					h.Dangling++
					h.missing = append(h.missing, addr)
				}
			}
		}
	}
	return used
}

// stretch is where the edges of one part go.
type stretch struct {
	part       *part
	first      int // id of the part's first object
	objects    int
	start, end int // in targets
	dangling   int64
	missing    []uint64 // where those lead, each once
}

// countMissing counts the objects that references lead to and the dump lacks.
func (h *Heap) countMissing() {
	slices.Sort(h.missing)
	h.Missing = int64(len(slices.Compact(h.missing)))
	h.missing = nil
}

// link translates a part's references, then lets them go. Offsets are relative
// to the stretch.
func (s *stretch) link(h *Heap, index *addresses, targets []ID, offsets []uint32) {
	p, at, from := s.part, s.start, uint32(0)
	missing := p.refs[:0] // in the room of those that are read already
	s.objects = len(p.refEnd)
	for i, to := range p.refEnd {
		id := s.first + i
		offsets[id] = uint32(at - s.start)
		if h.Kind(ID(id)) == dump.None { // repeats another object's address
			from = to
			continue
		}
		for _, addr := range p.refs[from:to] {
			if ref := index.lookup(addr); ref != noNode {
				targets[at] = ref
				at++
			} else {
				s.dangling++
				missing = append(missing, addr)
			}
		}
		from = to
		if class := h.classOf(id, p.class[i], index); class != noNode {
			targets[at] = class
			at++
		}
	}
	s.end = at
	slices.Sort(missing)
	s.missing = slices.Clone(slices.Compact(missing))
	p.refs, p.class, p.refEnd = nil, nil, nil
}

// classOf resolves an object's class. What an IMEMO gives as its class is an
// edge where it leads to an object, and never a class: up to Ruby 3.1 it is
// whatever word its slot holds, from 4.0 on the owner of instance variables.
func (h *Heap) classOf(id int, addr uint64, index *addresses) ID {
	class := index.lookup(addr)
	if class != noNode && h.Kind(ID(id)) != dump.IMemo {
		h.class[id] = class
	}
	return class
}
