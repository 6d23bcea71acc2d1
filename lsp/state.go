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
	roots    []string      // workspace folders: absolute, slashes
	ignored  []ignoring    // by their .heapline.yml
	ruby     *installation // nil: it was not asked, or has not answered
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
	gems      gems // that the dump names and that are installed here
	stdlib    stdlib
	installed installed // where gems and the standard library are here
}

// dumpPath returns the dump's name of a file the editor has open, and the one
// of its paths that has it.
func (d *dump) dumpPath(doc *document) (name, file string, ok bool) {
	for _, p := range []string{doc.path, doc.real} {
		if p == "" { // not a file
			continue
		}
		if name, ok := d.files.DumpPath(p); ok {
			return name, p, true
		}
		if len(d.snapshot.Sites(p)) > 0 { // outside of the workspace, but the very file
			return p, p, true
		}
		if name, ok := d.installed.dumpPath(p, d.snapshot); ok {
			return name, p, true
		}
	}
	return "", "", false
}

// view is one document as one request sees it.
type view struct {
	*state
	doc   *document
	sites []index.Site // of the document, by line
}

// place finds the line of the workspace that a dump's file and line are: its
// path below the workspace folder with the line, and a link. False where the
// file is not there, or the line no more.
func (st *state) place(file string, line int) (name, target string, ok bool) {
	path, ok := st.dump.files.File(file)
	if !ok {
		path, ok = st.dump.installed.file(file)
	}
	if !ok {
		return "", "", false
	}
	for _, doc := range st.docs {
		if doc.path == path {
			if line, ok = doc.currentLine(line); !ok {
				return "", "", false
			}
		}
	}
	name = path
	if dir, gem, ok := source.GemDir(path); ok {
		name = gem + strings.TrimPrefix(path, dir)
	}
	for _, root := range st.roots {
		if below, ok := strings.CutPrefix(path, root+"/"); ok {
			name = below
		}
	}
	return fmt.Sprintf("%s:%d", name, line), lineLink(path, line), true
}

// view returns false where there is nothing to show.
func (st *state) view(u uri.URI) (view, bool) {
	doc := st.docs[u]
	if doc == nil || st.dump == nil {
		return view{}, false
	}
	name, _, ok := st.dump.dumpPath(doc)
	if !ok {
		return view{}, false
	}
	return view{st, doc, st.dump.snapshot.Sites(name)}, true
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
	line    int    // 0-based
	growth  string // ▲ 2,000: objects a dump; empty for none, and without a series
	changed bool   // the line is not what it was
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
			site := v.sites[at]
			site.Retained = v.dump.snapshot.Retained(site.ID)
			out = append(out, placed{site, line, growthLabel(v.dump.series, site.ID), v.doc.changed(line, old)})
		}
	}
	return out
}
