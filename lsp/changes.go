package lsp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"

	"go.lsp.dev/jsonrpc2"
	"go.lsp.dev/protocol"
)

// change is one of a document's changes as it comes; the range is raw, to tell
// one that is none from none.
type change struct {
	Range json.RawMessage `json:"range"`
	Text  *string         `json:"text"`
}

type changeRange struct {
	Start changePosition `json:"start"`
	End   changePosition `json:"end"`
}

type changePosition struct {
	Line      *coordinate `json:"line"`
	Character *coordinate `json:"character"`
}

// coordinate is a line or a character. Clients send the largest number they know
// for the end of a text.
type coordinate uint32

// UnmarshalJSON reads a whole number; the largest one stands for those beyond.
func (c *coordinate) UnmarshalJSON(raw []byte) error {
	n, err := strconv.ParseUint(string(raw), 10, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return fmt.Errorf("%.24s is no line or character", raw)
	}
	*c = coordinate(min(n, math.MaxUint32))
	return nil
}

// changed serves textDocument/didChange.
func (s *server) changed(ctx context.Context, req *jsonrpc2.Request) (any, error) {
	var p protocol.DidChangeTextDocumentParams
	if err := readChanges(req.Params(), &p); err != nil {
		return nil, err
	}
	return nil, s.DidChange(ctx, &p)
}

// readChanges reads what was changed. A change with a range that is none is
// refused: the protocol's library takes it for the text of the whole document.
func readChanges(raw []byte, into *protocol.DidChangeTextDocumentParams) error {
	var params struct {
		Document json.RawMessage `json:"textDocument"`
		Changes  []change        `json:"contentChanges"`
	}
	if err := json.Unmarshal(raw, &params); err != nil {
		return fmt.Errorf("the changes are of a wrong shape: %w", err)
	}
	events := make([]protocol.TextDocumentContentChangeEvent, len(params.Changes))
	for i, c := range params.Changes {
		var err error
		if events[i], err = c.event(); err != nil {
			return err
		}
	}
	rest := map[string]json.RawMessage{"contentChanges": json.RawMessage("[]")}
	if params.Document != nil {
		rest["textDocument"] = params.Document
	}
	raw, err := json.Marshal(rest)
	if err == nil {
		err = protocol.Unmarshal(raw, into)
	}
	into.ContentChanges = events
	return err
}

func (c change) event() (protocol.TextDocumentContentChangeEvent, error) {
	if c.Text == nil {
		return nil, errors.New("a change has no text")
	}
	if c.Range == nil || string(c.Range) == "null" {
		return &protocol.TextDocumentContentChangeWholeDocument{Text: *c.Text}, nil
	}
	var r changeRange
	if err := json.Unmarshal(c.Range, &r); err != nil {
		return nil, fmt.Errorf("the range of a change: %w", err)
	}
	start, startOK := r.Start.position()
	end, endOK := r.End.position()
	if !startOK || !endOK {
		return nil, errors.New("the range of a change lacks a line or a character")
	}
	return &protocol.TextDocumentContentChangePartial{Range: protocol.Range{Start: start, End: end}, Text: *c.Text}, nil
}

func (p changePosition) position() (protocol.Position, bool) {
	if p.Line == nil || p.Character == nil {
		return protocol.Position{}, false
	}
	return protocol.Position{Line: uint32(*p.Line), Character: uint32(*p.Character)}, true
}
