// Package heap keeps the objects of a Ruby heap dump in columns: a few numbers
// an object, never a Go object each. Addresses become ids, which are also the
// nodes of the reference graph: 0 is the pseudo-root, then come the GC roots'
// categories, then the objects in the order of the dump.
package heap

import (
	"slices"

	"heapline/index/dump"
	"heapline/index/graph"
)

// ID is an object's number within its heap, which is its node in the graph.
type ID = graph.Node

// Heap is a dump in columns. It never changes once Read returned it.
type Heap struct {
	// Refs are the references between objects, each object's class (an edge
	// too, which MRI leaves out of its references) and the GC roots. An edge to
	// an address that is not in the dump is left out and counted in Dangling.
	Refs graph.CSR

	Dangling   int64          // references that lead to no object of the dump
	Duplicates int64          // records that repeat an address; only the first counts
	Lines      int64          // lines of the dump
	Bytes      int64          // bytes of the dump, decompressed
	Newest     int64          // highest generation, -1 where there is none
	BadLines   int64          // lines that could not be read
	Repaired   int64          // records that were no good JSON and were read all the same
	Problems   []dump.Problem // the first of the unread and contradictory lines, in order

	roots    []string // categories, by id - 1
	address  []uint64
	class    []ID
	kind     []dump.Type
	memsize  []uint32
	huge     map[ID]int64
	spot     []uint32
	born     []uint32
	extra    []uint32
	names    []string
	spots    []Spot
	sites    []Site
	samples  map[ID]sample
	instance map[ID]ID // singleton class → the object it belongs to
}

// Spot is a site and the method that was running there.
type Spot struct {
	Site   int    // index into Sites, -1 for none
	Method string // "" where unknown
}

// Site is an allocation site.
type Site struct {
	File string // as the dump gives it
	Line int    // 1-based, 0 where unknown
}

// First returns the lowest id of an object; ids below are roots.
func (h *Heap) First() ID { return ID(1 + len(h.roots)) }

// End returns the id behind the last object's.
func (h *Heap) End() ID { return ID(len(h.address)) }

// Roots returns the categories of the GC roots; the i-th is node i+1.
func (h *Heap) Roots() []string { return h.roots }

// Sites returns all allocation sites by file, then line. Shared, read-only.
func (h *Heap) Sites() []Site { return h.sites }

// SiteOf returns the index of an object's site, or -1.
func (h *Heap) SiteOf(id ID) int { return h.spots[h.spot[id]].Site }

// Method returns the method that allocated an object, "" where unknown.
func (h *Heap) Method(id ID) string { return h.spots[h.spot[id]].Method }

// SpotOf returns the index of an object's spot; 0 is the one without a site.
// Allocation tracing's own table has none, wherever it was made.
func (h *Heap) SpotOf(id ID) uint32 { return h.spot[id] }

// Spots returns all sites with the methods that ran there, by file, line and
// method, behind one without a site. Shared, read-only.
func (h *Heap) Spots() []Spot { return h.spots }

// Exists reports whether id is an object and not, say, the repetition of one.
func (h *Heap) Exists(id ID) bool { return h.kind[id] != dump.None }

// Kind returns an object's type.
func (h *Heap) Kind(id ID) dump.Type { return h.kind[id] }

// Address returns where an object was in the process's memory.
func (h *Heap) Address(id ID) uint64 { return h.address[id] }

// Generation returns the GC count at an object's allocation, -1 where unknown.
func (h *Heap) Generation(id ID) int64 { return int64(h.born[id]) - 1 }

// Memsize returns an object's shallow size in bytes.
func (h *Heap) Memsize(id ID) int64 {
	if n := h.memsize[id]; n != saturated {
		return int64(n)
	}
	return h.huge[id]
}

// Size returns an ARRAY's length, a HASH's size or a STRING's bytes, -1 where
// unknown.
func (h *Heap) Size(id ID) int64 {
	switch h.kind[id] {
	case dump.Array, dump.Hash, dump.String, dump.Symbol:
		return int64(h.extra[id]) - 1
	}
	return -1
}

// Value returns the start of a String's value, at most ValueSample bytes of the
// dump's text. It is kept for the largest strings of each site only. cut says
// that the value goes on.
func (h *Heap) Value(id ID) (text string, cut, ok bool) {
	s, ok := h.samples[id]
	if s.escaped {
		s.text = string(dump.Unescape([]byte(s.text)))
	}
	return s.text, s.cut, ok
}

const tracerStruct = "ObjectTracing/allocation_info_tracer"

// IsTracer reports whether an object is allocation tracing's own table (MRI:
// ext/objspace/object_tracing.c), often the largest thing in a traced heap.
func (h *Heap) IsTracer(id ID) bool {
	return h.kind[id] == dump.Data && h.names[h.extra[id]] == tracerStruct
}

// problem notes a contradiction that has no line of its own.
func (h *Heap) problem(p dump.Problem) {
	if len(h.Problems) < problemsKept {
		h.Problems = append(h.Problems, p)
	}
}

func sortProblems(list []dump.Problem) {
	slices.SortFunc(list, func(a, b dump.Problem) int { return int(a.Offset - b.Offset) })
}
