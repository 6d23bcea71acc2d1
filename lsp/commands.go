package lsp

import (
	"context"
	"encoding/json"
	"maps"
	"slices"

	"go.lsp.dev/jsonrpc2"
	"go.lsp.dev/protocol"
	"go.lsp.dev/uri"
)

// command runs one workspace command and returns what is sent as its result.
type command func(s *server, ctx context.Context, p *protocol.ExecuteCommandParams) (any, error)

// commands are the server's own; clients register them under these names, so
// that a client's own commands need others.
var commands = map[string]command{
	"heapline.server.load":      (*server).commandLoad,
	"heapline.server.addDump":   (*server).commandAddDump,
	"heapline.server.reload":    (*server).commandReload,
	"heapline.server.unload":    (*server).commandUnload,
	"heapline.server.findDumps": (*server).commandFindDumps,
	"heapline.server.processes": (*server).commandProcesses,
	"heapline.server.capture":   (*server).commandCapture,
	"heapline.server.run":       (*server).commandRun,
	ignoreCommand:               (*server).commandIgnore,
}

func commandNames() []string { return slices.Sorted(maps.Keys(commands)) }

// ExecuteCommand runs a command of the table.
func (s *server) ExecuteCommand(ctx context.Context, p *protocol.ExecuteCommandParams) (protocol.LSPAny, error) {
	run := commands[p.Command]
	if run == nil {
		return nil, jsonrpc2.Errorf(jsonrpc2.InvalidParams, "unknown command %q", p.Command)
	}
	result, err := run(s, ctx, p)
	if err != nil {
		return nil, err
	}
	return json.Marshal(result)
}

func (s *server) commandLoad(ctx context.Context, p *protocol.ExecuteCommandParams) (any, error) {
	at := arrivalOf(ctx)
	paths, err := loadPaths(p.Arguments)
	if folder := folderArgument(p.Arguments); folder != "" {
		paths, err = takenIn(ctx, at.state.absolute(folder))
	} else if err == nil && len(paths) == 0 {
		paths, err = newestDump(ctx, at.state.roots)
	}
	if err != nil {
		return nil, err
	}
	return s.loadAndSum(ctx, at.state.absolutes(paths), p.WorkDoneToken)
}

func (s *server) commandReload(ctx context.Context, p *protocol.ExecuteCommandParams) (any, error) {
	d := arrivalOf(ctx).state.dump
	if d == nil {
		return nil, jsonrpc2.NewError(jsonrpc2.Code(protocol.LSPErrorCodesRequestFailed), "no heap dump is loaded: load one first")
	}
	return s.loadAndSum(ctx, d.paths(), p.WorkDoneToken)
}

// loadAndSum loads dumps, of which the last one is taken for the newest.
func (s *server) loadAndSum(ctx context.Context, paths []string, token protocol.ProgressToken) (any, error) {
	last := len(paths) - 1
	d, err := s.load(ctx, arrivalOf(ctx).seq, paths[last], token, paths[:last]...)
	if err != nil {
		return nil, err
	}
	return d.summary(), nil
}

func (s *server) commandUnload(ctx context.Context, _ *protocol.ExecuteCommandParams) (any, error) {
	s.unload(arrivalOf(ctx).seq)
	return nil, nil
}

func (s *server) commandFindDumps(ctx context.Context, _ *protocol.ExecuteCommandParams) (any, error) {
	return findDumps(ctx, arrivalOf(ctx).state.roots)
}

// loadPath returns the path of a load command's argument: {"path": …},
// {"uri": "file:…"} or the bare path; "" where there is no argument.
func loadPath(args []protocol.LSPAny) (string, error) {
	if len(args) == 0 || string(args[0]) == "null" {
		return "", nil
	}
	var path string
	if json.Unmarshal(args[0], &path) == nil {
		return fromURI(path), nil
	}
	var named struct {
		Path string  `json:"path"`
		URI  uri.URI `json:"uri"`
	}
	err := json.Unmarshal(args[0], &named)
	if path = named.Path; path == "" {
		path = pathOf(named.URI)
	}
	if err != nil || path == "" {
		return "", jsonrpc2.Errorf(jsonrpc2.InvalidParams, `cannot load %s: the argument is {"path": "…"}, {"uri": "file:…"} or a path`, args[0])
	}
	return path, nil
}

// fromURI returns the path of a file URI, and any other text as it is.
func fromURI(s string) string {
	if u, err := uri.ParseStrict(s); err == nil && pathOf(u) != "" {
		return pathOf(u)
	}
	return s
}
