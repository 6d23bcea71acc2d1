package index

import (
	"context"
	"math/bits"

	"heapline/index/graph"
	"heapline/index/heap"
)

// grouping puts objects into groups from 0; negative is none.
type grouping struct {
	groups int
	of     func(heap.ID) int32
}

func (c *contents) bySite() grouping {
	return grouping{len(c.start) - 1, func(id heap.ID) int32 { return int32(c.siteOf(id)) }}
}

// bounds returns a lower bound of what each group retains.
func (c *contents) bounds(g grouping) []Retained {
	list := make([]Retained, g.groups)
	for i, b := range c.tree.Bounds(c.retained, g.groups, g.of) {
		list[i] = Retained{Bytes: int64(b.Size), Exact: b.Exact()}
	}
	return list
}

// walks is how many groups are walked without at once.
const walks = 64

// exactly computes what up to 64 groups retain.
func (c *contents) exactly(ctx context.Context, g grouping, wanted []int32) ([]Retained, error) {
	if len(wanted) == 1 {
		r, err := c.without(ctx, g, wanted[0])
		return []Retained{r}, err
	}
	first := c.heap.First()
	mask := make([]uint64, g.groups)
	list := make([]Retained, len(wanted))
	for i, group := range wanted {
		mask[group] |= 1 << i
		list[i].Exact = true
	}
	all := ^uint64(0) >> (walks - len(wanted))
	reached, err := c.heap.Refs.ReachWithout(ctx, all, func(id heap.ID) uint64 {
		if id < first {
			return 0
		}
		if group := g.of(id); group >= 0 {
			return mask[group]
		}
		return 0
	})
	if err != nil {
		return nil, err
	}
	for id := first; id < c.heap.End(); id++ {
		lost := all &^ reached[id]
		if lost == 0 || !c.live.Has(id) {
			continue
		}
		bytes := c.heap.Memsize(id)
		for ; lost != 0; lost &= lost - 1 {
			list[bits.TrailingZeros64(lost)].add(bytes)
		}
	}
	return list, nil
}

// without computes what one group retains: what is live and not reached
// without it.
func (c *contents) without(ctx context.Context, g grouping, wanted int32) (Retained, error) {
	avoid := graph.NewSet(c.heap.Refs.Len())
	for id := c.heap.First(); id < c.heap.End(); id++ {
		if g.of(id) == wanted {
			avoid.Add(id)
		}
	}
	reached, err := c.heap.Refs.Reach(ctx, avoid)
	if err != nil {
		return Retained{}, err
	}
	r := Retained{Exact: true}
	for i, live := range c.live {
		for lost := live &^ reached[i]; lost != 0; lost &= lost - 1 {
			id := heap.ID(i*64 + bits.TrailingZeros64(lost))
			r.add(c.heap.Memsize(id))
		}
	}
	return r, nil
}

func (r *Retained) add(bytes int64) {
	r.Objects++
	r.Bytes += bytes
}

// Exact computes what sites retain, those that are not known exactly with
// their number of objects, 64 at a time; Retained then returns it. It takes
// about as long for 64 sites as for one. An error is that of ctx.
func (s *Snapshot) Exact(ctx context.Context, sites []SiteID) error {
	c := s.heap
	if c.tree == nil {
		return nil // the first snapshot of a load
	}
	var wanted []int32
	for _, id := range sites {
		if _, ok := s.caches.exact.Load(id); !ok {
			wanted = append(wanted, int32(id))
		}
	}
	for len(wanted) > 0 {
		n := min(len(wanted), walks)
		list, err := c.exactly(ctx, c.bySite(), wanted[:n])
		if err != nil {
			return err
		}
		for i, r := range list {
			s.caches.exact.Store(SiteID(wanted[i]), r)
		}
		wanted = wanted[n:]
	}
	return nil
}
