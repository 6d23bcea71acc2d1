package lsp

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// leaky is the sample app with its dumps, made in /srv/leaky.
func leaky(t testing.TB) string {
	t.Helper()
	dir, err := filepath.Abs("../testdata/leaky")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func readFile(t testing.TB, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// app is a workspace with one Ruby file and a dump of it.
type app struct {
	root, ruby, dump string
	text             string
}

const (
	appText = "class Cache\n  def add(x)\n    @all << x.to_s\n  end\nend\n"
	appHeap = `
		10 String 400 /srv/app/lib/cache.rb:3 method=add gen=4 value=hello
		5 Hash 1200 /srv/app/lib/cache.rb:2
		100 Object 900 -`
)

func newApp(t *testing.T) app {
	t.Helper()
	root := filepath.Join(tempDir(t), "app")
	return app{
		root: root, text: appText,
		ruby: write(t, root, "lib/cache.rb", appText),
		dump: write(t, root, "tmp/app.heap", heapOf(t, appHeap)),
	}
}

// loaded returns a client with the app's file open and its dump loaded.
func (a app) loaded(t *testing.T, init ...object) *testClient {
	t.Helper()
	c := start(t, a.root, init...)
	c.open(a.ruby, a.text)
	c.load(a.dump)
	return c
}

var appHints = []string{"1:12 5 objects · 6.0 kB", "2:18 10 objects · 4.0 kB"}

func TestLeakyApp(t *testing.T) {
	for _, tt := range []struct{ name, root string }{
		{"the app is the workspace", leaky(t)},
		{"a folder above is the workspace", filepath.Dir(leaky(t))},
		{"a folder inside is the workspace", filepath.Join(leaky(t), "lib")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			request := filepath.Join(leaky(t), "lib/request.rb")
			c := start(t, tt.root)
			c.open(request, readFile(t, request))
			c.load(filepath.Join(leaky(t), "leak-3.json.gz"))
			c.wantHints(request, "1:13 3 objects · 1.8 kB", "6:35 5,000 objects · 200.0 kB",
				"7:91 15,002 objects · 1.2 MB", "8:36 5,000 objects · 553.9 kB")
			if got := c.hover(request, 7); !strings.Contains(got, "| Hash ") {
				t.Errorf("the hover has no classes: %s", got)
			}
			c.diagnosed(filepath.Join(leaky(t), "lib/audit_log.rb"), "8:4-89 information")
		})
	}
}

func TestLoadSummary(t *testing.T) {
	c := start(t, leaky(t))
	var sum struct {
		Path                       string
		Objects, Live, Garbage     struct{ Objects, Bytes int64 }
		Sites, Files               int
		MappedFiles, UnmappedFiles int
		AmbiguousFiles             int
		Problems                   struct{ First []any }
	}
	path := filepath.Join(leaky(t), "leak-3.json.gz")
	decode(t, c.load(path), &sum)
	if sum.Path != path || sum.Live.Objects == 0 || sum.Live.Objects+sum.Garbage.Objects != sum.Objects.Objects {
		t.Errorf("totals do not add up: %+v", sum)
	}
	if sum.MappedFiles != 5 || sum.MappedFiles+sum.UnmappedFiles+sum.AmbiguousFiles != sum.Files {
		t.Errorf("files do not add up: %+v", sum)
	}
	if sum.Problems.First == nil {
		t.Error("the list of problems is null")
	}
}

func TestAmbiguousFilesAreCountedAndShowNothing(t *testing.T) {
	a := newApp(t)
	other := write(t, a.root, "copy/lib/cache.rb", appText)
	dump := write(t, a.root, "x.heap", heapOf(t, "5 String 400 /deploy/lib/cache.rb:3"))
	c := start(t, a.root)
	c.open(a.ruby, appText)
	c.open(other, appText)
	if sum := c.load(dump); !strings.Contains(string(sum), `"ambiguousFiles":1`) {
		t.Errorf("got %s", sum)
	}
	c.wantHints(a.ruby)
	c.wantHints(other)
}

// The server must bear all of these, and answer afterwards.
func TestSurvives(t *testing.T) {
	a := newApp(t)
	var gz bytes.Buffer
	w := gzip.NewWriter(&gz)
	fmt.Fprint(w, heapOf(t, strings.Repeat("7 String 77 /srv/app/lib/cache.rb:3\n", 500)))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	torn := write(t, a.root, "torn.heap", heapOf(t, appHeap)+`{"address":"0x7fffff", "type":"STR`)
	png := write(t, a.root, "picture.heap", "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x01\x00")
	empty := write(t, a.root, "empty.heap", "")
	truncated := write(t, a.root, "truncated.heap.gz", gz.String()[:gz.Len()/2])

	loadFails := func(arg any, code int, says string) func(*testing.T, *testClient) {
		return func(t *testing.T, c *testClient) {
			got := c.fail("workspace/executeCommand", object{"command": "heapline.server.load", "arguments": []any{arg}})
			if got.Code != code || !strings.Contains(got.Message, says) {
				t.Errorf("got %d %q, want %d and %q", got.Code, got.Message, code, says)
			}
		}
	}
	requestFails := func(method string, params any, code int) func(*testing.T, *testClient) {
		return func(t *testing.T, c *testClient) {
			if got := c.fail(method, params); got.Code != code {
				t.Errorf("got %d %q, want %d", got.Code, got.Message, code)
			}
		}
	}
	loads := func(path, says string) func(*testing.T, *testClient) {
		return func(t *testing.T, c *testClient) {
			if sum := c.load(path); !strings.Contains(string(sum), says) {
				t.Errorf("got %s, want %s in it", sum, says)
			}
			c.load(a.dump)
		}
	}
	sends := func(method string, params any) func(*testing.T, *testClient) {
		return func(_ *testing.T, c *testClient) { c.notify(method, params) }
	}
	const invalidParams, failed, notFound = -32602, -32803, -32601
	for _, tt := range []struct {
		name string
		do   func(*testing.T, *testClient)
	}{
		{"a dump that does not exist", loadFails(object{"path": a.root + "/none.heap"}, failed, "does not exist: check the path")},
		{"a directory", loadFails(object{"path": a.root}, failed, "is a directory: name a heap dump")},
		{"a device", loadFails(object{"path": "/dev/null"}, failed, "is not a regular file")},
		{"an empty file", loadFails(object{"path": empty}, failed, "empty.heap: ")},
		{"a PNG", loadFails(object{"path": png}, failed, "picture.heap: ")},
		{"a truncated gzip", loads(truncated, "the rest of the dump is lost")},
		{"a torn last line", loads(torn, `"problems":{"count":1,`)},
		{"a path that is a number", loadFails(object{"path": 5}, invalidParams, `cannot load {"path":5}`)},
		{"a path that is empty", loadFails(object{"path": ""}, invalidParams, "cannot load")},
		{"an argument that is a number", loadFails(5, invalidParams, "cannot load 5")},
		{"a URI that is no file", loadFails(object{"uri": "https://example.org/x"}, invalidParams, "cannot load")},
		{"an unknown command", requestFails("workspace/executeCommand", object{"command": "rm"}, invalidParams)},
		{"a command that is a number", requestFails("workspace/executeCommand", object{"command": 5}, invalidParams)},
		{"an unknown request", requestFails("foo/bar", object{}, notFound)},
		{"an unknown request without parameters", requestFails("foo/bar", nil, invalidParams)},
		{"a request the server has not", requestFails("textDocument/definition", object{}, notFound)},
		{"a hover with a position of text", requestFails("textDocument/hover", object{"textDocument": object{"uri": fileURI(a.ruby)}, "position": "here"}, invalidParams)},
		{"a second initialize", requestFails("initialize", object{"capabilities": object{}}, -32600)},
		{"an unknown notification", sends("foo/bar", object{"x": 1})},
		{"an unknown protocol notification", sends("$/foo", nil)},
		{"a change of a file that was never opened", sends("textDocument/didChange", object{
			"textDocument": object{"uri": "file:///never", "version": 2}, "contentChanges": []object{{"text": "x"}},
		})},
		{"a change with parameters of a wrong shape", sends("textDocument/didChange", object{"contentChanges": 5})},
		{"a close of a file that was never opened", sends("textDocument/didClose", object{"textDocument": object{"uri": "file:///never"}})},
		{"a document that is no file", sends("textDocument/didOpen", object{"textDocument": object{"uri": "untitled:1", "languageId": "ruby", "version": 1, "text": "x"}})},
		{"a cancellation of nothing", sends("$/cancelRequest", object{"id": 4711})},
		{"a cancellation of an unknown progress", sends("window/workDoneProgress/cancel", object{"token": "none"})},
		{"settings of a wrong shape", sends("workspace/didChangeConfiguration", object{"settings": object{"heapline": object{"inlayHints": 5, "hover": object{"showValues": "no"}}}})},
		{"a hover beyond the text", func(t *testing.T, c *testClient) {
			if got := c.hover(a.ruby, 4_000_000_000); got != "" {
				t.Errorf("got %s", got)
			}
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := a.loaded(t)
			tt.do(t, c)
			c.wantHints(a.ruby, appHints...)
		})
	}
}

func TestLifecycle(t *testing.T) {
	c := connect(t, Options{})
	c.notify("foo/bar", object{})
	if got := c.fail("textDocument/hover", object{}); got.Code != -32002 {
		t.Errorf("a request before initialize: got %d, want -32002", got.Code)
	}
	c.initialize(tempDir(t))
	c.call("shutdown", nil)
	if got := c.fail("textDocument/hover", object{}); got.Code != -32600 {
		t.Errorf("a request after shutdown: got %d, want -32600", got.Code)
	}
	c.notify("exit", nil)
	if code := c.exitCode(); code != 0 {
		t.Errorf("exit code %d after shutdown, want 0", code)
	}
}

func TestExitCodes(t *testing.T) {
	for _, tt := range []struct {
		name string
		end  func(*testClient)
		want int
	}{
		{"exit without shutdown", func(c *testClient) { c.notify("exit", nil) }, 1},
		{"input closed without shutdown", func(c *testClient) { _ = c.in.Close() }, 1},
		{"input closed after shutdown", func(c *testClient) { c.call("shutdown", nil); _ = c.in.Close() }, 0},
		{"garbage instead of a message", func(c *testClient) { _, _ = c.in.Write([]byte("Content-Length: x\r\n\r\n")) }, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := start(t, tempDir(t))
			tt.end(c)
			if code := c.exitCode(); code != tt.want {
				t.Errorf("exit code %d, want %d", code, tt.want)
			}
		})
	}
}

func TestInitializeSaysWhatTheServerCan(t *testing.T) {
	c := connect(t, Options{Version: "1.2.3"})
	res := string(c.initialize(tempDir(t)))
	for _, want := range []string{
		`"name":"heapline"`, `"version":"1.2.3"`, `"change":2`, `"hoverProvider":true`,
		`"heapline.server.findDumps","heapline.server.load","heapline.server.reload","heapline.server.unload"`,
	} {
		if !strings.Contains(res, want) {
			t.Errorf("%s is missing in %s", want, res)
		}
	}
	if strings.Contains(res, "diagnosticProvider") {
		t.Error("diagnostics would be pushed and pulled, and shown twice")
	}
}

// Every capability may be missing.
func TestClientWithoutCapabilities(t *testing.T) {
	a := newApp(t)
	c := a.loaded(t, object{"capabilities": object{}})
	hints := c.hintsIn(a.ruby, span(0, 0, 9, 0))
	if len(hints) != 2 || hints[0].Tooltip.Kind != "plaintext" || hints[0].Tooltip.Value != "5 objects · 6.0 kB · 6.0 % of the live heap" {
		t.Errorf("got %+v", hints)
	}
	c.diagnosed(a.ruby, "1:2-12 information", "2:4-18 information")
	for _, method := range []string{"workspace/inlayHint/refresh", "window/workDoneProgress/create", "heapline/status", "client/registerCapability", "$/progress"} {
		if got := c.all(method); len(got) > 0 {
			t.Errorf("the client was sent %s, which it does not know", method)
		}
	}
}

func TestHintRange(t *testing.T) {
	a := newApp(t)
	c := a.loaded(t)
	for _, tt := range []struct {
		name string
		at   object
		want int
	}{
		{"all", span(0, 0, 5, 0), 2},
		{"one line", span(2, 0, 2, 50), 1},
		{"the end of the hint's line", span(2, 18, 2, 18), 1},
		{"before the end of the hint's line", span(2, 0, 2, 17), 0},
		{"the lines above", span(0, 0, 1, 0), 0},
		{"the lines below", span(3, 0, 9, 0), 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := c.hintsIn(a.ruby, tt.at); len(got) != tt.want {
				t.Errorf("got %v, want %d", got, tt.want)
			}
		})
	}
}

func TestHintTooltipIsResolved(t *testing.T) {
	a := newApp(t)
	c := a.loaded(t)
	h := c.hintsIn(a.ruby, span(2, 0, 2, 99))[0]
	resolve := func() (out hint) {
		decode(t, c.call("inlayHint/resolve", object{"position": h.Position, "label": h.Label, "data": h.Data}), &out)
		return out
	}
	if got := resolve().Tooltip.Value; got != c.hover(a.ruby, 2) || got == "" {
		t.Errorf("the tooltip is %q", got)
	}
	c.call("workspace/executeCommand", run("unload"))
	if got := resolve(); got.Tooltip.Value != "" || got.Label != h.Label {
		t.Errorf("after unload: %+v", got)
	}
}

func TestUnloadClears(t *testing.T) {
	a := newApp(t)
	c := a.loaded(t)
	c.diagnosed(a.ruby, "1:2-12 information", "2:4-18 information")
	c.await("workspace/inlayHint/refresh", anything)
	c.await("heapline/status", contains(`"loaded"`))
	if res := c.call("workspace/executeCommand", run("unload")); string(res) != "null" {
		t.Errorf("got %s", res)
	}
	c.wantHints(a.ruby)
	c.diagnosed(a.ruby)
	c.await("heapline/status", contains(`"state":"none"`))
	if got := c.hover(a.ruby, 2); got != "" {
		t.Errorf("hover after unload: %s", got)
	}
	if got := c.fail("workspace/executeCommand", run("reload")); !strings.Contains(got.Message, "load one first") {
		t.Errorf("reload after unload: %+v", got)
	}
}

func TestUnloadRefreshesHints(t *testing.T) {
	a := newApp(t)
	c := a.loaded(t)
	c.await("workspace/inlayHint/refresh", anything)
	c.call("workspace/executeCommand", run("unload"))
	c.await("workspace/inlayHint/refresh", anything)
}

func TestReloadReadsTheFileAgain(t *testing.T) {
	a := newApp(t)
	c := a.loaded(t)
	write(t, a.root, "tmp/app.heap", heapOf(t, "3 String 500 /srv/app/lib/cache.rb:3"))
	c.call("workspace/executeCommand", run("reload"))
	c.wantHints(a.ruby, "2:18 3 objects · 1.5 kB")
}

func TestFailedLoadKeepsTheOld(t *testing.T) {
	a := newApp(t)
	c := a.loaded(t)
	c.fail("workspace/executeCommand", loadCommand(a.root+"/none.heap"))
	c.wantHints(a.ruby, appHints...)
}

func TestEditsMoveHints(t *testing.T) {
	a := newApp(t)
	c := a.loaded(t)
	c.change(a.ruby, 2, span(0, 0, 0, 0), "# one\n# two\n")
	c.wantHints(a.ruby, "3:12 5 objects · 6.0 kB", "4:18 10 objects · 4.0 kB")
	c.diagnosed(a.ruby, "3:2-12 information", "4:4-18 information")

	c.change(a.ruby, 3, span(4, 18, 4, 18), ".dup")
	c.wantHints(a.ruby, "3:12 5 objects · 6.0 kB", "4:22 10 objects · 4.0 kB")

	c.change(a.ruby, 4, span(3, 0, 4, 0), "")
	c.wantHints(a.ruby, "3:22 10 objects · 4.0 kB")
	c.diagnosed(a.ruby, "3:4-22 information")

	c.change(a.ruby, 5, span(3, 0, 3, 0), "  def add(x)\n") // undo
	c.wantHints(a.ruby, "3:12 5 objects · 6.0 kB", "4:22 10 objects · 4.0 kB")
	if c.hover(a.ruby, 4) == "" || c.hover(a.ruby, 2) != "" {
		t.Error("the hover did not move with the line")
	}
}

// What the dump's lines are counted in is the file at load time, whatever the
// editor has done with it before or since.
func TestUnsavedEdits(t *testing.T) {
	a := newApp(t)
	edited := "# new\n" + appText
	moved := []string{"2:12 5 objects · 6.0 kB", "3:18 10 objects · 4.0 kB"}

	c := start(t, a.root)
	c.open(a.ruby, appText)
	c.change(a.ruby, 2, span(0, 0, 0, 0), "# new\n")
	c.load(a.dump)
	c.wantHints(a.ruby, moved...)

	closeFile := object{"textDocument": object{"uri": fileURI(a.ruby)}}
	c.notify("textDocument/didClose", closeFile) // not saved
	c.diagnosed(a.ruby, "1:2-12 information", "2:4-18 information")
	c.open(a.ruby, appText)
	c.wantHints(a.ruby, appHints...)

	c.change(a.ruby, 2, span(0, 0, 0, 0), "# new\n")
	write(t, a.root, "lib/cache.rb", edited)
	c.notify("textDocument/didSave", closeFile)
	c.wantHints(a.ruby, moved...)
	c.notify("textDocument/didClose", closeFile)
	c.open(a.ruby, edited)
	c.wantHints(a.ruby, moved...)
	c.diagnosed(a.ruby, "2:2-12 information", "3:4-18 information")
}

func TestWholeDocumentChangeKeepsHints(t *testing.T) {
	a := newApp(t)
	c := a.loaded(t)
	c.notify("textDocument/didChange", object{
		"textDocument":   object{"uri": fileURI(a.ruby), "version": 2},
		"contentChanges": []object{{"text": "# frozen_string_literal: true\n\n" + appText}},
	})
	c.wantHints(a.ruby, "3:12 5 objects · 6.0 kB", "4:18 10 objects · 4.0 kB")
}

// TestOrderOfChanges sends 300 edits without waiting. Every line carries a
// number; wherever its line is in the naive model of the text, the hint must be.
func TestOrderOfChanges(t *testing.T) {
	root := filepath.Join(tempDir(t), "app")
	var text, heap []string
	for i := range 20 {
		text = append(text, fmt.Sprintf("line_%d", i+1))
		heap = append(heap, fmt.Sprintf("%d String 1000 /srv/app/a.rb:%d", i+1, i+1))
	}
	ruby := write(t, root, "a.rb", strings.Join(text, "\n"))
	c := start(t, root)
	c.open(ruby, strings.Join(text, "\n"))
	c.load(write(t, root, "a.heap", heapOf(t, strings.Join(heap, "\n"))))
	rnd := rand.New(rand.NewPCG(1, 2))
	for version := range 300 {
		at := rnd.IntN(len(text))
		if rnd.IntN(2) == 0 || strings.HasPrefix(text[at], "line_") {
			c.change(ruby, version+2, span(at, 0, at, 0), fmt.Sprintf("new %d\n", version))
			text = slices.Insert(text, at, fmt.Sprintf("new %d", version))
		} else {
			c.change(ruby, version+2, span(at, 0, at+1, 0), "")
			text = slices.Delete(text, at, at+1)
		}
	}
	var want []string
	for i, line := range text {
		var n int
		if _, err := fmt.Sscanf(line, "line_%d", &n); err == nil {
			want = append(want, fmt.Sprintf("%d:%d %s · %d.0 kB", i, len(line), map[bool]string{true: "1 object", false: fmt.Sprintf("%d objects", n)}[n == 1], n))
		}
	}
	c.wantHints(ruby, want...)
}

func TestPositionEncodings(t *testing.T) {
	const text = "é = \"𝒳\" # 𝒳é\nother\n"
	for _, tt := range []struct {
		name    string
		offered []string
		chosen  string
		column  int // of the end of the first line
		insert  int // column before the 𝒳 in the comment
	}{
		{"utf-16 only", []string{"utf-16"}, "utf-16", 14, 11},
		{"utf-8 too", []string{"utf-16", "utf-8"}, "utf-8", 20, 14},
		{"nothing offered", nil, "utf-16", 14, 11},
	} {
		t.Run(tt.name, func(t *testing.T) {
			root := filepath.Join(tempDir(t), "app")
			ruby := write(t, root, "a.rb", text)
			caps := everything()
			caps["general"] = object{"positionEncodings": tt.offered}
			c := connect(t, Options{})
			res := c.initialize(root, object{"capabilities": caps})
			if !contains(`"positionEncoding":"` + tt.chosen + `"`)(res) {
				t.Fatalf("want %s in %s", tt.chosen, res)
			}
			c.open(ruby, text)
			c.load(write(t, root, "a.heap", heapOf(t, "1 String 1000 /srv/app/a.rb:1")))
			c.wantHints(ruby, fmt.Sprintf("0:%d 1 object · 1.0 kB", tt.column))
			// The rest of the line after the insertion is one 𝒳 and one é wide.
			c.change(ruby, 2, span(0, tt.insert, 0, tt.column), "")
			c.wantHints(ruby, fmt.Sprintf("0:%d 1 object · 1.0 kB", tt.insert))
		})
	}
}

func TestDiagnosticsOfFilesNotOpen(t *testing.T) {
	a := newApp(t)
	c := start(t, a.root)
	c.load(a.dump)
	want := []string{"1:2-12 information", "2:4-18 information"}
	c.diagnosed(a.ruby, want...)
	sent := c.all("textDocument/publishDiagnostics")
	for _, says := range []string{
		`"code":"heapline/hotspot"`, `"codeDescription":{"href":"https://`, `"source":"heapline"`,
		`"message":"5 objects allocated here are still alive: 6.0 kB, 6.0 % of the live heap."`,
	} {
		if !strings.Contains(string(sent[0]), says) {
			t.Errorf("%s is missing in %s", says, sent[0])
		}
	}
	c.open(a.ruby, appText)
	c.diagnosed(a.ruby, want...)
	c.change(a.ruby, 2, span(0, 0, 0, 0), "\n")
	c.diagnosed(a.ruby, "2:2-12 information", "3:4-18 information")
}

func TestDiagnosticsFollowReload(t *testing.T) {
	a := newApp(t)
	c := a.loaded(t)
	c.diagnosed(a.ruby, "1:2-12 information", "2:4-18 information")
	c.load(write(t, a.root, "b.heap", heapOf(t, "1 String 900 /srv/app/lib/cache.rb:1\n1 String 50 /srv/app/lib/cache.rb:2\n1 String 1 /srv/app/lib/cache.rb:3")))
	c.diagnosed(a.ruby, "0:0-11 warning", "1:2-12 information")
}

func TestSettingsChange(t *testing.T) {
	a := newApp(t)
	c := a.loaded(t)
	c.await("workspace/inlayHint/refresh", anything)
	set := func(settings object) {
		c.notify("workspace/didChangeConfiguration", object{"settings": object{"heapline": settings}})
	}
	set(object{"inlayHints": object{"minBytes": 5000}})
	c.await("workspace/inlayHint/refresh", anything)
	c.wantHints(a.ruby, appHints[0])

	set(object{"inlayHints": object{"minObjects": 6}})
	c.wantHints(a.ruby, appHints[1])

	set(object{"inlayHints": object{"enabled": false}, "hover": object{"showValues": false}})
	c.wantHints(a.ruby)
	if got := c.hover(a.ruby, 2); got == "" || strings.Contains(got, "hello") {
		t.Errorf("hover with hidden values: %s", got)
	}

	set(object{"diagnostics": object{"hotspotPercent": 5, "hotspotWarningPercent": 6}})
	c.diagnosed(a.ruby, "1:2-12 warning")

	set(object{"diagnostics": object{"enabled": false}})
	c.diagnosed(a.ruby)

	set(object{})
	c.wantHints(a.ruby, appHints...)
	if got := c.hover(a.ruby, 2); !strings.Contains(got, "hello") {
		t.Errorf("hover with values: %s", got)
	}
}

func TestSettingsArePulled(t *testing.T) {
	a := newApp(t)
	caps := everything()
	workspace := caps["workspace"].(object)
	workspace["configuration"] = true
	workspace["didChangeConfiguration"] = object{"dynamicRegistration": true}
	c := connect(t, Options{})
	minObjects := 6
	c.answer("workspace/configuration", func(json.RawMessage) any {
		c.mu.Lock()
		defer c.mu.Unlock()
		return []object{{"inlayHints": object{"minObjects": minObjects}, "dump": nil}}
	})
	c.initialize(a.root, object{
		"capabilities":          caps,
		"initializationOptions": object{"inlayHints": object{"minBytes": 0}},
	})
	c.await("workspace/configuration", contains(`"heapline"`))
	c.open(a.ruby, appText)
	c.load(a.dump)
	c.untilHints(a.ruby, appHints[1])

	c.mu.Lock()
	minObjects = 11
	c.mu.Unlock()
	c.notify("workspace/didChangeConfiguration", object{"settings": nil})
	c.untilHints(a.ruby)
	if got := c.all("client/registerCapability"); !slices.ContainsFunc(got, contains("workspace/didChangeConfiguration")) {
		t.Errorf("registered: %s", got)
	}
}

func TestDumpAtStart(t *testing.T) {
	a := newApp(t)
	other := write(t, a.root, "other.heap", heapOf(t, "1 String 5000 /srv/app/lib/cache.rb:1"))
	configured := func() object {
		caps := everything()
		caps["workspace"].(object)["configuration"] = true
		return caps
	}
	for _, tt := range []struct {
		name   string
		opts   Options
		init   object
		config object
		want   []string
	}{
		{"from the command line", Options{Dump: a.dump}, object{}, nil, appHints},
		{"from the initialization options", Options{}, object{"initializationOptions": object{"dump": a.dump}}, nil, appHints},
		{"from wrapped initialization options", Options{}, object{"initializationOptions": object{"heapline": object{"dump": a.dump}}}, nil, appHints},
		{"by a path below the workspace folder", Options{}, object{"initializationOptions": object{"dump": "tmp/app.heap"}}, nil, appHints},
		{"from the settings", Options{}, object{}, object{"dump": a.dump}, appHints},
		{"from the command line rather than the settings", Options{Dump: a.dump}, object{}, object{"dump": other}, appHints},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := connect(t, tt.opts)
			if tt.config != nil {
				tt.init["capabilities"] = configured()
				c.answer("workspace/configuration", func(json.RawMessage) any { return []object{tt.config} })
			}
			c.initialize(a.root, tt.init)
			c.open(a.ruby, appText)
			c.await("heapline/status", contains(`"loaded"`))
			c.wantHints(a.ruby, tt.want...)
		})
	}
}

func TestDumpSettingChange(t *testing.T) {
	a := newApp(t)
	c := start(t, a.root)
	c.open(a.ruby, appText)
	c.notify("workspace/didChangeConfiguration", object{"settings": object{"heapline": object{"dump": a.dump}}})
	c.await("heapline/status", contains(`"loaded"`))
	c.wantHints(a.ruby, appHints...)
}

func TestFailureAtStartIsShown(t *testing.T) {
	c := connect(t, Options{Dump: "/none/at-all.heap"})
	c.initialize(tempDir(t))
	c.await("window/showMessage", contains("/none/at-all.heap does not exist"))
}

func TestWorkspaceFoldersChange(t *testing.T) {
	a := newApp(t)
	c := start(t, tempDir(t))
	c.open(a.ruby, appText)
	c.load(a.dump)
	c.wantHints(a.ruby)
	folder := []object{{"uri": fileURI(a.root), "name": "app"}}
	c.notify("workspace/didChangeWorkspaceFolders", object{"event": object{"added": folder, "removed": []object{}}})
	c.untilHints(a.ruby, appHints...)
	c.notify("workspace/didChangeWorkspaceFolders", object{"event": object{"added": []object{}, "removed": folder}})
	c.untilHints(a.ruby)
}

func TestWorkspaceBehindASymbolicLink(t *testing.T) {
	a := newApp(t)
	link := filepath.Join(tempDir(t), "link")
	if err := os.Symlink(a.root, link); err != nil {
		t.Fatal(err)
	}
	c := start(t, link)
	ruby := filepath.Join(link, "lib/cache.rb")
	c.open(ruby, appText)
	c.load(write(t, a.root, "real.heap", heapOf(t, "4 String 4000 "+a.ruby+":3")))
	c.wantHints(ruby, "2:18 4 objects · 16.0 kB")
	c.diagnosed(ruby, "2:4-18 warning")
}

func TestManyRequestsBeforeReading(t *testing.T) {
	a := newApp(t)
	c := a.loaded(t)
	c.mu.Lock() // the client does not read while it writes
	var ids []int
	for range 2000 {
		c.nextID++
		ids = append(ids, c.nextID)
		c.send(object{"id": c.nextID, "method": "textDocument/hover", "params": object{
			"textDocument": object{"uri": fileURI(a.ruby)}, "position": object{"line": 2, "character": 0},
		}})
	}
	c.mu.Unlock()
	for _, id := range ids {
		if m := c.reply(id); m.Error != nil {
			t.Fatal(m.Error.Message)
		}
	}
}
