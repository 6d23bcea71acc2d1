package lsp

import (
	"context"
	"encoding/json"
	"slices"

	"go.lsp.dev/protocol"
)

const (
	ignoreCommand = "heapline.server.ignore"
	ignoreTitle   = "Ignore this site in .heapline.yml"
)

// CodeAction offers to ignore the sites that have a diagnostic of ours in the
// range.
func (s *server) CodeAction(_ context.Context, p *protocol.CodeActionParams) ([]protocol.CommandOrCodeAction, error) {
	if !s.caps.codeActions || !wantsQuickFix(p.Context.Only) {
		return nil, nil
	}
	var actions []protocol.CommandOrCodeAction
	var lines []uint32
	for _, d := range p.Context.Diagnostics {
		line := d.Range.Start.Line
		if !isOfASite(d) || line < p.Range.Start.Line || line > p.Range.End.Line || slices.Contains(lines, line) {
			continue
		}
		lines = append(lines, line)
		action, err := s.ignoreAction(p, line)
		if err != nil {
			return nil, err
		}
		actions = append(actions, action)
	}
	return actions, nil
}

// wantsQuickFix reports whether a client asks for quick fixes: by no kind it
// asks for all.
func wantsQuickFix(only []protocol.CodeActionKind) bool {
	return len(only) == 0 || slices.Contains(only, protocol.CodeActionKindQuickFix) || slices.Contains(only, protocol.CodeActionKindEmpty)
}

// isOfASite reports whether a diagnostic is one of ours that .heapline.yml can
// do away with.
func isOfASite(d protocol.Diagnostic) bool {
	name, _ := d.Source.Get()
	code, _ := d.Code.(protocol.String)
	return name == diagnosticSource && slices.Contains([]string{suspectCode, steadyCode, hotspotCode}, string(code))
}

// ignoreAction is for all diagnostics of a line.
func (s *server) ignoreAction(p *protocol.CodeActionParams, line uint32) (protocol.CommandOrCodeAction, error) {
	argument, err := json.Marshal(ignoreArgument{p.TextDocument.URI, line})
	if err != nil {
		return nil, err
	}
	command := protocol.Command{Title: ignoreTitle, Command: ignoreCommand, Arguments: []protocol.LSPAny{argument}}
	if !s.caps.actionLiterals {
		return &command, nil
	}
	action := &protocol.CodeAction{Title: ignoreTitle, Kind: new(protocol.CodeActionKindQuickFix), Command: command}
	for _, d := range p.Context.Diagnostics {
		if isOfASite(d) && d.Range.Start.Line == line {
			action.Diagnostics = append(action.Diagnostics, d)
		}
	}
	return action, nil
}

// actionProvider is what the server says of its code actions.
func (s *server) actionProvider() protocol.CodeActionProvider {
	switch {
	case !s.caps.codeActions:
		return nil
	case !s.caps.actionLiterals:
		return protocol.Boolean(true)
	}
	return &protocol.CodeActionOptions{CodeActionKinds: []protocol.CodeActionKind{protocol.CodeActionKindQuickFix}}
}
