package lsp

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/textproto"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// mustCome is how long a test waits for what must come. No test waits for it
// unless it fails.
const mustCome = 20 * time.Second

// object is a JSON object, for messages written by hand.
type object = map[string]any

// message is anything the server sends.
type message struct {
	ID     json.RawMessage `json:"id"`
	Method string          `json:"method"`
	Params json.RawMessage `json:"params"`
	Result json.RawMessage `json:"result"`
	Error  *wireFailure    `json:"error"`
}

type wireFailure struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

// testClient is a client written by hand, so that the library is not tested
// against itself. It speaks to a real server over pipes.
type testClient struct {
	t    testing.TB
	in   io.WriteCloser
	code chan int // the server's exit code

	mu       sync.Mutex
	cond     *sync.Cond
	nextID   int
	replies  map[string]message
	received []message      // notifications and requests of the server, in order
	seen     map[string]int // by method: how many of received await has looked at
	answers  map[string]func(params json.RawMessage) any
}

// everything are the capabilities of a client that can do all we ask about.
func everything() object {
	return object{
		"general": object{"positionEncodings": []string{"utf-16"}},
		"window":  object{"workDoneProgress": true},
		"textDocument": object{
			"hover":     object{"contentFormat": []string{"markdown", "plaintext"}},
			"inlayHint": object{"resolveSupport": object{"properties": []string{"tooltip"}}},
		},
		"workspace": object{
			"inlayHint":             object{"refreshSupport": true},
			"didChangeWatchedFiles": object{"dynamicRegistration": true, "relativePatternSupport": true},
		},
		"experimental": object{"heaplineStatus": true},
	}
}

// connect starts a server and a client that has said nothing yet.
func connect(t testing.TB, opts Options) *testClient {
	t.Helper()
	serverIn, clientOut := io.Pipe()
	clientIn, serverOut := io.Pipe()
	opts.In, opts.Out = serverIn, serverOut
	c := &testClient{
		t: t, in: clientOut, code: make(chan int, 1),
		replies: map[string]message{}, seen: map[string]int{}, answers: map[string]func(json.RawMessage) any{},
	}
	c.cond = sync.NewCond(&c.mu)
	go func() { c.code <- Serve(context.Background(), opts) }()
	go c.read(bufio.NewReader(clientIn))
	t.Cleanup(func() { _ = clientOut.Close() })
	return c
}

// start returns a client after the handshake, with the folder as workspace.
func start(t testing.TB, root string, init ...object) *testClient {
	t.Helper()
	c := connect(t, Options{Version: "1.2.3"})
	c.initialize(root, init...)
	return c
}

func (c *testClient) initialize(root string, init ...object) json.RawMessage {
	c.t.Helper()
	params := object{"processId": nil, "rootUri": fileURI(root), "capabilities": everything()}
	for _, more := range init {
		for k, v := range more {
			params[k] = v
		}
	}
	res := c.call("initialize", params)
	c.notify("initialized", object{})
	return res
}

func (c *testClient) send(m object) {
	m["jsonrpc"] = "2.0"
	body, err := json.Marshal(m)
	if err != nil {
		c.t.Fatal(err)
	}
	_, _ = fmt.Fprintf(c.in, "Content-Length: %d\r\n\r\n%s", len(body), body) // fails after the end, on purpose
}

func (c *testClient) notify(method string, params any) {
	c.send(object{"method": method, "params": params})
}

// request sends a request and returns its id.
func (c *testClient) request(method string, params any) int {
	c.mu.Lock()
	c.nextID++
	id := c.nextID
	c.mu.Unlock()
	c.send(object{"id": id, "method": method, "params": params})
	return id
}

// reply waits for the reply to a request.
func (c *testClient) reply(id int) message {
	c.t.Helper()
	var m message
	c.wait(fmt.Sprintf("the reply to request %d", id), func() bool {
		var ok bool
		m, ok = c.replies[strconv.Itoa(id)]
		return ok
	})
	return m
}

// call sends a request and returns its result; an error fails the test.
func (c *testClient) call(method string, params any) json.RawMessage {
	c.t.Helper()
	m := c.reply(c.request(method, params))
	if m.Error != nil {
		c.t.Fatalf("%s: error %d %s", method, m.Error.Code, m.Error.Message)
	}
	return m.Result
}

// fail sends a request and returns its error; success fails the test.
func (c *testClient) fail(method string, params any) wireFailure {
	c.t.Helper()
	return c.failure(c.request(method, params))
}

func (c *testClient) failure(id int) wireFailure {
	c.t.Helper()
	m := c.reply(id)
	if m.Error == nil {
		c.t.Fatalf("request %d: result %s, want an error", id, m.Result)
	}
	return *m.Error
}

// await waits for a message of the server that no await for this method has
// consumed yet, and consumes it with all before it.
func (c *testClient) await(method string, match func(params json.RawMessage) bool) json.RawMessage {
	c.t.Helper()
	var found json.RawMessage
	c.wait(method+" as the test wants it", func() bool {
		for c.seen[method] < len(c.received) {
			m := c.received[c.seen[method]]
			c.seen[method]++
			if m.Method == method && match(m.Params) {
				found = m.Params
				return true
			}
		}
		return false
	})
	return found
}

func anything(json.RawMessage) bool { return true }

func contains(text string) func(json.RawMessage) bool {
	return func(p json.RawMessage) bool { return strings.Contains(string(p), text) }
}

// all returns what the server has sent by a method so far.
func (c *testClient) all(method string) []json.RawMessage {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []json.RawMessage
	for _, m := range c.received {
		if m.Method == method {
			out = append(out, m.Params)
		}
	}
	return out
}

// answer decides what the client answers to a request of the server.
func (c *testClient) answer(method string, f func(params json.RawMessage) any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.answers[method] = f
}

// wait blocks until done, called under the lock after every message, is true.
func (c *testClient) wait(what string, done func() bool) {
	c.t.Helper()
	deadline := time.Now().Add(mustCome)
	timer := time.AfterFunc(mustCome, c.cond.Broadcast)
	defer timer.Stop()
	c.mu.Lock()
	defer c.mu.Unlock()
	for !done() {
		if time.Now().After(deadline) {
			c.t.Fatalf("waited in vain for %s; received %s", what, c.transcript())
		}
		c.cond.Wait()
	}
}

func (c *testClient) transcript() string {
	var b strings.Builder
	for _, m := range c.received {
		fmt.Fprintf(&b, "\n%s %.300s", m.Method, m.Params)
	}
	return b.String()
}

func (c *testClient) read(r *bufio.Reader) {
	headers := textproto.NewReader(r)
	for {
		h, err := headers.ReadMIMEHeader()
		if err != nil {
			return
		}
		n, _ := strconv.Atoi(h.Get("Content-Length"))
		body := make([]byte, n)
		if _, err := io.ReadFull(r, body); err != nil {
			return
		}
		var m message
		if err := json.Unmarshal(body, &m); err != nil {
			c.t.Errorf("not JSON: %s", body)
			return
		}
		c.take(m)
	}
}

func (c *testClient) take(m message) {
	c.mu.Lock()
	defer c.mu.Unlock()
	defer c.cond.Broadcast()
	if m.Method == "" {
		c.replies[string(m.ID)] = m
		return
	}
	c.received = append(c.received, m)
	if len(m.ID) == 0 {
		return
	}
	answer := c.answers[m.Method]
	go func() {
		var result any
		if answer != nil {
			result = answer(m.Params)
		}
		c.send(object{"id": m.ID, "result": result})
	}()
}

// exitCode waits for the server to end.
func (c *testClient) exitCode() int {
	c.t.Helper()
	select {
	case code := <-c.code:
		return code
	case <-time.After(mustCome):
		c.t.Fatal("the server does not end")
		return -1
	}
}

// What tests say all the time.

func fileURI(path string) string { return "file://" + path }

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

func run(name string) object { return object{"command": "heapline.server." + name} }

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
	decode(c.t, c.call("textDocument/inlayHint", object{"textDocument": object{"uri": fileURI(path)}, "range": at}), &hints)
	return hints
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
	var last struct{ Diagnostics []diagnostic }
	for _, m := range c.received {
		if m.Method == "textDocument/publishDiagnostics" && contains(`"`+fileURI(path)+`"`)(m.Params) {
			last.Diagnostics = nil
			decode(c.t, m.Params, &last)
		}
	}
	return last.Diagnostics
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
