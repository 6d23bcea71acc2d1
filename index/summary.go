package index

import (
	"cmp"
	"slices"

	"heapline/index/dump"
	"heapline/index/heap"
)

// The kinds of dumps.
const (
	KindWhole   = "whole"   // ObjectSpace.dump_all: roots and all objects
	KindSince   = "since"   // dump_all(since: n): only what was allocated from a generation on, no roots
	KindObjects = "objects" // ObjectSpace.dump of single objects, or a part of a dump: no roots
)

// Summary is what a load tells about the whole dump. Live + Garbage = Objects;
// the sites' counts + NoSite + Tracer = Live; Survivors are part of Garbage.
// Where the dump has no roots every object counts as live.
type Summary struct {
	Path      string `json:"path"`      // as given to Build, may be empty
	Kind      string `json:"kind"`      // one of the Kind constants
	Ruby      string `json:"ruby"`      // version that the records betray, "3.3" or "2.6 to 2.7"; empty where they do not
	Objects   Count  `json:"objects"`   // every heap object of the dump
	Live      Count  `json:"live"`      // reachable from a GC root over references and class
	Garbage   Count  `json:"garbage"`   // dumped but not live
	Survivors Count  `json:"survivors"` // garbage that survived several GCs, or is held by what the dump does not show
	Tracer    Count  `json:"tracer"`    // live, made by tracing: its own table, and what took the dump
	NoSite    Count  `json:"noSite"`    // live, without an allocation site
	Sites     int    `json:"sites"`     // sites with at least one live object
	Files     int    `json:"files"`     // files with at least one such site

	Traced       int64       `json:"traced"`       // objects with a generation: those made while allocations were traced
	Stale        int64       `json:"stale"`        // live objects whose site is that of a dead one before them, as far as that shows
	Dangling     int64       `json:"dangling"`     // references to objects that are not in the dump
	Missing      int64       `json:"-"`            // objects that they lead to
	Zombies      int64       `json:"zombies"`      // dead objects that wait for their finalizers; garbage
	FreeSlots    int64       `json:"freeSlots"`    // slots without an object, of dump_all(full: true); no objects
	Shapes       int64       `json:"shapes"`       // layouts of objects (Ruby 3.2 and newer); no objects
	Dumps        Dumps       `json:"dumps"`        // how many the file holds
	UnknownTypes []NameTimes `json:"unknownTypes"` // of objects, unknown to this version; counted, most first
	UnknownKeys  []NameTimes `json:"unknownKeys"`  // of records, unknown to this version; passed over, most first
	Repaired     int64       `json:"repaired"`     // records MRI wrote as bad JSON, read all the same
	Problems     Problems    `json:"problems"`
	// Incomplete says why a part of the dump is missing, "it breaks off"; empty
	// where nothing shows that one is.
	Incomplete string `json:"incomplete,omitempty"`

	noVM bool // it has GC roots, but not those that every Ruby writes
}

// Dumps tells which of the dumps in a file is loaded.
type Dumps struct {
	Count  int `json:"count"`
	Loaded int `json:"loaded"` // 1-based
}

// NameTimes is how often a name occurs.
type NameTimes struct {
	Name  string `json:"name"` // untrusted text
	Times int64  `json:"times"`
}

// Problems counts what could not be read, by reason; the first few are kept.
type Problems struct {
	Count   int64     `json:"count"`
	Reasons []Problem `json:"reasons"` // one for each, with its count; most serious first; without untrusted text
	First   []Problem `json:"first"`

	lost bool // records
}

// Problem is one unreadable or contradictory part of a dump, or several for one
// reason: then the first.
type Problem struct {
	Count   int64  `json:"count,omitempty"` // of a reason; 0 for a single problem
	Line    int64  `json:"line"`            // 1-based line of the (decompressed) dump
	Offset  int64  `json:"offset"`          // bytes from the start of the (decompressed) dump to the line
	Message string `json:"message"`
}

// Survivors are the survivors of one site.
type Survivors struct {
	File string `json:"file"` // as the dump gives it; untrusted text
	Line int    `json:"line"` // 1-based, 0 where unknown
	Count
}

// namesShown bounds how many unknown names are listed.
const namesShown = 20

// timesOf lists names by how often they occur, most first. What there is no
// room for is one row.
func timesOf(counts map[string]int64) []NameTimes {
	list := []NameTimes{}
	for name, n := range counts {
		list = append(list, NameTimes{name, n})
	}
	slices.SortFunc(list, func(a, b NameTimes) int {
		return cmp.Or(cmp.Compare(b.Times, a.Times), cmp.Compare(a.Name, b.Name))
	})
	if len(list) <= namesShown {
		return list
	}
	rest := NameTimes{Name: dump.MoreKeys}
	for _, x := range list[namesShown-1:] {
		rest.Times += x.Times
	}
	return append(list[:namesShown-1], rest)
}

// rooted reports whether a dump has records of GC roots.
func rooted(h *heap.Heap) bool { return !slices.Equal(h.Roots(), []string{heap.NoRoots}) }

// kindOf tells what call wrote a dump.
func kindOf(h *heap.Heap, objects int64) string {
	switch {
	case rooted(h):
		return KindWhole
	case h.Traced == objects:
		return KindSince
	}
	return KindObjects
}

// describe fills in what a heap tells of the dump itself; cut is why it ended early.
func (s *Summary) describe(h *heap.Heap, cut error) {
	s.Problems = problems(h, cut)
	s.Kind, s.Ruby = kindOf(h, s.Objects.Objects), h.Traits.Ruby(s.Objects.Objects, s.Problems.Count == 0)
	s.Traced, s.Dangling, s.Zombies = h.Traced, h.Dangling, h.Zombies
	s.Missing = h.Missing
	s.FreeSlots, s.Shapes, s.Repaired = h.FreeSlots, h.Shapes, h.Repaired
	s.Incomplete = incomplete(h, cut, s.Ruby)
	s.noVM = lacksVM(h)
	s.Dumps = Dumps{h.Dumps, h.Loaded}
	s.UnknownTypes, s.UnknownKeys = timesOf(h.UnknownTypes), timesOf(h.UnknownKeys)
}
