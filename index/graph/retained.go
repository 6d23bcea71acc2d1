package graph

// This file is on the hot path of a load.

// Retained returns, by number, what each node retains: the sizes of all that it
// dominates, itself included. One pass over the numbers in reverse, since a
// node's dominator has a lower number.
func (t *Tree) Retained(size func(Node) uint64) []uint64 {
	retained := make([]uint64, len(t.Vertex))
	for v, n := range t.Vertex {
		retained[v] = size(n)
	}
	for v := len(retained) - 1; v > 0; v-- {
		retained[t.Idom[v]] += retained[v]
	}
	return retained
}

// Bound is a lower bound of what a group of nodes retains together.
type Bound struct {
	Size uint64 // retained sizes of the group's tops, added up
	Tops uint32 // nodes of the group that no other node of the group dominates
}

// Exact reports whether the bound is what the group retains. One node that
// dominates all others of the group retains what the group does; only with
// several can there be nodes that all of them together keep, and none alone.
func (b Bound) Exact() bool { return b.Tops <= 1 }

// Bounds computes the bounds of groups 0 to groups-1 in one walk of the
// dominator tree. group names a node's group, negative for none. On the way
// down a group is open while a node of it is above: its nodes below that one
// are retained with it already.
func (t *Tree) Bounds(retained []uint64, groups int, group func(Node) int32) []Bound {
	bounds := make([]Bound, groups)
	open := make([]uint32, groups)
	first, next := t.children()
	for v := uint32(0); ; {
		if child := first[v]; child != 0 {
			first[v] = next[child] // the children still to come
			v = child
			if g := group(t.Vertex[v]); g >= 0 {
				if open[g]++; open[g] == 1 {
					bounds[g].Size += retained[v]
					bounds[g].Tops++
				}
			}
			continue
		}
		if v == 0 {
			return bounds
		}
		if g := group(t.Vertex[v]); g >= 0 {
			open[g]--
		}
		v = t.Idom[v]
	}
}

// children lists each node's children in the dominator tree: its first one, and
// for every child the next; 0 ends a list.
func (t *Tree) children() (first, next []uint32) {
	first, next = make([]uint32, len(t.Idom)), make([]uint32, len(t.Idom))
	for v := len(t.Idom) - 1; v > 0; v-- {
		next[v] = first[t.Idom[v]]
		first[t.Idom[v]] = uint32(v)
	}
	return first, next
}
