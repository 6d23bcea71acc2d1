package heap

import (
	"math/bits"

	"heapline/index/graph"
)

// This file is on the hot path of a load: every reference of the dump is looked
// up here. Objects sit in 64 KiB heap pages (MRI: HEAP_PAGE_SIZE), and a dump
// lists a page's objects together, most often in the order of their addresses.
// A bit for each possible address and the number of bits before it therefore
// give an object's id without any table of addresses.

const (
	pageShift   = 16
	pageGrain   = 2 // addresses are multiples of 4, also on 32-bit machines
	pageWords   = 1 << (pageShift - pageGrain) / 64
	densePage   = 32 // objects from which on a page is worth its bits
	noNode      = graph.Node(0)
	grainMask   = 1<<pageGrain - 1
	pageAddress = 1<<pageShift - 1
)

// page maps the addresses of one heap page to ids.
type page struct {
	bits [pageWords]uint64
	rank [pageWords]uint16 // objects in the words before
	base graph.Node        // id of the lowest address
	ids  []graph.Node      // by rank, where the ids do not simply follow base
}

// bitOf is the place of addr in its page's bits.
func bitOf(addr uint64) (word uint64, shift uint) {
	at := addr & pageAddress >> pageGrain
	return at / 64, uint(at % 64)
}

func (p *page) rankOf(addr uint64) int {
	word, shift := bitOf(addr)
	return int(p.rank[word]) + bits.OnesCount64(p.bits[word]&(1<<shift-1))
}

// addresses maps the addresses of objects to their ids.
type addresses struct {
	table  pageTable
	pages  []page
	sparse map[uint64]graph.Node // objects on pages with few others, odd addresses
}

// lookup returns the id of the object at addr, noNode where there is none.
func (a *addresses) lookup(addr uint64) graph.Node {
	if at := a.table.find(addr >> pageShift); at >= 0 && addr&grainMask == 0 {
		p := &a.pages[at]
		word, shift := bitOf(addr)
		if p.bits[word]>>shift&1 == 0 {
			return noNode
		}
		rank := p.rankOf(addr)
		if p.ids != nil {
			return p.ids[rank]
		}
		return p.base + graph.Node(rank)
	}
	return a.sparse[addr]
}

// newAddresses indexes the addresses of the ids first, first+1, …; duplicate is
// called for every id whose address an earlier one has.
func newAddresses(addrs []uint64, first graph.Node, duplicate func(graph.Node)) *addresses {
	a := &addresses{sparse: map[uint64]graph.Node{}}
	a.table = densePages(addrs)
	a.pages = make([]page, a.table.dense)
	var again []graph.Node
	for i, addr := range addrs {
		id := first + graph.Node(i)
		at := a.table.find(addr >> pageShift)
		if at < 0 || addr&grainMask != 0 {
			if _, ok := a.sparse[addr]; ok {
				again = append(again, id)
			} else {
				a.sparse[addr] = id
			}
			continue
		}
		p := &a.pages[at]
		word, shift := bitOf(addr)
		if p.bits[word]>>shift&1 != 0 {
			again = append(again, id)
		}
		p.bits[word] |= 1 << shift
	}
	a.number(addrs, first, again)
	for _, id := range again {
		duplicate(id)
	}
	return a
}

// number fills in ranks and ids once all bits are set. Ids in again are skipped.
func (a *addresses) number(addrs []uint64, first graph.Node, again []graph.Node) {
	for i := range a.pages {
		p, n := &a.pages[i], uint16(0)
		for w, word := range p.bits {
			p.rank[w] = n
			n += uint16(bits.OnesCount64(word))
		}
	}
	// Backwards, so that the first of two ids at one address has the last word
	// and the lowest id of a page in order ends up as its base.
	skip := len(again) - 1
	for i := len(addrs) - 1; i >= 0; i-- {
		id := first + graph.Node(i)
		if skip >= 0 && again[skip] == id {
			skip--
			continue
		}
		at := a.table.find(addrs[i] >> pageShift)
		if at < 0 || addrs[i]&grainMask != 0 {
			continue
		}
		a.pages[at].set(a.pages[at].rankOf(addrs[i]), id)
	}
}

// set gives the object of a rank its id. A page starts out as one whose ids
// follow each other and gets a list of ids at the first that does not.
func (p *page) set(rank int, id graph.Node) {
	switch {
	case p.ids != nil:
		p.ids[rank] = id
	case p.base == noNode && int(id) >= rank:
		p.base = id - graph.Node(rank)
		if p.base == noNode {
			p.list()
			p.ids[rank] = id
		}
	case p.base == noNode || p.base+graph.Node(rank) != id:
		p.list()
		p.ids[rank] = id
	}
}

func (p *page) list() {
	n := int(p.rank[pageWords-1]) + bits.OnesCount64(p.bits[pageWords-1])
	p.ids = make([]graph.Node, n)
	for rank := range p.ids {
		p.ids[rank] = p.base + graph.Node(rank)
	}
}

// pageTable is an open-addressing hash table from page numbers to indexes.
type pageTable struct {
	keys  []uint64 // page number + 1; 0 is free
	at    []int32  // index of the dense page, -1 where it has few objects
	shift uint
	used  int
	dense int
}

func (t *pageTable) slot(number uint64) int {
	i := int(number * 0x9e3779b97f4a7c15 >> t.shift)
	for t.keys[i] != number+1 && t.keys[i] != 0 {
		if i++; i == len(t.keys) {
			i = 0
		}
	}
	return i
}

func (t *pageTable) find(number uint64) int {
	i := t.slot(number)
	if t.keys[i] == 0 {
		return -1
	}
	return int(t.at[i])
}

func (t *pageTable) grow() {
	old := *t
	n := max(1024, 2*len(old.keys))
	t.keys, t.at = make([]uint64, n), make([]int32, n)
	t.shift = uint(64 - bits.TrailingZeros(uint(n)))
	for i, key := range old.keys {
		if key != 0 {
			at := t.slot(key - 1)
			t.keys[at], t.at[at] = key, old.at[i]
		}
	}
}

// densePages numbers the pages that hold enough objects.
func densePages(addrs []uint64) pageTable {
	var t pageTable
	t.grow()
	for _, addr := range addrs {
		i := t.slot(addr >> pageShift)
		if t.keys[i] == 0 {
			if t.used++; 2*t.used > len(t.keys) {
				t.grow()
				i = t.slot(addr >> pageShift)
			}
			t.keys[i] = addr>>pageShift + 1
		}
		t.at[i]++
	}
	for i, n := range t.at {
		t.at[i] = -1
		if n >= densePage {
			t.at[i] = int32(t.dense)
			t.dense++
		}
	}
	return t
}
