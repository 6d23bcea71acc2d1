package heap

import (
	"math"
	"slices"
)

// places are where a part's objects stand in the dump. They are kept only until it
// is known which objects repeat an address.
type places struct {
	offsets []uint32 // bytes from the start of the block, saturated
	jumps   []jump   // most lines hold the object after that of the line before
	skipped int      // objects that were left out before the first

	line, offset int64 // of the block in the dump: lines and bytes before it
}

// jump is where the lines of a part's objects do not follow each other.
type jump struct {
	at   int32  // index of the object
	line uint32 // its line in the block, 1-based
}

// add notes the place of the next object.
func (p *places) add(line, offset int64) {
	at := len(p.offsets)
	if at == 0 || p.lineOf(at) != line {
		p.jumps = append(p.jumps, jump{int32(at), uint32(line)})
	}
	p.offsets = append(p.offsets, uint32(min(offset, math.MaxUint32)))
}

// lineOf returns the line of an object in its block, or what it would be if the
// next one followed the last.
func (p *places) lineOf(at int) int64 {
	i := len(p.jumps) - 1 // that of the last one, while they are added
	if int(p.jumps[i].at) > at {
		i, _ = slices.BinarySearchFunc(p.jumps, at, func(j jump, at int) int { return int(j.at) - at })
		if i == len(p.jumps) || int(p.jumps[i].at) > at {
			i--
		}
	}
	return int64(p.jumps[i].line) + int64(at) - int64(p.jumps[i].at)
}

// of returns the line, 1-based, and the offset of an object in the dump.
func (p *places) of(at int) (line, offset int64) {
	at += p.skipped
	return p.line + p.lineOf(at), p.offset + int64(p.offsets[at])
}

func (p *places) emptied() places { return places{offsets: p.offsets[:0], jumps: p.jumps[:0]} }

func (p *places) fitted() places {
	return places{offsets: slices.Clone(p.offsets), jumps: slices.Clone(p.jumps)}
}

// Repeat is a record at the address of an earlier one, which is left out.
type Repeat struct {
	Address uint64
	Line    int64 // 1-based
	Offset  int64 // bytes from the start of the (decompressed) dump to the line
}

// repeats counts an object that repeats an address.
func (h *Heap) repeats(id ID, parts []*part) {
	h.Duplicates++
	if len(h.Repeated) == problemsKept {
		return
	}
	at := int(id - h.First())
	for _, p := range parts {
		if at < len(p.refEnd) {
			line, offset := p.places.of(at)
			h.Repeated = append(h.Repeated, Repeat{h.address[id], line, offset})
			return
		}
		at -= len(p.refEnd)
	}
}
