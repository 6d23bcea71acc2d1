package index

import (
	"fmt"
	"slices"

	"heapline/index/heap"
)

// damage is what is known to be wrong with a dump of a series.
type damage struct {
	Problems Problems `json:"problems"`
	// Incomplete says why a part of the dump is missing; empty where nothing shows
	// that one is.
	Incomplete string `json:"incomplete,omitempty"`
}

func (s *Snapshot) damage() damage { return damage{s.summary.Problems, s.summary.Incomplete} }

func damageOf(h *heap.Heap, cut error) damage {
	d := damage{Problems: problems(h, cut)}
	d.Incomplete = incomplete(h, cut, h.Traits.Ruby(int64(h.End()-h.First()), d.Problems.Count == 0))
	return d
}

// fewestDumps is how many it takes to tell what comes and stays.
const fewestDumps = 3

// take lists the earlier dumps that can be compared, and those that cannot.
func (x *Series) take(past []*Past) {
	for _, p := range past {
		d := DumpOfSeries{p.path, p.newest, p.live, p.damage}
		if d.Incomplete != "" {
			x.LeftOut = append(x.LeftOut, d)
			continue
		}
		x.past, x.Dumps = append(x.past, p), append(x.Dumps, d)
	}
}

// Unreliable says why no leak suspects are looked for although there are enough
// dumps: parts of them are missing. "" where that is not so.
func (x *Series) Unreliable() string {
	last, left := x.Dumps[len(x.Dumps)-1], len(x.LeftOut)
	switch {
	case last.Incomplete != "":
		return "a part of the last dump is missing: " + last.Incomplete
	case len(x.Dumps) < fewestDumps && len(x.Dumps)+left >= fewestDumps:
		return fmt.Sprintf("a part is missing of %d of the %d dumps, and it takes %d that are whole", left, len(x.Dumps)+left, fewestDumps)
	}
	return ""
}

// WhyLeftOut says, in words that follow the name of an incomplete dump, that it is
// not compared.
func (d DumpOfSeries) WhyLeftOut() string {
	return "left out of the comparison, since a part is missing: " + d.Incomplete
}

// Earlier returns all dumps but the last: those that are compared, then those
// that are left out.
func (x *Series) Earlier() []DumpOfSeries {
	return slices.Concat(x.Dumps[:len(x.Dumps)-1], x.LeftOut)
}
