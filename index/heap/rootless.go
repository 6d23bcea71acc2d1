package heap

import (
	"slices"

	"heapline/index/graph"
)

// withHeads returns the graph of a dump without roots with edges from its one
// category to as few objects as reach all: those that no other refers to, and
// one of each ring that nothing else leads to.
func withHeads(g graph.CSR, first ID, exists func(ID) bool) graph.CSR {
	referred := graph.NewSet(g.Len())
	for id := first; int(id) < g.Len(); id++ {
		for _, to := range g.Out(id) {
			if to != id {
				referred.Add(to)
			}
		}
	}
	var heads []ID
	reached := graph.NewSet(g.Len())
	for _, ring := range []bool{false, true} {
		for id := first; int(id) < g.Len(); id++ {
			if exists(id) && !reached.Has(id) && (ring || !referred.Has(id)) {
				heads = append(heads, id)
				reach(g, id, reached)
			}
		}
	}
	category := int(g.Offsets[1])
	offsets := slices.Clone(g.Offsets)
	for id := first; int(id) <= g.Len(); id++ {
		offsets[id] += uint32(len(heads))
	}
	return graph.CSR{Offsets: offsets, Targets: slices.Concat(g.Targets[:category], heads, g.Targets[category:])}
}

// reach adds all that an object leads to, itself included.
func reach(g graph.CSR, from ID, reached graph.Set) {
	reached.Add(from)
	stack := []ID{from}
	for len(stack) > 0 {
		id := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		for _, to := range g.Out(id) {
			if !reached.Has(to) {
				reached.Add(to)
				stack = append(stack, to)
			}
		}
	}
}
