package lsp

import (
	"context"
	"fmt"
	"maps"
	"sort"
	"strings"

	"go.lsp.dev/uri"

	"heapline/index"
	"heapline/index/source"
)

// state is everything a request may see. It never changes: writers replace it.
type state struct {
	docs     map[uri.URI]*document // open documents
	dump     *dump                 // nil: none is loaded
	settings settings
	roots    []string          // workspace folders: absolute, slashes
	names    map[string]string // what the client calls them
	renamed  moves             // by the editor
	ignored  []ignoring        // by their .heapline.yml
	ruby     *installation     // nil: it was not asked, or has not answered
}

// change replaces the state by a changed copy.
func (s *server) change(f func(*state)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := *s.state.Load()
	f(&next)
	s.state.Store(&next)
}

// setDoc is for use within change.
func (st *state) setDoc(d *document) {
	st.docs = maps.Clone(st.docs)
	if st.docs == nil {
		st.docs = map[uri.URI]*document{}
	}
	st.docs[d.uri] = d
}

// removeDoc is for use within change.
func (st *state) removeDoc(u uri.URI) {
	st.docs = maps.Clone(st.docs)
	delete(st.docs, u)
}

// setDump is for use within change: it also matches the open documents' lines
// with the dump's.
func (st *state) setDump(d *dump) {
	st.dump = d
	docs := make(map[uri.URI]*document, len(st.docs))
	for u, doc := range st.docs {
		docs[u] = doc.follow(d)
	}
	st.docs = docs
}

// dump is a loaded dump with its place in the workspace. It never changes.
type dump struct {
	path     string // as it was asked for, absolute
	stamp    stamp  // of the file when it was opened
	origin   origin // what is known of where it was taken
	snapshot *index.Snapshot
	earlier  []string      // paths of the dumps it is compared with
	series   *index.Series // nil where there are none
	suspects *suspects     // what grows; nil in the middle of a load
	places   places        // where its files were looked for
	files    *source.Mapping
	// bases are the texts that stand for the source the dump was made from: of
	// its revision, else of load time.
	bases     *bases
	revisions []*revision
	unusable  []string // why a path mapping leads to nothing, "" for others
	strange   string   // what is to be said where it is hardly of this workspace
	gems      gems     // that the dump names and that are installed here
	stdlib    stdlib
	installed installed // where gems and the standard library are here
}

// view is one document as one request sees it.
type view struct {
	*state
	doc   *document
	names []string     // the dump's of the document
	sites []index.Site // of the document, by line; of several names together
}

// place finds the line of the workspace that a dump's file and line are: its
// path below the workspace folder with the line, and a link. False where the
// file is not there, or the line no more. It waits, as long as ctx, for the text
// that the dump's lines are counted in.
func (s *server) place(ctx context.Context, st *state, file string, line int) (name, target string, ok bool) {
	path, ok := st.dump.fileHere(file)
	if !ok {
		return "", "", false
	}
	if doc := st.openDocument(path); doc != nil {
		line, ok = doc.awaited(ctx).lineAsKnown(line)
	} else {
		line, ok = s.closed.current(ctx, st.dump, path, line)
	}
	if !ok {
		return "", "", false
	}
	return fmt.Sprintf("%s:%d", st.shortName(path), line), lineLink(path, line), true
}

// openDocument returns nil for a file that is not open.
func (st *state) openDocument(path string) *document {
	for _, doc := range st.docs {
		if _, file := st.dump.files.DumpPaths(doc.path); doc.path == path || file == path {
			return doc
		}
	}
	return nil
}

// shortName is a path below the workspace folder, or below that of the gems.
func (st *state) shortName(path string) string {
	name := path
	if dir, gem, ok := source.GemDir(path); ok {
		name = gem + strings.TrimPrefix(path, dir)
	}
	for _, root := range st.roots {
		if below, ok := strings.CutPrefix(path, root+"/"); ok {
			name = below
		}
	}
	return name
}

// view returns false where there is nothing to show.
func (st *state) view(u uri.URI) (view, bool) {
	doc := st.docs[u]
	if doc == nil || st.dump == nil {
		return view{}, false
	}
	names, _, ok := st.dump.names(doc)
	if !ok {
		return view{}, false
	}
	return view{st, doc, names, st.dump.sites(names)}, true
}

// view is what a request sees of a document, its lines included: where git is
// still asked for them, the request waits.
func (s *server) view(ctx context.Context, u uri.URI) (view, bool) {
	v, ok := arrivalOf(ctx).state.view(u)
	if ok {
		v.doc = v.doc.awaited(ctx)
	}
	return v, ok
}

// placed is a site and the line of the buffer it is shown at.
type placed struct {
	index.Site
	parts   []index.Site // those that it is the sum of, itself where it is one
	line    int          // 0-based
	growth  string       // ▲ 2,000: objects a dump; empty for none, and without a series
	changed bool         // the line is not what it was
}

// placedSites returns the sites whose lines are still there, from the first to
// the last line (0-based, both included).
func (v view) placedSites(first, last int) []placed {
	var out []placed
	for line := first; line <= last && line < v.doc.lineCount(); line++ {
		old, ok := v.doc.dumpLine(line)
		if !ok {
			continue
		}
		at := sort.Search(len(v.sites), func(i int) bool { return v.sites[i].Line >= old })
		if at < len(v.sites) && v.sites[at].Line == old {
			out = append(out, v.placed(v.sites[at], line, v.doc.changed(line, old)))
		}
	}
	return out
}

func (v view) placed(site index.Site, line int, changed bool) placed {
	p := placed{Site: site, parts: v.dump.parts(v.names, site), line: line, changed: changed}
	p.Retained = retainedTogether(p.parts)
	if len(p.parts) == 1 { // what several grow by cannot be added up
		p.growth = growthLabel(v.dump.series, site.ID)
	}
	return p
}
