package lsp

import (
	"context"
	"strings"

	"go.lsp.dev/protocol"
)

// Hover tells all about the line under the pointer.
func (s *server) Hover(ctx context.Context, p *protocol.HoverParams) (*protocol.Hover, error) {
	v, ok := s.view(ctx, p.TextDocument.URI)
	if !ok {
		return nil, nil
	}
	line := int(p.Position.Line)
	for _, site := range v.placedSites(line, line) {
		span := s.encoding.lineRange(line, v.doc.line(line))
		return &protocol.Hover{
			Contents: s.siteCard(ctx, v, site),
			Range:    &span,
		}, nil
	}
	return nil, nil
}

// siteCard tells all about a site, what keeps its objects alive included if
// that is known soon enough.
func (s *server) siteCard(ctx context.Context, v view, site placed) *protocol.MarkupContent {
	c := &card{markdown: s.caps.markdown}
	why := make([]reasons, len(site.parts))
	for i, part := range site.parts {
		why[i] = s.explainer.reasons(ctx, v.dump.snapshot, part.ID)
	}
	site = v.placed(site.Site, site.line, site.changed) // sizes may be exact by now
	c.WriteString(siteHeading(site.Site, v.dump.snapshot.Summary().Live.Bytes, c.markdown))
	if site.changed {
		c.line("This line has changed since the dump was taken. It was", c.code(label(strings.TrimSpace(v.doc.before[site.Line-1]))))
	}
	soon, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	link := func(file string, line int) (name, target string, ok bool) { return s.place(soon, v.state, file, line) }
	for i, part := range site.parts {
		if len(site.parts) > 1 { // each name has objects of its own
			c.line("In the dump", c.name(part.File)+": "+hintLabel(part, ""))
		}
		c.growth(v.dump.series, part.ID)
		c.site(v.dump, part, why[i], v.settings.ShowValues, link)
		c.origin(v, part, len(site.parts) > 1)
	}
	return s.markup(c.String())
}
