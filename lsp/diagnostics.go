package lsp

import (
	"context"
	"maps"
	"path/filepath"
	"reflect"
	"sync"

	"go.lsp.dev/protocol"
	"go.lsp.dev/uri"

	"heapline/index"
)

// The identity of the diagnostics of what is large.
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

	staleMu sync.Mutex
	stale   []string // dump paths of files that were written
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
	if p.closed.dump != st.dump {
		p.closed = closedFiles{} // and with them a dump that may be of gigabytes
	}
	for _, dumpPath := range p.takeStale() {
		p.closed.forget(dumpPath)
	}
	now := p.hotspots(ctx, st)
	if st.settings.DiagnosticsEnabled {
		maps.Copy(now, p.server.configProblems(st))
	}
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

// rewritten notes which sources of a dump are others on disk by now.
func (p *publisher) rewritten(d *dump, changes []protocol.FileEvent) {
	p.staleMu.Lock()
	defer p.staleMu.Unlock()
	for _, e := range changes {
		names, _ := d.files.DumpPaths(pathOf(e.URI))
		p.stale = append(p.stale, names...)
	}
	if len(p.stale) > 0 {
		p.server.filesChanged.raise()
	}
}

func (p *publisher) takeStale() []string {
	p.staleMu.Lock()
	defer p.staleMu.Unlock()
	stale := p.stale
	p.stale = nil
	return stale
}

func (p *publisher) send(ctx context.Context, doc *document, items []protocol.Diagnostic) {
	params := &protocol.PublishDiagnosticsParams{URI: doc.uri, Diagnostics: items}
	if doc.version != 0 {
		params.Version = protocol.NewOptional(doc.version)
	}
	_ = p.server.client.PublishDiagnostics(ctx, params)
}

// hotspots returns the diagnostics of every file that has some, by path.
func (p *publisher) hotspots(ctx context.Context, st *state) map[string]published {
	out := map[string]published{}
	if st.dump == nil || !st.settings.DiagnosticsEnabled {
		return out
	}
	r := &round{publisher: p, state: st, open: st.openFiles()}
	growing, named := st.suspectsByFile(ctx)
	hot := hotSites(st, named)
	for dumpPath := range growing {
		if _, ok := hot[dumpPath]; !ok {
			hot[dumpPath] = nil // a file without a hot site
		}
	}
	for dumpPath := range hot { // git is asked once for all
		if file, ok := st.dump.files.File(dumpPath); ok {
			st.dump.bases.of(file)
		}
	}
	for dumpPath, sites := range hot {
		doc := r.document(ctx, dumpPath)
		if doc == nil {
			continue
		}
		if items := append(r.diagnose(ctx, doc, sites), r.suspects(ctx, doc, growing[dumpPath])...); len(items) > 0 {
			out[doc.path] = published{doc, items}
		}
	}
	return out
}

// hotSites returns the sites with much by dump path, but for those of which a
// suspect says more.
func hotSites(st *state, named map[index.SiteID]bool) map[string][]index.Site {
	hot := map[string][]index.Site{}
	live := st.dump.snapshot.Summary().Live.Bytes
	lowest := min(st.settings.HotspotPercent, st.settings.HotspotWarningPercent)
	for _, site := range st.dump.snapshot.AllSites() {
		if share(weight(site), live) >= lowest && !named[site.ID] {
			file := st.dump.surest(site.File)
			hot[file] = append(hot[file], site)
		}
	}
	return hot
}

// openFiles returns the open documents by the dump's names of them.
func (st *state) openFiles() map[string]*document {
	open := map[string]*document{}
	for _, doc := range st.docs {
		if name, _, ok := st.dump.dumpPath(doc); ok {
			open[name] = doc
		}
	}
	return open
}

// round is one time of finding all diagnostics.
type round struct {
	*publisher
	*state
	open map[string]*document // by dump path
}

// document returns the source of a dump path, nil where there is none.
func (r *round) document(ctx context.Context, dumpPath string) *document {
	dumpPath = r.dump.surest(dumpPath)
	if doc := r.open[dumpPath]; doc != nil {
		r.closed.forget(dumpPath) // it may be saved, then closed
		return doc.awaited(ctx)
	}
	return r.closed.document(ctx, r.dump, dumpPath)
}

// diagnose returns the hotspots of one file that are still somewhere in it.
func (r *round) diagnose(ctx context.Context, doc *document, sites []index.Site) []protocol.Diagnostic {
	var items []protocol.Diagnostic
	live := r.dump.snapshot.Summary().Live.Bytes
	r.makeExact(ctx, sites)
	for _, site := range sites {
		at, ok := r.location(doc, site.Line)
		if !ok || r.ignores(doc, int(at.Range.Start.Line)) {
			continue
		}
		severity := protocol.DiagnosticSeverityInformation
		if share(weight(site), live) >= r.settings.HotspotWarningPercent {
			severity = protocol.DiagnosticSeverityWarning
		}
		items = append(items, protocol.Diagnostic{
			Range:              at.Range,
			Severity:           severity,
			Code:               protocol.String(hotspotCode),
			CodeDescription:    protocol.CodeDescription{Href: hotspotHelp},
			Source:             protocol.NewOptional(diagnosticSource),
			Message:            protocol.String(hotspotMessage(site, live)),
			RelatedInformation: r.holders(ctx, site),
		})
	}
	return items
}

// makeExact replaces bounds by exact sizes: one walk for 64 sites.
func (r *round) makeExact(ctx context.Context, sites []index.Site) {
	ids := make([]index.SiteID, len(sites))
	for i, site := range sites {
		ids[i] = site.ID
	}
	if r.dump.snapshot.Exact(ctx, ids) != nil {
		return // the server ends
	}
	for i, id := range ids {
		sites[i].Retained = r.dump.snapshot.Retained(id)
	}
}

func (r *round) location(doc *document, dumpLine int) (protocol.Location, bool) {
	line, ok := doc.bufferLine(dumpLine)
	if !ok {
		return protocol.Location{}, false
	}
	return protocol.Location{URI: doc.uri, Range: r.server.encoding.lineRange(line, doc.line(line))}, true
}

// holders are the lines of the workspace that hold a site's objects.
func (r *round) holders(ctx context.Context, site index.Site) []protocol.DiagnosticRelatedInformation {
	if !r.server.caps.relatedPlaces {
		return nil
	}
	holders, err := r.dump.snapshot.Holders(ctx, site.ID)
	if err != nil {
		return nil // the server ends
	}
	var related []protocol.DiagnosticRelatedInformation
	for _, h := range mainHolders(holders, site) {
		doc := r.document(ctx, h.File)
		if doc == nil {
			continue
		}
		if at, ok := r.location(doc, h.Line); ok {
			related = append(related, protocol.DiagnosticRelatedInformation{Location: at, Message: holderMessage(h, site)})
		}
	}
	return related
}

// closedFiles are the workspace files of one dump as they were on disk when
// their diagnostics were first wanted, or when the client saw them change.
type closedFiles struct {
	dump *dump
	docs map[string]*document // by dump path; nil: not readable
}

// document returns the workspace file of a dump path, nil where there is none.
// Files outside of the workspace, such as gems, are only marked while open.
func (c *closedFiles) document(ctx context.Context, d *dump, dumpPath string) *document {
	if c.dump != d {
		c.dump, c.docs = d, map[string]*document{}
	}
	if doc, ok := c.docs[dumpPath]; ok {
		return doc
	}
	c.docs[dumpPath] = nil
	if path, ok := d.files.File(dumpPath); ok {
		if text, ok := readText(path); ok {
			c.docs[dumpPath] = newDocument(uri.File(filepath.FromSlash(path)), 0, decoded(text)).follow(d).awaited(ctx)
		}
	}
	return c.docs[dumpPath]
}

func (c *closedFiles) forget(dumpPath string) { delete(c.docs, dumpPath) }
