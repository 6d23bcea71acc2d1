package index

import (
	"slices"
	"sync"

	"heapline/index/graph"
	"heapline/index/heap"
)

// contents is the heap behind a snapshot.
type contents struct {
	heap    *heap.Heap
	live    graph.Set
	members []SiteID  // by the heap's site, -1 where it has no live object
	objects []heap.ID // live objects with a site, site by site, in the order of the dump
	start   []uint32  // of each site in objects; one more than there are sites

	tree     *graph.Tree // nil until the load is done
	retained []uint64    // by the tree's numbers, bytes
}

// caches are what a snapshot has computed at a request. What they hold never
// changes.
type caches struct {
	details sync.Map // SiteID → *Detail
	exact   sync.Map // SiteID → Retained
	paths   sync.Map // SiteID → *Paths
	holders sync.Map // SiteID → []Holder
	before  sync.Map // struct{} → []graph.Node: the node before each on a shortest path
}

// cached returns what a cache has for a key, computing it at the first call.
// Two goroutines may compute it both; they get one result.
func cached[K comparable, V any](cache *sync.Map, key K, compute func() V) V {
	if known, ok := cache.Load(key); ok {
		return known.(V)
	}
	known, _ := cache.LoadOrStore(key, compute())
	return known.(V)
}

// newContents sorts the live objects by site: count, sum, fill.
func newContents(h *heap.Heap, live graph.Set, members []SiteID, sites int) *contents {
	c := &contents{heap: h, live: live, members: members, start: make([]uint32, sites+1)}
	for id := h.First(); id < h.End(); id++ {
		if site := c.siteOf(id); site >= 0 {
			c.start[site+1]++
		}
	}
	for i := range sites {
		c.start[i+1] += c.start[i]
	}
	c.objects = make([]heap.ID, c.start[sites])
	next := slices.Clone(c.start)
	for id := h.First(); id < h.End(); id++ {
		if site := c.siteOf(id); site >= 0 {
			c.objects[next[site]] = id
			next[site]++
		}
	}
	return c
}

// siteOf returns the site of a live object, -1 where it has none. Allocation
// tracing's own table counts as having none.
func (c *contents) siteOf(id heap.ID) SiteID {
	site := c.heap.SiteOf(id)
	if site < 0 || !c.live.Has(id) || c.heap.IsTracer(id) {
		return -1
	}
	return c.members[site]
}

// objectsOf returns the live objects of a site: a shared sub-slice.
func (c *contents) objectsOf(id SiteID) []heap.ID { return c.objects[c.start[id]:c.start[id+1]] }

// retainedBy is the retained size of one live object in bytes.
func (c *contents) retainedBy(id heap.ID) int64 { return int64(c.retained[c.tree.Number[id]]) }
