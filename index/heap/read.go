package heap

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"sync"

	"golang.org/x/sync/errgroup"

	"heapline/index/dump"
)

// ErrNotDump is returned for input without a single heap dump record.
var ErrNotDump = errors.New("not a Ruby heap dump")

// hopeless is how many unreadable lines without one good record before them make
// input no dump, so that a large file of another kind is not read to its end.
const hopeless = 10_000

// beginning tells input that is no dump by its first lines, in the order of the
// file: which worker reads which block first says nothing.
type beginning struct {
	mu     sync.Mutex
	isDump bool          // a good record came before too many bad lines
	next   int           // the block up to which all have been looked at
	bad    int64         // lines of those
	ahead  map[int]*part // blocks behind it
}

// isHopeless notes what a block holds and reports whether the input is no dump.
func (b *beginning) isHopeless(block int, p *part) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.isDump {
		return false
	}
	b.ahead[block] = p
	for p := b.ahead[b.next]; p != nil && !b.isDump && b.bad <= hopeless; p = b.ahead[b.next] {
		delete(b.ahead, b.next)
		b.isDump = p.hasRecord()
		b.bad += p.bad()
		b.next++
	}
	return !b.isDump && b.bad > hopeless
}

// ErrBrokenOff is returned for input that ends within its first record.
var ErrBrokenOff = errors.New("the dump breaks off in its first record")

// ErrEmpty is returned for input without a single byte.
var ErrEmpty = errors.New("the dump is empty")

// Options are how to read.
type Options struct {
	Workers   int   // parsers at once, 0 for one a core; ids follow the order of the dump whatever the number
	MaxMemory int64 // bytes that a load may take at its peak, 0 for no limit
}

// Read reads a plain dump. What the input holds before a read error is returned
// beside that error; a nil Heap means that nothing could be read, or that it
// takes more memory than it may (ErrTooLarge).
func Read(ctx context.Context, r io.Reader, o Options) (*Heap, error) {
	workers := o.Workers
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	budget := newBudget(o.MaxMemory)
	parts, crew, readErr, err := readParts(ctx, dump.NewSplitter(r, budget.longestLine()), workers, budget)
	if err != nil {
		return nil, err
	}
	if !anyRecord(parts) {
		return nil, emptyError(parts, readErr)
	}
	h, err := merge(ctx, parts, crew, workers, readErr != nil && !dump.IsBehindEnd(readErr))
	if err != nil {
		return nil, err
	}
	return h, readErr
}

func anyRecord(parts []*part) bool {
	for _, p := range parts {
		if p.hasRecord() {
			return true
		}
	}
	return false
}

func (p *part) hasRecord() bool { return len(p.address) > 0 || len(p.roots) > 0 }

func emptyError(parts []*part, readErr error) error {
	switch {
	case readErr != nil:
		return readErr
	case len(parts) == 0:
		return ErrEmpty
	case parts[0].losses[dump.BrokenOff].Lines > 0 && parts[0].bad() == 1:
		return ErrBrokenOff
	}
	return ErrNotDump
}

// readParts parses all blocks. readErr is the input's own error, err that of a
// cancelled context or of input that is no dump.
func readParts(ctx context.Context, s *dump.Splitter, workers int, budget *budget) (parts []*part, crew []*worker, readErr, err error) {
	group, ctx := errgroup.WithContext(ctx)
	blocks := make(chan *dump.Block, workers)
	group.Go(guard(func() error {
		defer close(blocks)
		for {
			b, err := s.Next()
			if errors.Is(err, dump.ErrLongLine) {
				return ErrTooLarge
			}
			if errors.Is(err, dump.ErrNulls) {
				return err
			}
			if err != nil {
				if err != io.EOF { //nolint:errorlint // a wrapped EOF is an error of the decompressor
					readErr = err
				}
				return nil
			}
			select {
			case blocks <- b:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}))
	byWorker, start := make([]map[int]*part, workers), &beginning{ahead: map[int]*part{}}
	for i := range workers {
		w := newWorker(i)
		crew = append(crew, w)
		byWorker[i] = map[int]*part{}
		group.Go(guard(func() error { return w.readAll(ctx, blocks, s, byWorker[i], budget, start) }))
	}
	if err := group.Wait(); err != nil {
		return nil, nil, nil, err
	}
	return inOrder(byWorker), crew, readErr, nil
}

func (w *worker) readAll(ctx context.Context, blocks <-chan *dump.Block, s *dump.Splitter, to map[int]*part, budget *budget, start *beginning) error {
	for b := range blocks {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		p, block := w.read(b), b.Seq
		to[block] = p
		s.Release(b)
		if err := budget.take(p, w); err != nil {
			return err
		}
		if start.isHopeless(block, p) {
			return ErrNotDump
		}
	}
	return nil
}

func inOrder(byWorker []map[int]*part) []*part {
	n := 0
	for _, m := range byWorker {
		n += len(m)
	}
	parts := make([]*part, n)
	for _, m := range byWorker {
		for seq, p := range m {
			parts[seq] = p
		}
	}
	return parts
}

// guard makes an error of a panic: in a goroutine of a load one would end the
// process, and with it what was loaded before.
func guard(do func() error) func() error {
	return func() (err error) {
		defer func() {
			if p := recover(); p != nil {
				err = fmt.Errorf("a bug in Heapline: %v\n%s", p, debug.Stack())
			}
		}()
		return do()
	}
}
