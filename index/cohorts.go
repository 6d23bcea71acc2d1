package index

import (
	"cmp"
	"iter"
	"slices"
	"strconv"

	"heapline/index/heap"
)

// How many generations are told apart: of a process that has run for weeks a line
// may have objects of a million. More are put together in ranges of equal width,
// but for the newest.
const (
	siteCohorts = 400
	dumpCohorts = 10_000
)

// cohorts counts a site's objects by generation.
func (c *contents) cohorts(objects []heap.ID) []GenerationCount {
	r := spansOf(c.generations(objects), siteCohorts)
	counts := map[int64]*GenerationCount{}
	for _, id := range objects {
		g := c.heap.Generation(id)
		if g < 0 {
			continue
		}
		from, to := r.of(g)
		if counts[from] == nil {
			counts[from] = &GenerationCount{Generation: from}
			if to > from {
				counts[from].To = to
			}
		}
		counts[from].add(c.heap.Memsize(id))
	}
	rows := make([]GenerationCount, 0, len(counts))
	for _, row := range counts {
		rows = append(rows, *row)
	}
	slices.SortFunc(rows, func(a, b GenerationCount) int { return cmp.Compare(a.Generation, b.Generation) })
	return rows
}

func (c *contents) generations(objects []heap.ID) iter.Seq[int64] {
	return func(yield func(int64) bool) {
		for _, id := range objects {
			if g := c.heap.Generation(id); g >= 0 && !yield(g) {
				return
			}
		}
	}
}

func (c *contents) liveGenerations() iter.Seq[int64] {
	return func(yield func(int64) bool) {
		for id := c.heap.First(); id < c.heap.End(); id++ {
			if g := c.heap.Generation(id); g >= 0 && c.live.Has(id) && !c.heap.IsTracer(id) && !yield(g) {
				return
			}
		}
	}
}

// spans are ranges of generations, each of so many.
type spans struct{ first, last, width int64 }

// spansOf returns those that no more than a limit of rows are needed for.
func spansOf(generations iter.Seq[int64], limit int) spans {
	distinct := map[int64]bool{}
	r := spans{first: -1, width: 1}
	for g := range generations {
		if r.first < 0 {
			r.first, r.last = g, g
		}
		r.first, r.last = min(r.first, g), max(r.last, g)
		if len(distinct) <= limit {
			distinct[g] = true
		}
	}
	if len(distinct) > limit {
		r.width = (r.last-r.first)/int64(limit-1) + 1
	}
	return r
}

// of returns the range that a generation is in.
func (r spans) of(g int64) (from, to int64) {
	if r.width == 1 || g < 0 || g == r.last {
		return g, g
	}
	from = r.first + (g-r.first)/r.width*r.width
	return from, min(from+r.width, r.last) - 1
}

func (r spans) name(g int64) string {
	from, to := r.of(g)
	if from == to {
		return strconv.FormatInt(from, 10)
	}
	return strconv.FormatInt(from, 10) + RangeDash + strconv.FormatInt(to, 10)
}

// RangeDash is between the first and the last generation in the name of a range.
const RangeDash = "–"
