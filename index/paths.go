package index

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/dustin/go-humanize"
	"github.com/dustin/go-humanize/english"

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
	Label   string `json:"label"`   // "ROOT vm", "AuditLog", "ARRAY 10,003 elements", "3 × HASH"; "≥ 3 × HASH" where not all objects were followed
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
		root, followed := c.merge(before, evenly(objects, PathObjects))
		return &Paths{Objects: followed, Of: int64(len(objects)), Roots: c.steps(root, followed < len(objects))}
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

// evenly chooses at most n of the objects, at equal distances, and orders them
// so that the first few are spread as well.
func evenly(objects []heap.ID, n int) []heap.ID {
	const stride = 617 // a prime larger than half of n, and no divisor of it
	n = min(n, len(objects))
	chosen := make([]heap.ID, n)
	for i := range chosen {
		at := i
		if n > stride {
			at = i * stride % n
		}
		chosen[i] = objects[at*len(objects)/n]
	}
	return chosen
}

// pathBudget bounds the work of merging: so many objects are climbed over at
// most. A path as long as a list of a million nodes is followed a few times only.
const pathBudget = 4 << 20

// longestPath is how many steps a path keeps; the middle of a longer one is cut.
const longestPath = 64

// branch is a Step under construction.
type branch struct {
	first   heap.ID
	cut     bool
	holders map[heap.ID]bool
	objects int
	next    map[branchKey]*branch
}

// branchKey is what makes two objects one step.
type branchKey struct {
	class uint64
	site  int
	own   heap.ID // of classes and roots, each of which is a step of its own
	cut   bool    // stands for the middle of a long path
}

// merge puts the paths of objects into one tree and returns how many it took.
func (c *contents) merge(before []graph.Node, objects []heap.ID) (root *branch, followed int) {
	root = &branch{next: map[branchKey]*branch{}}
	var path []heap.ID
	for climbed := 0; followed < len(objects) && climbed < pathBudget; followed++ {
		var steps int
		path, steps = c.climb(before, objects[followed], path[:0])
		climbed += steps
		b := root
		for i, at := range slices.Backward(path) {
			key := c.keyOf(at)
			if cut := len(path) - longestPath; cut > 0 && i >= longestPath/2 && i < longestPath/2+cut {
				if b.cut {
					continue
				}
				key = branchKey{cut: true}
			}
			b = b.step(key, at)
			b.objects++
		}
	}
	return root, followed
}

// climb appends the way from an object to its root to path, a run of objects
// of one class and line, such as a list, as one: the one nearest to the root.
func (c *contents) climb(before []graph.Node, id heap.ID, path []heap.ID) (_ []heap.ID, steps int) {
	var last branchKey
	for at := id; at != graph.Root; at = before[at] {
		steps++
		key := c.keyOf(at)
		if len(path) > 0 && key == last {
			path[len(path)-1] = at
			continue
		}
		path = append(path, at)
		last = key
	}
	return path, steps
}

func (b *branch) step(key branchKey, id heap.ID) *branch {
	next, ok := b.next[key]
	if !ok {
		next = &branch{first: id, cut: key.cut, holders: map[heap.ID]bool{}, next: map[branchKey]*branch{}}
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

// steps turns branches into steps; sampled says that not all objects were
// followed, so that there may be more holders than were met.
func (c *contents) steps(b *branch, sampled bool) []Step {
	list := make([]Step, 0, len(b.next))
	order := make([]*branch, 0, len(b.next))
	for _, next := range b.next {
		order = append(order, next)
	}
	slices.SortFunc(order, func(x, y *branch) int {
		return cmp.Or(cmp.Compare(y.objects, x.objects), cmp.Compare(x.first, y.first))
	})
	for _, next := range order {
		step := Step{Label: "…"}
		if !next.cut {
			step = c.describe(next.first, len(next.holders))
			if sampled && step.Holders > 1 {
				step.Label = "≥ " + step.Label
			}
		}
		step.Objects = next.objects
		step.Next = c.steps(next, sampled)
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
		one, many := "entry", "entries"
		if h.Kind(id) == dump.Array {
			one, many = "element", "elements"
			switch {
			case c.isSymbolTable(id):
				return "Ruby's symbol table"
			case c.isSymbolTable(c.dominator(id)):
				return "a page of Ruby's symbol table"
			}
		}
		if n := h.Size(id); n >= 0 {
			return fmt.Sprintf("%s %s %s", c.kindLabel(id), humanize.Comma(n), english.PluralWord(int(n), one, many))
		}
	}
	return c.kindLabel(id)
}

// symbolPage is how many elements a page of the symbol table has: two for each
// of 512 symbols (ID_ENTRY_UNIT in MRI's symbol.c).
const symbolPage = 1024

// isSymbolTable reports whether an object is the Array in which MRI keeps all
// symbols that stay: one without a class, of pages that have none either and are
// full, but for one.
func (c *contents) isSymbolTable(id heap.ID) bool {
	h := c.heap
	if id == graph.Root || !h.Internal(id) || h.Kind(id) != dump.Array {
		return false
	}
	full, pages := 0, h.Refs.Out(id)
	for _, page := range pages {
		if !h.Internal(page) || h.Kind(page) != dump.Array || h.Size(page) > symbolPage {
			return false
		}
		if h.Size(page) == symbolPage {
			full++
		}
	}
	return full > 0 && full >= len(pages)-1
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
