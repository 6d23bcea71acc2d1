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
	files []watched // owned by the worker

	mu      sync.Mutex
	offered bool // a question is on screen or about to be
}

// watched is a file or, where it has a pattern, what that matches below a folder.
type watched struct{ path, pattern string }

// sourcePattern matches the files that a dump may have lines of, as far as their
// names say so.
const sourcePattern = "**/*.{rb,rake,ru,erb,gemspec,haml,slim,jbuilder,rabl,builder}"

// watchFiles makes the client watch the loaded dump and its sources, which commits
// are checked out and which sites are ignored, where it can.
func (s *server) watchFiles(ctx context.Context) {
	files := s.state.Load().watched()
	if !s.caps.watchFiles || slices.Equal(files, s.watching.files) {
		return
	}
	if len(s.watching.files) > 0 {
		if err := s.client.UnregisterCapability(ctx, &protocol.UnregistrationParams{
			Unregisterations: []protocol.Unregistration{{ID: watchID, Method: protocol.MethodWorkspaceDidChangeWatchedFiles}},
		}); err != nil && ctx.Err() == nil {
			s.logf(protocol.MessageTypeWarning, "%s are still watched: %v", pathsOf(s.watching.files), err)
		}
	}
	s.watching.files = files
	var watchers []protocol.FileSystemWatcher
	for _, w := range files {
		watchers = append(watchers, s.watcher(w))
	}
	if len(watchers) == 0 {
		return
	}
	if err := s.register(ctx, watchID, protocol.MethodWorkspaceDidChangeWatchedFiles,
		&protocol.DidChangeWatchedFilesRegistrationOptions{Watchers: watchers},
	); err != nil && ctx.Err() == nil {
		s.logf(protocol.MessageTypeWarning, "%s will not be watched: %v", pathsOf(files), err)
	}
}

func pathsOf(files []watched) string {
	var paths []string
	for _, w := range files {
		paths = append(paths, w.path)
	}
	return strings.Join(paths, ", ")
}

func (st *state) watched() []watched {
	var files []watched
	for _, root := range st.roots {
		files = append(files, watched{path: filepath.Join(filepath.FromSlash(root), source.IgnoreFile)})
	}
	d := st.dump
	if d == nil {
		return files
	}
	files = append(files, watched{path: d.path})
	for _, r := range d.revisions {
		for _, name := range headFiles {
			files = append(files, watched{path: filepath.Join(filepath.FromSlash(r.head.folder), filepath.FromSlash(name))})
		}
	}
	for _, root := range st.roots {
		files = append(files, watched{filepath.FromSlash(root), sourcePattern})
	}
	return files
}

// followHeads finds the files and lines of the dump again where another commit
// is checked out.
func (s *server) followHeads(context.Context) {
	d := s.state.Load().dump
	if d != nil && slices.ContainsFunc(d.revisions, func(r *revision) bool { return r.head.moved() }) {
		s.rootsChanged.raise()
	}
}

func (s *server) watcher(w watched) protocol.FileSystemWatcher {
	folder, pattern := w.path, w.pattern
	kind := protocol.WatchKindCreate | protocol.WatchKindChange
	if pattern != "" || filepath.Base(w.path) == source.IgnoreFile {
		kind |= protocol.WatchKindDelete
	}
	if pattern == "" {
		folder, pattern = filepath.Dir(w.path), escapeGlob(filepath.Base(w.path))
	}
	if !s.caps.relativePatterns {
		return protocol.FileSystemWatcher{GlobPattern: protocol.Pattern(path.Join(escapeGlob(filepath.ToSlash(folder)), pattern)), Kind: kind}
	}
	return protocol.FileSystemWatcher{
		GlobPattern: &protocol.RelativePattern{BaseURI: protocol.URI(uri.File(folder)), Pattern: protocol.Pattern(pattern)},
		Kind:        kind,
	}
}

// escapeGlob makes a path match itself only. The protocol's patterns have no
// escape; a class of one character serves. Braces cannot be in one: any
// character is matched there.
func escapeGlob(path string) string {
	return strings.NewReplacer("*", "[*]", "?", "[?]", "[", "[[]", "{", "?", "}", "?").Replace(path)
}

// DidChangeWatchedFiles offers to load a changed dump again, and follows its
// sources, git and what is ignored.
func (s *server) DidChangeWatchedFiles(_ context.Context, p *protocol.DidChangeWatchedFilesParams) error {
	if slices.ContainsFunc(p.Changes, func(e protocol.FileEvent) bool { return path.Base(pathOf(e.URI)) == source.IgnoreFile }) {
		s.ignoredAsked.raise()
	}
	d := s.state.Load().dump
	if d == nil {
		return nil
	}
	s.headsAsked.raise()
	s.diagnostics.rewritten(d, p.Changes)
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
