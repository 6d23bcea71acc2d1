package lsp

import (
	"encoding/json"
	"fmt"
	"io"
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
			"hover":              object{"contentFormat": []string{"markdown", "plaintext"}},
			"inlayHint":          object{"resolveSupport": object{"properties": []string{"tooltip"}}},
			"publishDiagnostics": object{"relatedInformation": true},
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
	return attach(t, newServer(opts))
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
