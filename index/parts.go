package index

import (
	"context"

	"heapline/index/heap"
)

// The names of parts that have none of their own.
const (
	NameNoSite       = "(no allocation site)"
	NameTracer       = "(allocation tracing)"
	NameNoGeneration = "(no generation)"
)

// Part is a named share of the live heap.
type Part struct {
	NamedCount
	Retained Retained
}

// Parts are the whole live heap in parts: their counts add up to it.
// Allocation tracing's own table is always a part of its own.
type Parts struct {
	Rows  []Part // in the order of the dump; for the caller to sort
	group grouping
	heap  *contents
	rowOf map[string]int32
}

// ByClass parts the live heap by class name.
func (s *Snapshot) ByClass() *Parts {
	h := s.heap.heap
	return newParts(s.heap, h.ClassKey, h.ClassName)
}

// ByType parts the live heap by type.
func (s *Snapshot) ByType() *Parts {
	h := s.heap.heap
	return newParts(s.heap, h.Kind, func(id heap.ID) string { return h.Kind(id).String() })
}

// ByGeneration parts the live heap by generation, or by ranges of generations
// ("120–139") where there are too many.
func (s *Snapshot) ByGeneration() *Parts {
	h := s.heap.heap
	r := spansOf(s.heap.liveGenerations(), dumpCohorts)
	from := func(id heap.ID) int64 {
		from, _ := r.of(h.Generation(id))
		return from
	}
	return newParts(s.heap, from, func(id heap.ID) string {
		if g := h.Generation(id); g >= 0 {
			return r.name(g)
		}
		return NameNoGeneration
	})
}

// ByFile parts the live heap by what name makes of the site's file.
func (s *Snapshot) ByFile(name func(file string) string) *Parts {
	return newParts(s.heap, s.heap.siteOf, func(id heap.ID) string {
		if site := s.heap.siteOf(id); site >= 0 {
			return name(s.sites[site].File)
		}
		return NameNoSite
	})
}

// newParts counts all live objects by a key that is cheap to get; the keys of
// one name are one part.
func newParts[K comparable](c *contents, key func(heap.ID) K, name func(heap.ID) string) *Parts {
	h := c.heap
	p := &Parts{heap: c, rowOf: map[string]int32{}}
	column := make([]int32, h.End())
	rows := map[K]int32{}
	for id := range h.End() {
		column[id] = -1
		if id < h.First() || !c.live.Has(id) {
			continue
		}
		row, ok := int32(0), false
		if h.IsTracer(id) {
			row = p.row(NameTracer)
		} else if row, ok = rows[key(id)]; !ok {
			row = p.row(name(id))
			rows[key(id)] = row
		}
		p.Rows[row].add(h.Memsize(id))
		column[id] = row
	}
	p.group = grouping{len(p.Rows), func(id heap.ID) int32 { return column[id] }}
	if c.tree != nil {
		for i, r := range c.bounds(p.group) {
			p.Rows[i].Retained = r
		}
	}
	return p
}

func (p *Parts) row(name string) int32 {
	row, ok := p.rowOf[name]
	if !ok {
		row = int32(len(p.Rows))
		p.Rows = append(p.Rows, Part{NamedCount: NamedCount{Name: name}})
		p.rowOf[name] = row
	}
	return row
}

// Exact computes exactly what some of the parts retain and sets their
// Retained. An error is that of ctx.
func (p *Parts) Exact(ctx context.Context, parts []Part) error {
	for len(parts) > 0 {
		n := min(len(parts), walks)
		wanted := make([]int32, n)
		for i := range wanted {
			wanted[i] = p.rowOf[parts[i].Name]
		}
		list, err := p.heap.exactly(ctx, p.group, wanted)
		if err != nil {
			return err
		}
		for i, r := range list {
			parts[i].Retained = r
		}
		parts = parts[n:]
	}
	return nil
}
