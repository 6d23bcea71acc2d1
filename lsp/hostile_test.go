package lsp

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// What holds no message is answered without an id; the next message counts.
func TestMalformedBodiesAreAnswered(t *testing.T) {
	const parseError, invalidRequest = -32700, -32600
	for _, tt := range []struct {
		name, body string
		code       int
	}{
		{"no JSON", `nothing`, parseError},
		{"JSON that breaks off", `{"jsonrpc":"2.0","id":1,"method":"textDocument/ho`, parseError},
		{"two messages in one frame", `{"jsonrpc":"2.0","method":"a"}{"jsonrpc":"2.0","method":"b"}`, parseError},
		{"zero bytes", "\x00\x00", parseError},
		{"no object", `5`, parseError},
		{"no version", `{"id":1,"method":"textDocument/hover"}`, invalidRequest},
		{"another version", `{"jsonrpc":"1.0","id":1,"method":"textDocument/hover"}`, invalidRequest},
		{"neither method nor result", `{"jsonrpc":"2.0","id":1}`, invalidRequest},
		{"a method that is a number", `{"jsonrpc":"2.0","id":1,"method":5}`, invalidRequest},
		{"an id that is an object", `{"jsonrpc":"2.0","id":{},"method":"textDocument/hover"}`, invalidRequest},
		{"an id that is a fraction", `{"jsonrpc":"2.0","id":1.5,"method":"textDocument/hover"}`, invalidRequest},
		{"an id that is too large", `{"jsonrpc":"2.0","id":99999999999999999999,"method":"textDocument/hover"}`, invalidRequest},
		{"an error that is a number", `{"jsonrpc":"2.0","id":1,"error":5}`, invalidRequest},
		{"a batch", `[{"jsonrpc":"2.0","id":1,"method":"textDocument/hover"}]`, invalidRequest},
		{"an empty batch", `[]`, invalidRequest},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := newApp(t)
			c := a.loaded(t)
			_, _ = fmt.Fprintf(c.in, "Content-Length: %d\r\n\r\n%s", len(tt.body), tt.body)
			c.wantHints(a.ruby, appHints...)
			c.mu.Lock()
			defer c.mu.Unlock()
			if m, ok := c.replies["null"]; !ok || m.Error == nil || m.Error.Code != tt.code {
				t.Errorf("got %+v, want the error %d", m.Error, tt.code)
			}
		})
	}
}

// Answers nobody waits for, and notifications without a sense, are passed over.
func TestStrayMessagesAreNotAnswered(t *testing.T) {
	for _, body := range []string{
		`{"jsonrpc":"2.0","id":4711,"result":null}`,
		`{"jsonrpc":"2.0","id":"none","result":{}}`,
		`{"jsonrpc":"2.0","id":4711,"error":{"code":1,"message":"no"}}`,
		`{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"no"}}`,
		`{"jsonrpc":"2.0","method":"textDocument/hover","params":{}}`,
		`{"jsonrpc":"2.0","id":null,"method":"textDocument/hover","params":{}}`,
	} {
		t.Run(body, func(t *testing.T) {
			a := newApp(t)
			c := a.loaded(t)
			_, _ = fmt.Fprintf(c.in, "Content-Length: %d\r\n\r\n%s", len(body), body)
			c.wantHints(a.ruby, appHints...)
			c.mu.Lock()
			defer c.mu.Unlock()
			for id, m := range c.replies {
				if n, err := strconv.Atoi(id); err != nil || n > c.nextID {
					t.Errorf("got an answer to %s: %+v", id, m)
				}
			}
		})
	}
}

// Where the next message begins is lost with a broken header.
func TestBrokenFramesEndTheServer(t *testing.T) {
	for _, tt := range []struct{ name, sent string }{
		{"a length that is no number", "Content-Length: many\r\n\r\n{}"},
		{"a negative length", "Content-Length: -1\r\n\r\n{}"},
		{"an empty body", "Content-Length: 0\r\n\r\n"},
		{"no length", "Content-Type: application/json\r\n\r\n{}"},
		{"a length that no memory has", "Content-Length: 99999999999999\r\n\r\n{}"},
		{"a line that is no header", "hello\r\n\r\n"},
		{"a body longer than its header says", "Content-Length: 2\r\n\r\n{}{}\r\n\r\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := start(t, tempDir(t))
			_, _ = c.in.Write([]byte(tt.sent))
			if code := c.exitCode(); code != 1 {
				t.Errorf("exit code %d, want 1", code)
			}
		})
	}
	for _, sent := range []string{"Content-Le", "Content-Length: 5\r\n", "Content-Length: 500\r\n\r\n", "Content-Length: 500\r\n\r\n{\"jsonrpc\""} {
		t.Run("input that ends after "+sent, func(t *testing.T) {
			c := start(t, tempDir(t))
			_, _ = c.in.Write([]byte(sent))
			_ = c.in.Close()
			if code := c.exitCode(); code != 1 {
				t.Errorf("exit code %d, want 1", code)
			}
		})
	}
}

func TestMessagesInAWrongOrder(t *testing.T) {
	const notInitialized, invalidRequest = -32002, -32600
	a := newApp(t)
	c := connect(t, Options{})
	c.notify("initialized", object{})
	c.open(a.ruby, "too early: not taken")
	for _, method := range []string{"shutdown", "textDocument/inlayHint", "workspace/executeCommand", "foo/bar"} {
		if got := c.fail(method, object{}); got.Code != notInitialized {
			t.Errorf("%s before initialize: got %d, want %d", method, got.Code, notInitialized)
		}
	}
	c.initialize(a.root)
	c.notify("initialized", object{}) // twice
	c.change(a.ruby, 2, span(0, 0, 0, 0), "# not open yet\n")
	c.open(a.ruby, appText)
	c.open(a.ruby, appText) // twice
	c.load(a.dump)
	c.wantHints(a.ruby, appHints...)
	c.call("shutdown", nil)
	for _, method := range []string{"shutdown", "initialize", "textDocument/inlayHint", "foo/bar"} {
		if got := c.fail(method, object{}); got.Code != invalidRequest {
			t.Errorf("%s after shutdown: got %d, want %d", method, got.Code, invalidRequest)
		}
	}
	c.notify("exit", nil)
	if code := c.exitCode(); code != 0 {
		t.Errorf("exit code %d, want 0", code)
	}
}

// A request without an id must not act: nobody knows how it ended.
func TestRequestsSentAsNotifications(t *testing.T) {
	a := newApp(t)
	c := a.loaded(t)
	for method, params := range map[string]object{
		"initialize":               {"capabilities": object{}},
		"shutdown":                 nil,
		"textDocument/hover":       {"textDocument": object{"uri": fileURI(a.ruby)}, "position": object{"line": 2, "character": 0}},
		"inlayHint/resolve":        {"position": object{"line": 2, "character": 0}, "label": "x", "data": "2\n" + fileURI(a.ruby) + "\n" + a.dump},
		"workspace/executeCommand": run("unload"),
	} {
		c.notify(method, params)
	}
	c.wantHints(a.ruby, appHints...)
	if got := c.all("window/logMessage"); len(got) > 0 {
		t.Errorf("logged: %s", got)
	}
}

// Edits sent as requests would run in parallel and lose their order.
func TestNotificationsSentAsRequests(t *testing.T) {
	a := newApp(t)
	c := a.loaded(t)
	for _, method := range []string{"initialized", "exit", "textDocument/didOpen", "textDocument/didClose", "$/cancelRequest", "workspace/didChangeConfiguration"} {
		got := c.fail(method, object{"textDocument": object{"uri": fileURI(a.ruby), "languageId": "ruby", "version": 1, "text": ""}})
		if want := method + " is a notification: send it without an id"; got.Code != -32600 || got.Message != want {
			t.Errorf("got %+v, want -32600 %s", got, want)
		}
	}
	c.wantHints(a.ruby, appHints...)
}

func TestExitBeforeInitialize(t *testing.T) {
	c := connect(t, Options{})
	c.notify("exit", nil)
	if code := c.exitCode(); code != 1 {
		t.Errorf("exit code %d, want 1", code)
	}
}

func TestAHugeDocument(t *testing.T) {
	a := newApp(t)
	filler := strings.Repeat("x = [1, 2, 3].map { |n| n * 2 } # and so on, as generated code does\n", 20<<20/68)
	c := start(t, a.root)
	c.open(a.ruby, appText+filler)
	c.load(a.dump)
	c.change(a.ruby, 2, span(0, 0, 0, 0), "# one\n# two\n")
	c.change(a.ruby, 3, span(200_000, 0, 200_000, 5), "y")
	c.wantHints(a.ruby, "3:12 5 objects · 6.0 kB retained", "4:18 10 objects · 4.0 kB retained")
	if c.hover(a.ruby, 4) == "" || c.hover(a.ruby, 300_000) != "" {
		t.Error("the hovers are wrong")
	}
}

// Typing that never ends: every edit counts, in order.
func TestFiveThousandEditsAtOnce(t *testing.T) {
	a := newApp(t)
	c := a.loaded(t)
	for i := range 5000 {
		switch version := i + 2; i % 5 {
		case 0:
			c.change(a.ruby, version, span(0, 0, 0, 0), "\n")
		case 1: // at the end of a line that has moved down
			down := 2 + (i+5)/5
			c.change(a.ruby, version, span(down, 18, down, 18), "#")
		default: // typed, then taken back
			c.change(a.ruby, version, span(0, 0, 0, 0), "é")
			c.change(a.ruby, version, span(0, 0, 0, 1), "")
		}
	}
	c.wantHints(a.ruby, "1001:12 5 objects · 6.0 kB retained", "1002:1018 ~ 10 objects · 4.0 kB retained")
	if c.hover(a.ruby, 1002) == "" || c.hover(a.ruby, 2) != "" {
		t.Error("the hover did not move with the line")
	}
}

func TestRequestsCancelledAtOnce(t *testing.T) {
	a := newApp(t)
	c := a.loaded(t)
	var ids []int
	for i := range 200 {
		id := c.request("textDocument/hover", object{
			"textDocument": object{"uri": fileURI(a.ruby)}, "position": object{"line": i % 4, "character": 0},
		})
		c.notify("$/cancelRequest", object{"id": id})
		ids = append(ids, id)
	}
	for _, id := range ids {
		if m := c.reply(id); m.Error != nil && m.Error.Code != cancelled32800 {
			t.Errorf("request %d: %+v", id, m.Error)
		}
	}
	c.wantHints(a.ruby, appHints...)
}

func TestFilesThatAreNotThere(t *testing.T) {
	a := newApp(t)
	c := a.loaded(t)
	if err := os.RemoveAll(filepath.Dir(a.ruby)); err != nil {
		t.Fatal(err)
	}
	c.wantHints(a.ruby, appHints...) // the editor still has it
	if c.hover(a.ruby, 2) == "" {
		t.Error("no hover in an open file that was deleted")
	}
	c.load(a.dump)
	c.wantHints(a.ruby) // the workspace has it no more
	for _, never := range []string{a.root + "/lib/never.rb", a.root + "/tmp/app.heap"} {
		c.wantHints(never)
		if got := c.hover(never, 2); got != "" {
			t.Errorf("hover in a file never opened: %s", got)
		}
	}
}

// Editors escape more or less of a URI: all of it is one file.
func TestURIs(t *testing.T) {
	const always, sometimes = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/-_.~", "+&=;:()[]{}!$*@,'"
	for _, folder := range []string{"a b", "é 日本 𝒳", "100%", "a%25b", "a%20b", "a#b?c", "a+b&c=d;e:f", "(x) [y] {z}", `back\slash"quote`} {
		t.Run(folder, func(t *testing.T) {
			root := filepath.Join(tempDir(t), folder, "app")
			ruby := write(t, root, "lib/cache.rb", appText)
			dump := write(t, root, "tmp/app.heap", heapOf(t, appHeap))
			spellings := []string{"file://" + escape(ruby, always), "file://" + escape(ruby, always+sometimes)}
			c := connect(t, Options{})
			c.initialize("", object{"rootUri": "file://" + escape(root, always)})
			c.notify("textDocument/didOpen", object{"textDocument": object{"uri": spellings[0], "languageId": "ruby", "version": 1, "text": appText}})
			c.call("workspace/executeCommand", object{"command": "heapline.server.load", "arguments": []any{"file://" + escape(dump, always)}})
			for _, spelling := range spellings {
				doc := object{"uri": spelling}
				for {
					res := c.call("textDocument/inlayHint", object{"textDocument": doc, "range": span(0, 0, 9, 0)})
					if contains("≥")(res) { // made exact meanwhile
						continue
					}
					if !contains("5 objects · 6.0 kB retained")(res) || !contains("10 objects · 4.0 kB retained")(res) {
						t.Errorf("hints of %s: %s", spelling, res)
					}
					break
				}
				if res := c.call("textDocument/hover", object{"textDocument": doc, "position": object{"line": 2, "character": 0}}); string(res) == "null" {
					t.Errorf("no hover in %s", spelling)
				}
			}
		})
	}
}

// escape writes a path as in a URI, the bytes of plain as they are.
func escape(path, plain string) string {
	var b strings.Builder
	for _, c := range []byte(path) {
		if strings.IndexByte(plain, c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// A Windows editor's URIs, and what is no URI, on another system: nothing is shown.
func TestURIsOfNoFileHere(t *testing.T) {
	a := newApp(t)
	for _, uri := range []string{
		"file:///c%3A/app/lib/cache.rb", "file:///C:/app/lib/cache.rb", "file://server/share/lib/cache.rb", "file://server",
		"file://", "file:", "", "%", "file:///%", "file:///%zz", "file:///a%00b", "untitled:Untitled-1", "vscode-remote://ssh/lib/cache.rb", "http://[::1", ":", "/lib/cache.rb",
	} {
		t.Run(uri, func(t *testing.T) {
			c := a.loaded(t)
			c.notify("textDocument/didOpen", object{"textDocument": object{"uri": uri, "languageId": "ruby", "version": 1, "text": appText}})
			doc := object{"uri": uri}
			at := object{"textDocument": doc, "position": object{"line": 2, "character": 0}}
			if m := c.reply(c.request("textDocument/hover", at)); m.Error == nil && string(m.Result) != "null" {
				t.Errorf("hover: %s", m.Result)
			}
			if m := c.reply(c.request("textDocument/inlayHint", object{"textDocument": doc, "range": span(0, 0, 9, 0)})); m.Error == nil && string(m.Result) != "[]" {
				t.Errorf("hints: %s", m.Result)
			}
			c.notify("workspace/didChangeWorkspaceFolders", object{"event": object{"added": []object{{"uri": uri, "name": "x"}}, "removed": []object{}}})
			c.notify("textDocument/didClose", object{"textDocument": doc})
			c.wantHints(a.ruby, appHints...)
		})
	}
}

// A client that is gone takes its server with it, whatever that does.
func TestTheOutputIsBrokenDuringALoad(t *testing.T) {
	root := tempDir(t)
	serverIn, in := io.Pipe()
	out, serverOut := io.Pipe()
	code := make(chan int, 1)
	go func() { code <- Serve(t.Context(), Options{In: serverIn, Out: serverOut}) }()
	w := &wire{in: in}
	loading := handshake(w, out, endlessDump(t, root))
	<-loading
	began := time.Now()
	_ = out.CloseWithError(io.ErrClosedPipe)
	_ = in.Close()
	if got := <-code; got != 1 {
		t.Errorf("exit code %d, want 1", got)
	}
	if took := time.Since(began); took > flushTime {
		t.Errorf("the server took %v to end", took)
	}
}

// handshake starts a load; the channel is closed when it is under way.
func handshake(w *wire, out io.Reader, dump string) <-chan struct{} {
	loading := make(chan struct{})
	go func() {
		r := bufio.NewReader(out)
		told := false
		readFrames(r, func(body []byte) {
			if !told && contains(`"state":"loading"`)(body) {
				told = true
				close(loading)
			}
		})
	}()
	w.send(object{"id": 1, "method": "initialize", "params": object{"capabilities": everything()}})
	w.send(object{"method": "initialized", "params": object{}})
	w.send(object{"id": 2, "method": "workspace/executeCommand", "params": loadCommand(dump)})
	return loading
}

func TestTheProcessEndsWithItsClient(t *testing.T) {
	dir := tempDir(t)
	binary := filepath.Join(dir, "heapline")
	if out, err := exec.Command("go", "build", "-o", binary, "heapline/cmd/heapline").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	dump := endlessDump(t, dir)
	for _, tt := range []struct {
		name  string
		close func(in, out io.Closer)
	}{
		{"both pipes are closed", func(in, out io.Closer) { _, _ = out.Close(), in.Close() }},
		{"the input is closed", func(in, _ io.Closer) { _ = in.Close() }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cmd := exec.Command(binary, "lsp", "--stdio")
			in, err := cmd.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			kill := time.AfterFunc(mustCome, func() { _ = cmd.Process.Kill() })
			defer kill.Stop()
			<-handshake(&wire{in: in}, out, dump)
			began := time.Now()
			tt.close(in, out)
			state, err := cmd.Process.Wait()
			if err != nil {
				t.Fatal(err)
			}
			if took := time.Since(began); took > flushTime {
				t.Errorf("the process took %v to end", took)
			}
			if state.Success() {
				t.Errorf("it ended with %v", state)
			}
		})
	}
}
