package index

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/dustin/go-humanize"

	"heapline/index/dump"
	"heapline/index/graph"
	"heapline/index/heap"
)

// PathObjects is of how many of a site's objects the retaining paths are merged
// at most.
const PathObjects = 1000

// Paths are the shortest retaining paths of a site's objects, merged.
type Paths struct {
	Objects int    `json:"objects"` // how many of the site's objects were followed, at most PathObjects
	Of      int64  `json:"of"`      // how many it has
	Roots   []Step `json:"roots"`   // where the paths start, most objects first
}

// Step is one step of merged retaining paths: objects of one class made on one
// line, that are reached the same way.
type Step struct {
	Label   string `json:"label"`   // "ROOT vm", "AuditLog", "ARRAY 10,003 elements", "3 × HASH"
	Class   string `json:"class"`   // resolved class name, "" for a root
	File    string `json:"file"`    // allocation site as the dump gives it, "" where there is none
	Line    int    `json:"line"`    // 1-based, 0 where unknown
	Objects int    `json:"objects"` // how many of the followed objects are kept alive through this step
	Holders int    `json:"holders"` // how many different objects the step stands for
	Next    []Step `json:"next"`    // most objects first, empty at the site's own objects
}

// Paths merges the shortest paths from the GC roots to a site's objects, evenly
// chosen where there are more than PathObjects. What the machine's stack holds
// is momentary: paths from there are only taken where there is no other. It is
// nil for the first snapshot of a load. An error is that of ctx.
func (s *Snapshot) Paths(ctx context.Context, id SiteID) (*Paths, error) {
	c := s.heap
	if c.tree == nil {
		return nil, nil
	}
	before, err := s.before(ctx)
	if err != nil {
		return nil, err
	}
	return cached(&s.caches.paths, id, func() *Paths {
		objects := c.objectsOf(id)
		chosen := evenly(objects, PathObjects)
		return &Paths{Objects: len(chosen), Of: int64(len(objects)), Roots: c.merge(before, chosen)}
	}), nil
}

// before returns the shortest paths of all objects, computed at the first call.
func (s *Snapshot) before(ctx context.Context) ([]graph.Node, error) {
	if known, ok := s.caches.before.Load(struct{}{}); ok {
		return known.([]graph.Node), nil
	}
	h := s.heap.heap
	late := graph.NewSet(h.Refs.Len())
	for i, category := range h.Roots() {
		if category == "machine_context" {
			late.Add(graph.Node(i + 1))
		}
	}
	before, err := h.Refs.ShortestPaths(ctx, late)
	if err != nil {
		return nil, err
	}
	return cached(&s.caches.before, struct{}{}, func() []graph.Node { return before }), nil
}

// evenly chooses at most n of the objects, at equal distances.
func evenly(objects []heap.ID, n int) []heap.ID {
	if len(objects) <= n {
		return objects
	}
	chosen := make([]heap.ID, n)
	for i := range chosen {
		chosen[i] = objects[i*len(objects)/n]
	}
	return chosen
}

// branch is a Step under construction.
type branch struct {
	first   heap.ID
	holders map[heap.ID]bool
	objects int
	next    map[branchKey]*branch
}

// branchKey is what makes two objects one step.
type branchKey struct {
	class uint64
	site  int
	own   heap.ID // of classes and roots, each of which is a step of its own
}

func (c *contents) merge(before []graph.Node, objects []heap.ID) []Step {
	root := &branch{next: map[branchKey]*branch{}}
	var path []heap.ID
	for _, id := range objects {
		path = path[:0]
		for at := id; at != graph.Root; at = before[at] {
			path = append(path, at)
		}
		b := root
		for _, at := range slices.Backward(path) {
			b = b.step(c.keyOf(at), at)
			b.objects++
		}
	}
	return c.steps(root)
}

func (b *branch) step(key branchKey, id heap.ID) *branch {
	next, ok := b.next[key]
	if !ok {
		next = &branch{first: id, holders: map[heap.ID]bool{}, next: map[branchKey]*branch{}}
		b.next[key] = next
	}
	next.holders[id] = true
	return next
}

func (c *contents) keyOf(id heap.ID) branchKey {
	h := c.heap
	key := branchKey{class: h.ClassKey(id), site: h.SiteOf(id)}
	switch h.Kind(id) {
	case dump.Root, dump.Class, dump.Module:
		key = branchKey{own: id}
	}
	return key
}

func (c *contents) steps(b *branch) []Step {
	list := make([]Step, 0, len(b.next))
	order := make([]*branch, 0, len(b.next))
	for _, next := range b.next {
		order = append(order, next)
	}
	slices.SortFunc(order, func(x, y *branch) int {
		return cmp.Or(cmp.Compare(y.objects, x.objects), cmp.Compare(x.first, y.first))
	})
	for _, next := range order {
		step := c.describe(next.first, len(next.holders))
		step.Objects = next.objects
		step.Next = c.steps(next)
		list = append(list, step)
	}
	return list
}

// describe names an object, or several of its kind, as a step.
func (c *contents) describe(id heap.ID, holders int) Step {
	h := c.heap
	step := Step{Label: c.label(id), Holders: holders}
	if h.Kind(id) == dump.Root {
		return step
	}
	step.Class = h.ClassName(id)
	if holders > 1 {
		step.Label = fmt.Sprintf("%s × %s", humanize.Comma(int64(holders)), c.kindLabel(id))
	}
	if site := h.SiteOf(id); site >= 0 {
		step.File, step.Line = h.Sites()[site].File, h.Sites()[site].Line
	}
	return step
}

// label names one object: a class by its name, a container with its size.
func (c *contents) label(id heap.ID) string {
	h := c.heap
	switch h.Kind(id) {
	case dump.Root:
		return "ROOT " + h.Roots()[id-1]
	case dump.Class, dump.Module:
		return h.NameOf(id)
	case dump.Hash, dump.Array:
		unit := "entries"
		if h.Kind(id) == dump.Array {
			unit = "elements"
		}
		if n := h.Size(id); n >= 0 {
			return fmt.Sprintf("%s %s %s", c.kindLabel(id), humanize.Comma(n), unit)
		}
	}
	return c.kindLabel(id)
}

// kindLabel names what kind of thing an object is: a plain core object by its
// type, any other by its class.
func (c *contents) kindLabel(id heap.ID) string {
	h := c.heap
	kind, class := h.Kind(id).String(), h.ClassName(id)
	switch h.Kind(id) {
	case dump.Hash, dump.Array, dump.String:
		if core := map[string]string{"HASH": "Hash", "ARRAY": "Array", "STRING": "String"}[kind]; class == core || class == kind+" (internal)" {
			return kind
		}
	}
	return class
}
