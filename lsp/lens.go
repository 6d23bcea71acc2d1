package lsp

import (
	"context"
	"slices"

	"go.lsp.dev/protocol"

	"heapline/index"
)

// CodeLens says at the top of a file what no line of it can.
func (s *server) CodeLens(ctx context.Context, p *protocol.CodeLensParams) ([]protocol.CodeLens, error) {
	lenses := []protocol.CodeLens{} // nil would go out as null
	v, ok := s.view(ctx, p.TextDocument.URI)
	if !ok || !v.settings.LensEnabled || v.doc.before == nil {
		return lenses, nil
	}
	if title := lensTitle(v.goneSites(), v.doc.base.doubt); title != "" {
		lenses = append(lenses, protocol.CodeLens{Command: protocol.Command{Title: title}}) // no command: a text
	}
	return lenses, nil
}

// goneSites are those that would have a hint if their lines were still there. Of
// what is made while a file is compiled, Ruby says no line.
func (v view) goneSites() []index.Site {
	shown := map[index.SiteID]bool{}
	for _, site := range v.placedSites(0, v.doc.lineCount()-1) {
		shown[site.ID] = true
	}
	return slices.DeleteFunc(slices.Clone(v.sites), func(site index.Site) bool {
		if site.Line == 0 || shown[site.ID] {
			return true
		}
		site.Retained = retainedTogether(v.dump.parts(v.names, site))
		return v.settings.hides(site)
	})
}
