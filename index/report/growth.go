package report

import (
	"context"
	"fmt"
	"math"
	"strings"

	"heapline/index"
	"heapline/index/source"
)

// suspects are what a report says of growth.
type suspects struct {
	list    []index.Suspect // of a series
	steady  []index.Suspect // of a single dump
	ignored int             // how many are in neither list
}

func findSuspects(ctx context.Context, s *index.Snapshot, o Options) (suspects, error) {
	all, err := index.FindSuspects(ctx, s, o.Series, o.Least)
	list := reported(s, all, o.Ignored)
	found := suspects{list: list, ignored: len(all) - len(list)}
	if o.Series == nil {
		found.list, found.steady = nil, list
	}
	return found, err
}

// reported leaves out the suspects of which the site or the holder is ignored.
func reported(s *index.Snapshot, list []index.Suspect, ignored source.Ignored) []index.Suspect {
	var left []index.Suspect
	for _, x := range list {
		site := s.AllSites()[x.Site]
		if !ignored.NamesEnd(site.File, site.Line) && (x.Holder == nil || !ignored.NamesEnd(x.Holder.File, x.Holder.Line)) {
			left = append(left, x)
		}
	}
	return left
}

// at names a line of the dump.
func at(file string, line int) string { return fmt.Sprintf("%s:%d", file, line) }

// Sentences returns a line for each leak suspect of a series that is not
// ignored: where, and by how much it grows. An error is that of ctx.
func Sentences(ctx context.Context, o Options) ([]string, error) {
	x := o.Series
	found, err := findSuspects(ctx, x.Last(), o)
	var lines []string
	for _, s := range found.list {
		site := x.Last().AllSites()[s.Site]
		lines = append(lines, Printable(at(site.File, site.Line)+": "+s.Sentence(at)))
	}
	return lines, err
}

// matches say how the dumps of a series were compared.
var matches = map[string]string{
	index.ByIdentity: "objects are told by address, type, class, line and generation",
	index.ByCohort:   "the heap was compacted between the dumps: objects are told by line and generation",
	index.ByTotals:   "the dumps are not of one process: only how many objects each line has can be compared, which names no leak",
}

func writeSeries(b *strings.Builder, x *index.Series) {
	how := matches[x.Match]
	if len(x.Dumps) == 1 {
		how = "there is nothing left to compare it with"
	}
	fmt.Fprintf(b, "\na series of %s; %s\n", plural(len(x.Dumps), "dump"), how)
	for _, d := range x.Dumps {
		writeDump(b, d)
	}
	for _, d := range x.LeftOut {
		writeDump(b, d)
		fmt.Fprintf(b, "    %s\n", d.WhyLeftOut())
	}
	if why := x.Unreliable(); why != "" {
		fmt.Fprintf(b, "  no leak suspects can be told: %s\n", why)
	} else if len(x.Dumps) == 2 {
		b.WriteString("  two dumps tell what is new, and not whether it stays: a third one names leak suspects\n")
	}
}

func writeDump(b *strings.Builder, d index.DumpOfSeries) {
	fmt.Fprintf(b, "  %s, %s live, up to GC %d  %s\n", index.FormatObjects(d.Live.Objects), index.FormatBytes(d.Live.Bytes), d.Newest, Printable(d.Path))
	writeReasons(b, d.Problems)
}

func writeSuspects(b *strings.Builder, s *index.Snapshot, o Options, found suspects) {
	write := func(title string, list []index.Suspect) {
		if len(list) == 0 {
			return
		}
		fmt.Fprintf(b, "\n%s\n", title)
		for _, x := range list {
			site := s.AllSites()[x.Site]
			fmt.Fprintf(b, "  %s\n    %s\n", Printable(at(site.File, site.Line)), Printable(x.Sentence(at)))
			for _, id := range x.Feeders {
				fmt.Fprintf(b, "    fed by %s\n", Printable(at(s.AllSites()[id].File, s.AllSites()[id].Line)))
			}
		}
	}
	write("leak suspects", found.list)
	write("grows steadily, as far as a single dump can tell", found.steady)
	if found.ignored > 0 {
		fmt.Fprintf(b, "\n%s ignored by %s\n", plural(found.ignored, "suspect"), Printable(o.IgnoreFile))
	}
}

// place is a line of the dump.
type place struct {
	File string `json:"file"`
	Line int    `json:"line"` // 1-based, 0 where unknown
}

type suspectRow struct {
	place
	Objects       int64    `json:"objects"` // alive
	Bytes         int64    `json:"bytes"`   // retained, as far as it is known
	GrowthObjects float64  `json:"growthObjects"`
	GrowthBytes   float64  `json:"growthBytes"`
	Per           string   `json:"per"` // dump or GC
	HeldBy        *heldRow `json:"heldBy"`
	Feeders       []place  `json:"feeders"`
	Message       string   `json:"message"`
}

type heldRow struct {
	place
	Label string `json:"label"`
	Owner string `json:"owner"`
}

func suspectRows(s *index.Snapshot, list []index.Suspect) []suspectRow {
	rows := make([]suspectRow, len(list))
	for i, x := range list {
		site := s.AllSites()[x.Site]
		rows[i] = suspectRow{
			place: place{site.File, site.Line}, Objects: x.Objects, Bytes: x.Bytes,
			GrowthObjects: hundredths(x.GrowthObjects), GrowthBytes: hundredths(x.GrowthBytes), Per: x.Per,
			Feeders: []place{}, Message: x.Sentence(at),
		}
		if h := x.Holder; h != nil {
			rows[i].HeldBy = &heldRow{place{h.File, h.Line}, h.Label, h.Owner}
		}
		for _, id := range x.Feeders {
			rows[i].Feeders = append(rows[i].Feeders, place{s.AllSites()[id].File, s.AllSites()[id].Line})
		}
	}
	return rows
}

func hundredths(x float64) float64 { return math.Round(x*100) / 100 }

// seriesJSON is what a JSON report says of a series.
type seriesJSON struct {
	Match      string               `json:"match"`
	Dumps      []index.DumpOfSeries `json:"dumps"`
	LeftOut    []index.DumpOfSeries `json:"leftOut"`    // not compared: a part is missing
	Unreliable string               `json:"unreliable"` // why no suspects are looked for, "" where they are
}

func seriesOf(x *index.Series) *seriesJSON {
	if x == nil {
		return nil
	}
	return &seriesJSON{x.Match, validPaths(x.Dumps), validPaths(x.LeftOut), x.Unreliable()}
}

func validPaths(dumps []index.DumpOfSeries) []index.DumpOfSeries {
	list := append([]index.DumpOfSeries{}, dumps...)
	for i, d := range list {
		list[i].Path = validText(d.Path)
	}
	return list
}

// growthNumbers are what a site's row gains in a series; null by themselves.
type growthNumbers struct {
	NewKept       *int64   `json:"newKept,omitempty"`
	GrowthObjects *float64 `json:"growthObjects,omitempty"` // a dump
	GrowthBytes   *float64 `json:"growthBytes,omitempty"`   // a dump
}

func growthOf(x *index.Series, id index.SiteID) growthNumbers {
	if x == nil {
		return growthNumbers{}
	}
	g := x.Growth(id)
	return growthNumbers{new(g.NewKept().Objects), new(hundredths(g.Objects.Median)), new(hundredths(g.Bytes.Median))}
}
