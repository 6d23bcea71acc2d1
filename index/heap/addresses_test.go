package heap

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"heapline/index/graph"
)

// checkAddresses holds the index against a map.
func checkAddresses(t *testing.T, addrs []uint64, first graph.Node) {
	t.Helper()
	want := map[uint64]graph.Node{}
	again := map[graph.Node]bool{}
	for i, a := range addrs {
		if _, ok := want[a]; ok {
			again[first+graph.Node(i)] = true
			continue
		}
		want[a] = first + graph.Node(i)
	}
	index := newAddresses(addrs, first, func(id graph.Node) {
		if !again[id] {
			t.Fatalf("id %d is called a duplicate", id)
		}
		delete(again, id)
	})
	if len(again) > 0 {
		t.Fatalf("duplicates not found: %v", again)
	}
	for _, a := range addrs {
		for _, probe := range []uint64{a, a + 1, a + 4, a - 4, a + 1<<pageShift, a ^ 1<<40} {
			if got := index.lookup(probe); got != want[probe] {
				t.Fatalf("%#x is %d, want %d", probe, got, want[probe])
			}
		}
	}
}

// randomAddresses makes a heap: pages of slots in order, some pages shuffled,
// some nearly empty, some objects repeated, some at odd addresses.
func randomAddresses(rnd *rand.Rand) []uint64 {
	var addrs []uint64
	for range rnd.IntN(20) {
		base := uint64(rnd.IntN(1<<20)) << pageShift
		slot := []uint64{20, 40, 80, 160, 640}[rnd.IntN(5)]
		from := len(addrs)
		for at := uint64(rnd.IntN(64)); at+slot <= 1<<pageShift && len(addrs)-from < rnd.IntN(2000)+1; at += slot {
			addrs = append(addrs, base+at&^3+uint64(rnd.IntN(40)/39))
		}
		switch page := addrs[from:]; rnd.IntN(4) {
		case 0:
			rnd.Shuffle(len(page), func(i, j int) { page[i], page[j] = page[j], page[i] })
		case 1:
			addrs = append(addrs, page[:rnd.IntN(len(page)+1)]...)
		}
	}
	return addrs
}

func TestAddressesLeadToTheirIDs(t *testing.T) {
	for seed := range uint64(300) {
		rnd := rand.New(rand.NewPCG(seed, 0))
		checkAddresses(t, randomAddresses(rnd), graph.Node(1+rnd.IntN(3)))
	}
}

func FuzzAddresses(f *testing.F) {
	f.Add([]byte("\x00\x00\x28\x00\x50\x00\x28\x00"), uint8(0))
	f.Fuzz(func(t *testing.T, data []byte, spread uint8) {
		var addrs []uint64
		for ; len(data) >= 2; data = data[2:] {
			addrs = append(addrs, uint64(binary.LittleEndian.Uint16(data))<<(spread%48))
		}
		checkAddresses(t, addrs, 1)
	})
}
