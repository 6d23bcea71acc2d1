package index

import (
	"context"
	"io"
)

// Progress is how far a load has come.
type Progress struct {
	Stage string // a few words for people: "reading", "finding what is alive"
	Done  int64  // bytes of the file consumed so far (compressed bytes where it is compressed)
	Total int64  // bytes of the file, 0 where unknown
}

// Options are what Build needs to know beside the bytes.
type Options struct {
	Path     string         // shown in the summary and in errors; not opened
	Size     int64          // bytes of the file for progress and planning, 0 where unknown
	Workers  int            // parsers at once; 0: one a core
	Progress func(Progress) // may be nil; called from one goroutine at a time
}

// Build reads a dump, plain, gzip or zstd, and returns its index. Unreadable
// lines are counted in the summary; an error means that nothing useful could be
// read, or that ctx was cancelled (then errors.Is(err, context.Canceled)).
// Errors are sentences for developers, without the path.
func Build(ctx context.Context, r io.Reader, opts Options) (*Snapshot, error) {
	panic("in progress")
}
