package lsp

import (
	"context"
	"slices"
	"sort"
	"strings"

	"go.lsp.dev/protocol"
	"go.lsp.dev/uri"

	"heapline/index/source"
)

// document is an open file as the editor has it. It never changes: an edit
// makes a new one.
type document struct {
	uri     uri.URI
	path    string // absolute, slashes; empty where the document is no file
	real    string // path with symbolic links resolved
	version int32
	text    string
	starts  []int // byte offset of every line's start

	base *base // nil: the dump does not have the file
	matching
}

// matching is which line of the dump each line of a document is.
type matching struct {
	before []string         // the text the dump's lines are counted in; nil: not known yet
	marks  source.Landmarks // of before
	last   []string         // of each of before's lines, what it was when an edit last replaced it
	lines  source.LineMap   // from before to text
	found  *found           // what undo goes back to
}

// found is which lines a comparison of texts has found.
type found struct {
	text  string
	lines source.LineMap
}

func newDocument(u uri.URI, version int32, text string) *document {
	d := &document{uri: u, version: version, path: pathOf(u)}
	if d.path != "" {
		d.real = realPath(d.path)
	}
	d.setText(text)
	return d
}

func (d *document) setText(text string) {
	d.text = text
	d.starts = []int{0}
	for i := 0; i < len(text); i++ {
		if text[i] == '\n' {
			d.starts = append(d.starts, i+1)
		}
	}
}

func (d *document) lineCount() int { return len(d.starts) }

// line returns the text of a line (0-based) without its end, "" beyond the last.
func (d *document) line(n int) string {
	if n >= len(d.starts) {
		return ""
	}
	return d.text[d.starts[n]:d.lineEnd(n)]
}

// lineEnd returns the byte offset of the end of a line's text.
func (d *document) lineEnd(n int) int {
	end := len(d.text)
	if n+1 < len(d.starts) {
		end = d.starts[n+1] - 1
	}
	if end > d.starts[n] && d.text[end-1] == '\r' {
		end--
	}
	return end
}

// linesFrom returns the texts of count lines from first (0-based).
func (d *document) linesFrom(first, count int) []string {
	out := make([]string, count)
	for i := range out {
		out[i] = d.line(first + i)
	}
	return out
}

// follow returns the document with its lines matched to those of a dump (nil:
// none), as soon as it is known which text the dump's lines are counted in. Edits
// since, saved or not, are found by comparing with that; what is matched already
// stays, for only the edits themselves tell which of two lines was moved.
func (d *document) follow(dump *dump) *document {
	next := *d
	next.base, next.matching = nil, matching{}
	if dump == nil {
		return &next
	}
	_, file, ok := dump.dumpPath(d)
	if !ok {
		return &next
	}
	next.base = dump.bases.of(file)
	if next.base == d.base {
		next.matching = d.matching
	}
	return next.matched()
}

// matched returns the document with its lines matched to those of its base, once
// that is known.
func (d *document) matched() *document {
	if d.base == nil || d.before != nil || !d.base.isReady() {
		return d
	}
	next := *d
	text := d.linesFrom(0, d.lineCount())
	if next.before = d.base.lines; next.before == nil {
		next.before = text
	}
	next.marks = source.LandmarksOf(next.before)
	next.last, next.lines = next.before, source.Match(next.before, text)
	next.found = &found{d.text, next.lines}
	return &next
}

// awaited is matched for those who can wait for the base. Git has a time limit.
func (d *document) awaited(ctx context.Context) *document {
	if d.base != nil {
		select {
		case <-d.base.ready:
		case <-ctx.Done():
		}
	}
	return d.matched()
}

// edit returns the document after one change.
func (d document) edit(change protocol.TextDocumentContentChangeEvent, enc encoding) document {
	next := d
	switch c := change.(type) {
	case *protocol.TextDocumentContentChangeWholeDocument:
		next.setText(c.Text)
		next.moveLines(&d, 0, d.lineCount())
	case *protocol.TextDocumentContentChangePartial:
		start, end := d.offset(c.Range.Start, enc), d.offset(c.Range.End, enc)
		start, end = min(start, end), max(start, end)
		next.setText(d.text[:start] + c.Text + d.text[end:])
		first, count := d.replaced(start, end, c.Text)
		next.moveLines(&d, first, count)
	}
	return next
}

// replaced returns which lines (0-based) a change from start to end replaces. One
// that keeps its whole text is not among them: of equal lines, only this tells
// which one was deleted.
func (d *document) replaced(start, end int, text string) (first, count int) {
	first, last := d.lineAt(start), d.lineAt(end)
	wholeLines := strings.HasSuffix(text, "\n") || text == "" && start == d.starts[first]
	afterLine := strings.HasPrefix(strings.TrimPrefix(text, "\r"), "\n") || text == "" && end == d.lineEnd(last)
	switch {
	case wholeLines && end == d.starts[last]:
		return first, last - first
	case afterLine && start == d.lineEnd(first):
		return first + 1, last - first
	}
	return first, last - first + 1
}

// moveLines makes the dump's lines follow an edit of old that replaced count
// lines from first (0-based).
func (d *document) moveLines(old *document, first, count int) {
	if d.before == nil {
		return
	}
	d.last = old.lastWith(first, count)
	text := d.linesFrom(0, d.lineCount())
	switch {
	case d.text == d.found.text:
		d.lines = d.found.lines
	case source.SameText(d.before, text):
		d.lines = source.Match(d.before, text)
	default:
		after := text[first : first+count+len(text)-old.lineCount()]
		block := source.MatchEdit(old.linesFrom(first, count), old.originsFrom(first, count), after)
		d.lines = old.lines.Edit(first, count, block).Restore(first, d.last, after).Restore(first, d.before, after).Pin(d.marks, text)
	}
}

// lastWith returns last after count lines from first (0-based) are replaced: undo
// brings back a line as it was then, which is another than it was in the dump.
func (d *document) lastWith(first, count int) []string {
	last, own := d.last, false
	for i := first; i < first+count; i++ {
		line, ok := d.dumpLine(i)
		if !ok || last[line-1] == d.line(i) {
			continue
		}
		if !own {
			last, own = slices.Clone(last), true
		}
		last[line-1] = d.line(i)
	}
	return last
}

// originsFrom returns what count lines from first (0-based) were when the dump
// was loaded. A line that was not there has no origin: "", which no edit that
// matters leaves behind.
func (d *document) originsFrom(first, count int) []string {
	origins := make([]string, count)
	for i := range origins {
		if line, ok := d.dumpLine(first + i); ok {
			origins[i] = d.before[line-1]
		}
	}
	return origins
}

// offset converts a position to a byte offset; positions beyond the text mean
// its end.
func (d *document) offset(p protocol.Position, enc encoding) int {
	if int(p.Line) >= len(d.starts) {
		return len(d.text)
	}
	return d.starts[p.Line] + enc.offset(d.line(int(p.Line)), p.Character)
}

// lineAt returns the line (0-based) of a byte offset.
func (d *document) lineAt(offset int) int {
	return sort.SearchInts(d.starts, offset+1) - 1
}

// DidOpen starts to follow a document.
func (s *server) DidOpen(_ context.Context, p *protocol.DidOpenTextDocumentParams) error {
	doc := newDocument(p.TextDocument.URI, p.TextDocument.Version, p.TextDocument.Text)
	s.change(func(st *state) { st.setDoc(doc.follow(st.dump)) })
	s.filesChanged.raise()
	s.headsAsked.raise()
	return nil
}

// matchDocuments notes which lines are which in the documents whose bases have
// been found. Requests did not wait for this: they can do it for themselves.
func (s *server) matchDocuments() {
	s.change(func(st *state) {
		docs := make(map[uri.URI]*document, len(st.docs))
		for u, doc := range st.docs {
			docs[u] = doc.matched()
		}
		st.docs = docs
	})
}

// DidSave looks whether another commit is checked out by now, and other sites are
// ignored.
func (s *server) DidSave(context.Context, *protocol.DidSaveTextDocumentParams) error {
	s.headsAsked.raise()
	s.ignoredAsked.raise()
	return nil
}

// DidChange applies edits in the order they came. Edits of a document that was
// never opened are ignored: there is no text to apply them to.
func (s *server) DidChange(_ context.Context, p *protocol.DidChangeTextDocumentParams) error {
	s.change(func(st *state) {
		doc := st.docs[p.TextDocument.URI]
		if doc == nil {
			return
		}
		next := *doc.matched()
		for _, c := range p.ContentChanges {
			next = next.edit(c, s.encoding)
		}
		next.version = p.TextDocument.Version
		st.setDoc(&next)
	})
	s.filesChanged.raise()
	return nil
}

// DidClose forgets a document; its file on disk is what counts again.
func (s *server) DidClose(_ context.Context, p *protocol.DidCloseTextDocumentParams) error {
	s.change(func(st *state) { st.removeDoc(p.TextDocument.URI) })
	s.filesChanged.raise()
	return nil
}
