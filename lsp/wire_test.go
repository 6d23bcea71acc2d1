package lsp

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/textproto"
	"strconv"
	"sync"
	"testing"
)

// wire is a connection to a server of which nothing is kept: every message goes
// to a function.
type wire struct {
	in   io.WriteCloser
	code chan int      // the server's exit code
	gone chan struct{} // closed after the server's last message
}

// dial starts a server; take is called by one goroutine.
func dial(s *server, take func(body []byte)) *wire {
	serverIn, clientOut := io.Pipe()
	clientIn, serverOut := io.Pipe()
	w := &wire{in: clientOut, code: make(chan int, 1), gone: make(chan struct{})}
	go func() {
		w.code <- s.serve(context.Background(), serverIn, serverOut)
		_ = serverIn.Close() // as for a process that is gone
	}()
	go func() {
		defer close(w.gone)
		readFrames(clientIn, take)
	}()
	return w
}

// readFrames calls take with every body until the other side closes.
func readFrames(from io.Reader, take func(body []byte)) {
	r := bufio.NewReader(from)
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
		take(body)
	}
}

// frame sends a body, whatever is in it. It fails after the end, on purpose.
func (w *wire) frame(body []byte) {
	_, _ = w.in.Write(append(fmt.Appendf(nil, "Content-Length: %d\r\n\r\n", len(body)), body...))
}

func (w *wire) send(m object) {
	m["jsonrpc"] = "2.0"
	body, _ := json.Marshal(m) // all that tests send can be
	w.frame(body)
}

// attach is connect for a test that looks into its server.
func attach(t testing.TB, s *server) *testClient {
	t.Helper()
	c := &testClient{t: t, replies: map[string]message{}, seen: map[string]int{}, answers: map[string]func(json.RawMessage) any{}}
	c.cond = sync.NewCond(&c.mu)
	ready := make(chan struct{})
	w := dial(s, func(body []byte) {
		<-ready
		var m message
		if err := json.Unmarshal(body, &m); err != nil {
			t.Errorf("not JSON: %s", body)
		}
		c.take(m)
	})
	c.in, c.code = w.in, w.code
	close(ready)
	t.Cleanup(func() { _ = w.in.Close() })
	return c
}
