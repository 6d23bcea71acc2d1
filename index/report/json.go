package report

import (
	"bufio"
	"bytes"
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

// header is all of a JSON report but its rows.
type header struct {
	Dump         index.Summary     `json:"dump"`
	Taken        *index.Taken      `json:"taken,omitempty"` // what a capture wrote of the process
	Series       *seriesJSON       `json:"series,omitempty"`
	Notes        []string          `json:"notes"`        // sentences for people about the dump
	Survivors    []index.Survivors `json:"survivors"`    // sites of unreachable objects that survived GCs
	Suspects     []suspectRow      `json:"suspects"`     // of a series
	SteadyGrowth []suspectRow      `json:"steadyGrowth"` // of a single dump
	Ignored      int               `json:"ignored"`      // how many are in neither, by .heapline.yml
}

// writeJSON writes row by row: there may be a million, each with its details.
func writeJSON(ctx context.Context, w io.Writer, s *index.Snapshot, o Options, found suspects, rows []row) error {
	sum := s.Summary()
	sum.Path = validText(sum.Path)
	var head bytes.Buffer
	if err := encode(&head, header{
		sum, o.Taken, seriesOf(o.Series), append([]string{}, sum.Notes()...), s.Survivors(),
		suspectRows(s, found.list), suspectRows(s, found.steady), found.ignored,
	}); err != nil {
		return err
	}
	out := bufio.NewWriter(w)
	_, _ = out.Write(bytes.TrimSuffix(head.Bytes(), []byte("\n}\n"))) // Flush tells of errors
	_, _ = out.WriteString(",\n  \"rows\": [")
	var text bytes.Buffer
	for i, r := range rows {
		value, err := jsonRow(ctx, s, o, r)
		if err != nil {
			return err
		}
		text.Reset()
		if i > 0 {
			_, _ = out.WriteString(",")
		}
		if err := encode(&text, value); err != nil {
			return err
		}
		indented := bytes.ReplaceAll(bytes.TrimSuffix(text.Bytes(), []byte("\n")), []byte("\n"), []byte("\n    "))
		_, _ = out.WriteString("\n    ")
		_, _ = out.Write(indented)
	}
	if len(rows) > 0 {
		_, _ = out.WriteString("\n  ")
	}
	_, _ = out.WriteString("]\n}\n")
	return out.Flush()
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
