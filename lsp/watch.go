package lsp

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"go.lsp.dev/protocol"
	"go.lsp.dev/uri"
)

const watchID = "heapline-dump"

// settleTime is how long a dump must stay as it is before it is offered: while
// Ruby writes it, it changes all the time.
const settleTime = time.Second

// watching is what the client watches for the server.
type watching struct {
	path string // owned by the worker

	mu      sync.Mutex
	offered bool // a question is on screen or about to be
}

// watchDump makes the client watch the loaded dump, where it can.
func (s *server) watchDump(ctx context.Context) {
	var path string
	if d := s.state.Load().dump; d != nil {
		path = d.path
	}
	if !s.caps.watchFiles || path == s.watching.path {
		return
	}
	if s.watching.path != "" {
		if err := s.client.UnregisterCapability(ctx, &protocol.UnregistrationParams{
			Unregisterations: []protocol.Unregistration{{ID: watchID, Method: protocol.MethodWorkspaceDidChangeWatchedFiles}},
		}); err != nil && ctx.Err() == nil {
			s.logf(protocol.MessageTypeWarning, "%s is still watched: %v", s.watching.path, err)
		}
	}
	s.watching.path = path
	if path == "" {
		return
	}
	if err := s.register(ctx, watchID, protocol.MethodWorkspaceDidChangeWatchedFiles,
		&protocol.DidChangeWatchedFilesRegistrationOptions{Watchers: []protocol.FileSystemWatcher{s.watcher(path)}},
	); err != nil && ctx.Err() == nil {
		s.logf(protocol.MessageTypeWarning, "%s will not be watched: %v", path, err)
	}
}

func (s *server) watcher(path string) protocol.FileSystemWatcher {
	kind := protocol.WatchKindCreate | protocol.WatchKindChange
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

// DidChangeWatchedFiles offers to load a changed dump again.
func (s *server) DidChangeWatchedFiles(_ context.Context, p *protocol.DidChangeWatchedFilesParams) error {
	d := s.state.Load().dump
	if d == nil {
		return nil
	}
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
		s.loadInBackground(d.path)
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
