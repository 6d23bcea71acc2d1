package heap

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"heapline/index/dump"
)

const saturated = math.MaxUint32

// maxObjects leaves room in 32 bits for the roots and for edges' offsets.
const maxObjects = math.MaxUint32 - 1<<16

// merge makes one heap of the parts, which it takes apart: a part's columns are
// let go as soon as they are copied.
func merge(ctx context.Context, parts []*part, crew []*worker, workers int, cut bool) (*Heap, error) {
	h := &Heap{Newest: -1, huge: map[ID]int64{}, samples: map[ID]sample{}}
	h.tally(parts, crew)
	parts, h.Dumps, h.Loaded = pickDump(parts, cut || h.Losses[dump.BrokenOff].Lines > 0)
	roots := h.addRoots(parts)
	objects, edges := size(parts)
	if objects > maxObjects || edges > maxObjects {
		return nil, fmt.Errorf("the dump has %d objects and %d references: more than this version can number", objects, edges)
	}
	renumber := h.mergeNames(crew)
	if err := h.columns(parts, renumber, int(objects), workers); err != nil {
		return nil, err
	}
	index := newAddresses(h.address[h.First():], h.First(), func(id ID) {
		h.kind[id] = kind(dump.None)
		h.repeats(id, parts)
	})
	for _, p := range parts {
		p.places = places{}
	}
	if err := h.link(ctx, parts, index, roots, int(edges), workers); err != nil {
		return nil, err
	}
	if len(h.roots) == 1 && h.roots[0] == NoRoots {
		h.Refs = withHeads(h.Refs, h.First(), h.Exists)
	}
	h.findInstances()
	h.learn()
	return h, nil
}

// validText replaces what is not UTF-8 in a text of the dump.
func validText(text string) string { return strings.ToValidUTF8(text, "\ufffd") }

// tally adds up what the whole input holds, whichever of its dumps is loaded.
func (h *Heap) tally(parts []*part, crew []*worker) {
	for _, p := range parts {
		p.places.line, p.places.offset = h.Lines, h.Bytes
		for _, problem := range p.problems {
			if problem.Line += h.Lines; len(h.Problems) < problemsKept {
				h.Problems = append(h.Problems, problem)
			}
		}
		for reason, loss := range p.losses {
			loss.First.Line += h.Lines
			h.Losses[reason].add(loss)
		}
		h.Repaired += p.repaired
		h.Lines += p.lines
		h.Bytes += p.bytes
		h.Shapes += p.shapes
		h.FreeSlots += p.free
	}
	h.UnknownKeys = map[string]int64{}
	for _, w := range crew {
		h.Traits |= w.scanner.Traits()
		for key, n := range w.scanner.UnknownKeys() {
			h.UnknownKeys[validText(key)] += n
		}
	}
}

// learn counts what the loaded objects tell of the dump.
func (h *Heap) learn() {
	h.UnknownTypes = map[string]int64{}
	for id := h.First(); id < h.End(); id++ {
		switch h.Kind(id) {
		case dump.None: // repeats an address
			continue
		case dump.Zombie:
			h.Zombies++
		case dump.Other:
			h.UnknownTypes[h.names[h.extra[id]]]++
		}
		if h.born[id] != 0 {
			h.Traced++
			h.Newest = max(h.Newest, h.Generation(id))
		}
	}
}

func size(parts []*part) (objects, edges int64) {
	edges = 1 // to the one category of a dump without roots
	for _, p := range parts {
		objects += int64(len(p.address))
		edges += int64(len(p.refs) + len(p.address))
		for _, r := range p.roots {
			edges += int64(len(r.refs)) + 1
		}
	}
	return objects, edges
}

// addRoots numbers the categories of the ROOT records by first appearance and
// returns the records of each.
func (h *Heap) addRoots(parts []*part) [][]rootRecord {
	var records [][]rootRecord
	numbers := map[string]int{}
	for _, p := range parts {
		for _, r := range p.roots {
			category := validText(r.category)
			number, ok := numbers[category]
			if !ok {
				number = len(h.roots)
				numbers[category] = number
				h.roots, records = append(h.roots, category), append(records, nil)
			}
			records[number] = append(records[number], r)
		}
	}
	if len(h.roots) == 0 {
		h.roots, records = []string{NoRoots}, [][]rootRecord{nil}
	}
	return records
}

// numbering leads from a worker's numbers to the heap's.
type numbering struct {
	names []uint32
	spots []uint32
}

// mergeNames unites the workers' names and spots. Spots are numbered by file,
// line and method, so that the numbers do not depend on who read what, and so
// that a file's sites follow each other.
func (h *Heap) mergeNames(crew []*worker) []numbering {
	all := newNames()
	renumber := make([]numbering, len(crew))
	for i, w := range crew {
		ids := make([]uint32, len(w.names.texts))
		for j, text := range w.names.texts[1:] {
			ids[j+1] = all.text(validText(text))
		}
		renumber[i].names = ids
	}
	h.names = all.texts
	h.mergeSpots(crew, renumber)
	return renumber
}

func (h *Heap) mergeSpots(crew []*worker, renumber []numbering) {
	var union []spot
	for i, w := range crew {
		for j, s := range w.spots.list {
			s.file, s.method = renumber[i].names[s.file], renumber[i].names[s.method]
			w.spots.list[j] = s
		}
		union = append(union, w.spots.list[1:]...)
	}
	order := func(a, b spot) int {
		return cmp.Or(strings.Compare(h.names[a.file], h.names[b.file]), cmp.Compare(a.line, b.line),
			strings.Compare(h.names[a.method], h.names[b.method]))
	}
	slices.SortFunc(union, order)
	union = slices.Compact(union)
	h.spots = append(make([]Spot, 0, len(union)+1), Spot{Site: -1})
	numbers, own := make(map[spot]uint32, len(union)), false
	for i, s := range union {
		if i == 0 || union[i-1].file != s.file || union[i-1].line != s.line {
			h.sites = append(h.sites, Site{File: h.names[s.file], Line: int(s.line)})
		}
		if i == 0 || union[i-1].file != s.file {
			own = ownCode.MatchString(h.names[s.file])
		}
		numbers[s] = uint32(len(h.spots))
		h.spots = append(h.spots, Spot{Site: len(h.sites) - 1, Method: h.names[s.method], own: own})
	}
	for i, w := range crew {
		ids := make([]uint32, len(w.spots.list))
		for j, s := range w.spots.list[1:] {
			ids[j+1] = numbers[s]
		}
		renumber[i].spots = ids
	}
}

// columns copies all but the references into columns of the final length. The
// pseudo-root and the categories have entries too, of type ROOT.
func (h *Heap) columns(parts []*part, renumber []numbering, objects, workers int) error {
	n := objects + int(h.First())
	h.address, h.kind = make([]uint64, n), make([]kind, n)
	h.memsize, h.spot = make([]uint32, n), make([]uint32, n)
	h.born, h.extra = make([]uint32, n), make([]uint32, n)
	for id := range h.First() {
		h.kind[id] = kind(dump.Root)
	}
	var group errgroup.Group
	group.SetLimit(workers)
	at := int(h.First())
	var samples []sample
	for _, p := range parts {
		first := at
		group.Go(guard(func() error {
			h.fill(p, renumber[p.worker], first)
			return nil
		}))
		for _, s := range p.samples {
			s.at += at
			samples = append(samples, s)
		}
		for _, x := range p.huge {
			h.huge[ID(at+x.at)] = x.bytes
		}
		at += len(p.refEnd)
	}
	if err := group.Wait(); err != nil {
		return err
	}
	h.keepSamples(samples)
	return nil
}

// fill copies one part's columns behind each other's and lets them go.
func (h *Heap) fill(p *part, ids numbering, at int) {
	copy(h.address[at:], p.address)
	copy(h.kind[at:], p.kind)
	copy(h.memsize[at:], p.memsize)
	copy(h.born[at:], p.born)
	for i, spot := range p.spot {
		h.spot[at+i] = ids.spots[spot]
	}
	for i, x := range p.extra {
		if named(p.kind[i].of()) {
			x = ids.names[x]
		}
		h.extra[at+i] = x
	}
	p.address, p.kind, p.memsize, p.born, p.extra, p.spot = nil, nil, nil, nil, nil, nil
}

// keepSamples keeps the values of each spot's largest strings. Every worker
// admitted the largest of those that it saw.
func (h *Heap) keepSamples(samples []sample) {
	slices.SortFunc(samples, func(a, b sample) int {
		x, y := ID(a.at), ID(b.at)
		return cmp.Or(cmp.Compare(h.spot[x], h.spot[y]), cmp.Compare(h.Memsize(y), h.Memsize(x)), cmp.Compare(x, y))
	})
	kept, last := 0, uint32(0)
	for _, s := range samples {
		if spot := h.spot[s.at]; spot != last {
			kept, last = 0, spot
		}
		if kept++; kept <= SampledStrings {
			h.samples[ID(s.at)] = s
		}
	}
}

// named reports whether the extra column of a type holds a name.
func named(t dump.Type) bool {
	switch t {
	case dump.Class, dump.Module, dump.Data, dump.IMemo, dump.Other:
		return true
	}
	return false
}
