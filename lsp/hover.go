package lsp

import (
	"context"

	"go.lsp.dev/protocol"
)

// Hover tells all about the line under the pointer.
func (s *server) Hover(ctx context.Context, p *protocol.HoverParams) (*protocol.Hover, error) {
	v, ok := arrivalOf(ctx).state.view(p.TextDocument.URI)
	if !ok {
		return nil, nil
	}
	line := int(p.Position.Line)
	for _, site := range v.placedSites(line, line) {
		span := s.encoding.lineRange(line, v.doc.line(line))
		return &protocol.Hover{
			Contents: s.markup(siteCard(v.dump.snapshot, site.Site, v.settings.ShowValues, s.caps.markdown)),
			Range:    &span,
		}, nil
	}
	return nil, nil
}
