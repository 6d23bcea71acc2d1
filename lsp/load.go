package lsp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

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
	path   string
	cancel context.CancelCauseFunc

	mu       sync.Mutex
	progress index.Progress
}

func (j *job) setProgress(p index.Progress) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.progress = p
}

// Progress returns how far the load has come.
func (j *job) Progress() index.Progress {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.progress
}

// begin makes a load the current one and cancels the one before. Requests run
// in parallel, so that an older one may come here last: it is refused.
func (l *loads) begin(ctx context.Context, seq uint64, path string) (context.Context, *job, error) {
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
	l.current = &job{path: path, cancel: cancel}
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

// finish calls f if the job is still the current one.
func (l *loads) finish(j *job, f func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	j.cancel(nil)
	if l.current == j {
		l.current = nil
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

// loadSummary is the result of loading: the dump's totals and how its files
// were found in the workspace.
type loadSummary struct {
	index.Summary
	MappedFiles    int `json:"mappedFiles"`
	UnmappedFiles  int `json:"unmappedFiles"`
	AmbiguousFiles int `json:"ambiguousFiles"`
}

func (d *dump) summary() loadSummary {
	return loadSummary{d.snapshot.Summary(), d.files.Mapped, d.files.Unmapped, d.files.Ambiguous}
}

// load reads a dump and shows it. What was loaded before stays until then, and
// stays if this fails or is cancelled.
func (s *server) load(ctx context.Context, seq uint64, path string, token protocol.ProgressToken) (*dump, error) {
	ctx, j, err := s.loads.begin(ctx, seq, path)
	if err != nil {
		return nil, err
	}
	s.statusChanged.raise()
	shown := s.startProgress(ctx, token, j)
	d, err := s.read(ctx, j, shown)
	if err == nil {
		err = ctx.Err()
	}
	if err != nil && ctx.Err() != nil {
		err = cancelled(ctx)
	}
	if err != nil {
		s.loads.finish(j, func() {})
		shown.end(endMessage(err))
		s.statusChanged.raise()
		return nil, err
	}
	shown.end("Loaded " + filepath.Base(path))
	published := false
	s.loads.finish(j, func() {
		s.change(func(st *state) { st.setDump(d) })
		published = true
	})
	if !published {
		return nil, errSuperseded
	}
	s.dumpShown()
	return d, nil
}

func cancelled(ctx context.Context) error {
	var coded *jsonrpc2.Error
	if errors.As(context.Cause(ctx), &coded) {
		return coded
	}
	return errStopped
}

func endMessage(err error) string {
	if errors.Is(err, errStopped) {
		return "Cancelled"
	}
	return "Failed"
}

// read builds the index of a dump and finds its files in the workspace; the
// workspace is listed while the dump is read.
func (s *server) read(ctx context.Context, j *job, shown *progress) (*dump, error) {
	file, st, err := openDump(j.path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	workspace := s.listInBackground(ctx, s.state.Load().roots)
	snapshot, err := index.Build(ctx, file, index.Options{
		Path: j.path,
		Size: st.size,
		Progress: func(p index.Progress) {
			j.setProgress(p)
			shown.moved.raise()
			s.statusChanged.raise()
		},
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", j.path, err)
	}
	listed := <-workspace
	if listed == nil {
		return nil, ctx.Err()
	}
	d := &dump{path: j.path, stamp: st, snapshot: snapshot}
	return d.placedIn(listed), nil
}

// unload forgets the dump and all it shows, and cancels a load under way.
func (s *server) unload(seq uint64) {
	s.loads.clear(seq, func() {
		s.change(func(st *state) { st.setDump(nil) })
	})
	s.dumpShown()
}

// dumpShown makes everything on screen follow another dump, or none.
func (s *server) dumpShown() {
	s.diagnostics.publish(s.base)
	s.showChanged()
	s.dumpChanged.raise()
}

// loadInBackground loads a dump nobody waits for; a failure is shown.
func (s *server) loadInBackground(path string) {
	s.background("load", func(ctx context.Context) {
		_, err := s.load(ctx, s.loads.next(), s.state.Load().absolute(path), nil)
		var coded *jsonrpc2.Error
		if err != nil && !errors.As(err, &coded) {
			_ = s.client.ShowMessage(ctx, &protocol.ShowMessageParams{Type: protocol.MessageTypeError, Message: err.Error()})
		}
	})
}

// next is the order of a load that no request asked for: after all so far.
func (l *loads) next() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.newest
}

// stamp tells one version of a file from another.
type stamp struct {
	size     int64
	modified time.Time
}

func stampOf(info fs.FileInfo) stamp { return stamp{info.Size(), info.ModTime()} }

// openDump opens a regular file. Its errors say what to do next.
func openDump(path string) (*os.File, stamp, error) {
	// Opening a pipe would wait for a writer: look first.
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, stamp{}, fmt.Errorf("%s does not exist: check the path, or pick a dump from the list of those found", path)
	case err != nil:
		return nil, stamp{}, unreadable(path, err)
	case info.IsDir():
		return nil, stamp{}, fmt.Errorf("%s is a directory: name a heap dump inside of it", path)
	case !info.Mode().IsRegular():
		return nil, stamp{}, fmt.Errorf("%s is not a regular file: write the dump to a file and load that", path)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, stamp{}, unreadable(path, err)
	}
	return file, stampOf(info), nil
}

func unreadable(path string, err error) error {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		err = pathErr.Err
	}
	return fmt.Errorf("%s cannot be read (%w): check its permissions", path, err)
}

// absolute returns a path the client sent as an absolute one: ~ is the home
// folder, a relative path is one below a workspace folder.
func (st *state) absolute(path string) string {
	if rest, ok := strings.CutPrefix(path, "~/"); ok {
		if home, err := os.UserHomeDir(); err == nil {
			return filepath.Join(home, rest)
		}
	}
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	for _, root := range st.roots {
		if candidate := filepath.Join(root, path); exists(candidate) {
			return candidate
		}
	}
	if len(st.roots) > 0 {
		return filepath.Join(st.roots[0], path)
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return path
	}
	return abs
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// readText returns a source file's text; false where it cannot be read or is
// too large to be source.
func readText(path string) (string, bool) {
	const tooLarge = 8 << 20
	file, err := os.Open(filepath.FromSlash(path))
	if err != nil {
		return "", false
	}
	defer func() { _ = file.Close() }()
	text, err := io.ReadAll(io.LimitReader(file, tooLarge))
	return string(text), err == nil && len(text) < tooLarge
}
