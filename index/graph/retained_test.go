package graph

import (
	"context"
	"math/rand/v2"
	"testing"
)

// lost is the oracle: the size of what cannot be reached once the nodes of a
// set are gone.
func lost(g CSR, gone Set, size func(Node) uint64) uint64 {
	all, left := reach(g, nil), reach(g, gone)
	sum := uint64(0)
	for n := range Node(g.Len()) {
		if all.Has(n) && !left.Has(n) {
			sum += size(n)
		}
	}
	return sum
}

// dominated reports by the oracle whether another node of the group dominates n.
func dominated(g CSR, n Node, group Set) bool {
	for d := range Node(g.Len()) {
		if d == n || !group.Has(d) {
			continue
		}
		without := NewSet(g.Len())
		without.Add(d)
		if !reach(g, without).Has(n) {
			return true
		}
	}
	return false
}

func checkRetained(t *testing.T, g CSR, groups int) {
	t.Helper()
	size := func(n Node) uint64 { return uint64(n)*7 + 1 }
	group := func(n Node) int32 { return int32(n)%int32(groups+1) - 1 }
	tree, err := NewSearch(g).Dominators(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	retained := tree.Retained(size)
	for v, n := range tree.Vertex[1:] {
		gone := NewSet(g.Len())
		gone.Add(n)
		if want := lost(g, gone, size); retained[v+1] != want {
			t.Fatalf("%v: node %d retains %d, want %d", g, n, retained[v+1], want)
		}
	}
	all := reach(g, nil)
	for i, bound := range tree.Bounds(retained, groups, group) {
		members, want := NewSet(g.Len()), Bound{}
		for n := Node(1); n < Node(g.Len()); n++ {
			if group(n) == int32(i) && all.Has(n) {
				members.Add(n)
			}
		}
		for n := range Node(g.Len()) {
			if members.Has(n) && !dominated(g, n, members) {
				want.Tops++
				want.Size += retained[tree.Number[n]]
			}
		}
		if bound != want {
			t.Fatalf("%v: group %d of %d: %+v, want %+v", g, i, groups, bound, want)
		}
		exact := lost(g, members, size)
		if bound.Size > exact || bound.Exact() && bound.Size != exact {
			t.Fatalf("%v: group %d of %d: bound %+v, exact %d", g, i, groups, bound, exact)
		}
	}
}

func TestRetainedSizesEqualDeletingAndWalkingAgain(t *testing.T) {
	for seed := range uint64(3000) {
		rnd := rand.New(rand.NewPCG(seed, 2))
		checkRetained(t, random(rnd), 1+rnd.IntN(5))
	}
}

func FuzzRetained(f *testing.F) {
	f.Add([]byte{5, 0, 1, 1, 2, 2, 1, 0, 2}, uint8(2))
	f.Fuzz(func(t *testing.T, data []byte, groups uint8) { checkRetained(t, decode(data), 1+int(groups%6)) })
}
