package lsp

import (
	"context"
	"path/filepath"
	"reflect"
	"sync"

	"go.lsp.dev/protocol"
	"go.lsp.dev/uri"

	"heapline/index"
)

// The identity of the one kind of diagnostic there is.
const (
	diagnosticSource = "heapline"
	hotspotCode      = "heapline/hotspot"
	hotspotHelp      = "https://github.com/heapline/heapline#heaplinehotspot"
)

// publisher sends the diagnostics of every file, open or not, whenever they
// differ from those sent before.
type publisher struct {
	server *server

	mu     sync.Mutex
	sent   map[string]published // by path
	closed closedFiles
}

// published is what the client shows of one file.
type published struct {
	doc   *document
	items []protocol.Diagnostic
}

func newPublisher(s *server) *publisher {
	return &publisher{server: s, sent: map[string]published{}}
}

// publish sends the newest state. Loading and unloading call it themselves, so
// that their replies come after it; edits leave it to a worker.
func (p *publisher) publish(ctx context.Context) {
	p.mu.Lock()
	defer p.mu.Unlock()
	st := p.server.state.Load()
	now := p.hotspots(st)
	for path, old := range p.sent {
		if current, ok := now[path]; !ok || current.doc.uri != old.doc.uri {
			p.send(ctx, &document{uri: old.doc.uri}, nil)
		}
	}
	for path, current := range now {
		old, ok := p.sent[path]
		if !ok || current.doc.uri != old.doc.uri || !reflect.DeepEqual(current.items, old.items) {
			p.send(ctx, current.doc, current.items)
		}
	}
	p.sent = now
}

func (p *publisher) send(ctx context.Context, doc *document, items []protocol.Diagnostic) {
	params := &protocol.PublishDiagnosticsParams{URI: doc.uri, Diagnostics: items}
	if doc.version != 0 {
		params.Version = protocol.NewOptional(doc.version)
	}
	_ = p.server.client.PublishDiagnostics(ctx, params)
}

// hotspots returns the diagnostics of every file that has some, by path.
func (p *publisher) hotspots(st *state) map[string]published {
	out := map[string]published{}
	if st.dump == nil || !st.settings.DiagnosticsEnabled {
		return out
	}
	open := st.openFiles()
	for dumpPath, sites := range hotSites(st) {
		doc := open[dumpPath]
		if doc != nil {
			p.closed.forget(dumpPath) // it may be saved, then closed
		} else {
			doc = p.closed.document(st.dump, dumpPath)
		}
		if doc == nil {
			continue
		}
		if items := p.server.diagnose(st, doc, sites); len(items) > 0 {
			out[doc.path] = published{doc, items}
		}
	}
	return out
}

// hotSites returns the sites with a diagnostic by dump path.
func hotSites(st *state) map[string][]index.Site {
	hot := map[string][]index.Site{}
	live := st.dump.snapshot.Summary().Live.Bytes
	lowest := min(st.settings.HotspotPercent, st.settings.HotspotWarningPercent)
	for _, site := range st.dump.snapshot.AllSites() {
		if share(site.Bytes, live) >= lowest {
			hot[site.File] = append(hot[site.File], site)
		}
	}
	return hot
}

// openFiles returns the open documents by the dump's names of them.
func (st *state) openFiles() map[string]*document {
	open := map[string]*document{}
	for _, doc := range st.docs {
		if name, ok := st.dump.dumpPath(doc.path, doc.real); ok {
			open[name] = doc
		}
	}
	return open
}

// diagnose returns the hotspots of one file that are still somewhere in it.
func (s *server) diagnose(st *state, doc *document, sites []index.Site) []protocol.Diagnostic {
	var items []protocol.Diagnostic
	live := st.dump.snapshot.Summary().Live.Bytes
	for _, site := range sites {
		line, ok := doc.bufferLine(site.Line)
		if !ok {
			continue
		}
		severity := protocol.DiagnosticSeverityInformation
		if share(site.Bytes, live) >= st.settings.HotspotWarningPercent {
			severity = protocol.DiagnosticSeverityWarning
		}
		items = append(items, protocol.Diagnostic{
			Range:           s.encoding.lineRange(line, doc.line(line)),
			Severity:        severity,
			Code:            protocol.String(hotspotCode),
			CodeDescription: protocol.CodeDescription{Href: hotspotHelp},
			Source:          protocol.NewOptional(diagnosticSource),
			Message:         protocol.String(hotspotMessage(site.Count, live)),
		})
	}
	return items
}

// closedFiles are the workspace files of one dump as they were on disk when
// their diagnostics were first wanted.
type closedFiles struct {
	dump *dump
	docs map[string]*document // by dump path; nil: not readable
}

// document returns the workspace file of a dump path, nil where there is none.
// Files outside of the workspace, such as gems, are only marked while open.
func (c *closedFiles) document(d *dump, dumpPath string) *document {
	if c.dump != d {
		c.dump, c.docs = d, map[string]*document{}
	}
	if doc, ok := c.docs[dumpPath]; ok {
		return doc
	}
	c.docs[dumpPath] = nil
	if path, ok := d.files.File(dumpPath); ok {
		if text, ok := readText(path); ok {
			c.docs[dumpPath] = newDocument(uri.File(filepath.FromSlash(path)), 0, text).follow(d)
		}
	}
	return c.docs[dumpPath]
}

func (c *closedFiles) forget(dumpPath string) { delete(c.docs, dumpPath) }
