package report

import (
	"io"

	jsoniter "github.com/json-iterator/go"

	"heapline/index"
)

// siteRow is a row of the grouping by site. The objects without a site have a
// name instead of a file.
type siteRow struct {
	Name string `json:"name,omitempty"`
	File string `json:"file"`
	Line int    `json:"line"` // 1-based, 0 where unknown
	index.Count
	Types       []index.NamedCount      `json:"types"`
	Classes     []index.NamedCount      `json:"classes"`
	Generations []index.GenerationCount `json:"generations"`
	Methods     []index.NamedCount      `json:"methods"`
}

func writeJSON(w io.Writer, s *index.Snapshot, o Options, rows []row) error {
	list := make([]any, len(rows))
	for i, r := range rows {
		list[i] = jsonRow(s, o, r)
	}
	e := jsoniter.ConfigCompatibleWithStandardLibrary.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(struct {
		Dump index.Summary `json:"dump"`
		Rows []any         `json:"rows"`
	}{s.Summary(), list})
}

func jsonRow(s *index.Snapshot, o Options, r row) any {
	switch {
	case r.site != nil:
		d := s.Detail(r.site.ID)
		return siteRow{
			File: r.site.File, Line: r.site.Line, Count: r.Count,
			Types: d.Types, Classes: d.Classes, Generations: d.Generations, Methods: d.Methods,
		}
	case o.By == "site":
		return siteRow{
			Name: r.Name, Count: r.Count,
			Types: []index.NamedCount{}, Classes: []index.NamedCount{}, Generations: []index.GenerationCount{}, Methods: []index.NamedCount{},
		}
	}
	return r.NamedCount
}
