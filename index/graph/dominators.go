package graph

import "context"

// This file is on the hot path of a load.
//
// Dominators are found by Semi-NCA: L. Georgiadis, "Linear-Time Algorithms for
// Dominators and Related Problems", Princeton 2005, section 2.3; the names
// parent, semi, idom, label and the order of the two passes are from there.
// All numbers in here are preorder numbers of a depth-first search, so that the
// arrays are walked mostly in order.

// Tree is the dominator tree of the nodes that Root reaches. Its nodes are
// known by preorder number: 0 is Root, and a node's dominator has a lower
// number than the node.
type Tree struct {
	Vertex []Node   // node, by number
	Number []uint32 // number, by node; 0 for Root and for nodes not reached
	Idom   []uint32 // immediate dominator, by number; Root's is itself
}

// Has reports whether n is reached from Root.
func (t *Tree) Has(n Node) bool { return n == Root || t.Number[n] != 0 }

// Search is a depth-first search from Root: which nodes it reached, in what
// order, and from where.
type Search struct {
	graph  CSR
	vertex []Node   // by number
	number []uint32 // by node
	parent []uint32 // by number: the tree edge's other end
}

// Reached returns the nodes that were reached.
func (s *Search) Reached() Set {
	reached := NewSet(len(s.number))
	reached.Add(Root)
	for n, number := range s.number {
		if number != 0 {
			reached.Add(Node(n))
		}
	}
	return reached
}

// NewSearch walks g depth first from Root.
func NewSearch(g CSR) *Search {
	s := &Search{graph: g, number: make([]uint32, g.Len())}
	s.vertex = make([]Node, 1, g.Len())
	s.parent = make([]uint32, 1, g.Len())
	type frame struct{ number, edge, end uint32 }
	stack := []frame{{0, g.Offsets[0], g.Offsets[1]}}
	for len(stack) > 0 {
		top := &stack[len(stack)-1]
		if top.edge == top.end {
			stack = stack[:len(stack)-1]
			continue
		}
		n := g.Targets[top.edge]
		top.edge++
		if n == Root || s.number[n] != 0 {
			continue
		}
		number := uint32(len(s.vertex))
		s.number[n] = number
		s.vertex = append(s.vertex, n)
		s.parent = append(s.parent, top.number)
		stack = append(stack, frame{number, g.Offsets[n], g.Offsets[n+1]})
	}
	return s
}

// Dominators computes the dominator tree. It uses the search up.
func (s *Search) Dominators(ctx context.Context) (*Tree, error) {
	t := &Tree{Vertex: s.vertex, Number: s.number}
	sources := s.reverse()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	semi := s.semidominators(sources)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	// The second pass: idom(v) is the nearest ancestor of v in the dominator
	// tree built so far whose number is no greater than semi(v).
	t.Idom = s.parent
	for v := 1; v < len(t.Idom); v++ {
		idom := t.Idom[v]
		for idom > semi[v] {
			idom = t.Idom[idom]
		}
		t.Idom[v] = idom
	}
	return t, nil
}

// reverse returns the reverse of the reached part of the graph in preorder
// numbers: count, sum, fill.
func (s *Search) reverse() CSR {
	m := len(s.vertex)
	r := CSR{Offsets: make([]uint32, m+1)}
	for _, n := range s.vertex {
		for _, to := range s.graph.Out(n) {
			r.Offsets[s.number[to]]++
		}
	}
	sum := uint32(0)
	for i, count := range r.Offsets {
		sum += count
		r.Offsets[i] = sum // the end of i's stretch, moved to its start below
	}
	r.Targets = make([]Node, sum)
	for from, n := range s.vertex {
		for _, to := range s.graph.Out(n) {
			at := &r.Offsets[s.number[to]]
			*at--
			r.Targets[*at] = Node(from)
		}
	}
	return r
}

// link is a node of the forest that grows during the first pass.
type link struct {
	ancestor uint32
	label    uint32 // lowest semidominator on the compressed path, at first the node's own number
}

// semidominators is the first pass: in reverse preorder, the semidominator of w
// is the lowest of what eval finds above its predecessors.
func (s *Search) semidominators(sources CSR) []uint32 {
	semi := make([]uint32, len(s.vertex))
	forest := make([]link, len(s.vertex))
	for v := range forest {
		forest[v] = link{s.parent[v], uint32(v)}
	}
	var path []uint32
	for w := uint32(len(forest)) - 1; w > 0; w-- {
		lowest := s.parent[w]
		for _, v := range sources.Out(Node(w)) {
			var label uint32
			if label, path = eval(forest, uint32(v), w+1, path); label < lowest {
				lowest = label
			}
		}
		forest[w].label = lowest
		semi[w] = lowest
	}
	return semi
}

// eval returns the lowest label on the path from v up to, but without, the
// root of its tree in the forest of the nodes from linked on, and compresses
// that path. The returned slice is path's memory for the next call.
func eval(forest []link, v, linked uint32, path []uint32) (uint32, []uint32) {
	if forest[v].ancestor < linked {
		return forest[v].label, path
	}
	path = path[:0]
	for u := v; forest[u].ancestor >= linked; u = forest[u].ancestor {
		path = append(path, u)
	}
	above := forest[path[len(path)-1]].ancestor
	top := forest[above]
	for i := len(path) - 1; i >= 0; i-- {
		u := &forest[path[i]]
		u.ancestor = top.ancestor
		u.label = min(u.label, top.label)
		top = *u
	}
	return forest[v].label, path
}
