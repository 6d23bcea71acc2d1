package lsp

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"go.lsp.dev/protocol"

	"heapline/index"
)

// progressInterval is the shortest time between two reports.
const progressInterval = 100 * time.Millisecond

// tokens are the progress bars on screen, so that their cancel buttons work.
type tokens struct {
	mu      sync.Mutex
	cancels map[string]func()
	created int
}

func tokenKey(t protocol.ProgressToken) string { return fmt.Sprintf("%T %v", t, t) }

func (t *tokens) add(token protocol.ProgressToken, cancel func()) (remove func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	key := tokenKey(token)
	t.cancels[key] = cancel
	return func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		delete(t.cancels, key)
	}
}

// fresh returns a token of the server's own.
func (t *tokens) fresh() protocol.ProgressToken {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.created++
	return protocol.String(fmt.Sprintf("heapline-%d", t.created))
}

// WorkDoneProgressCancel is the cancel button of a progress bar.
func (s *server) WorkDoneProgressCancel(_ context.Context, p *protocol.WorkDoneProgressCancelParams) error {
	s.tokens.mu.Lock()
	defer s.tokens.mu.Unlock()
	if cancel := s.tokens.cancels[tokenKey(p.Token)]; cancel != nil {
		cancel()
	}
	return nil
}

// progress shows how far something long has come. One goroutine sends everything,
// so that the work neither waits for the client nor for the time between reports.
type progress struct {
	server *server
	title  string
	first  step
	cancel func() // by its cancel button

	at     atomic.Pointer[step]
	moved  signal
	result chan string   // the last message; sent once
	gone   chan struct{} // closed after the end was sent
}

// step is how far it has come.
type step struct {
	message string
	percent *uint32 // nil where nobody knows how long it takes
}

// startProgress shows something under the client's token, or else under one the
// client is asked to create.
func (s *server) startProgress(ctx context.Context, token protocol.ProgressToken, title string, first step, cancel func()) *progress {
	p := &progress{
		server: s, title: title, first: first, cancel: cancel,
		moved: newSignal(), result: make(chan string, 1), gone: make(chan struct{}),
	}
	ctx, stop := context.WithCancel(ctx)
	s.background("progress", func(context.Context) {
		defer close(p.gone)
		defer stop()
		p.run(ctx, token)
	})
	return p
}

func (p *progress) show(message string, percent *uint32) {
	p.at.Store(&step{message, percent})
	p.moved.raise()
}

// end ends the progress with a word on how it went, and waits until that is
// sent: the end belongs before the reply to the request.
func (p *progress) end(message string) {
	p.result <- message
	<-p.gone
}

func (p *progress) run(ctx context.Context, token protocol.ProgressToken) {
	if token == nil {
		token = p.create(ctx)
	}
	if token == nil {
		return
	}
	remove := p.server.tokens.add(token, p.cancel)
	defer remove()
	p.send(token, &protocol.WorkDoneProgressBegin{
		Kind: "begin", Title: p.title, Message: &p.first.message, Cancellable: new(true), Percentage: p.first.percent,
	})
	message := p.report(token)
	p.send(token, &protocol.WorkDoneProgressEnd{Kind: "end", Message: &message})
}

// create asks the client for a progress bar; nil where it has none, or where
// all is done before the client has answered.
func (p *progress) create(ctx context.Context) protocol.ProgressToken {
	if !p.server.caps.progress {
		return nil
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	token := p.server.tokens.fresh()
	created := make(chan error, 1)
	p.server.background("progress", func(context.Context) {
		created <- p.server.client.WorkDoneProgressCreate(ctx, &protocol.WorkDoneProgressCreateParams{Token: token})
	})
	select {
	case err := <-created:
		if err == nil {
			return token
		}
	case <-p.result:
	}
	return nil
}

// report sends reports until all is done, and returns the last message.
func (p *progress) report(token protocol.ProgressToken) string {
	for {
		select {
		case message := <-p.result:
			return message
		case <-p.moved:
		}
		at := p.at.Load()
		p.send(token, &protocol.WorkDoneProgressReport{Kind: "report", Message: &at.message, Percentage: at.percent})
		select {
		case message := <-p.result:
			return message
		case <-time.After(progressInterval):
		}
	}
}

func (p *progress) send(token protocol.ProgressToken, value any) {
	raw, err := protocol.Marshal(value)
	if err != nil {
		return
	}
	_ = p.server.client.Progress(p.server.base, &protocol.ProgressParams{Token: token, Value: raw})
}

func percentOf(p index.Progress) uint32 {
	if p.Total <= 0 {
		return 0
	}
	return uint32(min(p.Done, p.Total) * 100 / p.Total)
}

func progressText(p index.Progress) string {
	if p.Total <= 0 {
		return p.Stage
	}
	return fmt.Sprintf("%s · %s of %s", p.Stage, index.FormatBytes(p.Done), index.FormatBytes(p.Total))
}
