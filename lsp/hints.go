package lsp

import (
	"context"
	"encoding/json"

	"go.lsp.dev/protocol"
	"go.lsp.dev/uri"

	"heapline/index"
)

// InlayHint says at the end of every line of the range what it keeps alive.
func (s *server) InlayHint(ctx context.Context, p *protocol.InlayHintParams) ([]protocol.InlayHint, error) {
	hints := []protocol.InlayHint{} // nil would go out as null
	var bounds []index.SiteID       // shown as lower bounds
	v, ok := arrivalOf(ctx).state.view(p.TextDocument.URI)
	if !ok || !v.settings.HintsEnabled {
		return hints, nil
	}
	for _, site := range v.placedSites(int(p.Range.Start.Line), int(p.Range.End.Line)) {
		at := s.encoding.lineEnd(site.line, v.doc.line(site.line))
		if v.settings.hides(site.Site) || !within(at, p.Range) {
			continue
		}
		hints = append(hints, s.hint(v, site, at))
		if site.Retained.Known() && !site.Retained.Exact {
			bounds = append(bounds, site.ID)
		}
	}
	s.explainer.show(v.dump.snapshot, bounds)
	return hints, nil
}

// hides reports whether a line is below the thresholds.
func (st *settings) hides(site index.Site) bool {
	return site.Objects < st.MinObjects || weight(site) < st.MinBytes
}

func (s *server) hint(v view, site placed, at protocol.Position) protocol.InlayHint {
	h := protocol.InlayHint{
		Position:    at,
		Label:       protocol.String(hintLabel(site.Site)),
		PaddingLeft: new(true),
	}
	if s.caps.resolveTooltip {
		h.Data, _ = json.Marshal(hintData{v.doc.uri, site.line, v.dump.path})
		return h
	}
	h.Tooltip = s.markup(siteHeading(site.Site, v.dump.snapshot.Summary().Live.Bytes, s.caps.markdown))
	return h
}

// hintData finds the site of a hint again.
type hintData struct {
	URI  uri.URI `json:"uri"`
	Line int     `json:"line"` // 0-based
	Dump string  `json:"dump"`
}

// InlayHintResolve adds the tooltip to a hint the pointer rests on: the hover's
// text, which would be too much work for all hints of a file.
func (s *server) InlayHintResolve(ctx context.Context, h *protocol.InlayHint) (*protocol.InlayHint, error) {
	var data hintData
	if json.Unmarshal(h.Data, &data) != nil {
		return h, nil
	}
	v, ok := arrivalOf(ctx).state.view(data.URI)
	if !ok || v.dump.path != data.Dump {
		return h, nil
	}
	for _, site := range v.placedSites(data.Line, data.Line) {
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
