package index

import (
	"cmp"
	"maps"
	"slices"

	"heapline/index/dump"
	"heapline/index/graph"
	"heapline/index/heap"
	"heapline/index/source"
)

// A leak is found by where its objects pile up: at an object that was there in
// the first dump and dominates ever more that was not (Eclipse MAT's
// accumulation point, seen from below). All lines whose objects pile up at one
// place are one suspect.

// pile is what has piled up at one place since the first dump.
type pile struct {
	holder   heap.ID // the first of them; Root where there is none
	holders  map[heap.ID]bool
	grown    []Count          // of all objects, by the dump that shows them first
	sites    map[SiteID]Count // those of growing sites
	elements map[SiteID]Count // the same by the site of what the holder holds directly
	longer   int64            // by how many elements the holders have grown, as far as it is known
	tops     map[SiteID]int64 // how many objects of growing sites it holds directly
}

// piling sorts the live objects that the first dump does not have by where they
// pile up.
type piling struct {
	*contents
	seen  func(heap.ID) int // the first dump that shows an object
	dumps int
	grows []bool // by site

	holder, element []heap.ID // of objects that no single object dominates; Root: none known
	piles           map[holderKey]*pile
}

// piles returns those with objects of growing sites.
func (c *contents) piles(before []graph.Node, seen func(heap.ID) int, dumps int, grows []bool) []*pile {
	p := &piling{contents: c, seen: seen, dumps: dumps, grows: grows, piles: map[holderKey]*pile{}}
	t := c.tree
	place := make([]uint32, len(t.Vertex))   // by number: the nearest dominator that is old
	element := make([]uint32, len(t.Vertex)) // by number: the highest that is new
	for number := 1; number < len(t.Vertex); number++ {
		above := t.Idom[number]
		place[number], element[number] = place[above], element[above]
		switch {
		case !p.isNew(t.Vertex[number]):
			place[number] = uint32(number)
		case place[above] == above:
			element[number] = uint32(number)
		}
	}
	shared := func(number uint32) bool { return t.Vertex[place[number]] < c.heap.First() }
	bare := c.bareFinalizers()
	p.adopt(func(id heap.ID) bool { return p.isNew(id) && shared(t.Number[id]) })
	for number := 1; number < len(t.Vertex); number++ {
		id := t.Vertex[number]
		switch {
		case !p.isNew(id), bare[id]:
		case !shared(uint32(number)):
			p.add(id, t.Vertex[place[number]], t.Vertex[element[number]])
		case p.holder[id] != graph.Root:
			p.add(id, p.holder[id], p.element[id])
		default:
			p.add(id, p.oldOnPath(id, before), t.Vertex[element[number]])
		}
	}
	return p.list()
}

// bareFinalizers are the entries of Ruby's table of finalizers that hold nothing
// else: they go with the objects that they are for, which WeakMaps have them for,
// too.
func (c *contents) bareFinalizers() map[heap.ID]bool {
	table := slices.Index(c.heap.Roots(), "finalizers") + 1 // 0 is Root, which has no name
	bare := map[heap.ID]bool{}
	if table == 0 {
		return bare
	}
	t := c.tree
	for number := 1; number < len(t.Vertex); number++ {
		above := t.Idom[number]
		switch {
		case int(t.Vertex[above]) == table:
			bare[t.Vertex[number]] = true
		case int(t.Vertex[t.Idom[above]]) == table: // visited before
			delete(bare, t.Vertex[above])
		}
	}
	return bare
}

func (p *piling) isNew(id heap.ID) bool { return id >= p.heap.First() && p.seen(id) != 0 }

// adopt finds a holder for the new objects that several things hold, the tables
// of the Ruby machine often among them: the old object with a site that refers
// to most of them, or from which they are reached over others.
func (p *piling) adopt(orphan func(heap.ID) bool) {
	p.holder, p.element = make([]heap.ID, p.heap.End()), make([]heap.ID, p.heap.End())
	refers := map[heap.ID]int{}
	for id := p.heap.First(); id < p.heap.End(); id++ {
		if !p.live.Has(id) || p.seen(id) != 0 || p.heap.SiteOf(id) < 0 || p.isClass(id) || p.heap.Kind(id) == dump.IMemo {
			continue
		}
		for _, to := range p.heap.Refs.Out(id) {
			if orphan(to) {
				refers[id]++
			}
		}
	}
	order := slices.SortedFunc(maps.Keys(refers), func(a, b heap.ID) int { return cmp.Or(cmp.Compare(refers[b], refers[a]), cmp.Compare(a, b)) })
	var queue []heap.ID
	reach := func(from, holder heap.ID) {
		for _, to := range p.heap.Refs.Out(from) {
			if orphan(to) && p.holder[to] == graph.Root {
				p.holder[to], p.element[to] = holder, to
				if from != holder {
					p.element[to] = p.element[from]
				}
				queue = append(queue, to)
			}
		}
	}
	for _, holder := range order {
		reach(holder, holder)
	}
	for at := 0; at < len(queue); at++ {
		reach(queue[at], p.holder[queue[at]])
	}
}

// oldOnPath returns the last object of a shortest path that is not new.
func (p *piling) oldOnPath(id heap.ID, before []graph.Node) heap.ID {
	for at := before[id]; at >= p.heap.First(); at = before[at] {
		if p.seen(at) == 0 {
			return at
		}
	}
	return graph.Root
}

// add puts a new object where it piles up.
func (p *piling) add(id, holder, element heap.ID) {
	key := p.keyOfHolder(holder)
	to := p.piles[key]
	if to == nil {
		to = &pile{holder: holder, holders: map[heap.ID]bool{}, grown: make([]Count, p.dumps), sites: map[SiteID]Count{}, elements: map[SiteID]Count{}, tops: map[SiteID]int64{}}
		p.piles[key] = to
	}
	bytes := p.heap.Memsize(id)
	to.holders[holder] = true
	to.grown[p.seen(id)].add(bytes)
	if site := p.siteOf(id); site >= 0 && p.grows[site] {
		addTo(to.sites, site, bytes)
	}
	if top := p.siteOf(element); top >= 0 && p.grows[top] {
		addTo(to.elements, top, bytes)
		if id == element {
			to.tops[top]++
		}
	}
}

func addTo(counts map[SiteID]Count, site SiteID, bytes int64) {
	c := counts[site]
	c.add(bytes)
	counts[site] = c
}

// keyOfHolder makes holders made by one line one place: the arrays of a hundred
// sessions.
func (p *piling) keyOfHolder(holder heap.ID) holderKey {
	site := p.heap.SiteOf(holder)
	if site < 0 || p.isClass(holder) || p.heap.Kind(holder) == dump.Root {
		return holderKey{site: -1, own: holder}
	}
	return holderKey{site: site}
}

// list returns the piles in the order of their holders.
func (p *piling) list() []*pile {
	list := slices.SortedFunc(maps.Values(p.piles), func(a, b *pile) int { return cmp.Compare(a.holder, b.holder) })
	return slices.DeleteFunc(list, func(p *pile) bool { return len(p.sites) == 0 })
}

// bytes are those of all that piled up.
func (p *pile) bytes() (sum int64) {
	for _, c := range p.grown {
		sum += c.Bytes
	}
	return sum
}

// isFilledBy reports whether the holders of a pile are Arrays and Hashes, none of
// them Ruby's own, of which a line's objects are at least half.
func (c *contents) isFilledBy(p *pile, main SiteID) bool {
	elements := int64(0)
	for id := range p.holders {
		kind := c.heap.Kind(id)
		if kind != dump.Array && kind != dump.Hash || c.heap.Internal(id) {
			return false
		}
		elements += c.heap.Size(id)
	}
	return 2*p.tops[main] >= elements
}

// dropMinor leaves out the sites with few objects here, of themselves or of all
// that they have.
func (p *pile) dropMinor(least Thresholds, all func(SiteID) int64) {
	for id, count := range p.sites {
		if count.Objects < least.Objects || 10*count.Objects < all(id) {
			delete(p.sites, id)
		}
	}
}

// mainSite is the line that a suspect is reported on: the one that makes what is
// put into the holder, with all that hangs on it.
func (p *pile) mainSite() (SiteID, bool) {
	best, found := SiteID(-1), false
	for _, of := range []map[SiteID]Count{p.elements, p.sites} {
		for id, count := range of {
			if _, counts := p.sites[id]; counts && (!found || count.Bytes > of[best].Bytes || count.Bytes == of[best].Bytes && id < best) {
				best, found = id, true
			}
		}
		if found {
			break
		}
	}
	return best, found
}

// owned returns the object that people know as the holder: where a library made
// what holds, the one of the program's own lines that it belongs to, if any; of
// what one object's own methods hold, that object.
func (c *contents) owned(holder heap.ID) heap.ID {
	from := holder
	if object, ok := c.heap.Attached(holder); ok {
		from = object
	}
	for at := from; at != graph.Root && !c.isClass(at); at = c.dominator(at) {
		if site := c.heap.SiteOf(at); site >= 0 && source.Origin(c.heap.Sites()[site].File) == source.OriginApp {
			return at
		}
	}
	return holder
}
