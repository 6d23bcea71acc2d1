// Package index turns a Ruby heap dump into an immutable snapshot that answers
// what is alive at a file and line. It knows nothing of editors or protocols.
package index

import (
	"slices"
	"sort"
)

// Count is a number of objects and the sum of their shallow sizes.
type Count struct {
	Objects int64 `json:"objects"` // count
	Bytes   int64 `json:"bytes"`   // shallow sizes (memsize) added up, in bytes
}

func (c *Count) add(bytes int64) {
	c.Objects++
	c.Bytes += bytes
}

// SiteID identifies a site within its snapshot: an index, 0-based.
type SiteID int

// Site is one allocation site with its live objects.
type Site struct {
	ID   SiteID
	File string // as the dump gives it
	Line int    // 1-based; 0 where the dump has a file but no line
	Count
	Retained Retained // as far as the load computed it; see Snapshot.Retained
}

// Retained is what would go if every live object of a group (a site, a file, a
// class) went: their own bytes and those of all that only they keep alive.
type Retained struct {
	Bytes   int64 // 0 where not known yet
	Objects int64 // count, 0 where not known: exact walks alone count objects
	Exact   bool  // otherwise Bytes is a lower bound
}

// Known reports whether retained sizes have been computed at all.
func (r Retained) Known() bool { return r.Bytes > 0 || r.Exact }

// NamedCount is a part of a whole under a name (a class, a type, a method).
type NamedCount struct {
	Name string `json:"name"`
	Count
}

// GenerationCount is a cohort: the live objects of one generation, or of a range
// where there are too many.
type GenerationCount struct {
	Generation int64 `json:"generation"`   // GC count at allocation
	To         int64 `json:"to,omitempty"` // the last of a range
	Count
}

// Object is one heap object, as shown to a person.
type Object struct {
	Address    uint64
	Type       string // STRING, HASH, …
	Class      string // resolved class name
	Bytes      int64  // shallow size
	Generation int64  // -1 where unknown
	Value      string // start of a String's value, at most heap.ValueSample bytes before escapes are resolved; untrusted text
	HasValue   bool
	Truncated  bool // Value is only a start
}

// Detail is all that is known of one site beyond its counts. It is shared:
// callers must not change it.
type Detail struct {
	Classes     []NamedCount      // largest bytes first
	Types       []NamedCount      // largest bytes first
	Methods     []NamedCount      // largest bytes first; "" where the dump names none
	Generations []GenerationCount // oldest first, live objects that have a generation
	Largest     []Object          // largest first, at most LargestObjects
}

// LargestObjects is how many of a site's largest objects a Detail lists.
const LargestObjects = 8

// Snapshot is the index of one dump. It never changes once Build returned it
// and may be used by many goroutines at once.
type Snapshot struct {
	summary Summary
	files   []string       // sorted
	first   map[string]int // file → index of its first site
	sites   []Site         // by file, then line
	newest  int64
	heap    *contents
	caches  *caches

	survivors []Survivors
}

// Summary returns the totals of the dump. Its slices are shared and read-only.
func (s *Snapshot) Summary() Summary { return s.summary }

// Survivors returns the sites of the objects that Summary counts as survivors,
// largest bytes first. Shared, read-only.
func (s *Snapshot) Survivors() []Survivors { return s.survivors }

// Files returns the dump's paths that have a live site, sorted. Shared, read-only.
func (s *Snapshot) Files() []string { return s.files }

// AllSites returns every site with live objects by file, then line. Shared, read-only.
func (s *Snapshot) AllSites() []Site { return s.sites }

// NewestGeneration is the highest generation in the dump (a GC count), -1 where
// none was traced. An object's age is this minus its own generation.
func (s *Snapshot) NewestGeneration() int64 { return s.newest }

// Sites returns the sites of a dump path by line, lowest first: a sub-slice,
// shared and read-only, empty for a file the dump does not name.
func (s *Snapshot) Sites(file string) []Site {
	at, ok := s.first[file]
	if !ok {
		return nil
	}
	rest := s.sites[at:]
	return rest[:sort.Search(len(rest), func(i int) bool { return rest[i].File != file })]
}

// SiteAt returns the site of a dump path and 1-based line.
func (s *Snapshot) SiteAt(file string, line int) (Site, bool) {
	sites := s.Sites(file)
	i, ok := slices.BinarySearchFunc(sites, line, func(s Site, line int) int { return s.Line - line })
	if !ok {
		return Site{}, false
	}
	return sites[i], true
}

// Detail computes the classes, methods, generations and largest objects of a
// site, once; later calls return the same value.
func (s *Snapshot) Detail(id SiteID) *Detail {
	return cached(&s.caches.details, id, func() *Detail { return s.heap.detail(s.heap.objectsOf(id)) })
}

// Retained returns what a site retains as far as it is known: the exact size
// once Exact has computed it, the load's lower bound before.
func (s *Snapshot) Retained(id SiteID) Retained {
	if exact, ok := s.caches.exact.Load(id); ok {
		return exact.(Retained)
	}
	return s.sites[id].Retained
}
