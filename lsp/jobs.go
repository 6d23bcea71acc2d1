package lsp

import (
	"context"
	"sync"

	"go.lsp.dev/jsonrpc2"
	"go.lsp.dev/protocol"

	"heapline/index"
)

// Why a load ended early; all but a failure go out as cancellations.
var (
	errSuperseded = jsonrpc2.NewError(protocol.CodeRequestCancelled, "another dump was loaded before this one was done")
	errUnloaded   = jsonrpc2.NewError(protocol.CodeRequestCancelled, "the dump was unloaded before it was loaded")
	errStopped    = jsonrpc2.NewError(protocol.CodeRequestCancelled, "loading was cancelled")
	errShutdown   = jsonrpc2.NewError(protocol.CodeRequestCancelled, "the server was shut down before the dump was loaded")
)

// loads lets one load run at a time: the newest one asked for.
type loads struct {
	mu      sync.Mutex
	newest  uint64 // arrival of the newest load or unload
	current *job
}

// job is the load under way.
type job struct {
	path    string
	earlier []string // dumps that it is compared with
	cancel  context.CancelCauseFunc

	// What is shown in the middle of a load, and what was shown before that:
	// owned by the goroutine that loads.
	counted, before *dump

	mu       sync.Mutex
	progress index.Progress
}

func (j *job) setProgress(p index.Progress) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.progress = p
}

// at returns how far the load has come.
func (j *job) at() index.Progress {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.progress
}

// begin makes a load the current one and cancels the one before. Requests run
// in parallel, so that an older one may come here last: it is refused.
func (l *loads) begin(ctx context.Context, seq uint64, path string, earlier []string) (context.Context, *job, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if seq < l.newest {
		return nil, nil, errSuperseded
	}
	l.newest = seq
	if l.current != nil {
		l.current.cancel(errSuperseded)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	l.current = &job{path: path, earlier: earlier, cancel: cancel}
	return ctx, l.current, nil
}

// clear cancels a load that is older than seq and calls f, unless a newer load
// was already asked for.
func (l *loads) clear(seq uint64, f func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if seq < l.newest {
		return
	}
	l.newest = seq
	if l.current != nil {
		l.current.cancel(errUnloaded)
	}
	f()
}

// finish ends a job and calls f, which may be nil, if it is still the current
// one; else it returns false.
func (l *loads) finish(j *job, f func()) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	defer j.cancel(nil)
	if l.current != j {
		return false
	}
	l.current = nil
	if f != nil {
		f()
	}
	return true
}

// during calls f if a job is still the current one.
func (l *loads) during(j *job, f func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.current == j {
		f()
	}
}

func (l *loads) cancel(cause error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.current != nil {
		l.current.cancel(cause)
	}
}

func (l *loads) underWay() *job {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.current
}

// next is the order of a load that no request asked for: after all so far.
func (l *loads) next() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.newest
}
