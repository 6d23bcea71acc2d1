package heap

import (
	"context"
	"errors"
	"io"
	"runtime"

	"golang.org/x/sync/errgroup"

	"heapline/index/dump"
)

// ErrNotDump is returned for input without a single heap dump record.
var ErrNotDump = errors.New("not a Ruby heap dump")

// hopeless is how many unreadable lines without one good record make input no
// dump, so that a large file of another kind is not read to its end.
const hopeless = 10_000

// Read reads a plain dump with the given number of parsers at once, 0 for one
// a core. Ids follow the order of the dump whatever the number. What the input
// holds before a read error is returned beside that error; a nil Heap means
// that nothing could be read.
func Read(ctx context.Context, r io.Reader, workers int) (*Heap, error) {
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	parts, crew, readErr, err := readParts(ctx, dump.NewSplitter(r), workers)
	if err != nil {
		return nil, err
	}
	if !anyRecord(parts) {
		return nil, emptyError(parts, readErr)
	}
	h, err := merge(ctx, parts, crew, workers)
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
	}
	return ErrNotDump
}

// readParts parses all blocks. readErr is the input's own error, err that of a
// cancelled context or of input that is no dump.
func readParts(ctx context.Context, s *dump.Splitter, workers int) (parts []*part, crew []*worker, readErr, err error) {
	group, ctx := errgroup.WithContext(ctx)
	blocks := make(chan *dump.Block, workers)
	group.Go(func() error {
		defer close(blocks)
		for {
			b, err := s.Next()
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
	})
	byWorker := make([]map[int]*part, workers)
	for i := range workers {
		w := newWorker(i)
		crew = append(crew, w)
		byWorker[i] = map[int]*part{}
		group.Go(func() error { return w.readAll(ctx, blocks, s, byWorker[i]) })
	}
	if err := group.Wait(); err != nil {
		return nil, nil, nil, err
	}
	return inOrder(byWorker), crew, readErr, nil
}

func (w *worker) readAll(ctx context.Context, blocks <-chan *dump.Block, s *dump.Splitter, to map[int]*part) error {
	bad, good := int64(0), false
	for b := range blocks {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		p := w.read(b)
		to[b.Seq] = p
		s.Release(b)
		bad += p.bad
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
