package graph

import "context"

// This file is on the hot path of a hover: each of these walks is over the
// whole graph.

// checkEvery is how many nodes are walked between two looks at the context.
const checkEvery = 1 << 14

// Reach returns the nodes reached from Root without entering any of avoid,
// which may be nil. Its sets fit into a core's cache where ReachWithout's masks
// do not.
func (g CSR) Reach(ctx context.Context, avoid Set) (Set, error) {
	seen := NewSet(g.Len())
	copy(seen, avoid)
	seen.Add(Root)
	stack := []Node{Root}
	for steps := 0; len(stack) > 0; steps++ {
		if steps%checkEvery == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		n := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		for _, m := range g.Out(n) {
			if !seen.Has(m) {
				seen.Add(m)
				stack = append(stack, m)
			}
		}
	}
	for i := range avoid {
		seen[i] &^= avoid[i]
	}
	return seen, nil
}

// ReachWithout makes up to 64 walks from Root at once, one for each bit of all:
// a bit of the result for n says that n is reached without entering any node
// whose blocked mask has that bit. Most nodes are reached by all walks at their
// first visit, so that many walks cost little more than a few single ones.
func (g CSR) ReachWithout(ctx context.Context, all uint64, blocked func(Node) uint64) ([]uint64, error) {
	// While walking, a node also has the bits that are blocked there: no edge
	// brings it more of those.
	reached := make([]uint64, g.Len())
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
	p := paths{graph: g, before: make([]Node, g.Len()), seen: NewSet(g.Len())}
	p.seen.Add(Root)
	var last []Node
	for _, n := range g.Out(Root) {
		if late != nil && late.Has(n) {
			last = append(last, n)
			continue
		}
		p.visit(n, Root)
	}
	if err := p.walk(ctx); err != nil {
		return nil, err
	}
	for _, n := range last {
		p.visit(n, Root)
	}
	return p.before, p.walk(ctx)
}

// paths is a breadth-first search, ring by ring around Root.
type paths struct {
	graph  CSR
	before []Node
	seen   Set
	next   []Node // the ring being filled
}

func (p *paths) visit(n, from Node) {
	if !p.seen.Has(n) {
		p.seen.Add(n)
		p.before[n] = from
		p.next = append(p.next, n)
	}
}

// walk goes on from the ring that was begun.
func (p *paths) walk(ctx context.Context) error {
	var ring []Node
	for steps := 0; len(p.next) > 0; {
		ring, p.next = p.next, ring[:0]
		for _, n := range ring {
			if steps++; steps%checkEvery == 0 && ctx.Err() != nil {
				return ctx.Err()
			}
			for _, m := range p.graph.Out(n) {
				p.visit(m, n)
			}
		}
	}
	return ctx.Err()
}
