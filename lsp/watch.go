package lsp

import (
	"context"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"go.lsp.dev/protocol"
	"go.lsp.dev/uri"

	"heapline/index/source"
)

const watchID = "heapline-files"

// settleTime is how long a dump must stay as it is before it is offered: while
// Ruby writes it, it changes all the time.
const settleTime = time.Second

// watching is what the client watches for the server.
type watching struct {
	paths []string // owned by the worker

	mu      sync.Mutex
	offered bool // a question is on screen or about to be
}

// watchFiles makes the client watch the loaded dump, which commits are checked
// out and which sites are ignored, where it can.
func (s *server) watchFiles(ctx context.Context) {
	paths := s.state.Load().watchedPaths()
	if !s.caps.watchFiles || slices.Equal(paths, s.watching.paths) {
		return
	}
	if len(s.watching.paths) > 0 {
		if err := s.client.UnregisterCapability(ctx, &protocol.UnregistrationParams{
			Unregisterations: []protocol.Unregistration{{ID: watchID, Method: protocol.MethodWorkspaceDidChangeWatchedFiles}},
		}); err != nil && ctx.Err() == nil {
			s.logf(protocol.MessageTypeWarning, "%s are still watched: %v", strings.Join(s.watching.paths, ", "), err)
		}
	}
	s.watching.paths = paths
	var watchers []protocol.FileSystemWatcher
	for _, path := range paths {
		watchers = append(watchers, s.watcher(path))
	}
	if len(watchers) == 0 {
		return
	}
	if err := s.register(ctx, watchID, protocol.MethodWorkspaceDidChangeWatchedFiles,
		&protocol.DidChangeWatchedFilesRegistrationOptions{Watchers: watchers},
	); err != nil && ctx.Err() == nil {
		s.logf(protocol.MessageTypeWarning, "%s will not be watched: %v", strings.Join(paths, ", "), err)
	}
}

func (st *state) watchedPaths() []string {
	var paths []string
	for _, root := range st.roots {
		paths = append(paths, filepath.Join(filepath.FromSlash(root), source.IgnoreFile))
	}
	d := st.dump
	if d == nil {
		return paths
	}
	paths = append(paths, d.path)
	for _, r := range d.revisions {
		for _, name := range headFiles {
			paths = append(paths, filepath.Join(filepath.FromSlash(r.head.folder), filepath.FromSlash(name)))
		}
	}
	return paths
}

// followHeads finds the files and lines of the dump again where another commit
// is checked out.
func (s *server) followHeads(context.Context) {
	d := s.state.Load().dump
	if d != nil && slices.ContainsFunc(d.revisions, func(r *revision) bool { return r.head.moved() }) {
		s.rootsChanged.raise()
	}
}

func (s *server) watcher(path string) protocol.FileSystemWatcher {
	kind := protocol.WatchKindCreate | protocol.WatchKindChange
	if filepath.Base(path) == source.IgnoreFile {
		kind |= protocol.WatchKindDelete
	}
	if !s.caps.relativePatterns {
		return protocol.FileSystemWatcher{GlobPattern: protocol.Pattern(escapeGlob(filepath.ToSlash(path))), Kind: kind}
	}
	return protocol.FileSystemWatcher{
		GlobPattern: &protocol.RelativePattern{
			BaseURI: protocol.URI(uri.File(filepath.Dir(path))),
			Pattern: protocol.Pattern(escapeGlob(filepath.Base(path))),
		},
		Kind: kind,
	}
}

// escapeGlob makes a path match itself only. The protocol's patterns have no
// escape; a class of one character serves. Braces cannot be in one: any
// character is matched there.
func escapeGlob(path string) string {
	return strings.NewReplacer("*", "[*]", "?", "[?]", "[", "[[]", "{", "?", "}", "?").Replace(path)
}

// DidChangeWatchedFiles offers to load a changed dump again, and follows git and
// what is ignored.
func (s *server) DidChangeWatchedFiles(_ context.Context, p *protocol.DidChangeWatchedFilesParams) error {
	if slices.ContainsFunc(p.Changes, func(e protocol.FileEvent) bool { return path.Base(pathOf(e.URI)) == source.IgnoreFile }) {
		s.ignoredAsked.raise()
	}
	d := s.state.Load().dump
	if d == nil {
		return nil
	}
	s.headsAsked.raise()
	for _, e := range p.Changes {
		if e.Type != protocol.FileChangeTypeDeleted && filepath.FromSlash(pathOf(e.URI)) == d.path {
			s.background("reload offer", s.offerReload)
			return nil
		}
	}
	return nil
}

// offerReload asks once the file has come to rest, and one question at a time.
func (s *server) offerReload(ctx context.Context) {
	if !s.watching.begin() {
		return
	}
	defer s.watching.end()
	d := s.state.Load().dump
	if d == nil || !settled(ctx, d) {
		return
	}
	const reload = "Reload"
	answer, err := s.client.ShowMessageRequest(ctx, &protocol.ShowMessageRequestParams{
		Type:    protocol.MessageTypeInfo,
		Message: withoutLinks(fmt.Sprintf("%s has changed on disk.", filepath.Base(d.path))),
		Actions: []protocol.MessageActionItem{{Title: reload}},
	})
	if err == nil && answer != nil && answer.Title == reload {
		s.loadInBackground(d.paths())
	}
}

func (w *watching) begin() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.offered {
		return false
	}
	w.offered = true
	return true
}

func (w *watching) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.offered = false
}

// settled waits until the dump's file stays the same, and reports whether it is
// another than the one that was loaded.
func settled(ctx context.Context, d *dump) bool {
	var last stamp
	for {
		info, err := os.Stat(d.path)
		if err != nil {
			return false
		}
		if now := stampOf(info); now == last {
			return now != d.stamp && now.size > 0
		} else {
			last = now
		}
		select {
		case <-ctx.Done():
			return false
		case <-time.After(settleTime):
		}
	}
}
