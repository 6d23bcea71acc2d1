package dump

import (
	"bytes"
	"errors"
	"io"
	"sync"
)

// Block is a run of whole lines of a dump, the last one perhaps without its
// line end. A record that a text has torn into several lines is in one block.
type Block struct {
	Seq    int   // 0-based place in the dump
	Offset int64 // bytes from the start of the (decompressed) dump
	Data   []byte
}

// blockSize is large enough to make hand-over between goroutines cheap and
// small enough to stay in a core's cache.
const blockSize = 1 << 20

// leastRead is how much is read at once: in less, a piece of a record that a
// text has torn could be all there is, and be taken for lines of their own.
const leastRead = blockSize / 2

// Splitter cuts a stream into blocks. Lines have no length limit: a block
// grows until it holds the end of its line.
type Splitter struct {
	r      io.Reader
	seq    int
	offset int64
	rest   []byte // start of a line whose end has not been read
	err    error
	limit  int
	pool   sync.Pool
}

// ErrLongLine is returned for a line that is longer than the limit.
var ErrLongLine = errors.New("a line is too long")

// ErrNulls is returned for such a line that holds nothing but NUL bytes.
var ErrNulls = errors.New("nothing but NUL bytes")

// NewSplitter returns a Splitter over r, which it reads in large pieces. A line
// may be as long as limit at least, in bytes; 0 is for no limit.
func NewSplitter(r io.Reader, limit int) *Splitter {
	return &Splitter{r: r, limit: limit, pool: sync.Pool{New: func() any { return new(Block) }}}
}

// Next returns the next block, io.EOF after the last one. A read error is
// returned after the block that holds all that came before it. The caller
// gives the block back with Release.
func (s *Splitter) Next() (*Block, error) {
	if s.err != nil {
		return nil, s.err
	}
	b := s.pool.Get().(*Block)
	b.Data = append(b.Data[:0], s.rest...)
	s.rest = s.rest[:0]
	for {
		end := s.fill(b)
		if end < 0 && s.err == nil {
			continue // a line longer than the block
		}
		if s.err == nil {
			s.rest = append(s.rest, b.Data[end+1:]...)
			b.Data = b.Data[:end+1]
		}
		break
	}
	if len(b.Data) == 0 || errors.Is(s.err, ErrLongLine) || errors.Is(s.err, ErrNulls) {
		s.pool.Put(b)
		return nil, s.err
	}
	b.Seq, b.Offset = s.seq, s.offset
	s.seq++
	s.offset += int64(len(b.Data))
	return b, nil
}

// fill reads up to the block's next capacity step and returns the index of the
// last line end in the block before a record, -1 where there is none.
func (s *Splitter) fill(b *Block) int {
	searched := max(0, len(b.Data)-len(recordBreak)) // what is there already has none
	if room := cap(b.Data) - len(b.Data); room < leastRead {
		if s.limit > 0 && len(b.Data) > max(s.limit, blockSize) {
			s.err = ErrLongLine
			if bytes.Count(b.Data, []byte{0}) == len(b.Data) {
				s.err = ErrNulls
			}
			return -1
		}
		grown := make([]byte, len(b.Data), max(blockSize, 2*cap(b.Data)))
		copy(grown, b.Data)
		b.Data = grown
	}
	for len(b.Data) < cap(b.Data) && s.err == nil {
		var n int
		n, s.err = s.r.Read(b.Data[len(b.Data):cap(b.Data)])
		b.Data = b.Data[:len(b.Data)+n]
	}
	end := bytes.LastIndex(b.Data[searched:], recordBreak)
	if end < 0 {
		end = bytes.LastIndexByte(b.Data[searched:], '\n') // nothing here begins as a record
	}
	if end < 0 {
		return -1
	}
	return searched + end
}

// recordBreak is the end of a line and the start of a record.
var recordBreak = []byte("\n{\"")

// Release gives a block's memory back for the next ones.
func (s *Splitter) Release(b *Block) { s.pool.Put(b) }
