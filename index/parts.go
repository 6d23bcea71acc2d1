package index

import (
	"slices"
	"strconv"

	"heapline/index/heap"
)

// The names of live objects that belong to no site.
const (
	NameNoSite = "(no allocation site)"
	NameTracer = "(allocation tracing)"
)

// Classes counts the live objects by class; allocation tracing's own table is
// a part of its own. The largest bytes come first.
func (s *Snapshot) Classes() []NamedCount {
	return parts(s.heap, func(h *heap.Heap, id heap.ID) uint64 { return h.ClassKey(id) }, (*heap.Heap).ClassName)
}

// Types counts the live objects by type, otherwise like Classes.
func (s *Snapshot) Types() []NamedCount {
	return parts(s.heap, func(h *heap.Heap, id heap.ID) uint64 { return uint64(h.Kind(id)) },
		func(h *heap.Heap, id heap.ID) string { return h.Kind(id).String() })
}

// NameNoGeneration names the live objects whose generation is not known.
const NameNoGeneration = "(no generation)"

// Generations counts the live objects by generation, named by its number,
// otherwise like Classes.
func (s *Snapshot) Generations() []NamedCount {
	return parts(s.heap, (*heap.Heap).Generation, func(h *heap.Heap, id heap.ID) string {
		if g := h.Generation(id); g >= 0 {
			return strconv.FormatInt(g, 10)
		}
		return NameNoGeneration
	})
}

// parts counts all live objects by a key.
func parts[K comparable](c *contents, key func(*heap.Heap, heap.ID) K, name func(*heap.Heap, heap.ID) string) []NamedCount {
	h := c.heap
	var tracer Count
	t := newTally(func(id heap.ID) K { return key(h, id) }, func(id heap.ID) string { return name(h, id) })
	for id := h.First(); id < h.End(); id++ {
		switch {
		case !c.live.Has(id):
		case h.IsTracer(id):
			tracer.add(h.Memsize(id))
		default:
			t.add(id, h.Memsize(id))
		}
	}
	rows := t.rows()
	if tracer.Objects > 0 {
		rows = append(rows, NamedCount{NameTracer, tracer})
		slices.SortFunc(rows, largestFirst)
	}
	return rows
}
