package graph

import "context"

// This file is on the hot path of a hover: each of these walks is over the
// whole graph.

// checkEvery is how many nodes are walked between two looks at the context.
const checkEvery = 1 << 14

// walk is a breadth-first search.
type walk struct {
	graph  CSR
	seen   Set
	before []Node // the node before each on its path; nil where nobody asks
	queue  []Node // all nodes found so far
	done   int    // how many of them were followed
	warm   Node
}

func newWalk(g CSR) *walk {
	w := &walk{graph: g, seen: NewSet(g.Len()), queue: make([]Node, 0, g.Len())}
	w.seen.Add(Root)
	return w
}

func (w *walk) visit(n, from Node) {
	if w.seen.Has(n) {
		return
	}
	w.seen.Add(n)
	if w.before != nil {
		w.before[n] = from
	}
	w.queue = append(w.queue, n)
}

// run follows all that is in the queue. The edges of some nodes are looked up
// before any is followed: they are far apart in memory, and the processor waits
// for all of them at once.
func (w *walk) run(ctx context.Context) error {
	var rows [32][]Node
	for check := w.done; w.done < len(w.queue); {
		if w.done >= check {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			check = w.done + checkEvery
		}
		nodes := w.queue[w.done:min(w.done+len(rows), len(w.queue))]
		for i, n := range nodes {
			rows[i] = w.graph.Out(n)
		}
		for _, row := range rows[:len(nodes)] {
			if len(row) > 0 {
				w.warm ^= row[0]
			}
		}
		for i, n := range nodes {
			for _, m := range rows[i] {
				w.visit(m, n)
			}
		}
		w.done += len(nodes)
	}
	return ctx.Err()
}

// Reach returns the nodes reached from Root without entering any of avoid,
// which may be nil. Its sets fit into a core's cache where ReachWithout's masks
// do not.
func (g CSR) Reach(ctx context.Context, avoid Set) (Set, error) {
	w := newWalk(g)
	for i := range avoid {
		w.seen[i] |= avoid[i]
	}
	w.queue = append(w.queue, Root)
	if err := w.run(ctx); err != nil {
		return nil, err
	}
	for i := range avoid {
		w.seen[i] &^= avoid[i]
	}
	return w.seen, nil
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
	w := newWalk(g)
	w.before = make([]Node, g.Len())
	for _, isLate := range []bool{false, true} {
		for _, n := range g.Out(Root) {
			if isLate == (late != nil && late.Has(n)) {
				w.visit(n, Root)
			}
		}
		if err := w.run(ctx); err != nil {
			return nil, err
		}
	}
	return w.before, nil
}
