package heap

import (
	"hash/maphash"

	"heapline/index/dump"
	"heapline/index/graph"
)

// MRI uses an object's address again as soon as the object is gone, so that an
// address alone tells two dumps' objects apart no better than a seat number
// tells travellers. Type, class, allocation site and generation (the GC count
// at the allocation) together with it do: an address is not used twice between
// two collections.

// Identities are what a comparison keeps of the objects of an earlier dump: 12
// bytes an object and the table of their addresses.
type Identities struct {
	index   *addresses // number in the columns + 1
	print   []uint32
	memsize []uint32
	size    []uint32
}

// Was is what an object was in an earlier dump.
type Was struct {
	Memsize int64 // shallow size in bytes; at most 4 GiB - 1
	Size    int64 // as Heap.Size says
}

// Is is what an object is now.
func (h *Heap) Is(id ID) Was { return Was{h.Memsize(id), h.Size(id)} }

// Identities returns those of the live objects.
func (h *Heap) Identities(live graph.Set) *Identities {
	n := live.Len()
	x := &Identities{print: make([]uint32, 0, n), memsize: make([]uint32, 0, n), size: make([]uint32, 0, n)}
	address, print := make([]uint64, 0, n), h.Prints()
	for id := h.First(); id < h.End(); id++ {
		if !live.Has(id) {
			continue
		}
		address = append(address, h.address[id])
		x.print = append(x.print, print(id))
		x.memsize = append(x.memsize, h.memsize[id])
		x.size = append(x.size, saturate(h.Size(id)+1))
	}
	x.index = newAddresses(address, 1, func(graph.Node) {}) // addresses of live objects are there once
	return x
}

// Find returns what the object with a print was at an address; false where it
// was not there.
func (x *Identities) Find(address uint64, print uint32) (Was, bool) {
	at := x.index.lookup(address)
	if at == noNode || x.print[at-1] != print {
		return Was{}, false
	}
	return Was{int64(x.memsize[at-1]), int64(x.size[at-1]) - 1}, true
}

var printSeed = maphash.MakeSeed()

// Prints returns a function for a number that stands for an object's type,
// class, site and generation: the same in every heap of this process, and by a
// chance of one in 2³² that of another object. Not for use by several
// goroutines.
func (h *Heap) Prints() func(ID) uint32 {
	sites := make([]uint64, len(h.sites)+1)
	for i, site := range h.sites {
		sites[i+1] = maphash.Comparable(printSeed, site)
	}
	classes := map[uint64]uint64{}
	var lastKey, last uint64
	return func(id ID) uint32 {
		key := h.ClassKey(id)
		if key != lastKey || last == 0 {
			hash, ok := classes[key]
			if !ok {
				hash = maphash.String(printSeed, h.ClassName(id))
				classes[key] = hash
			}
			lastKey, last = key, hash
		}
		return mix(last, uint64(h.Kind(id))<<32|uint64(h.born[id]), sites[h.SiteOf(id)+1])
	}
}

// mix makes one number of three (the finalizer of MurmurHash3, A. Appleby).
func mix(a, b, c uint64) uint32 {
	x := a ^ b*0x9e3779b97f4a7c15 ^ c*0xc2b2ae3d27d4eb4f
	x = (x ^ x>>33) * 0xff51afd7ed558ccd
	x = (x ^ x>>33) * 0xc4ceb9fe1a85ec53
	return uint32(x >> 32)
}

// Landmarks are objects that stay where they are for as long as a process
// lives, unless it compacts its heap: its named classes and modules.
func (h *Heap) Landmarks() map[uint64]uint64 {
	marks := map[uint64]uint64{}
	for id := h.First(); id < h.End(); id++ {
		if kind := h.Kind(id); kind != dump.Class && kind != dump.Module {
			continue
		}
		if name := h.names[h.extra[id]]; name != "" {
			marks[h.address[id]] = maphash.String(printSeed, name)
		}
	}
	return marks
}

// Pinned are the addresses of what GC roots point to, for which compaction
// leaves many in place; the machine's stack apart, which is another each time.
func (h *Heap) Pinned() map[uint64]bool {
	pinned := map[uint64]bool{}
	for i, category := range h.roots {
		if category == "machine_context" {
			continue
		}
		for _, id := range h.Refs.Out(ID(i + 1)) {
			pinned[h.address[id]] = true
		}
	}
	return pinned
}
