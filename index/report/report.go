// Package report prints what a snapshot holds, as text for people or as JSON.
package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/dustin/go-humanize"

	"heapline/index"
	"heapline/index/source"
)

// The ways to group, sort and print.
var (
	Groupings = []string{"site", "file", "gem", "class", "type", "generation"}
	Orders    = []string{"bytes", "objects"}
	Formats   = []string{"text", "json"}
)

// Options choose what is printed.
type Options struct {
	By     string // one of Groupings
	Sort   string // one of Orders, largest first; generations always count upwards
	Top    int    // rows at most, 0 for all
	Format string // one of Formats
}

// row is one line of a report. The rows of a whole report add up to the live heap.
type row struct {
	index.NamedCount
	site *index.Site // of the grouping by site, nil for objects that have none
}

// Write prints the report of s to w.
func Write(w io.Writer, s *index.Snapshot, o Options) error {
	rows, err := group(s, o.By)
	if err != nil {
		return err
	}
	if o.By != "generation" {
		slices.SortStableFunc(rows, func(a, b row) int {
			byBytes, byObjects := cmp.Compare(b.Bytes, a.Bytes), cmp.Compare(b.Objects, a.Objects)
			if o.Sort == "objects" {
				return cmp.Or(byObjects, byBytes)
			}
			return cmp.Or(byBytes, byObjects)
		})
	}
	shown := rows
	if o.Top > 0 {
		shown = rows[:min(o.Top, len(rows))]
	}
	if o.Format == "json" {
		return writeJSON(w, s, o, shown)
	}
	return writeText(w, s, o, shown, rest(rows[len(shown):]))
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

func group(s *index.Snapshot, by string) ([]row, error) {
	switch by {
	case "site":
		return bySite(s), nil
	case "file":
		return byPath(s, func(file string) string { return file }), nil
	case "gem":
		return byPath(s, source.Origin), nil
	case "class":
		return named(s.Classes()), nil
	case "type":
		return named(s.Types()), nil
	case "generation":
		return byGeneration(s), nil
	}
	return nil, fmt.Errorf("cannot group by %q", by)
}

func named(counts []index.NamedCount) []row {
	rows := make([]row, len(counts))
	for i, c := range counts {
		rows[i] = row{NamedCount: c}
	}
	return rows
}

func bySite(s *index.Snapshot) []row {
	sites := s.AllSites()
	rows := make([]row, 0, len(sites)+2)
	for i := range sites {
		name := fmt.Sprintf("%s:%d", sites[i].File, sites[i].Line)
		rows = append(rows, row{index.NamedCount{Name: name, Count: sites[i].Count}, &sites[i]})
	}
	return append(rows, unplaced(s)...)
}

// byPath adds up the sites of the files that have one name.
func byPath(s *index.Snapshot, name func(file string) string) []row {
	at := map[string]int{}
	var rows []row
	for _, site := range s.AllSites() {
		n := name(site.File)
		i, ok := at[n]
		if !ok {
			i = len(rows)
			at[n] = i
			rows = append(rows, row{NamedCount: index.NamedCount{Name: n}})
		}
		rows[i].Objects += site.Objects
		rows[i].Bytes += site.Bytes
	}
	return append(rows, unplaced(s)...)
}

// unplaced are the live objects that no site stands for.
func unplaced(s *index.Snapshot) []row {
	var rows []row
	sum := s.Summary()
	for _, c := range []index.NamedCount{{Name: index.NameNoSite, Count: sum.NoSite}, {Name: index.NameTracer, Count: sum.Tracer}} {
		if c.Objects > 0 {
			rows = append(rows, row{NamedCount: c})
		}
	}
	return rows
}

// byGeneration puts the generations in order, what has none behind them.
func byGeneration(s *index.Snapshot) []row {
	rows := named(s.Generations())
	number := func(r row) int64 {
		n, err := strconv.ParseInt(r.Name, 10, 64)
		if err != nil {
			return 1 << 62
		}
		return n
	}
	slices.SortStableFunc(rows, func(a, b row) int { return cmp.Compare(number(a), number(b)) })
	return rows
}
