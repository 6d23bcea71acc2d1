// Package report prints what a snapshot holds, as text for people or as JSON.
package report

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/dustin/go-humanize"

	"heapline/index"
	"heapline/index/source"
)

// The ways to group, sort and print.
var (
	Groupings = []string{"site", "file", "gem", "class", "type", "generation"}
	Orders    = []string{"bytes", "objects", "retained", "growth"}
	Formats   = []string{"text", "json"}
)

// Options choose what is printed.
type Options struct {
	By     string // one of Groupings
	Sort   string // one of Orders, largest first; generations always count upwards
	Top    int    // rows at most, 0 for all
	Format string // one of Formats
	Exact  bool   // compute what the rows shown retain exactly
	Paths  bool   // with sites: what keeps the objects of the rows shown alive
	// Taken is what is known of the process, nil where nothing is.
	Taken *index.Taken
	// Series compares the dump with earlier ones, nil where there are none.
	Series *index.Series
	// Least is by how much suspects grow.
	Least index.Thresholds
	// Ignored are the sites that IgnoreFile names: no suspects.
	Ignored    source.Ignored
	IgnoreFile string
}

// row is one line of a report. The counts of a whole report's rows add up to
// the live heap.
type row struct {
	index.Part
	site *index.Site // of the grouping by site, nil for objects that have none

	growth float64 // bytes a dump, of a site in a series
}

// Write prints the report of s to w.
func Write(ctx context.Context, w io.Writer, s *index.Snapshot, o Options) error {
	rows, exact, err := group(s, o.By)
	if err != nil {
		return err
	}
	if o.Series != nil {
		for i, r := range rows {
			if r.site != nil {
				rows[i].growth = o.Series.Growth(r.site.ID).Bytes.Median
			}
		}
	}
	found, err := findSuspects(ctx, s, o)
	if err != nil {
		return err
	}
	slices.SortFunc(rows, order(o))
	shown := rows
	if o.Top > 0 {
		shown = rows[:min(o.Top, len(rows))]
	}
	if o.Exact {
		if err := exact(ctx, shown); err != nil {
			return err
		}
		slices.SortFunc(shown, order(o))
	}
	if o.Format == "json" {
		return writeJSON(ctx, w, s, o, found, shown)
	}
	return writeText(ctx, w, s, o, found, shown, rest(rows[len(shown):]))
}

// order sorts by what is asked for, largest first, then by the other numbers.
func order(o Options) func(a, b row) int {
	return func(a, b row) int {
		bytes, objects := cmp.Compare(b.Bytes, a.Bytes), cmp.Compare(b.Objects, a.Objects)
		retained, name := cmp.Compare(b.Retained.Bytes, a.Retained.Bytes), cmp.Compare(a.Name, b.Name)
		switch {
		case o.By == "generation":
			return cmp.Compare(generation(a), generation(b))
		case o.Sort == "objects":
			return cmp.Or(objects, bytes, name)
		case o.Sort == "growth":
			return cmp.Or(cmp.Compare(b.growth, a.growth), bytes, objects, name)
		case o.Sort == "retained":
			return cmp.Or(retained, bytes, objects, name)
		}
		return cmp.Or(bytes, objects, name)
	}
}

// generation counts upwards; objects that have none come last.
func generation(r row) int64 {
	first, _, _ := strings.Cut(r.Name, index.RangeDash) // of a range
	n, err := strconv.ParseInt(first, 10, 64)
	if err != nil {
		return math.MaxInt64
	}
	return n
}

func rest(rows []row) row {
	var r row
	for _, x := range rows {
		r.Objects += x.Objects
		r.Bytes += x.Bytes
	}
	r.Name = fmt.Sprintf("… %s more", humanize.Comma(int64(len(rows))))
	return r
}

// exactly computes what rows retain.
type exactly func(ctx context.Context, rows []row) error

func group(s *index.Snapshot, by string) ([]row, exactly, error) {
	switch by {
	case "site":
		rows, exact := bySite(s)
		return rows, exact, nil
	case "file":
		rows, exact := fromParts(s.ByFile(func(file string) string { return file }))
		return rows, exact, nil
	case "gem":
		rows, exact := fromParts(s.ByFile(source.Origin))
		return rows, exact, nil
	case "class":
		rows, exact := fromParts(s.ByClass())
		return rows, exact, nil
	case "type":
		rows, exact := fromParts(s.ByType())
		return rows, exact, nil
	case "generation":
		rows, exact := fromParts(s.ByGeneration())
		return rows, exact, nil
	}
	return nil, nil, fmt.Errorf("cannot group by %q", by)
}

func fromParts(p *index.Parts) ([]row, exactly) {
	rows := make([]row, len(p.Rows))
	for i, part := range p.Rows {
		rows[i] = row{Part: part}
	}
	return rows, func(ctx context.Context, rows []row) error {
		parts := make([]index.Part, len(rows))
		for i, r := range rows {
			parts[i] = r.Part
		}
		err := p.Exact(ctx, parts)
		for i := range rows {
			rows[i].Part = parts[i]
		}
		return err
	}
}

func bySite(s *index.Snapshot) ([]row, exactly) {
	sites := s.AllSites()
	rows := make([]row, 0, len(sites)+2)
	for i := range sites {
		site := &sites[i]
		name := fmt.Sprintf("%s:%d", site.File, site.Line)
		rows = append(rows, row{index.Part{NamedCount: index.NamedCount{Name: name, Count: site.Count}, Retained: site.Retained}, site, 0})
	}
	sum := s.Summary()
	for _, c := range []index.NamedCount{{Name: index.NameNoSite, Count: sum.NoSite}, {Name: index.NameTracer, Count: sum.Tracer}} {
		if c.Objects > 0 {
			rows = append(rows, row{Part: index.Part{NamedCount: c}})
		}
	}
	return rows, func(ctx context.Context, rows []row) error { return exactSites(ctx, s, rows) }
}

func exactSites(ctx context.Context, s *index.Snapshot, rows []row) error {
	var ids []index.SiteID
	for _, r := range rows {
		if r.site != nil {
			ids = append(ids, r.site.ID)
		}
	}
	if err := s.Exact(ctx, ids); err != nil {
		return err
	}
	for i, r := range rows {
		if r.site != nil {
			rows[i].Retained = s.Retained(r.site.ID)
		}
	}
	return nil
}
