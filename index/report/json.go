package report

import (
	"context"
	"io"
	"strings"

	jsoniter "github.com/json-iterator/go"

	"heapline/index"
)

// numbers are what every row has.
type numbers struct {
	index.Count
	RetainedBytes int64 `json:"retainedBytes"` // 0 where not known
	RetainedExact bool  `json:"retainedExact"` // otherwise a lower bound
}

type partRow struct {
	Name string `json:"name"`
	numbers
}

// siteRow is a row of the grouping by site. The objects without a site have a
// name instead of a file.
type siteRow struct {
	Name string `json:"name,omitempty"`
	File string `json:"file"`
	Line int    `json:"line"` // 1-based, 0 where unknown
	numbers
	Types       []index.NamedCount      `json:"types"`
	Classes     []index.NamedCount      `json:"classes"`
	Generations []index.GenerationCount `json:"generations"`
	Methods     []index.NamedCount      `json:"methods"`
	growthNumbers
	Paths  *index.Paths   `json:"paths,omitempty"`
	HeldBy []index.Holder `json:"heldBy,omitempty"`
}

func writeJSON(ctx context.Context, w io.Writer, s *index.Snapshot, o Options, found suspects, rows []row) error {
	list := make([]any, len(rows))
	for i, r := range rows {
		var err error
		if list[i], err = jsonRow(ctx, s, o, r); err != nil {
			return err
		}
	}
	sum := s.Summary()
	sum.Path = validText(sum.Path)
	return encode(w, struct {
		Dump         index.Summary     `json:"dump"`
		Taken        *index.Taken      `json:"taken,omitempty"` // what a capture wrote of the process
		Series       *seriesJSON       `json:"series,omitempty"`
		Notes        []string          `json:"notes"`        // sentences for people about the dump
		Survivors    []index.Survivors `json:"survivors"`    // sites of unreachable objects that survived GCs
		Suspects     []suspectRow      `json:"suspects"`     // of a series
		SteadyGrowth []suspectRow      `json:"steadyGrowth"` // of a single dump
		Ignored      int               `json:"ignored"`      // how many are in neither, by .heapline.yml
		Rows         []any             `json:"rows"`
	}{
		sum, o.Taken, seriesOf(o.Series), append([]string{}, sum.Notes()...), s.Survivors(),
		suspectRows(s, found.list), suspectRows(s, found.steady), found.ignored, list,
	})
}

// validText replaces what is not UTF-8: the name of a file can be anything.
func validText(text string) string { return strings.ToValidUTF8(text, "\ufffd") }

func jsonRow(ctx context.Context, s *index.Snapshot, o Options, r row) (any, error) {
	n := numbers{r.Count, r.Retained.Bytes, r.Retained.Exact}
	switch {
	case o.By != "site":
		return partRow{r.Name, n}, nil
	case r.site == nil:
		return siteRow{
			Name: r.Name, numbers: n,
			Types: []index.NamedCount{}, Classes: []index.NamedCount{}, Generations: []index.GenerationCount{}, Methods: []index.NamedCount{},
		}, nil
	}
	d := s.Detail(r.site.ID)
	row := siteRow{
		File: r.site.File, Line: r.site.Line, numbers: n,
		Types: d.Types, Classes: d.Classes, Generations: d.Generations, Methods: d.Methods,
		growthNumbers: growthOf(o.Series, r.site.ID),
	}
	if !o.Paths {
		return row, nil
	}
	var err error
	if row.Paths, err = s.Paths(ctx, r.site.ID); err != nil {
		return nil, err
	}
	row.HeldBy, err = s.Holders(ctx, r.site.ID)
	return row, err
}

// encode writes a value as people and jq read it.
func encode(w io.Writer, value any) error {
	e := jsoniter.ConfigCompatibleWithStandardLibrary.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(value)
}
