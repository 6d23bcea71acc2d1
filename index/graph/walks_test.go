package graph

import (
	"context"
	"math/rand/v2"
	"testing"
)

func checkWalks(t *testing.T, g CSR, blocked []uint64) {
	t.Helper()
	mask := func(n Node) uint64 { return blocked[int(n)%len(blocked)] }
	got, err := g.ReachWithout(context.Background(), ^uint64(0), mask)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 64 {
		avoid := NewSet(g.Len())
		for n := Node(1); n < Node(g.Len()); n++ {
			if mask(n)>>i&1 != 0 {
				avoid.Add(n)
			}
		}
		want := reach(g, avoid)
		alone, err := g.Reach(context.Background(), avoid)
		if err != nil {
			t.Fatal(err)
		}
		for n := range Node(g.Len()) {
			if got[n]>>i&1 != 0 != want.Has(n) {
				t.Fatalf("%v: walk %d reaches %d: %v", g, i, n, !want.Has(n))
			}
			if alone.Has(n) != want.Has(n) {
				t.Fatalf("%v: a walk alone reaches %d: %v", g, n, !want.Has(n))
			}
		}
	}
}

func TestManyWalksEqualSingleOnes(t *testing.T) {
	for seed := range uint64(500) {
		rnd := rand.New(rand.NewPCG(seed, 3))
		blocked := make([]uint64, 1+rnd.IntN(30))
		for i := range blocked {
			blocked[i] = rnd.Uint64() & rnd.Uint64() & rnd.Uint64()
		}
		checkWalks(t, random(rnd), blocked)
	}
}

// distances is the oracle: relaxed until nothing changes. -1 is not reached.
func distances(g CSR) []int {
	d := make([]int, g.Len())
	for n := range d[1:] {
		d[n+1] = -1
	}
	for changed := true; changed; {
		changed = false
		for n := range Node(g.Len()) {
			for _, m := range g.Out(n) {
				if d[n] >= 0 && (d[m] < 0 || d[m] > d[n]+1) {
					d[m] = d[n] + 1
					changed = true
				}
			}
		}
	}
	return d
}

func TestPathsAreShortest(t *testing.T) {
	for seed := range uint64(2000) {
		g := random(rand.New(rand.NewPCG(seed, 4)))
		before, err := g.ShortestPaths(context.Background(), nil)
		if err != nil {
			t.Fatal(err)
		}
		want := distances(g)
		for n := Node(1); n < Node(g.Len()); n++ {
			length := 0
			for at := n; at != Root; at = before[at] {
				length++
			}
			if want[n] >= 0 && length != want[n] {
				t.Fatalf("seed %d: the path to %d has %d edges, the shortest %d", seed, n, length, want[n])
			}
		}
	}
}

func TestLateRootsAreOnlyTakenWithoutAnother(t *testing.T) {
	// 0 → 1, 2; 1 → 3 → 4; 2 → 4, 5
	g := rows([][]Node{{2, 1}, {3}, {4, 5}, {4}, nil, nil})
	late := NewSet(g.Len())
	late.Add(2)
	before, err := g.ShortestPaths(context.Background(), late)
	if err != nil {
		t.Fatal(err)
	}
	if before[4] != 3 || before[5] != 2 {
		t.Errorf("4 comes from %d, want 3; 5 from %d, want 2", before[4], before[5])
	}
}

func TestWalksEndWhenCancelled(t *testing.T) {
	g := rows([][]Node{{1}, nil})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := g.Reach(ctx, nil); err == nil {
		t.Error("Reach went on")
	}
	if _, err := g.ReachWithout(ctx, 1, func(Node) uint64 { return 0 }); err == nil {
		t.Error("ReachWithout went on")
	}
	if _, err := g.ShortestPaths(ctx, nil); err == nil {
		t.Error("ShortestPaths went on")
	}
}
