package heap

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"

	"golang.org/x/sync/errgroup"

	"heapline/index/dump"
)

// ErrNotDump is returned for input without a single heap dump record.
var ErrNotDump = errors.New("not a Ruby heap dump")

// hopeless is how many unreadable lines without one good record make input no
// dump, so that a large file of another kind is not read to its end.
const hopeless = 10_000

// ErrBrokenOff is returned for input that ends within its first record.
var ErrBrokenOff = errors.New("the dump breaks off in its first record")

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
	h, err := merge(ctx, parts, crew, workers, readErr != nil)
	if err != nil {
		return nil, err
	}
	return h, readErr
}

func anyRecord(parts []*part) bool {
	for _, p := range parts {
		if len(p.address) > 0 || len(p.roots) > 0 {
			return true
		}
	}
	return false
}

func emptyError(parts []*part, readErr error) error {
	switch {
	case readErr != nil:
		return readErr
	case len(parts) == 0:
		return io.ErrUnexpectedEOF
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
	byWorker := make([]map[int]*part, workers)
	for i := range workers {
		w := newWorker(i)
		crew = append(crew, w)
		byWorker[i] = map[int]*part{}
		group.Go(guard(func() error { return w.readAll(ctx, blocks, s, byWorker[i], budget) }))
	}
	if err := group.Wait(); err != nil {
		return nil, nil, nil, err
	}
	return inOrder(byWorker), crew, readErr, nil
}

func (w *worker) readAll(ctx context.Context, blocks <-chan *dump.Block, s *dump.Splitter, to map[int]*part, budget *budget) error {
	bad, good := int64(0), false
	for b := range blocks {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		p := w.read(b)
		to[b.Seq] = p
		s.Release(b)
		if err := budget.take(p, w); err != nil {
			return err
		}
		bad += p.bad()
		good = good || len(p.address) > 0 || len(p.roots) > 0
		if !good && bad > hopeless {
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
