package heap

import (
	"errors"
	"math"
	"sync/atomic"
)

// ErrTooLarge is returned for a dump that takes more memory than it may.
var ErrTooLarge = errors.New("the dump takes more memory than the limit")

// What a load takes at its peak, in bytes, as measured on dumps of millions of
// objects: its columns twice while the parts are merged, the tables of the
// dominators later; names and sites once for each worker and once for all.
const (
	perObject = 94
	perRef    = 14
	perName   = 150 // beside its bytes
	perSpot   = 200
	perHuge   = 60
	perRoot   = 200 // beside its references and its name
	perLone   = 80  // object with few others on its heap page
)

// budget is the memory that a load may take. It is charged while the dump is
// read, so that one too large ends before its memory is gone.
type budget struct {
	limit int64
	used  atomic.Int64
}

func newBudget(limit int64) *budget { return &budget{limit: limit} }

// longestLine is how long a line may be: some are held at once, and one that is
// out of MRI's form is copied to be read.
func (b *budget) longestLine() int {
	const share = 12
	if b.limit == 0 {
		return 0
	}
	return int(min(b.limit/share, math.MaxInt))
}

// take charges a part and what its worker has come to know with it.
func (b *budget) take(p *part, w *worker) error {
	n := int64(len(p.address))*perObject + lonely(p.address)*perLone + int64(len(p.refs))*perRef
	for _, r := range p.roots {
		n += int64(len(r.refs))*perRef + int64(len(r.category)) + perName + perRoot
	}
	n += int64(len(p.huge)) * perHuge
	for _, s := range p.samples {
		n += int64(len(s.text)) + perName
	}
	known := w.names.bytes + int64(len(w.names.texts))*perName + int64(len(w.spots.list))*perSpot
	n += 2 * (known - w.charged)
	w.charged = known
	if b.used.Add(n) > b.limit && b.limit > 0 {
		return ErrTooLarge
	}
	return nil
}

// lonely counts the objects that come with fewer than densePage of their heap
// page, and of those that come with more the first so many: what a page costs
// whatever it holds.
func lonely(addrs []uint64) (n int64) {
	run, page := densePage, uint64(0)
	for _, addr := range addrs {
		if at := addr>>pageShift + 1; at != page {
			run, page = 0, at
		}
		if run < densePage {
			run++
			n++
		}
	}
	return n
}
