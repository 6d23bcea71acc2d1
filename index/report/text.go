package report

import (
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

func writeText(w io.Writer, s *index.Snapshot, o Options, rows []row, rest row) error {
	var b strings.Builder
	writeSummary(&b, s.Summary())
	fmt.Fprintf(&b, "\n%12s  %9s  %6s  %s\n", "objects", "bytes", "live", "by "+o.By)
	live := s.Summary().Live
	line := func(r row, extra string) {
		text := fmt.Sprintf("%12s  %9s  %6s  %s%s", humanize.Comma(r.Objects), index.FormatBytes(r.Bytes), share(r.Bytes, live.Bytes), Printable(r.Name), extra)
		fmt.Fprintln(&b, strings.TrimRight(text, " "))
	}
	for _, r := range rows {
		line(r, types(s, r))
	}
	if rest.Objects > 0 {
		line(rest, "")
	}
	line(row{NamedCount: index.NamedCount{Name: "live in all", Count: live}}, "")
	_, err := io.WriteString(w, b.String())
	return err
}

func writeSummary(b *strings.Builder, s index.Summary) {
	fmt.Fprintf(b, "%s\n", Printable(s.Path))
	for _, part := range []struct {
		name string
		index.Count
	}{
		{"all objects", s.Objects}, {"live", s.Live}, {"garbage", s.Garbage},
		{"allocation tracing", s.Tracer}, {"live, no site", s.NoSite},
	} {
		fmt.Fprintf(b, "  %-20s %20s  %9s\n", part.name, index.FormatObjects(part.Objects), index.FormatBytes(part.Bytes))
	}
	fmt.Fprintf(b, "  %s sites in %s files\n", humanize.Comma(int64(s.Sites)), humanize.Comma(int64(s.Files)))
	if s.Sites == 0 && s.Live.Objects > 0 {
		b.WriteString("  No object has an allocation site: the dump was taken without allocation tracing. Call\n" +
			"  ObjectSpace.trace_object_allocations_start (require \"objspace\") before the code that allocates, then dump again.\n")
	}
	writeProblems(b, s.Problems)
}

func writeProblems(b *strings.Builder, p index.Problems) {
	if p.Count == 0 {
		return
	}
	fmt.Fprintf(b, "  %s; what they hide is not counted:\n", english.Plural(int(p.Count), "problem", ""))
	for _, x := range p.First {
		where := ""
		if x.Line > 0 {
			where = fmt.Sprintf("line %d (byte %d): ", x.Line, x.Offset)
		}
		fmt.Fprintf(b, "    %s%s\n", where, Printable(x.Message))
	}
	if more := p.Count - int64(len(p.First)); more > 0 {
		fmt.Fprintf(b, "    … %s more\n", humanize.Comma(more))
	}
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

func share(part, whole int64) string {
	if whole == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f %%", 100*float64(part)/float64(whole))
}

// Printable makes text from a dump safe to print on a terminal: what is not
// printable shows as an escape.
func Printable(text string) string {
	var b strings.Builder
	for _, c := range text {
		if unicode.IsPrint(c) {
			b.WriteRune(c)
			continue
		}
		fmt.Fprintf(&b, "\\u%04x", c)
	}
	return b.String()
}
