package lsp

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"sync"

	"go.lsp.dev/jsonrpc2"
	"go.lsp.dev/protocol"
)

// The phases of a session, in order.
const (
	phaseNew int32 = iota // before initialize
	phaseRunning
	phaseShutdown // after shutdown: only exit is served
)

// arrival is what a request sees: everything as it was when the request came,
// whatever notifications and loads have done since.
type arrival struct {
	state *state
	seq   uint64 // order of arrival among requests
}

type arrivalKey struct{}

func arrivalOf(ctx context.Context) arrival {
	return ctx.Value(arrivalKey{}).(arrival)
}

// dispatch wraps the library's method table with order, cancellation,
// lifecycle, recovery and error codes. The library's own chain is not used: it
// runs notifications in parallel, so that edits lose their order; it ends the
// connection on any notification error or panic; and it derives contexts from
// pooled ones, which crashes the process.
//
// Notifications, initialize and shutdown run on the read loop in wire order.
// Every other request notes the state of its arrival, then runs in parallel.
func (s *server) dispatch(next jsonrpc2.Handler) jsonrpc2.Handler {
	return func(pooled context.Context, req *jsonrpc2.Request) (any, error) {
		method := strings.Clone(req.Method()) // borrowed from the read buffer
		if !req.IsCall() {
			s.notification(next, method, req)
			return nil, nil
		}
		return s.request(pooled, next, method, req)
	}
}

// notifications are the methods without an answer that the server knows. What
// is sent the other way round, as a request or a request as a notification, is
// not served: a shutdown nobody waits for, edits in parallel.
var notifications = map[string]bool{
	protocol.MethodCancelRequest:                      true,
	protocol.MethodExit:                               true,
	protocol.MethodInitialized:                        true,
	protocol.MethodSetTrace:                           true,
	protocol.MethodTextDocumentDidChange:              true,
	protocol.MethodTextDocumentDidClose:               true,
	protocol.MethodTextDocumentDidOpen:                true,
	protocol.MethodTextDocumentDidSave:                true,
	protocol.MethodWindowWorkDoneProgressCancel:       true,
	protocol.MethodWorkspaceDidChangeConfiguration:    true,
	protocol.MethodWorkspaceDidChangeWatchedFiles:     true,
	protocol.MethodWorkspaceDidChangeWorkspaceFolders: true,
	protocol.MethodWorkspaceDidRenameFiles:            true,
}

// notification returns nothing: an error would end the connection.
func (s *server) notification(next jsonrpc2.Handler, method string, req *jsonrpc2.Request) {
	defer s.recovered(method)
	if !notifications[method] || s.phase.Load() != phaseRunning && method != protocol.MethodExit {
		return
	}
	if method == protocol.MethodCancelRequest {
		var p protocol.CancelParams
		if protocol.Unmarshal(req.Params(), &p) == nil {
			s.calls.cancel(p.ID)
		}
		return
	}
	if method == protocol.MethodTextDocumentDidChange {
		next = s.changed // the library is too lax
	}
	if _, err := next(s.base, req); err != nil {
		s.logf(protocol.MessageTypeWarning, "%s: %v", method, err)
	}
}

func (s *server) request(pooled context.Context, next jsonrpc2.Handler, method string, req *jsonrpc2.Request) (res any, err error) {
	defer func() {
		if r := recover(); r != nil {
			s.logPanic(method, r)
			res, err = nil, jsonrpc2.Errorf(jsonrpc2.InternalError, "%s failed inside the server: %v", method, r)
		}
		err = wireError(err)
	}()
	switch phase := s.phase.Load(); {
	case phase == phaseNew && method == protocol.MethodInitialize,
		phase == phaseRunning && method == protocol.MethodShutdown:
		return next(s.base, req)
	case phase == phaseNew:
		return nil, jsonrpc2.NewError(jsonrpc2.ServerNotInitialized, "the server is not initialized yet")
	case phase == phaseShutdown, method == protocol.MethodInitialize:
		return nil, jsonrpc2.Errorf(jsonrpc2.InvalidRequest, "%s is not possible in this state of the server", method)
	case notifications[method]:
		return nil, jsonrpc2.Errorf(jsonrpc2.InvalidRequest, "%s is a notification: send it without an id", method)
	}
	s.seq++ // the read loop is one goroutine at a time
	ctx := context.WithValue(s.base, arrivalKey{}, arrival{s.state.Load(), s.seq})
	ctx, done := s.calls.add(ctx, req.ID())
	defer done()
	jsonrpc2.Async(pooled) // from here on the next message is read
	return next(ctx, req)
}

// wireError gives every error a code that clients know. Go errors without one
// would go out as code 0.
func wireError(err error) error {
	var coded *jsonrpc2.Error
	switch {
	case err == nil:
		return nil
	case errors.Is(err, jsonrpc2.ErrParse): // the library's word for parameters of a wrong shape
		return jsonrpc2.NewError(jsonrpc2.InvalidParams, err.Error())
	case errors.As(err, &coded):
		return err
	case errors.Is(err, context.Canceled):
		return protocol.ErrRequestCancelled
	}
	return jsonrpc2.NewError(jsonrpc2.Code(protocol.LSPErrorCodesRequestFailed), err.Error())
}

// calls are the requests under way, so that $/cancelRequest finds them.
type calls struct {
	mu      sync.Mutex
	cancels map[jsonrpc2.ID]context.CancelFunc
}

func (c *calls) add(ctx context.Context, id jsonrpc2.ID) (_ context.Context, done func()) {
	ctx, cancel := context.WithCancel(ctx)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cancels[id] = cancel
	return ctx, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.cancels, id)
		cancel()
	}
}

func (c *calls) cancel(token protocol.ProgressToken) {
	var id jsonrpc2.ID
	switch t := token.(type) {
	case protocol.Integer:
		id = jsonrpc2.NewNumberID(int64(t))
	case protocol.String:
		id = jsonrpc2.NewStringID(string(t))
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if cancel := c.cancels[id]; cancel != nil {
		cancel()
	}
}

// background runs f in a goroutine that cannot take the process down.
func (s *server) background(what string, f func(ctx context.Context)) {
	go func() {
		defer s.recovered(what)
		f(s.base)
	}()
}

func (s *server) recovered(what string) {
	if r := recover(); r != nil {
		s.logPanic(what, r)
	}
}

func (s *server) logPanic(what string, r any) {
	s.logf(protocol.MessageTypeError, "%s failed inside the server: %v\n%s", what, r, debug.Stack())
}

// logf writes to the client's log: standard error is shown as errors by most
// editors.
func (s *server) logf(kind protocol.MessageType, format string, args ...any) {
	_ = s.client.LogMessage(s.base, &protocol.LogMessageParams{Type: kind, Message: fmt.Sprintf(format, args...)})
}

// warnOnce logs what has not been logged yet.
func (s *server) warnOnce(texts []string) {
	for _, text := range texts {
		if _, was := s.warned.LoadOrStore(text, true); !was {
			s.logf(protocol.MessageTypeWarning, "%s", text)
		}
	}
}
