// Package heap keeps the objects of a Ruby heap dump in columns: a few numbers
// an object, never a Go object each. Addresses become ids, which are also the
// nodes of the reference graph: 0 is the pseudo-root, then come the GC roots'
// categories, then the objects in the order of the dump.
package heap

import (
	"regexp"

	"heapline/index/dump"
	"heapline/index/graph"
)

// NoRoots is the category that stands for all GC roots of a dump without any:
// what is alive cannot be told there, so every object counts as held by it.
const NoRoots = "(not in the dump)"

// ID is an object's number within its heap, which is its node in the graph.
type ID = graph.Node

// Heap is a dump in columns. It never changes once Read returned it.
type Heap struct {
	// Refs are the references between objects, each object's class (an edge
	// too, which MRI leaves out of its references) and the GC roots. An edge to
	// an address that is not in the dump is left out and counted in Dangling.
	Refs graph.CSR

	Dangling   int64    // references that lead to no object of the dump
	Missing    int64    // objects that they lead to
	Duplicates int64    // records that repeat an address; only the first counts
	Repeated   []Repeat // the first of them
	Newest     int64    // highest generation, -1 where there is none
	Traced     int64    // objects with a generation
	Zombies    int64    // dead objects that wait for their finalizers

	// Of the whole input, whichever of its dumps is loaded:

	Lines        int64              // lines
	Bytes        int64              // bytes, decompressed
	Repaired     int64              // records that were no good JSON and were read all the same
	Problems     []dump.Problem     // the first unreadable lines, in order
	Losses       [dump.Reasons]Loss // all unreadable lines by reason
	Shapes       int64              // records of class layouts
	FreeSlots    int64              // records of slots without an object
	Traits       dump.Traits        // what the records show of the Ruby that wrote them
	UnknownKeys  map[string]int64   // keys that this version does not know, bounded
	UnknownTypes map[string]int64   // types of objects that this version does not know
	Dumps        int                // dumps one behind the other
	Loaded       int                // which of them this is, 1-based

	missing  []uint64 // addresses, while the references are read
	roots    []string // categories, by id - 1
	address  []uint64
	class    []ID
	kind     []kind
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
	own    bool   // of the code that takes our dumps
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
func (h *Heap) Exists(id ID) bool { return h.Kind(id) != dump.None }

// Kind returns an object's type.
func (h *Heap) Kind(id ID) dump.Type { return h.kind[id].of() }

// Old reports whether an object has survived as many GCs as make one old.
func (h *Heap) Old(id ID) bool { return h.kind[id]&oldBit != 0 }

// Stale reports whether an object is far too young for its generation: its site
// is then that of a dead object, which was at its address before it. MRI keeps
// the sites of objects that die after tracing was stopped.
func (h *Heap) Stale(id ID) bool {
	return h.kind[id]&youngBit != 0 && h.born[id] != 0 && h.Newest-h.Generation(id) >= staleAfter
}

// staleAfter is after how many GCs every object that can become old is old.
const staleAfter = 4

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
	switch h.Kind(id) {
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

// Starts returns the starts of the values, as the dump has them, of the strings
// whose values are kept: those of live strings with at least so many bytes of
// memory.
func (h *Heap) Starts(live graph.Set, bytes int64) map[ID]string {
	starts := map[ID]string{}
	for id, s := range h.samples {
		if live.Has(id) && h.Memsize(id) >= bytes {
			starts[id] = s.text
		}
	}
	return starts
}

const tracerStruct = "ObjectTracing/allocation_info_tracer"

// ownCode is where heapline run puts the Ruby code that takes dumps.
var ownCode = regexp.MustCompile(`/heapline(/capture-[0-9a-f]{16}|-[0-9]+/capture)\.rb$`)

// IsTracer reports whether an object is allocation tracing's own table (MRI:
// ext/objspace/object_tracing.c), often the largest thing in a traced heap, or
// was made by the code that takes our dumps.
func (h *Heap) IsTracer(id ID) bool {
	return h.spots[h.spot[id]].own || h.Struct(id) == tracerStruct
}

// Struct returns the name that a DATA object's C code has for its kind, "" for
// others.
func (h *Heap) Struct(id ID) string {
	if h.Kind(id) != dump.Data {
		return ""
	}
	return h.names[h.extra[id]]
}
