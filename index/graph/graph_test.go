package graph

import "math/rand/v2"

// random makes a graph of one of several shapes: sparse, dense, a long list,
// a wide fan; with self-references, repeated edges and unreachable parts.
func random(rnd *rand.Rand) CSR {
	n := 1 + rnd.IntN(40)
	out := make([][]Node, n)
	edge := func(from, to int) { out[from] = append(out[from], Node(to)) }
	switch rnd.IntN(4) {
	case 0:
		for i := range n - 1 {
			edge(i, i+1)
		}
	case 1:
		for i := range n {
			edge(0, i)
		}
	}
	for range rnd.IntN(3 * n) {
		edge(rnd.IntN(n), rnd.IntN(n))
	}
	return rows(out)
}

func rows(out [][]Node) CSR {
	g := CSR{Offsets: []uint32{0}}
	for _, targets := range out {
		g.Targets = append(g.Targets, targets...)
		g.Offsets = append(g.Offsets, uint32(len(g.Targets)))
	}
	return g
}

// reach is the oracle: it adds targets of reached nodes until nothing changes.
func reach(g CSR, avoid Set) Set {
	seen := NewSet(g.Len())
	seen.Add(Root)
	for changed := true; changed; {
		changed = false
		for n := range Node(g.Len()) {
			for _, m := range g.Out(n) {
				if seen.Has(n) && !seen.Has(m) && (avoid == nil || !avoid.Has(m)) {
					seen.Add(m)
					changed = true
				}
			}
		}
	}
	return seen
}
