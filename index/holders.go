package index

import (
	"cmp"
	"context"
	"slices"

	"heapline/index/dump"
	"heapline/index/graph"
	"heapline/index/heap"
)

// Holder is what dominates objects of a site: without it they would go.
type Holder struct {
	Objects int64  `json:"objects"` // how many of the site's live objects it dominates
	Holders int    `json:"holders"` // how many objects the row stands for; 0: no single object dominates these
	Label   string `json:"label"`   // "ARRAY 10,003 elements", "AuditLog"
	Owner   string `json:"owner"`   // the class or module nearest to the holder on its retaining path, "" where there is none
	File    string `json:"file"`    // allocation site as the dump gives it, "" where there is none
	Line    int    `json:"line"`    // 1-based, 0 where unknown
}

// Shared reports whether the row stands for objects that no single object
// with a site, and no class, dominates.
func (h Holder) Shared() bool { return h.Holders == 0 }

// Holders groups a site's live objects by their nearest dominator that was made
// on another line, most objects first. It is nil for the first snapshot of a
// load. Shared, read-only. An error is that of ctx.
func (s *Snapshot) Holders(ctx context.Context, id SiteID) ([]Holder, error) {
	if s.heap.tree == nil {
		return nil, nil
	}
	before, err := s.before(ctx)
	if err != nil {
		return nil, err
	}
	return cached(&s.caches.holders, id, func() []Holder { return s.heap.holdersOf(id, before) }), nil
}

// holderKey is what makes two dominators one row: their line, or for classes
// and modules themselves.
type holderKey struct {
	site int
	own  heap.ID
}

type holderRow struct {
	first   heap.ID
	holders map[heap.ID]bool
	objects int64
}

func (c *contents) holdersOf(id SiteID, before []graph.Node) []Holder {
	nearest := c.nearestHolders(id)
	rows := map[holderKey]*holderRow{}
	for _, object := range c.objectsOf(id) {
		holder := nearest(object)
		key := holderKey{site: c.heap.SiteOf(holder)}
		if c.isClass(holder) || holder == graph.Root {
			key = holderKey{own: holder}
		}
		row := rows[key]
		if row == nil {
			row = &holderRow{first: holder, holders: map[heap.ID]bool{}}
			rows[key] = row
		}
		row.objects++
		row.holders[holder] = true
	}
	return c.holderList(rows, before)
}

func (c *contents) holderList(rows map[holderKey]*holderRow, before []graph.Node) []Holder {
	order := make([]*holderRow, 0, len(rows))
	for _, row := range rows {
		order = append(order, row)
	}
	slices.SortFunc(order, func(a, b *holderRow) int {
		return cmp.Or(cmp.Compare(b.objects, a.objects), cmp.Compare(a.first, b.first))
	})
	list := make([]Holder, len(order))
	for i, row := range order {
		if row.first == graph.Root {
			list[i] = Holder{Objects: row.objects, Label: "several holders"}
			continue
		}
		step := c.describe(row.first, len(row.holders))
		list[i] = Holder{
			Objects: row.objects, Holders: len(row.holders), Label: step.Label,
			Owner: c.owner(row.first, before), File: step.File, Line: step.Line,
		}
	}
	return list
}

func (c *contents) isClass(id heap.ID) bool {
	kind := c.heap.Kind(id)
	return kind == dump.Class || kind == dump.Module
}

// nearestHolders returns a function that finds the nearest dominator of an
// object that has a site other than id, or that is a class. What it finds on a
// way up it remembers for the next, so that a long list made on one line is
// climbed once.
func (c *contents) nearestHolders(id SiteID) func(heap.ID) heap.ID {
	known := map[heap.ID]heap.ID{}
	var climbed []heap.ID
	return func(object heap.ID) heap.ID {
		climbed = climbed[:0]
		at := object
		for {
			if holder, ok := known[at]; ok {
				at = holder
				break
			}
			climbed = append(climbed, at)
			at = c.dominator(at)
			if at == graph.Root || c.isClass(at) {
				break
			}
			if site := c.siteOf(at); site >= 0 && site != id {
				break
			}
		}
		for _, below := range climbed {
			known[below] = at
		}
		return at
	}
}

// dominator returns an object's immediate dominator, Root for a GC root's
// category too.
func (c *contents) dominator(id heap.ID) heap.ID {
	d := c.tree.Vertex[c.tree.Idom[c.tree.Number[id]]]
	if d < c.heap.First() {
		return graph.Root
	}
	return d
}

// owner names the nearest class or module on the way from an object to its root.
func (c *contents) owner(id heap.ID, before []graph.Node) string {
	for at := before[id]; at != graph.Root; at = before[at] {
		if c.isClass(at) {
			return c.heap.NameOf(at)
		}
	}
	return ""
}
