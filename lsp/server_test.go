package lsp

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

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

	if err := os.Symlink("loop.heap", filepath.Join(a.root, "loop.heap")); err != nil {
		t.Fatal(err)
	}

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
		{"a link to itself", loadFails(object{"path": a.root + "/loop.heap"}, failed, "too many levels of symbolic links; check the path and its permissions")},
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
		`"heapline.server.capture","heapline.server.findDumps","heapline.server.ignore","heapline.server.load"`,
	} {
		if !strings.Contains(res, want) {
			t.Errorf("%s is missing in %s", want, res)
		}
	}
	if strings.Contains(res, "diagnosticProvider") {
		t.Error("diagnostics would be pushed and pulled, and shown twice")
	}
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
