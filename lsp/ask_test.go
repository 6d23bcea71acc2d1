package lsp

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.lsp.dev/uri"
)

// What tests say all the time.

func fileURI(path string) string { return string(uri.File(path)) }

func (c *testClient) open(path, text string) {
	c.notify("textDocument/didOpen", object{"textDocument": object{
		"uri": fileURI(path), "languageId": "ruby", "version": 1, "text": text,
	}})
}

func span(line0, char0, line1, char1 int) object {
	return object{
		"start": object{"line": line0, "character": char0},
		"end":   object{"line": line1, "character": char1},
	}
}

// change replaces a range by text.
func (c *testClient) change(path string, version int, at object, text string) {
	c.notify("textDocument/didChange", object{
		"textDocument":   object{"uri": fileURI(path), "version": version},
		"contentChanges": []object{{"range": at, "text": text}},
	})
}

func (c *testClient) load(path string) json.RawMessage {
	c.t.Helper()
	return c.call("workspace/executeCommand", loadCommand(path))
}

func loadCommand(path string) object {
	return object{"command": "heapline.server.load", "arguments": []object{{"path": path}}}
}

func run(name string, arguments ...any) object {
	return object{"command": "heapline.server." + name, "arguments": append([]any{}, arguments...)}
}

// hint is a hint as tests write it: line:column label.
type hint struct {
	Position struct{ Line, Character int }
	Label    string
	Tooltip  struct{ Kind, Value string }
	Data     json.RawMessage
}

func (h hint) String() string {
	return fmt.Sprintf("%d:%d %s", h.Position.Line, h.Position.Character, h.Label)
}

func (c *testClient) hintsIn(path string, at object) []hint {
	c.t.Helper()
	var hints []hint
	for {
		decode(c.t, c.call("textDocument/inlayHint", object{"textDocument": object{"uri": fileURI(path)}, "range": at}), &hints)
		// A lower bound is made exact meanwhile, at the latest before a test's time is over.
		if !slices.ContainsFunc(hints, func(h hint) bool { return strings.Contains(h.Label, "≥") }) {
			return hints
		}
		hints = nil
	}
}

// hints returns all hints of a file, written down.
func (c *testClient) hints(path string) []string {
	c.t.Helper()
	out := []string{}
	for _, h := range c.hintsIn(path, span(0, 0, 100_000, 0)) {
		out = append(out, h.String())
	}
	return out
}

func (c *testClient) wantHints(path string, want ...string) {
	c.t.Helper()
	if got := c.hints(path); !slices.Equal(got, want) {
		c.t.Fatalf("hints of %s:\n  got  %q\n  want %q", filepath.Base(path), got, want)
	}
}

// untilHints asks again whenever the server says that hints have changed.
func (c *testClient) untilHints(path string, want ...string) {
	c.t.Helper()
	for {
		if slices.Equal(c.hints(path), want) {
			return
		}
		c.await("workspace/inlayHint/refresh", anything)
	}
}

// hover returns the text over a line (0-based), "" where there is none.
func (c *testClient) hover(path string, line int) string {
	c.t.Helper()
	var h struct{ Contents struct{ Value string } }
	decode(c.t, c.call("textDocument/hover", object{
		"textDocument": object{"uri": fileURI(path)},
		"position":     object{"line": line, "character": 0},
	}), &h)
	return h.Contents.Value
}

// diagnostic is a diagnostic as it was published.
type diagnostic struct {
	Range    struct{ Start, End struct{ Line, Character int } }
	Severity int
	Message  string
	Code     string
	Related  []struct {
		Location struct {
			URI   string
			Range struct{ Start struct{ Line int } }
		}
		Message string
	} `json:"relatedInformation"`
}

// diagnostics returns what was published last for a file. Those of a dump are
// there when its load or unload was answered.
func (c *testClient) diagnostics(path string) []diagnostic {
	c.t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lastDiagnostics(path)
}

func (c *testClient) lastDiagnostics(path string) []diagnostic {
	c.t.Helper()
	var last []diagnostic
	for _, m := range c.received {
		if m.Method != "textDocument/publishDiagnostics" {
			continue
		}
		var published struct {
			URI         string
			Diagnostics []diagnostic
		}
		if decode(c.t, m.Params, &published); published.URI == fileURI(path) {
			last = published.Diagnostics
		}
	}
	return last
}

// diagnosed waits until the diagnostics of a file are these, written as
// line:column-column severity.
func (c *testClient) diagnosed(path string, want ...string) {
	c.t.Helper()
	c.wait(fmt.Sprintf("the diagnostics %q of %s", want, path), func() bool {
		var got []string
		for _, d := range c.lastDiagnostics(path) {
			got = append(got, fmt.Sprintf("%d:%d-%d %s", d.Range.Start.Line, d.Range.Start.Character, d.Range.End.Character,
				map[int]string{2: "warning", 3: "information"}[d.Severity]))
		}
		return slices.Equal(got, want)
	})
}

func decode(t testing.TB, raw json.RawMessage, into any) {
	t.Helper()
	if err := json.Unmarshal(raw, into); err != nil {
		t.Fatalf("%v in %s", err, raw)
	}
}

// write makes a file below a folder and returns its path.
func write(t testing.TB, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// tempDir is a folder without symbolic links in its path.
func tempDir(t testing.TB) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return dir
}
