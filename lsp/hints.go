package lsp

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.lsp.dev/protocol"
	"go.lsp.dev/uri"

	"heapline/index"
)

// InlayHint says at the end of every line of the range what it keeps alive.
func (s *server) InlayHint(ctx context.Context, p *protocol.InlayHintParams) ([]protocol.InlayHint, error) {
	hints := []protocol.InlayHint{} // nil would go out as null
	var bounds []index.SiteID       // shown as lower bounds
	v, ok := s.view(ctx, p.TextDocument.URI)
	if !ok || !v.settings.HintsEnabled {
		return hints, nil
	}
	sites := v.placedSites(int(p.Range.Start.Line), int(p.Range.End.Line))
	hints = slices.Grow(hints, len(sites))
	mark := newHintMark(v)
	for _, site := range sites {
		at := s.encoding.lineEnd(site.line, v.doc.line(site.line))
		if v.settings.hides(site.Site) || !within(at, p.Range) {
			continue
		}
		hints = append(hints, s.hint(v, site, at, mark))
		for _, part := range site.parts {
			if part.Retained.Known() && !part.Retained.Exact {
				bounds = append(bounds, part.ID)
			}
		}
	}
	s.explainer.show(v.dump.snapshot, bounds)
	return hints, nil
}

// hides reports whether a line is below the thresholds.
func (st *settings) hides(site index.Site) bool {
	return site.Objects < st.MinObjects || weight(site) < st.MinBytes
}

var padded = true

func (s *server) hint(v view, site placed, at protocol.Position, mark hintMark) protocol.InlayHint {
	h := protocol.InlayHint{
		Position:    at,
		Label:       protocol.String(site.label()),
		PaddingLeft: &padded,
	}
	if s.caps.resolveTooltip {
		h.Data = mark.at(site.line)
		return h
	}
	h.Tooltip = s.markup(siteHeading(site.Site, v.dump.snapshot.Summary().Live.Bytes, s.caps.markdown))
	return h
}

// label marks a line that has changed.
func (p placed) label() string {
	text := hintLabel(p.Site, p.growth)
	if p.changed {
		return "~ " + text
	}
	return text
}

// hintMark is what finds the site of a hint again: the JSON of the text
// "LINE\nURI\nDUMP" behind its line, the same for all hints of a file. A text is
// what a client's hundreds of hints are sent fastest with.
type hintMark []byte

func newHintMark(v view) hintMark {
	mark, _ := json.Marshal(fmt.Sprintf("\n%s\n%s", v.doc.uri, v.dump.path)) // a text
	return mark[1:]
}

// at returns the mark of a hint at a line, 0-based.
func (m hintMark) at(line int) []byte {
	data := make([]byte, 1, len(m)+8)
	data[0] = '"'
	return append(strconv.AppendInt(data, int64(line), 10), m...)
}

// parseHintMark returns false for what no hint of ours has.
func parseHintMark(data []byte) (line int, doc uri.URI, dump string, ok bool) {
	var text string
	if json.Unmarshal(data, &text) != nil {
		return 0, "", "", false
	}
	number, rest, _ := strings.Cut(text, "\n")
	name, dump, ok := strings.Cut(rest, "\n")
	line, err := strconv.Atoi(number)
	return line, uri.URI(name), dump, ok && err == nil
}

// InlayHintResolve adds the tooltip to a hint the pointer rests on: the hover's
// text, which would be too much work for all hints of a file.
func (s *server) InlayHintResolve(ctx context.Context, h *protocol.InlayHint) (*protocol.InlayHint, error) {
	line, doc, dump, ok := parseHintMark(h.Data)
	if !ok {
		return h, nil
	}
	v, ok := s.view(ctx, doc)
	if !ok || v.dump.path != dump {
		return h, nil
	}
	for _, site := range v.placedSites(line, line) {
		h.Tooltip = s.siteCard(ctx, v, site)
	}
	return h, nil
}

// markup marks text as what a card was asked to write for this client.
func (s *server) markup(text string) *protocol.MarkupContent {
	kind := protocol.MarkupKindPlainText
	if s.caps.markdown {
		kind = protocol.MarkupKindMarkdown
	}
	return &protocol.MarkupContent{Kind: kind, Value: text}
}
