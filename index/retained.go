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

// walks is how many groups are walked without at once, and fewWalks up to how
// many the small masks serve.
const (
	walks    = 64
	fewWalks = 8
)

// exactly computes what up to 64 groups retain.
func (c *contents) exactly(ctx context.Context, g grouping, wanted []int32) ([]Retained, error) {
	if len(wanted) <= fewWalks {
		return without(ctx, c, g, wanted, ^uint8(0)>>(fewWalks-len(wanted)))
	}
	return without(ctx, c, g, wanted, ^uint64(0)>>(walks-len(wanted)))
}

// without adds up, for each wanted group, what is live and not reached without
// it. all has a bit for each of them.
func without[M graph.Mask](ctx context.Context, c *contents, g grouping, wanted []int32, all M) ([]Retained, error) {
	mask := make([]M, g.groups)
	list := make([]Retained, len(wanted))
	for i, group := range wanted {
		mask[group] |= 1 << i
		list[i].Exact = true
	}
	first := c.heap.First()
	reached, err := graph.ReachWithout(ctx, c.heap.Refs, all, func(id heap.ID) M {
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
			r := &list[bits.TrailingZeros64(uint64(lost))]
			r.Bytes += bytes
			r.Objects++
		}
	}
	return list, nil
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
