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
	sites   []SiteID  // by the heap's spots, -1 where there is no live object
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

// newContents sorts the live objects by site: count, sum, fill. The counts are
// there already.
func newContents(h *heap.Heap, live graph.Set, members []SiteID, sites []Site) *contents {
	c := &contents{heap: h, live: live, sites: make([]SiteID, len(h.Spots())), start: make([]uint32, len(sites)+1)}
	for i, spot := range h.Spots() {
		c.sites[i] = -1
		if spot.Site >= 0 {
			c.sites[i] = members[spot.Site]
		}
	}
	for i, site := range sites {
		c.start[i+1] = c.start[i] + uint32(site.Objects)
	}
	c.objects = make([]heap.ID, c.start[len(sites)])
	next := slices.Clone(c.start)
	for id := h.First(); id < h.End(); id++ {
		if site := c.siteOf(id); site >= 0 && live.Has(id) {
			c.objects[next[site]] = id
			next[site]++
		}
	}
	return c
}

// siteOf returns the site of an object, -1 where it has none with a live object.
func (c *contents) siteOf(id heap.ID) SiteID { return c.sites[c.heap.SpotOf(id)] }

// objectsOf returns the live objects of a site: a shared sub-slice.
func (c *contents) objectsOf(id SiteID) []heap.ID { return c.objects[c.start[id]:c.start[id+1]] }
