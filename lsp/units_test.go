package lsp

import (
	"context"
	"io"
	"strings"
	"testing"

	"go.lsp.dev/jsonrpc2"
	"go.lsp.dev/protocol"

	"heapline/index"
)

func TestSpark(t *testing.T) {
	gen := func(generation, objects int64) index.GenerationCount {
		return index.GenerationCount{Generation: generation, Count: index.Count{Objects: objects}}
	}
	for _, tt := range []struct {
		name string
		gens []index.GenerationCount
		want string
	}{
		{"one bar for each generation", []index.GenerationCount{gen(3, 1), gen(4, 8), gen(5, 4)}, "▂▇▃"},
		{"a generation without objects is the lowest bar", []index.GenerationCount{gen(3, 8), gen(5, 1)}, "▇▁▂"},
		{"many generations share bars", []index.GenerationCount{gen(0, 1), gen(1599, 1)}, "▇▁▁▁▁▁▁▁▁▁▁▁▁▁▁▇"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := spark(tt.gens); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestShareText(t *testing.T) {
	for _, tt := range []struct {
		bytes, live int64
		want        string
	}{
		{64, 1000, "6.4 % of the live heap"},
		{1000, 1000, "100 % of the live heap"},
		{9_999, 10_000, "100 % of the live heap"},
		{999, 1000, "99.9 % of the live heap"},
		{1, 100_000, "less than 0.1 % of the live heap"},
		{0, 0, "less than 0.1 % of the live heap"},
	} {
		if got := shareText(share(tt.bytes, tt.live)); got != tt.want {
			t.Errorf("%d of %d: got %s, want %s", tt.bytes, tt.live, got, tt.want)
		}
	}
}

func TestAbsolutePaths(t *testing.T) {
	home, one, two := tempDir(t), tempDir(t), tempDir(t)
	t.Setenv("HOME", home)
	t.Chdir(home)
	write(t, two, "tmp/b.heap", "")
	for _, tt := range []struct {
		name, path string
		roots      []string
		want       string
	}{
		{"an absolute path is cleaned", "/x/../y", []string{one}, "/y"},
		{"~ is the home folder", "~/a.heap", []string{one}, home + "/a.heap"},
		{"a relative path is below the folder that has it", "tmp/b.heap", []string{one, two}, two + "/tmp/b.heap"},
		{"else below the first folder", "c.heap", []string{one, two}, one + "/c.heap"},
		{"without folders it is one of the process", "c.heap", nil, home + "/c.heap"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			st := &state{roots: tt.roots}
			if got := st.absolute(tt.path); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

// dispatched returns a peer of a server whose only handler is next.
func dispatched(t *testing.T, next jsonrpc2.Handler) (*server, jsonrpc2.Conn) {
	t.Helper()
	serverIn, clientOut := io.Pipe()
	clientIn, serverOut := io.Pipe()
	s := newServer(Options{})
	s.base = t.Context()
	s.phase.Store(phaseRunning)
	s.client = protocol.UnimplementedClient{}
	conn := jsonrpc2.NewConn(jsonrpc2.NewStream(&stdio{serverIn, serverOut, func() {}}))
	conn.Go(t.Context(), s.dispatch(next))
	peer := jsonrpc2.NewConn(jsonrpc2.NewStream(&stdio{clientIn, clientOut, func() {}}))
	peer.Go(t.Context(), jsonrpc2.MethodNotFoundHandler)
	t.Cleanup(func() {
		_ = clientOut.Close()
		_ = serverOut.Close()
	})
	return s, peer
}

// A handler that panics fails its request; the server lives on.
func TestPanics(t *testing.T) {
	_, peer := dispatched(t, func(context.Context, *jsonrpc2.Request) (any, error) { panic("boom") })
	for range 3 {
		if err := peer.Notify(t.Context(), "textDocument/didOpen", struct{}{}); err != nil {
			t.Fatal(err)
		}
		_, err := peer.Call(t.Context(), "textDocument/hover", struct{}{}, nil)
		if err == nil || !strings.Contains(err.Error(), "textDocument/hover failed inside the server: boom") {
			t.Fatalf("got %v", err)
		}
	}
}

// A request sees the state of its arrival, whatever happens while it runs.
func TestRequestsKeepTheStateOfTheirArrival(t *testing.T) {
	arrived, changed := make(chan struct{}), make(chan struct{})
	s, peer := dispatched(t, func(ctx context.Context, _ *jsonrpc2.Request) (any, error) {
		close(arrived)
		<-changed
		return arrivalOf(ctx).state.settings.MinBytes, nil
	})
	go func() {
		<-arrived
		s.change(func(st *state) { st.settings.MinBytes = 5 })
		close(changed)
	}()
	var got int64
	if _, err := peer.Call(t.Context(), "textDocument/hover", struct{}{}, &got); err != nil {
		t.Fatal(err)
	}
	if want := defaultSettings().MinBytes; got != want {
		t.Errorf("got %d, want %d", got, want)
	}
}

// A writer that stands still must not stop those who write into the queue.
func TestQueueDoesNotBlock(t *testing.T) {
	reader, out := io.Pipe()
	q := newQueueWriter(out)
	for range 1000 {
		if _, err := q.Write([]byte("x")); err != nil {
			t.Fatal(err)
		}
	}
	read := make(chan string, 1)
	go func() {
		all, _ := io.ReadAll(reader)
		read <- string(all)
	}()
	if err := q.Close(); err != nil {
		t.Error(err)
	}
	if got := <-read; got != strings.Repeat("x", 1000) {
		t.Errorf("%d bytes arrived", len(got))
	}
	if _, err := q.Write([]byte("x")); err == nil {
		t.Error("a write after Close succeeded")
	}
}

func TestQueueReportsErrors(t *testing.T) {
	reader, out := io.Pipe()
	_ = reader.CloseWithError(io.ErrUnexpectedEOF)
	q := newQueueWriter(out)
	_, _ = q.Write([]byte("x"))
	<-q.done
	if _, err := q.Write([]byte("x")); err == nil {
		t.Error("a write after a failed one succeeded")
	}
}
