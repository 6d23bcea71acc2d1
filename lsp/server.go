// Package lsp is the Heapline language server: the only package that knows the
// protocol. It owns documents, loading and file access, and turns what package
// index knows of a dump into hints, hovers and diagnostics.
package lsp

import (
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"

	"go.lsp.dev/jsonrpc2"
	"go.lsp.dev/protocol"
)

// Options say how to serve one client.
type Options struct {
	In      io.ReadCloser  // the client's messages; end of file ends the server
	Out     io.WriteCloser // the server's messages; closed when Serve returns
	Dumps   []string       // paths of the dumps to load at start, several as a series; may be empty
	Version string         // shown to the client
}

// Serve speaks LSP with one client until it says exit or closes the input, and
// returns the exit code of the process: 0 after an orderly shutdown, else 1.
func Serve(ctx context.Context, opts Options) int {
	return newServer(opts).serve(ctx, opts.In, opts.Out)
}

func (s *server) serve(ctx context.Context, in io.ReadCloser, to io.WriteCloser) int {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	out := newQueueWriter(to)
	defer func() { _ = out.Close() }()

	s.base = ctx
	s.conn = jsonrpc2.NewConn(stream{jsonrpc2.NewStream(&stdio{in, out, cancel})}, jsonrpc2.WithCodec(codec{}))
	s.client = protocol.ClientDispatcher(s.conn)
	s.conn.Go(ctx, s.dispatch(protocol.ServerHandler(s, nil)))

	select {
	case <-s.exit:
	case <-ctx.Done(): // end of input, without waiting for running handlers
	case <-s.conn.Done(): // what came was no message
	}
	if s.phase.Load() == phaseShutdown {
		return 0
	}
	return 1
}

// stdio joins the two directions; the end of input is the end of everything.
type stdio struct {
	io.ReadCloser
	out io.WriteCloser
	end func()
}

func (s *stdio) Read(p []byte) (int, error) {
	n, err := s.ReadCloser.Read(p)
	if err != nil {
		s.end()
	}
	return n, err
}

func (s *stdio) Write(p []byte) (int, error) { return s.out.Write(p) }

func (s *stdio) Close() error { return errors.Join(s.ReadCloser.Close(), s.out.Close()) }

// stream answers a frame that holds no message, and reads on: the library would
// end the connection. A broken header does end it, for nobody knows where the
// next one begins. Batches are no messages of this protocol.
type stream struct{ jsonrpc2.Stream }

func (s stream) Read(ctx context.Context) (jsonrpc2.Message, int64, error) {
	for {
		msg, n, err := s.Stream.Read(ctx)
		var bad *jsonrpc2.Error // of a frame that was read to its end
		if !errors.As(err, &bad) {
			return msg, n, err
		}
		if _, err := s.Write(ctx, jsonrpc2.NewResponse(jsonrpc2.ID{}, nil, bad)); err != nil {
			return nil, 0, err
		}
	}
}

// codec makes jsonrpc2 encode the protocol's union types.
type codec struct{}

func (codec) Marshal(v any) ([]byte, error) {
	if raw, ok := v.(jsonrpc2.RawMessage); ok {
		return raw, nil
	}
	return protocol.Marshal(v)
}

func (codec) Unmarshal(b []byte, v any) error {
	if raw, ok := v.(*jsonrpc2.RawMessage); ok {
		*raw = append(jsonrpc2.RawMessage(nil), b...)
		return nil
	}
	return protocol.Unmarshal(b, v)
}

// server serves one client.
type server struct {
	protocol.UnimplementedServer
	version   string
	startDump dumpPaths // --dump, or the client's initializationOptions.dump

	base   context.Context // ends with the connection
	conn   jsonrpc2.Conn
	client protocol.Client
	exit   signal
	phase  atomic.Int32
	seq    uint64 // requests so far; owned by the read loop

	caps       clientCaps  // as of initialize
	initial    settings    // defaults and initializationOptions
	begun      sync.Once   // by the first initialized
	configured atomic.Bool // the client's settings have come
	encoding   encoding

	mu    sync.Mutex // held by writers of state
	state atomic.Pointer[state]

	mappingsWarned atomic.Value // a text: of which path mappings that lead to nothing

	ignoreFiles sync.Mutex // held by who reads or writes a .heapline.yml

	calls       calls
	loads       loads
	tokens      tokens
	watching    watching
	warned      sync.Map // by text: true
	known       knownTexts
	ruby        rubyQuestion
	closed      closedLines
	sought      map[string]stamp // open files that were looked for in the folders again; owned by the worker
	diagnostics *publisher
	explainer   *explainer

	hintsChanged    signal // every hint and lens may be another: ask the client to fetch them anew
	filesChanged    signal // diagnostics may be others
	statusChanged   signal
	watchedChanged  signal // other files are to be watched
	headsAsked      signal // another commit may be checked out, a file may have come
	ignoredAsked    signal // a .heapline.yml may be another
	rootsChanged    signal
	settingsChanged signal
}

func newServer(opts Options) *server {
	s := &server{
		version:         opts.Version,
		startDump:       newDumpPaths(opts.Dumps),
		exit:            newSignal(),
		calls:           calls{cancels: map[jsonrpc2.ID]context.CancelFunc{}},
		sought:          map[string]stamp{},
		tokens:          tokens{cancels: map[string]func(){}},
		ruby:            rubyQuestion{limit: rubyTime},
		hintsChanged:    newSignal(),
		filesChanged:    newSignal(),
		statusChanged:   newSignal(),
		watchedChanged:  newSignal(),
		headsAsked:      newSignal(),
		ignoredAsked:    newSignal(),
		rootsChanged:    newSignal(),
		settingsChanged: newSignal(),
	}
	s.diagnostics = newPublisher(s)
	s.explainer = newExplainer(s)
	s.state.Store(&state{settings: defaultSettings()})
	return s
}

// Initialize notes what the client can do and says what the server can.
func (s *server) Initialize(_ context.Context, p *protocol.InitializeParams) (*protocol.InitializeResult, error) {
	s.caps = flatten(&p.Capabilities)
	s.encoding = utf16Units
	if s.caps.utf8 {
		s.encoding = utf8Units
	}
	var problems []string
	s.initial, problems = parseSettings(defaultSettings(), p.InitializationOptions)
	if s.startDump == "" {
		s.startDump = s.initial.Dump
	}
	s.change(func(st *state) {
		st.setFolders(p)
		st.settings = s.initial
	})
	s.phase.Store(phaseRunning)
	s.warnSettings(problems)
	return &protocol.InitializeResult{
		ServerInfo:   protocol.ServerInfo{Name: "heapline", Version: protocol.NewOptional(s.version)},
		Capabilities: s.capabilities(),
	}, nil
}

func (s *server) capabilities() protocol.ServerCapabilities {
	return protocol.ServerCapabilities{
		PositionEncoding: s.encoding.kind(),
		TextDocumentSync: &protocol.TextDocumentSyncOptions{
			OpenClose: new(true),
			Change:    new(protocol.TextDocumentSyncKindIncremental),
			Save:      protocol.Boolean(true),
		},
		HoverProvider:      protocol.Boolean(true),
		InlayHintProvider:  &protocol.InlayHintOptions{ResolveProvider: new(s.caps.resolveTooltip)},
		CodeLensProvider:   &protocol.CodeLensOptions{},
		CodeActionProvider: s.actionProvider(),
		ExecuteCommandProvider: protocol.ExecuteCommandOptions{
			Commands:                commandNames(),
			WorkDoneProgressOptions: protocol.WorkDoneProgressOptions{WorkDoneProgress: new(true)},
		},
		Workspace: &protocol.WorkspaceOptions{
			WorkspaceFolders: &protocol.WorkspaceFoldersServerCapabilities{
				Supported:           new(true),
				ChangeNotifications: protocol.Boolean(true),
			},
			FileOperations: &protocol.FileOperationOptions{DidRename: protocol.FileOperationRegistrationOptions{
				Filters: []protocol.FileOperationFilter{{Scheme: new("file"), Pattern: protocol.FileOperationPattern{Glob: "**/*"}}},
			}},
		},
	}
}

// Initialized starts what talks to the client on its own: before this
// notification the server must not send requests.
func (s *server) Initialized(context.Context, *protocol.InitializedParams) error {
	s.begun.Do(s.startWorkers)
	return nil
}

func (s *server) startWorkers() {
	s.worker("hint refresh", s.hintsChanged, s.refreshHints)
	s.worker("diagnostics", s.filesChanged, s.diagnostics.publish)
	s.worker("status", s.statusChanged, newStatusLine(s).send)
	s.worker("file watch", s.watchedChanged, s.watchFiles)
	s.worker("git heads and new files", s.headsAsked, s.followFiles)
	s.worker("ignored sites", s.ignoredAsked, s.followIgnored)
	s.worker("workspace folders", s.rootsChanged, s.remap)
	s.worker("settings", s.settingsChanged, s.pullSettings)
	s.statusChanged.raise()
	s.watchedChanged.raise()
	s.ignoredAsked.raise()
	s.background("exact sizes", s.explainer.run)
	s.background("start", s.start)
}

// start fetches the settings and loads the dump that was asked for.
func (s *server) start(ctx context.Context) {
	if s.startDump != "" {
		s.loadInBackground(s.startDump.list())
	}
	s.registerSettings(ctx)
	s.settingsChanged.raise()
}

// Shutdown ends what is under way; only exit is served afterwards.
func (s *server) Shutdown(context.Context) error {
	s.phase.Store(phaseShutdown)
	s.loads.cancel(errShutdown)
	return nil
}

// Exit ends the process.
func (s *server) Exit(context.Context) error {
	s.exit.raise()
	return nil
}

// SetTrace is accepted: the client traces messages itself.
func (s *server) SetTrace(context.Context, *protocol.SetTraceParams) error { return nil }

// Request receives every method the protocol does not define.
func (s *server) Request(_ context.Context, method string, _ any) (any, error) {
	return nil, jsonrpc2.Errorf(jsonrpc2.MethodNotFound, "unknown method %s", method)
}

// signal wakes a worker; raised twice before the worker looks, it wakes once.
type signal chan struct{}

func newSignal() signal { return make(signal, 1) }

func (s signal) raise() {
	select {
	case s <- struct{}{}:
	default:
	}
}

// worker runs f in its own goroutine whenever the signal was raised, so that
// neither handlers nor other workers wait for a slow client.
func (s *server) worker(what string, sig signal, f func(ctx context.Context)) {
	s.background(what, func(ctx context.Context) {
		for {
			select {
			case <-ctx.Done():
				return
			case <-sig:
				func() {
					defer s.recovered(what)
					f(ctx)
				}()
			}
		}
	})
}

// refreshHints asks the client to fetch all hints and lenses again.
func (s *server) refreshHints(ctx context.Context) {
	for _, refresh := range []struct {
		method string
		known  bool
		ask    func(context.Context) error
	}{
		{protocol.MethodWorkspaceInlayHintRefresh, s.caps.refreshHints, s.client.InlayHintRefresh},
		{protocol.MethodWorkspaceCodeLensRefresh, s.caps.refreshLenses, s.client.CodeLensRefresh},
	} {
		if !refresh.known {
			continue
		}
		if err := refresh.ask(ctx); err != nil && ctx.Err() == nil {
			s.logf(protocol.MessageTypeWarning, "%s: %v", refresh.method, err)
		}
	}
}

// showChanged makes everything on screen follow the state.
func (s *server) showChanged() {
	s.hintsChanged.raise()
	s.filesChanged.raise()
	s.statusChanged.raise()
}
