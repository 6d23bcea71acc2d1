package lsp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"go.lsp.dev/jsonrpc2"
	"go.lsp.dev/protocol"
	"go.lsp.dev/uri"

	"heapline/index"
	"heapline/index/source"
)

// The identity of the diagnostics of a .heapline.yml that is wrong.
const (
	configCode = "heapline/config"
	configHelp = "https://github.com/heapline/heapline#ignoring-a-site"
)

// ignoreReason stands for the reason until the developer has written it.
const ignoreReason = "TODO: say why"

// ignoring is what the .heapline.yml of a workspace folder says.
type ignoring struct {
	root, real string // the folder; real is without symbolic links
	text       string // of the file, "" where it could not be read
	sites      source.Ignored
	problem    *source.IgnoreError // why sites are those of before, else nil
}

func (g ignoring) file() string { return g.root + "/" + source.IgnoreFile }

// below returns the path of a document below the folder.
func (g ignoring) below(doc *document) (string, bool) {
	if below, ok := strings.CutPrefix(doc.path, g.root+"/"); ok {
		return below, true
	}
	return strings.CutPrefix(doc.real, g.real+"/")
}

// again returns it as the file is now. One that is wrong leaves in force what it
// said before.
func (g ignoring) again() ignoring {
	next := ignoring{root: g.root, real: realPath(g.root)}
	text, err := readIgnoreFile(filepath.FromSlash(g.file()))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return next
	case err == nil && text == g.text && text != "":
		return g
	case err == nil:
		next.text = text
		next.sites, err = source.ParseIgnored(text)
	}
	if err != nil {
		next.sites = g.sites
		if !errors.As(err, &next.problem) {
			next.problem = &source.IgnoreError{Line: 1, Column: 1, Message: err.Error()}
		}
	}
	return next
}

func (g ignoring) equal(h ignoring) bool {
	return g.root == h.root && g.text == h.text &&
		(g.problem == nil) == (h.problem == nil) && (g.problem == nil || *g.problem == *h.problem)
}

// readIgnored reads the .heapline.yml of each workspace folder and reports
// whether one is another than before.
func (s *server) readIgnored() bool {
	s.ignoreFiles.Lock() // else one that read an older file may be the last to say so
	defer s.ignoreFiles.Unlock()
	st := s.state.Load()
	var next []ignoring
	for _, root := range st.roots {
		before := ignoring{root: root}
		if i := slices.IndexFunc(st.ignored, func(g ignoring) bool { return g.root == root }); i >= 0 {
			before = st.ignored[i]
		}
		next = append(next, before.again())
	}
	s.change(func(st *state) { st.ignored = next })
	return !slices.EqualFunc(next, st.ignored, ignoring.equal)
}

// followIgnored makes the diagnostics follow the .heapline.yml of the workspace
// folders.
func (s *server) followIgnored(context.Context) {
	if s.readIgnored() {
		s.filesChanged.raise()
	}
}

// ignores reports whether a line of a document (0-based) is named.
func (st *state) ignores(doc *document, line int) bool {
	return slices.ContainsFunc(st.ignored, func(g ignoring) bool {
		file, ok := g.below(doc)
		return ok && g.sites.Names(file, line+1)
	})
}

// ignoresSuspect reports whether the site of a suspect or what holds it is
// named, by the lines that they are now.
func (r *round) ignoresSuspect(ctx context.Context, x index.Suspect) bool {
	if !slices.ContainsFunc(r.ignored, func(g ignoring) bool { return !g.sites.Empty() }) {
		return false
	}
	named := func(file string, line int) bool {
		doc := r.document(ctx, file)
		if doc == nil {
			return false
		}
		at, ok := doc.bufferLine(line)
		return ok && r.ignores(doc, at)
	}
	site := r.dump.snapshot.AllSites()[x.Site]
	return named(site.File, site.Line) || x.Holder != nil && named(x.Holder.File, x.Holder.Line)
}

// configProblems are the diagnostics of each .heapline.yml that is wrong.
func (s *server) configProblems(st *state) map[string]published {
	out := map[string]published{}
	for _, g := range st.ignored {
		if g.problem == nil {
			continue
		}
		item := protocol.Diagnostic{
			Range: s.problemRange(g), Severity: protocol.DiagnosticSeverityError,
			Code: protocol.String(configCode), CodeDescription: protocol.CodeDescription{Href: configHelp},
			Source: protocol.NewOptional(diagnosticSource), Message: protocol.String(g.problem.Message),
		}
		doc := &document{uri: uri.File(filepath.FromSlash(g.file())), path: g.file()}
		out[doc.path] = published{doc, []protocol.Diagnostic{item}}
	}
	return out
}

// problemRange is from where a .heapline.yml is wrong to the end of the line.
func (s *server) problemRange(g ignoring) protocol.Range {
	line, text := g.problem.Line-1, ""
	if lines := splitLines(g.text); line < len(lines) {
		text = lines[line]
	}
	before := []rune(text)
	before = before[:min(len(before), g.problem.Column-1)]
	return protocol.Range{
		Start: protocol.Position{Line: uint32(line), Character: s.encoding.column(text, len(string(before)))},
		End:   s.encoding.lineEnd(line, text),
	}
}

// ignoreArgument is that of heapline.server.ignore.
type ignoreArgument struct {
	URI  uri.URI `json:"uri"`
	Line uint32  `json:"line"` // 0-based
}

// commandIgnore writes a line of a file into the .heapline.yml of its workspace
// folder and opens that, for the developer to say why.
func (s *server) commandIgnore(ctx context.Context, p *protocol.ExecuteCommandParams) (any, error) {
	var at ignoreArgument
	if len(p.Arguments) == 0 || json.Unmarshal(p.Arguments[0], &at) != nil || pathOf(at.URI) == "" {
		return nil, jsonrpc2.NewError(jsonrpc2.InvalidParams, `the argument is {"uri": "file:…", "line": …}`)
	}
	g, file, ok := folderOf(arrivalOf(ctx).state.roots, newDocument(at.URI, 0, ""))
	if !ok {
		return nil, errors.New(withoutLinks(fmt.Sprintf("%s is in no workspace folder, whose .heapline.yml could name it: open the folder that it belongs to", pathOf(at.URI))))
	}
	place, err := s.addIgnored(g.file(), file, int(at.Line)+1)
	if err != nil {
		return nil, errors.New(withoutLinks(err.Error()))
	}
	s.readIgnored()
	s.diagnostics.publish(s.base)
	if place != nil && s.caps.showDocument {
		s.background("show document", func(ctx context.Context) { s.showPlace(ctx, *place) })
	}
	return nil, nil
}

// folderOf returns the innermost workspace folder that a document is in, and its
// path below that.
func folderOf(roots []string, doc *document) (folder ignoring, file string, ok bool) {
	for _, root := range roots {
		g := ignoring{root: root, real: realPath(root)}
		if below, in := g.below(doc); in && (!ok || len(below) < len(file)) {
			folder, file, ok = g, below, true
		}
	}
	return folder, file, ok
}

// addIgnored writes an entry, and returns where its reason belongs; nil where the
// site is named already.
func (s *server) addIgnored(path, file string, line int) (*protocol.Location, error) {
	s.ignoreFiles.Lock()
	defer s.ignoreFiles.Unlock()
	path = filepath.FromSlash(path)
	text, err := readIgnoreFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if sites, err := source.ParseIgnored(text); err == nil && sites.Names(file, line) {
		return nil, nil
	}
	text, at, err := source.AddIgnored(text, file, line, ignoreReason)
	if err != nil {
		return nil, fmt.Errorf("%s:%w", path, err)
	}
	if err := writeIgnoreFile(path, text); err != nil {
		return nil, err
	}
	entry := splitLines(text)[at-1]
	from := strings.LastIndex(entry, ignoreReason)
	return &protocol.Location{URI: uri.File(path), Range: protocol.Range{
		Start: protocol.Position{Line: uint32(at - 1), Character: s.encoding.column(entry, from)},
		End:   s.encoding.lineEnd(at-1, entry),
	}}, nil
}

// showPlace makes the client open a file with something in it selected.
func (s *server) showPlace(ctx context.Context, at protocol.Location) {
	_, err := s.client.ShowDocument(ctx, &protocol.ShowDocumentParams{URI: at.URI, TakeFocus: new(true), Selection: &at.Range})
	if err != nil && ctx.Err() == nil {
		s.logf(protocol.MessageTypeWarning, "%s was not opened: %v", pathOf(at.URI), err)
	}
}
