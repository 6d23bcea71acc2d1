package report

import (
	"context"
	"fmt"
	"io"
	"strings"
	"unicode"

	"github.com/dustin/go-humanize"
	"github.com/dustin/go-humanize/english"

	"heapline/index"
)

// typesShown is how many types a site's row names.
const typesShown = 3

func writeText(ctx context.Context, w io.Writer, s *index.Snapshot, o Options, found suspects, rows []row, rest row) error {
	var b strings.Builder
	writeSummary(&b, s, o.Taken)
	if o.Series != nil {
		writeSeries(&b, o.Series)
	}
	writeSuspects(&b, s, o, found)
	fmt.Fprintf(&b, "\n%12s  %9s  %6s  %11s  %s\n", "objects", "bytes", "live", "retained", "by "+o.By)
	live := s.Summary().Live
	line := func(r row, extra string) {
		text := fmt.Sprintf("%12s  %9s  %6s  %11s  %s%s", humanize.Comma(r.Objects), index.FormatBytes(r.Bytes),
			share(r.Bytes, live.Bytes), index.FormatRetained(r.Retained), Printable(r.Name), extra)
		fmt.Fprintln(&b, strings.TrimRight(text, " "))
	}
	for _, r := range rows {
		line(r, types(s, r)+growth(o.Series, r))
		if o.Paths && r.site != nil {
			if err := writeHolders(ctx, &b, s, r.site.ID); err != nil {
				return err
			}
		}
	}
	if rest.Objects > 0 {
		line(rest, "")
	}
	all := row{Part: index.Part{NamedCount: index.NamedCount{Name: "live in all", Count: live}}}
	all.Retained = index.Retained{Bytes: live.Bytes, Exact: true}
	line(all, "")
	_, err := io.WriteString(w, b.String())
	return err
}

// holdersShown is how many holders are listed under a site.
const holdersShown = 3

// writeHolders lists under a site's row how it is reached and what holds it.
func writeHolders(ctx context.Context, b *strings.Builder, s *index.Snapshot, id index.SiteID) error {
	paths, err := s.Paths(ctx, id)
	if err != nil {
		return err
	}
	holders, err := s.Holders(ctx, id)
	if err != nil {
		return err
	}
	const indent = 50
	var labels []string
	for steps := paths.Roots; len(steps) > 0; steps = steps[0].Next {
		labels = append(labels, steps[0].Label)
	}
	fmt.Fprintf(b, "%*s  kept alive by %s\n", indent, "", Printable(strings.Join(labels, " → ")))
	for _, h := range holders[:min(len(holders), holdersShown)] {
		fmt.Fprintf(b, "%*s  held by %s: %s\n", indent, "", Printable(holderText(h)), index.FormatObjects(h.Objects))
	}
	return nil
}

func holderText(h index.Holder) string {
	text := h.Label
	if h.Owner != "" {
		text += " of " + h.Owner
	}
	if h.File != "" {
		text += fmt.Sprintf(" (%s:%d)", h.File, h.Line)
	}
	return text
}

func writeTaken(b *strings.Builder, taken index.Taken, objects index.Count) {
	if process := taken.Process(); process != "" {
		fmt.Fprintf(b, "  taken of %s\n", Printable(process))
	}
	if memory := taken.Memory(objects); memory != "" {
		fmt.Fprintf(b, "  %s\n", memory)
	}
	if taken.Revision != "" {
		fmt.Fprintf(b, "  code of revision %.12s, %s changed\n", Printable(taken.Revision), plural(len(taken.Dirty), "file"))
	}
}

func writeSummary(b *strings.Builder, s *index.Snapshot, taken *index.Taken) {
	sum := s.Summary()
	fmt.Fprintf(b, "%s\n", Printable(sum.Path))
	for _, part := range []struct {
		name string
		index.Count
	}{
		{"all objects", sum.Objects},
		{"live", sum.Live},
		{"garbage", sum.Garbage},
		{"allocation tracing", sum.Tracer},
		{"live, no site", sum.NoSite},
	} {
		fmt.Fprintf(b, "  %-20s %20s  %9s\n", part.name, index.FormatObjects(part.Objects), index.FormatBytes(part.Bytes))
	}
	fmt.Fprintf(b, "  %s in %s", plural(sum.Sites, "site"), plural(sum.Files, "file"))
	if sum.Ruby != "" {
		fmt.Fprintf(b, "; written by Ruby %s", sum.Ruby)
	}
	b.WriteString("\n")
	if taken != nil {
		writeTaken(b, *taken, sum.Objects)
	}
	for _, note := range sum.Notes() {
		fmt.Fprintf(b, "  %s\n", note)
	}
	writeSurvivors(b, s.Survivors())
	writeProblems(b, sum.Problems)
}

// survivorsShown is how many sites of unreachable objects that survived GCs
// are listed.
const survivorsShown = 5

func writeSurvivors(b *strings.Builder, sites []index.Survivors) {
	for i, site := range sites {
		if i == survivorsShown {
			fmt.Fprintf(b, "    … %s more\n", plural(len(sites)-i, "site"))
			return
		}
		fmt.Fprintf(b, "    survived at %s:%d: %s, %s\n", Printable(site.File), site.Line, index.FormatObjects(site.Objects), index.FormatBytes(site.Bytes))
	}
}

// problemsShown is how many single problems are listed.
const problemsShown = 5

func writeProblems(b *strings.Builder, p index.Problems) {
	if p.Count == 0 {
		return
	}
	hidden := ""
	if p.Lost() {
		hidden = "; what they hide is not counted, and what it held counts as garbage"
	}
	fmt.Fprintf(b, "  %s%s:\n", plural(int(p.Count), "problem"), hidden)
	shown := p.First[:min(len(p.First), problemsShown)]
	if p.Count > int64(len(shown)) {
		writeReasons(b, p)
	}
	for _, x := range shown {
		fmt.Fprintf(b, "    %s: %s\n", where(x), Printable(x.Message))
	}
	if more := p.Count - int64(len(shown)); more > 0 {
		fmt.Fprintf(b, "    … %s more\n", humanize.Comma(more))
	}
}

func writeReasons(b *strings.Builder, p index.Problems) {
	for _, x := range p.Reasons {
		fmt.Fprintf(b, "    %s\n", x.Reason())
	}
}

// plural is a number with what there are so many of.
func plural(n int, noun string) string {
	return humanize.Comma(int64(n)) + " " + english.PluralWord(n, noun, "")
}

func where(p index.Problem) string {
	return fmt.Sprintf("line %d (byte %d)", p.Line, p.Offset)
}

// types names the types of a site's objects, most bytes first.
func types(s *index.Snapshot, r row) string {
	if r.site == nil {
		return ""
	}
	var names []string
	for _, t := range s.Detail(r.site.ID).Types {
		if len(names) == typesShown {
			names = append(names, "…")
			break
		}
		names = append(names, t.Name)
	}
	return "  " + strings.Join(names, " ")
}

// growth says by how many objects a site's row grows in a series.
func growth(x *index.Series, r row) string {
	if x == nil || r.site == nil {
		return ""
	}
	if text := index.FormatGrowth(x.Growth(r.site.ID).Objects.Median); text != "" {
		return "  " + text + " a dump"
	}
	return ""
}

func share(part, whole int64) string {
	if whole == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f %%", 100*float64(part)/float64(whole))
}

// longestName is how many characters of a name are printed; the middle of a
// longer one is left out.
const longestName = 400

// Printable makes text from a dump safe to print on a terminal: what is not
// printable shows as an escape, and a name of a megabyte leaves room for others.
func Printable(text string) string {
	if runes := []rune(text); len(runes) > longestName {
		text = string(runes[:longestName/2]) + "…" + string(runes[len(runes)-longestName/2:])
	}
	return escaped(text, unicode.IsPrint)
}

// PrintableError is so with an error's text, which may name a file of any name: all
// of it, and its lines.
func PrintableError(err error) string {
	return escaped(err.Error(), func(c rune) bool { return unicode.IsPrint(c) || c == '\n' || c == '\t' })
}

func escaped(text string, keep func(rune) bool) string {
	var b strings.Builder
	for _, c := range text {
		if keep(c) {
			b.WriteRune(c)
			continue
		}
		fmt.Fprintf(&b, "\\u%04x", c)
	}
	return b.String()
}
