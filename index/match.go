package index

import "heapline/index/heap"

// How two dumps belong together is told from what stays in its place while a
// process lives: its named classes and what its GC roots point to. Another
// process has them elsewhere, for the system lays out each one's memory anew.

const (
	samePlace = 0.9  // of the landmarks, in a process that does not compact its heap
	movedLeft = 0.05 // of the landmarks or pinned objects, in one that does
)

// matchOf tells how the objects of a heap can be compared with those of
// earlier dumps.
func matchOf(h *heap.Heap, past []*Past) string {
	match := ByIdentity
	marks, pinned := h.Landmarks(), h.Pinned()
	for _, p := range past {
		same := share(p.marks, func(at, name uint64) bool { return marks[at] == name })
		rooted := share(p.pinned, func(at uint64, _ bool) bool { return pinned[at] })
		switch {
		case same >= samePlace:
		case same >= movedLeft || rooted >= movedLeft:
			match = ByCohort
		default:
			return ByTotals
		}
	}
	if match == ByCohort && h.Newest < 0 { // nothing to tell cohorts by
		return ByTotals
	}
	return match
}

// share is the part of a map's entries that is so.
func share[K comparable, V any](m map[K]V, so func(K, V) bool) float64 {
	n := 0
	for k, v := range m {
		if so(k, v) {
			n++
		}
	}
	return float64(n) / float64(max(1, len(m)))
}
