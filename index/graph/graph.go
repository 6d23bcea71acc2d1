// Package graph computes on directed graphs of plain integers: reachability,
// dominators, retained sizes, shortest paths. It knows no Ruby.
//
// Node 0 is the pseudo-root. Everything walks with explicit stacks: a linked
// list of a million nodes is a normal heap.
package graph

import "math/bits"

// Node is a node's number, 0-based.
type Node uint32

// Root is the node from which everything live is reached.
const Root Node = 0

// CSR is a graph in compressed sparse rows: the targets of node n are
// Targets[Offsets[n]:Offsets[n+1]]. Repeated edges and self-references are
// allowed; they change neither reachability nor dominators.
type CSR struct {
	Offsets []uint32 // one more than there are nodes
	Targets []Node
}

// Len returns the number of nodes.
func (g CSR) Len() int { return len(g.Offsets) - 1 }

// Out returns the targets of n's edges: a shared sub-slice.
func (g CSR) Out(n Node) []Node { return g.Targets[g.Offsets[n]:g.Offsets[n+1]] }

// Set is a set of nodes, a bit each.
type Set []uint64

// NewSet returns an empty set for n nodes.
func NewSet(n int) Set { return make(Set, (n+63)/64) }

// Has reports whether n is in the set.
func (s Set) Has(n Node) bool { return s[n/64]>>(n%64)&1 != 0 }

// Add puts n into the set.
func (s Set) Add(n Node) { s[n/64] |= 1 << (n % 64) }

// Len counts the nodes in the set.
func (s Set) Len() int {
	n := 0
	for _, word := range s {
		n += bits.OnesCount64(word)
	}
	return n
}
