package index

import (
	"cmp"
	"slices"

	"heapline/index/heap"
)

// detail computes what is known of the objects of one site.
func (c *contents) detail(objects []heap.ID) *Detail {
	h := c.heap
	classes := newTally(func(id heap.ID) uint64 { return h.ClassKey(id) }, h.ClassName)
	types := newTally(func(id heap.ID) uint64 { return uint64(h.Kind(id)) }, func(id heap.ID) string { return h.Kind(id).String() })
	methods := newTally(h.Method, h.Method)
	for _, id := range objects {
		bytes := h.Memsize(id)
		classes.add(id, bytes)
		types.add(id, bytes)
		methods.add(id, bytes)
	}
	return &Detail{
		Classes: classes.rows(), Types: types.rows(), Methods: methods.rows(),
		Generations: c.cohorts(objects), Largest: c.largest(objects),
	}
}

// largest lists the largest objects, of equal ones the dump's first.
func (c *contents) largest(objects []heap.ID) []Object {
	top := make([]heap.ID, 0, LargestObjects+1)
	order := func(a, b heap.ID) int {
		return cmp.Or(cmp.Compare(c.heap.Memsize(b), c.heap.Memsize(a)), cmp.Compare(a, b))
	}
	for _, id := range objects {
		if len(top) == LargestObjects && order(id, top[LargestObjects-1]) > 0 {
			continue
		}
		i, _ := slices.BinarySearchFunc(top, id, order)
		top = slices.Insert(top, i, id)
		top = top[:min(len(top), LargestObjects)]
	}
	rows := make([]Object, len(top))
	for i, id := range top {
		rows[i] = c.object(id)
	}
	return rows
}

func (c *contents) object(id heap.ID) Object {
	h := c.heap
	value, cut, ok := h.Value(id)
	return Object{
		Address: h.Address(id), Type: h.Kind(id).String(), Class: h.ClassName(id),
		Bytes: h.Memsize(id), Generation: h.Generation(id),
		Value: value, HasValue: ok, Truncated: cut,
	}
}

// tally counts objects by a key that is cheap to get and names each key once.
type tally[K comparable] struct {
	key    func(heap.ID) K
	name   func(heap.ID) string
	counts map[K]*NamedCount
	last   *NamedCount // objects of one kind come in runs
	at     K
}

func newTally[K comparable](key func(heap.ID) K, name func(heap.ID) string) *tally[K] {
	return &tally[K]{key: key, name: name, counts: map[K]*NamedCount{}}
}

func (t *tally[K]) add(id heap.ID, bytes int64) {
	k := t.key(id)
	if t.last == nil || k != t.at {
		if t.last = t.counts[k]; t.last == nil {
			t.last = &NamedCount{Name: t.name(id)}
			t.counts[k] = t.last
		}
		t.at = k
	}
	t.last.add(bytes)
}

// rows unites keys of one name and sorts by bytes, then objects, then name.
func (t *tally[K]) rows() []NamedCount {
	byName := make(map[string]Count, len(t.counts))
	for _, c := range t.counts {
		sum := byName[c.Name]
		sum.Objects += c.Objects
		sum.Bytes += c.Bytes
		byName[c.Name] = sum
	}
	rows := make([]NamedCount, 0, len(byName))
	for name, c := range byName {
		rows = append(rows, NamedCount{name, c})
	}
	slices.SortFunc(rows, largestFirst)
	return rows
}

func largestFirst(a, b NamedCount) int {
	return cmp.Or(cmp.Compare(b.Bytes, a.Bytes), cmp.Compare(b.Objects, a.Objects), cmp.Compare(a.Name, b.Name))
}
