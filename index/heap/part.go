package heap

import (
	"cmp"
	"math"
	"slices"

	"heapline/index/dump"
)

// part holds the records of one block of the dump in columns, an entry an
// object. Names and sites are numbered by the worker that read it.
type part struct {
	worker   int
	lines    int64
	bytes    int64
	repaired int64
	places   places

	address []uint64
	class   []uint64 // address of the class, 0 where there is none
	kind    []kind
	memsize []uint32 // bytes, saturated: then huge has the true one
	huge    []hugeObject
	spot    []uint32 // worker's number of (file, line, method), 0 where untraced
	born    []uint32 // generation + 1, 0 where unknown
	extra   []uint32 // by kind: a length, or the worker's number of a name
	refEnd  []uint32 // end of the object's references in refs
	refs    []uint64

	roots    []rootRecord
	samples  []sample
	problems []dump.Problem // the first ones
	losses   [dump.Reasons]Loss
	shapes   int64
	free     int64 // slots
}

// kind is an object's type, with a bit for whether it is old, or young though
// it could have become old.
type kind uint8

const (
	oldBit   kind = 1 << 7
	youngBit kind = 1 << 6
	typeMask kind = youngBit - 1
)

func kindOf(r *dump.Record) kind {
	k := kind(r.Type)
	if r.Old {
		k |= oldBit
	}
	if r.Young {
		k |= youngBit
	}
	return k
}

func (k kind) of() dump.Type { return dump.Type(k & typeMask) }

// Loss is how many lines could not be read for one reason, or not wholly, and the
// first of them.
type Loss struct {
	Lines int64 // count
	First dump.Problem
}

// add counts the lines of a later part of the dump.
func (l *Loss) add(later Loss) {
	if l.Lines == 0 {
		l.First = later.First
	}
	l.Lines += later.Lines
}

type hugeObject struct {
	at    int // index in the part, later the object's id
	bytes int64
}

type rootRecord struct {
	category string
	refs     []uint64
	at       int // objects of the part before it
}

// sample is the start of a String's value.
type sample struct {
	at      int // index in the part, later the object's id
	text    string
	escaped bool // text holds JSON escapes
	cut     bool // text is only a start
}

// problemsKept bounds the problems that are listed; all are counted.
const problemsKept = 20

// worker turns blocks into parts. Its scratch columns are reused from block to
// block and copied into exactly fitting ones, so that nothing is kept that
// holds no data.
type worker struct {
	number  int
	scanner *dump.Scanner
	names   *names
	spots   *spots
	best    topStrings
	scratch part
	charged int64 // bytes of names and spots that the budget knows of
}

func newWorker(number int) *worker {
	w := &worker{number: number, scanner: dump.NewScanner(), names: newNames()}
	w.spots = newSpots(w.names)
	return w
}

func (w *worker) read(b *dump.Block) *part {
	p := &w.scratch
	p.reset()
	w.scanner.Reset(b.Data, b.Offset)
	for w.scanner.Next() {
		if problem := w.scanner.Problem(); problem != nil {
			p.lost(*problem)
			continue
		}
		if odd := w.scanner.Oddity(); odd != nil {
			p.lost(*odd)
		}
		switch r := w.scanner.Record(); r.Type {
		case dump.Shape: // class layouts
			p.shapes++
		case dump.None:
			p.free++
		case dump.Root:
			p.roots = append(p.roots, rootRecord{string(r.Root), slices.Clone(r.References), len(p.address)})
		default:
			w.add(p, r, b)
		}
	}
	p.lines, p.bytes, p.repaired = w.scanner.Lines(), int64(len(b.Data)), w.scanner.Repaired()
	return p.fitted(w.number)
}

// lost counts a line that could not be read, or a value of it.
func (p *part) lost(problem dump.Problem) {
	if len(p.problems) < problemsKept {
		p.problems = append(p.problems, problem)
	}
	p.losses[problem.Reason].add(Loss{1, problem})
}

// bad is how many lines could not be read.
func (p *part) bad() (n int64) {
	for _, l := range p.losses[:dump.OddValue] {
		n += l.Lines
	}
	return n
}

func (w *worker) add(p *part, r *dump.Record, b *dump.Block) {
	at := len(p.address)
	if r.Memsize >= math.MaxUint32 {
		p.huge = append(p.huge, hugeObject{at, r.Memsize})
	}
	spot, born := uint32(0), uint32(0)
	if r.File != nil && string(r.Struct) != tracerStruct {
		spot = w.spots.number(r.File, r.Line, r.Method)
	}
	if r.Generation >= 0 && r.Generation < math.MaxUint32 {
		born = uint32(r.Generation) + 1
	}
	line, offset := w.scanner.Place()
	p.places.add(line, offset-b.Offset)
	p.address = append(p.address, r.Address)
	p.class = append(p.class, r.Class)
	p.kind = append(p.kind, kindOf(r))
	p.memsize = append(p.memsize, saturate(r.Memsize))
	p.spot = append(p.spot, spot)
	p.born = append(p.born, born)
	p.extra = append(p.extra, w.extra(r))
	p.refs = append(p.refs, r.References...)
	p.refEnd = append(p.refEnd, uint32(len(p.refs)))
	if r.Type == dump.String && spot != 0 && r.Value != nil && w.best.admit(spot, r.Memsize, b.Seq, at) {
		p.samples = append(p.samples, newSample(r, at))
	}
}

// extra is the one number or name worth keeping of an object of its type.
func (w *worker) extra(r *dump.Record) uint32 {
	switch r.Type {
	case dump.Class, dump.Module:
		return w.names.class(r)
	case dump.Data:
		return w.names.number(r.Struct)
	case dump.IMemo:
		return w.names.number(r.IMemoType)
	case dump.Other:
		return w.names.number(r.TypeName)
	}
	return saturate(min(max(r.Size, -1), math.MaxUint32) + 1)
}

func saturate(n int64) uint32 { return uint32(min(n, math.MaxUint32)) }

func (p *part) reset() {
	*p = part{
		address: p.address[:0], class: p.class[:0], kind: p.kind[:0], memsize: p.memsize[:0], spot: p.spot[:0],
		born: p.born[:0], extra: p.extra[:0], refEnd: p.refEnd[:0], refs: p.refs[:0], places: p.places.emptied(),
	}
}

// fitted returns a copy of p whose columns have no room to spare.
func (p *part) fitted(worker int) *part {
	f := *p
	f.worker, f.places = worker, p.places.fitted()
	f.address, f.class, f.kind = slices.Clone(p.address), slices.Clone(p.class), slices.Clone(p.kind)
	f.memsize, f.spot, f.born = slices.Clone(p.memsize), slices.Clone(p.spot), slices.Clone(p.born)
	f.extra, f.refEnd, f.refs = slices.Clone(p.extra), slices.Clone(p.refEnd), slices.Clone(p.refs)
	return &f
}

// ValueSample is how many bytes of a String's value are kept at most.
const ValueSample = 80

func newSample(r *dump.Record, at int) sample {
	text := r.Value[:min(len(r.Value), ValueSample)]
	return sample{at: at, text: string(text), escaped: r.ValueEscaped, cut: len(text) < len(r.Value)}
}

// topStrings decides which strings of a site may be among its largest: a value
// is only copied when fewer than SampledStrings of those seen before are as
// large. Numbered by a worker's spots.
type topStrings struct {
	bySpot [][]rankedString
}

type rankedString struct {
	bytes     int64
	block, at int
}

// SampledStrings is of how many of the largest strings of a site and method
// the values are kept: more than are shown, since garbage is among them.
const SampledStrings = 16

// admit reports whether the string is among its site's largest so far. Blocks
// come in any order, but of equal strings the dump's first must win whatever
// worker reads them, or two loads would differ.
func (t *topStrings) admit(spot uint32, bytes int64, block, at int) bool {
	for int(spot) >= len(t.bySpot) {
		t.bySpot = append(t.bySpot, nil)
	}
	top := t.bySpot[spot]
	s := rankedString{bytes, block, at}
	i, _ := slices.BinarySearchFunc(top, s, largerFirst)
	if i >= SampledStrings {
		return false
	}
	if len(top) == SampledStrings {
		top = top[:SampledStrings-1]
	}
	t.bySpot[spot] = slices.Insert(top, i, s)
	return true
}

func largerFirst(a, b rankedString) int {
	return cmp.Or(cmp.Compare(b.bytes, a.bytes), cmp.Compare(a.block, b.block), cmp.Compare(a.at, b.at))
}
