package lsp

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.lsp.dev/jsonrpc2"
)

// Seeds: what is sent between the handshake and the last request, a message a
// line. URI and DUMP are those of the app's file and dump.
var messageSeeds = []string{
	// Requests as they should be, and every other shape of id, method and params.
	`{"jsonrpc":"2.0","id":1,"method":"textDocument/hover","params":{"textDocument":{"uri":"URI"},"position":{"line":2,"character":0}}}`,
	`{"jsonrpc":"2.0","id":"x","method":"textDocument/hover","params":{"textDocument":{"uri":5},"position":{"line":-2,"character":1e9}}}`,
	`{"jsonrpc":"2.0","id":null,"method":"textDocument/hover","params":[]}`,
	`{"jsonrpc":"2.0","id":9223372036854775807,"method":"textDocument/hover","params":"x"}`,
	`{"jsonrpc":"2.0","id":99999999999999999999,"method":"textDocument/hover"}`,
	`{"jsonrpc":"2.0","id":-0,"method":"textDocument/hover"}`,
	`{"jsonrpc":"2.0","id":1.5,"method":"textDocument/hover"}`,
	`{"jsonrpc":"2.0","id":{},"method":"textDocument/hover"}`,
	`{"jsonrpc":"2.0","id":true,"method":"textDocument/hover"}`,
	`{"jsonrpc":"2.0","id":1,"method":5}`,
	`{"jsonrpc":"2.0","id":1,"method":null}`,
	`{"jsonrpc":"2.0","id":1,"method":""}`,
	`{"jsonrpc":"2.0","id":1,"method":"textDocument/\u0068over\ud800","params":null}`,
	`{"jsonrpc":"1.0","id":1,"method":"shutdown"}`,
	`{"id":1,"method":"shutdown"}`,
	`{"jsonrpc":"2.0","id":1,"id":2,"method":"a","method":"b"}`,
	`{"jsonrpc":"2.0","id":1,"method":"textDocument/inlayHint","params":{"textDocument":{"uri":"URI"},"range":{"start":{"line":4294967295,"character":0},"end":{"line":0,"character":0}}}}`,
	`{"jsonrpc":"2.0","id":1,"method":"textDocument/inlayHint","params":{"textDocument":{"uri":"URI"},"range":{"start":{"line":0,"character":0},"end":{"line":4294967295,"character":4294967295}}}}`,
	`{"jsonrpc":"2.0","id":1,"method":"inlayHint/resolve","params":{"position":{"line":0,"character":0},"label":"x","data":"-5\nURI\nDUMP"}}`,
	`{"jsonrpc":"2.0","id":1,"method":"inlayHint/resolve","params":{"position":{"line":0,"character":0},"label":[{"value":""}],"data":"9223372036854775807\nURI\nDUMP"}}`,
	`{"jsonrpc":"2.0","id":1,"method":"foo/bar","params":{"a":1,,}}`,
	// One id twice.
	`{"jsonrpc":"2.0","id":1,"method":"foo"}` + "\n" + `{"jsonrpc":"2.0","id":1,"method":"foo"}`,
	// What is no message.
	`{"jsonrpc":"2.0"`, `{`, `nothing`, `null`, `5`, `"x"`, `{}`, `[]`, `[1,{}]`, "\x00", "\xff\xfe", `{"jsonrpc":"2.0"} {}`,
	`[{"jsonrpc":"2.0","id":1,"method":"foo"},{"jsonrpc":"2.0","method":"bar"}]`,
	// Answers nobody waits for, and wrong ones.
	`{"jsonrpc":"2.0","id":1,"result":null}`, `{"jsonrpc":"2.0","id":"x","result":{}}`, `{"jsonrpc":"2.0","id":2}`,
	`{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"no"}}`, `{"jsonrpc":"2.0","id":1,"error":5}`, `{"jsonrpc":"2.0","id":null,"error":{}}`,
	`{"jsonrpc":"2.0","id":1,"result":5,"error":{"code":1,"message":""}}`, `{"jsonrpc":"2.0","id":1,"method":"x","result":5}`,
	// Notifications.
	`{"jsonrpc":"2.0","method":"foo"}`, `{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":1}}`, `{"jsonrpc":"2.0","method":"$/cancelRequest","params":5}`,
	`{"jsonrpc":"2.0","method":"textDocument/didOpen","params":{"textDocument":{"uri":"URI","languageId":"ruby","version":1,"text":"a\nb\nc\n"}}}` + "\n" +
		`{"jsonrpc":"2.0","method":"textDocument/didChange","params":{"textDocument":{"uri":"URI","version":-1},"contentChanges":[{"range":{"start":{"line":9,"character":9},"end":{"line":0,"character":0}},"text":"\r\n"},{"text":""}]}}` + "\n" +
		`{"jsonrpc":"2.0","id":3,"method":"textDocument/hover","params":{"textDocument":{"uri":"URI"},"position":{"line":2,"character":0}}}`,
	`{"jsonrpc":"2.0","method":"textDocument/didOpen","params":{"textDocument":{"uri":"file://server/c%3A/%","languageId":"","version":0,"text":""}}}`,
	`{"jsonrpc":"2.0","method":"textDocument/didClose","params":{"textDocument":{"uri":"URI"}}}`,
	`{"jsonrpc":"2.0","method":"workspace/didChangeConfiguration","params":{"settings":{"heapline":{"maxMemory":-1,"inlayHints":{"minBytes":1e300},"pathMappings":{"":""}}}}}`,
	`{"jsonrpc":"2.0","method":"workspace/didChangeWatchedFiles","params":{"changes":[{"uri":"file://DUMP","type":2}]}}`,
	`{"jsonrpc":"2.0","method":"window/workDoneProgress/cancel","params":{"token":"heapline-1"}}`,
	`{"jsonrpc":"2.0","method":"initialized","params":{}}`,
	// Commands.
	`{"jsonrpc":"2.0","id":1,"method":"workspace/executeCommand","params":{"command":"heapline.server.load","arguments":[{"path":"DUMP"}],"workDoneToken":7}}`,
	`{"jsonrpc":"2.0","id":1,"method":"workspace/executeCommand","params":{"command":"heapline.server.load","arguments":{"path":""}}}`,
	`{"jsonrpc":"2.0","id":1,"method":"workspace/executeCommand","params":{"command":"heapline.server.reload"}}` + "\n" +
		`{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":1}}` + "\n" +
		`{"jsonrpc":"2.0","id":2,"method":"workspace/executeCommand","params":{"command":"heapline.server.unload"}}`,
	`{"jsonrpc":"2.0","id":1,"method":"workspace/executeCommand","params":{"command":"heapline.server.findDumps"}}`,
	`{"jsonrpc":"2.0","id":1,"method":"textDocument/codeAction","params":{"textDocument":{"uri":"file://RUBY"},"range":{"start":{"line":2,"character":0},"end":{"line":2,"character":9}},"context":{"diagnostics":[{"range":{"start":{"line":2,"character":4},"end":{"line":2,"character":9}},"source":"heapline","code":"heapline/hotspot","message":"x"}]}}}`,
	// The life of a server.
	`{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"capabilities":{}}}`,
	`{"jsonrpc":"2.0","id":1,"method":"shutdown"}` + "\n" + `{"jsonrpc":"2.0","id":2,"method":"shutdown"}`,
	`{"jsonrpc":"2.0","id":1,"method":"shutdown"}` + "\n" + `{"jsonrpc":"2.0","method":"exit"}`,
	`{"jsonrpc":"2.0","method":"exit"}`, `{"jsonrpc":"2.0","id":1,"method":"exit"}`,
}

// FuzzMessages sends messages of any kind, well framed, a line of the input
// each: every request is answered once, what is no message is answered with an
// error, nothing panics, and a request after all that is answered too.
func FuzzMessages(f *testing.F) {
	root := filepath.Join(tempDir(f), "app")
	ruby, path := write(f, root, "lib/cache.rb", appText), write(f, root, "tmp/app.heap", heapOf(f, appHeap))
	loader := newServer(Options{})
	c := attach(f, loader)
	c.initialize(root)
	c.load(path)
	loaded := loader.state.Load().dump
	for _, seed := range messageSeeds {
		f.Add([]byte(strings.NewReplacer("URI", fileURI(ruby), "DUMP", path).Replace(seed)))
	}
	f.Fuzz(func(t *testing.T, script []byte) {
		x := newExchange(t, script)
		s := newServer(Options{})
		s.change(func(st *state) { st.dump = loaded })
		w := dial(s, x.take)
		w.send(object{"id": "first", "method": "initialize", "params": object{"rootUri": fileURI(root), "capabilities": everything()}})
		w.send(object{"method": "initialized", "params": object{}})
		w.send(object{"method": "textDocument/didOpen", "params": object{"textDocument": object{
			"uri": fileURI(ruby), "languageId": "ruby", "version": 1, "text": appText,
		}}})
		for _, body := range x.bodies {
			w.frame(body)
		}
		w.send(object{"id": "last", "method": "textDocument/hover", "params": object{
			"textDocument": object{"uri": fileURI(ruby)}, "position": object{"line": 2, "character": 0},
		}})
		x.wait(w)
		_ = w.in.Close()
		x.end(w)
	})
}

// exchange is what one run sends, and the answers to it.
type exchange struct {
	t      *testing.T
	bodies [][]byte
	ends   bool // one of them may end the server
	all    chan struct{}

	mu   sync.Mutex
	owed map[jsonrpc2.ID]int // answers to come; those to no message have no id
	open int                 // how many
}

func newExchange(t *testing.T, script []byte) *exchange {
	x := &exchange{t: t, all: make(chan struct{}), owed: map[jsonrpc2.ID]int{}}
	x.owe(jsonrpc2.NewStringID("first"))
	x.owe(jsonrpc2.NewStringID("last"))
	for body := range bytes.SplitSeq(script, []byte("\n")) {
		if x.harmless(body) {
			x.bodies = append(x.bodies, body)
			x.expect(body)
		}
	}
	return x
}

func (x *exchange) owe(id jsonrpc2.ID) {
	x.owed[id]++
	x.open++
}

// harmless leaves out what would have the server walk through a whole disk.
func (x *exchange) harmless(body []byte) bool {
	return len(body) > 0 && len(x.bodies) < 30 && !bytes.Contains(body, []byte("didChangeWorkspaceFolders")) && !bytes.Contains(body, []byte("pathMappings"))
}

// expect notes the answer to a body. What is a request is told by the library,
// whose view of a malformed one counts, and by hand.
func (x *exchange) expect(body []byte) {
	msg, err := jsonrpc2.DecodeMessage(bytes.Clone(body))
	call, isCall := msg.(*jsonrpc2.Call)
	if isRequest(body) && !isCall {
		x.t.Errorf("%s is not seen as a request", body)
	}
	if req, ok := msg.(jsonrpc2.RequestMessage); ok && req.Method() == "exit" {
		x.ends = true
	}
	switch {
	case err != nil:
		x.owe(jsonrpc2.ID{})
	case isCall:
		x.owe(call.ID())
	}
}

func isRequest(body []byte) bool {
	var m map[string]json.RawMessage
	if bytes.ContainsRune(body, '\\') || json.Unmarshal(body, &m) != nil || m["result"] != nil || m["error"] != nil {
		return false
	}
	var method, id string
	if string(m["jsonrpc"]) != `"2.0"` || !strings.HasPrefix(string(m["method"]), `"`) || json.Unmarshal(m["method"], &method) != nil {
		return false
	}
	_, err := strconv.ParseInt(string(m["id"]), 10, 64)
	return err == nil || strings.HasPrefix(string(m["id"]), `"`) && json.Unmarshal(m["id"], &id) == nil
}

func (x *exchange) take(body []byte) {
	if !json.Valid(body) {
		x.t.Errorf("the server sent %q", body)
	}
	if bytes.Contains(body, []byte("failed inside the server")) {
		x.t.Errorf("a panic: %s", body)
	}
	msg, err := jsonrpc2.DecodeMessage(body)
	if err != nil {
		x.t.Errorf("the server sent %q: %v", body, err)
	}
	answer, ok := msg.(*jsonrpc2.Response)
	if !ok {
		return
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.owed[answer.ID()]--; x.owed[answer.ID()] < 0 {
		x.t.Errorf("nobody asked for %s", body)
	}
	if x.open--; x.open == 0 {
		close(x.all)
	}
}

// wait waits for all answers, or for the end of a server that was told to.
func (x *exchange) wait(w *wire) {
	select {
	case <-x.all:
	case <-w.gone:
		if !x.ends {
			x.t.Fatal("the server has ended")
		}
	case <-time.After(mustCome):
		x.mu.Lock()
		defer x.mu.Unlock()
		x.t.Fatalf("not answered: %v", x.owed)
	}
}

// end waits for the end of the server: it reads no more.
func (x *exchange) end(w *wire) {
	select {
	case <-w.gone:
	case <-time.After(mustCome):
		x.t.Fatal("the server does not end")
	}
	if code := <-w.code; code != 0 && code != 1 {
		x.t.Errorf("exit code %d", code)
	}
}
