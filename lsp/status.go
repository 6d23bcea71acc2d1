package lsp

import (
	"context"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"

	"heapline/index"
)

// statusMethod is the notification that drives a client's status item.
const statusMethod = "heapline/status"

// status is what the client shows of the server, in words that are ready to show.
type status struct {
	State   string `json:"state"` // none, loading, loaded
	Text    string `json:"text"`
	Tooltip string `json:"tooltip"`        // markdown
	Path    string `json:"path,omitempty"` // of the loaded dump or the one being loaded
	// Paths are those of all dumps of the series, that one last; for a client that
	// starts the server again.
	Paths   []string `json:"paths,omitempty"`
	Percent uint32   `json:"percent"` // while loading
	// MappedFrom and MappedTo are what heapline.pathMappings could hold to make
	// sure of the folder that was inferred for the most files.
	MappedFrom string `json:"mappedFrom,omitempty"`
	MappedTo   string `json:"mappedTo,omitempty"`
}

// statusNow derives the status from what is loaded and being loaded.
func (s *server) statusNow() status {
	if j := s.loads.underWay(); j != nil {
		percent := percentOf(j.at())
		return status{
			State:   "loading",
			Text:    fmt.Sprintf("loading %d %%", percent),
			Tooltip: "Loading " + escapeMarkdown(filepath.Base(j.path)),
			Path:    j.path,
			Paths:   append(slices.Clone(j.earlier), j.path),
			Percent: percent,
		}
	}
	now := s.state.Load()
	d := now.dump
	if d == nil {
		return status{State: "none", Text: "no dump", Tooltip: "No heap dump is loaded."}
	}
	live := d.snapshot.Summary().Live
	st := status{
		State:   "loaded",
		Text:    filepath.Base(d.path) + " · " + index.FormatBytes(live.Bytes) + " live",
		Tooltip: statusTooltip(d),
		Path:    d.path,
		Paths:   d.paths(),
	}
	if len(d.files.Inferred) > 0 {
		rule := d.files.Inferred[0].Rule
		st.MappedFrom, st.MappedTo = rule.From, now.collapseFolder(rule.To)
	}
	return st
}

// statusLine sends the status where it differs from the last one sent.
type statusLine struct {
	server *server
	last   status
}

func newStatusLine(s *server) *statusLine { return &statusLine{server: s} }

func (l *statusLine) send(ctx context.Context) {
	now := l.server.statusNow()
	if !l.server.caps.status || reflect.DeepEqual(now, l.last) {
		return
	}
	l.last = now
	_ = l.server.conn.Notify(ctx, statusMethod, &now)
}
