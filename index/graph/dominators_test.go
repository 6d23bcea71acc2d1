package graph

import (
	"context"
	"math/rand/v2"
	"testing"
)

// dominates is the oracle: d dominates n if n cannot be reached without d.
func immediateDominators(g CSR) []Node {
	all := reach(g, nil)
	dominates := make([]Set, g.Len()) // by dominator: the nodes it dominates, without itself
	for d := range Node(g.Len()) {
		dominates[d] = NewSet(g.Len())
		if !all.Has(d) {
			continue
		}
		without := NewSet(g.Len())
		if d != Root {
			without.Add(d)
			without = reach(g, without)
		}
		for n := range Node(g.Len()) {
			if n != d && all.Has(n) && !without.Has(n) || d == Root && n != Root && all.Has(n) {
				dominates[d].Add(n)
			}
		}
	}
	idom := make([]Node, g.Len())
	for n := range Node(g.Len()) {
		// The nearest dominator is the one that all others dominate.
		for d := range Node(g.Len()) {
			if dominates[d].Has(n) && (idom[n] == Root || dominates[idom[n]].Has(d)) {
				idom[n] = d
			}
		}
	}
	return idom
}

func checkDominators(t *testing.T, g CSR) {
	t.Helper()
	tree, err := NewSearch(g).Dominators(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	want := immediateDominators(g)
	all := reach(g, nil)
	for n := range Node(g.Len()) {
		if tree.Has(n) != all.Has(n) {
			t.Fatalf("%v: node %d in the tree: %v", g, n, tree.Has(n))
		}
		if !tree.Has(n) {
			continue
		}
		v := tree.Number[n]
		if tree.Vertex[v] != n || v > 0 && tree.Idom[v] >= v {
			t.Fatalf("%v: node %d has number %d, dominator %d", g, n, v, tree.Idom[v])
		}
		if got := tree.Vertex[tree.Idom[v]]; got != want[n] {
			t.Fatalf("%v: dominator of %d is %d, want %d", g, n, got, want[n])
		}
	}
}

func TestDominatorsEqualDeletingTheNodeAndWalkingAgain(t *testing.T) {
	for seed := range uint64(5000) {
		checkDominators(t, random(rand.New(rand.NewPCG(seed, 1))))
	}
}

// decode makes a graph of fuzzed bytes: the first is the number of nodes, each
// two following ones an edge.
func decode(data []byte) CSR {
	if len(data) == 0 {
		return rows([][]Node{nil})
	}
	n := int(data[0]%24) + 1
	out := make([][]Node, n)
	for data = data[1:]; len(data) >= 2; data = data[2:] {
		from := int(data[0]) % n
		out[from] = append(out[from], Node(int(data[1])%n))
	}
	return rows(out)
}

func FuzzDominators(f *testing.F) {
	f.Add([]byte{5, 0, 1, 1, 2, 2, 1, 0, 2})
	f.Add([]byte{9, 0, 1, 0, 2, 1, 3, 2, 3, 3, 4, 4, 1, 4, 5, 5, 5})
	f.Fuzz(func(t *testing.T, data []byte) { checkDominators(t, decode(data)) })
}

func TestDominatorsOfALongList(t *testing.T) {
	const n = 1_000_000
	g := CSR{Offsets: make([]uint32, n+1), Targets: make([]Node, n-1)}
	for i := range n {
		g.Offsets[i+1] = uint32(min(i+1, n-1))
		if i < n-1 {
			g.Targets[i] = Node(i + 1)
		}
	}
	tree, err := NewSearch(g).Dominators(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for v := 1; v < n; v++ {
		if tree.Idom[v] != uint32(v-1) {
			t.Fatalf("dominator of %d is %d", v, tree.Idom[v])
		}
	}
}
