package graph

import "context"

// This file is on the hot path of a hover: each of these walks is over the
// whole graph.

// checkEvery is how many nodes are walked between two looks at the context.
const checkEvery = 1 << 14

// Mask has a bit for each of several walks. The small one keeps a single walk
// in a core's cache.
type Mask interface{ uint8 | uint64 }

// ReachWithout makes several walks from Root at once, one for each bit of all:
// a bit of the result for n says that n is reached without entering any node
// whose blocked mask has that bit. Most nodes are reached by all walks at their
// first visit, so that many walks cost little more than one.
func ReachWithout[M Mask](ctx context.Context, g CSR, all M, blocked func(Node) M) ([]M, error) {
	// While walking, a node also has the bits that are blocked there: no edge
	// brings it more of those.
	reached := make([]M, g.Len())
	for n := range reached {
		reached[n] = blocked(Node(n))
	}
	reached[Root] = all
	waiting := NewSet(g.Len())
	queue := newRing(g.Len())
	queue.push(Root)
	for steps := 0; queue.len > 0; steps++ {
		if steps%checkEvery == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		n := queue.pop()
		waiting.remove(n)
		from := reached[n]
		if n != Root {
			from &^= blocked(n)
		}
		for _, m := range g.Out(n) {
			if from&^reached[m] == 0 {
				continue
			}
			reached[m] |= from
			if !waiting.Has(m) {
				waiting.Add(m)
				queue.push(m)
			}
		}
	}
	for n := range reached[1:] {
		reached[n+1] &^= blocked(Node(n + 1))
	}
	return reached, nil
}

func (s Set) remove(n Node) { s[n/64] &^= 1 << (n % 64) }

// ring is a queue of nodes that holds each at most once.
type ring struct {
	nodes     []Node
	head, len int
}

func newRing(n int) *ring { return &ring{nodes: make([]Node, n)} }

func (r *ring) push(n Node) {
	at := r.head + r.len
	if at >= len(r.nodes) {
		at -= len(r.nodes)
	}
	r.nodes[at] = n
	r.len++
}

func (r *ring) pop() Node {
	n := r.nodes[r.head]
	if r.head++; r.head == len(r.nodes) {
		r.head = 0
	}
	r.len--
	return n
}

// ShortestPaths returns for every node the one before it on a shortest path
// from Root, Root for those not reached. Of equally short ones it is the first
// in the order of edges. What is reached from the nodes in late, which are
// targets of Root, alone comes after all else: a path through them is only
// taken where there is no other.
func (g CSR) ShortestPaths(ctx context.Context, late Set) ([]Node, error) {
	before := make([]Node, g.Len())
	seen := NewSet(g.Len())
	seen.Add(Root)
	queue := newRing(g.Len())
	var last []Node
	visit := func(n, from Node) {
		if !seen.Has(n) {
			seen.Add(n)
			before[n] = from
			queue.push(n)
		}
	}
	for _, n := range g.Out(Root) {
		if late != nil && late.Has(n) {
			last = append(last, n)
			continue
		}
		visit(n, Root)
	}
	for steps := 0; queue.len > 0 || len(last) > 0; steps++ {
		if steps%checkEvery == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if queue.len == 0 {
			visit(last[0], Root)
			last = last[1:]
			continue
		}
		n := queue.pop()
		for _, m := range g.Out(n) {
			visit(m, n)
		}
	}
	return before, nil
}
