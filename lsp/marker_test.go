package lsp

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

var update = flag.Bool("update", false, "write what the server says into testdata/marker")

// TestMarkers runs every testdata/marker/*.txtar against the real server. A
// file holds a workspace and a dump of it:
//
//	heap             the dump, as heapOf describes it
//	settings.json    optional: initializationOptions
//	client.json      optional: the client's capabilities
//	*.rb, …          Ruby files; all are open, except for those named closed_*
//	hover/FILE:LINE  the hover over a line (1-based)
//
// What the server must show is said at the ends of lines:
//
//	x = Array.new # want: hint "1 object · 1.0 kB retained" diagnostic "…" warning "…"
//
// where diagnostic and warning are the two severities. Expectations and what is
// shown must agree one to one. -update rewrites both kinds.
func TestMarkers(t *testing.T) {
	files, err := filepath.Glob("../testdata/marker/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no marker files: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) { runMarker(t, file) })
	}
}

func runMarker(t *testing.T, file string) {
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	m := newMarker(t, archive)
	for i, f := range archive.Files {
		var got string
		switch {
		case strings.HasPrefix(f.Name, "hover/"):
			got = m.hover(f.Name)
		case m.isSource(f.Name):
			got = m.annotated(f.Name)
		default:
			continue
		}
		if want := string(f.Data); got != want && !*update {
			t.Errorf("%s:\n%s", f.Name, difference(want, got))
		}
		archive.Files[i].Data = []byte(got)
	}
	if *update {
		if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// marker is one archive in a server.
type marker struct {
	*testClient
	root  string
	texts map[string]string // sources as the editor has them
}

func newMarker(t *testing.T, archive *txtar.Archive) *marker {
	m := &marker{root: filepath.Join(tempDir(t), "app"), texts: map[string]string{}}
	init := object{}
	var heap string
	for _, f := range archive.Files {
		switch f.Name {
		case "heap":
			heap = write(t, filepath.Dir(m.root), "dump.heap", heapOf(t, string(f.Data)))
		case "settings.json":
			init["initializationOptions"] = json.RawMessage(f.Data)
		case "client.json":
			init["capabilities"] = json.RawMessage(f.Data)
		default:
			if m.isSource(f.Name) {
				write(t, m.root, f.Name, string(f.Data))
				m.texts[f.Name] = string(f.Data)
			}
		}
	}
	m.testClient = start(t, m.root, init)
	for name, text := range m.texts {
		if !m.isClosed(name) {
			m.open(m.path(name), text)
		}
	}
	m.load(heap)
	return m
}

func (m *marker) path(name string) string { return filepath.Join(m.root, name) }

func (m *marker) isSource(name string) bool {
	return !strings.HasPrefix(name, "hover/") && name != "heap" && filepath.Ext(name) != ".json"
}

func (m *marker) isClosed(name string) bool {
	return strings.HasPrefix(filepath.Base(name), "closed_")
}

// hover returns the text for hover/FILE:LINE.
func (m *marker) hover(name string) string {
	file, line, _ := strings.Cut(strings.TrimPrefix(name, "hover/"), ":")
	var n int
	if _, err := fmt.Sscan(line, &n); err != nil {
		m.t.Fatalf("%s: %v", name, err)
	}
	return m.testClient.hover(m.path(file), n-1) + "\n"
}

var wanted = regexp.MustCompile(`(?m) # want: .*$`)

// annotated returns a source with what the server shows written at the ends of
// its lines.
func (m *marker) annotated(name string) string {
	lines := strings.Split(wanted.ReplaceAllString(m.texts[name], ""), "\n")
	marks := make([]string, len(lines))
	mark := func(line int, kind, text string) {
		if line >= len(lines) {
			m.t.Fatalf("%s: %s %q is on line %d of %d", name, kind, text, line+1, len(lines))
		}
		marks[line] += fmt.Sprintf(" %s %q", kind, text)
	}
	if !m.isClosed(name) {
		for _, h := range m.hintsIn(m.path(name), span(0, 0, 100_000, 0)) {
			mark(h.Position.Line, "hint", h.Label)
		}
	}
	for _, d := range m.diagnostics(m.path(name)) {
		mark(d.Range.Start.Line, map[int]string{2: "warning", 3: "diagnostic"}[d.Severity], d.Message)
	}
	for i, found := range marks {
		if found != "" {
			lines[i] += " # want:" + found
		}
	}
	return strings.Join(lines, "\n")
}

// difference lists the lines that differ.
func difference(want, got string) string {
	before, after := strings.Split(want, "\n"), strings.Split(got, "\n")
	var b strings.Builder
	for i := range max(len(before), len(after)) {
		w, g := at(before, i), at(after, i)
		if w != g {
			fmt.Fprintf(&b, "line %d\n  want %s\n  got  %s\n", i+1, w, g)
		}
	}
	return b.String()
}

func at(lines []string, i int) string {
	if i >= len(lines) {
		return "(no line)"
	}
	return lines[i]
}
