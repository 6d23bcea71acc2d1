package lsp

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/dustin/go-humanize/english"

	"heapline/index"
)

// All words about a dump are made here. Everything in a dump is untrusted: its
// text reaches the screen only through label, escapeMarkdown and sample.

// How much of untrusted text is shown, in characters.
const (
	maxLabel  = 60
	maxSample = 40
)

// How many rows the parts of a hover have.
const (
	maxClasses  = 8
	maxMethods  = 5
	maxLargest  = 5
	maxInferred = 3
)

// hintLabel is the text of a hint: 15,002 objects · 3.8 MB retained, or, where
// they become more from dump to dump, 15,002 objects ▲ 2,000 · 3.8 MB retained.
func hintLabel(site index.Site, growth string) string {
	text := index.FormatObjects(site.Objects)
	if growth != "" {
		text += " " + growth
	}
	return text + " · " + retainedText(site)
}

// retainedText is what a site retains, or its shallow bytes as long as no more
// is known.
func retainedText(site index.Site) string {
	if !site.Retained.Known() {
		return index.FormatBytes(site.Bytes)
	}
	return index.FormatRetained(site.Retained) + " retained"
}

// lensTitle is the text at the top of a file; "" where its lines say it all.
func lensTitle(gone []index.Site, d doubt) string {
	var says []string
	if len(gone) > 0 {
		var sum index.Count
		for _, site := range gone {
			sum.Objects += site.Objects
			sum.Bytes += site.Bytes
		}
		is := "are"
		if len(gone) == 1 {
			is = "is"
		}
		says = append(says, fmt.Sprintf("%s of the dump %s gone: %s · %s shallow",
			english.Plural(len(gone), "line", ""), is, index.FormatObjects(sum.Objects), index.FormatBytes(sum.Bytes)))
	}
	switch d {
	case newer:
		says = append(says, "this file is newer than the dump: lines may have moved")
	case dirty:
		says = append(says, "this file had uncommitted changes when the dump was taken: lines may have moved")
	case meanwhile:
		says = append(says, "this file changed while the process ran: lines may have moved")
	case foreign:
		says = append(says, "the dump is of a commit that is not here: lines may have moved")
	case sure:
	}
	return strings.Join(says, "; ")
}

// weight is the size by which a site counts: what it retains where that is known.
func weight(site index.Site) int64 { return max(site.Retained.Bytes, site.Bytes) }

// share is a part of the live heap in percent.
func share(bytes, live int64) float64 {
	if live <= 0 {
		return 0
	}
	return float64(bytes) / float64(live) * 100
}

func shareText(percent float64) string {
	switch {
	case percent < 0.05:
		return "less than 0.1 % of the live heap"
	case percent >= 99.95:
		return "100 % of the live heap"
	}
	return fmt.Sprintf("%.1f %% of the live heap", percent)
}

// hotspotMessage is the sentence of a diagnostic.
func hotspotMessage(site index.Site, live int64) string {
	are, retain := "are", "retain"
	if site.Objects == 1 {
		are, retain = "is", "retains"
	}
	size := index.FormatBytes(weight(site))
	switch {
	case !site.Retained.Known():
		return fmt.Sprintf("%s allocated here %s still alive: %s, %s.",
			index.FormatObjects(site.Objects), are, size, shareText(share(weight(site), live)))
	case !site.Retained.Exact:
		size = "at least " + size
	}
	return fmt.Sprintf("%s allocated here %s still alive and %s %s, %s.",
		index.FormatObjects(site.Objects), are, retain, size, shareText(share(weight(site), live)))
}

// card writes what is known of a site, in markdown or in plain text.
type card struct {
	strings.Builder
	markdown bool
}

// siteHeading is the first line of a hover, and all of the tooltip where the
// client cannot fetch tooltips one by one.
func siteHeading(site index.Site, live int64, markdown bool) string {
	label := hintLabel(site, "")
	if markdown {
		label = "**" + label + "**"
	}
	if site.Retained.Known() {
		label += " · " + index.FormatBytes(site.Bytes) + " shallow"
	}
	return label + " · " + shareText(share(weight(site), live))
}

// site writes what there is to say of a site behind how much it is: why it is
// alive, what it is.
func (c *card) site(from *dump, site index.Site, why reasons, showValues bool, link linker) {
	d := from.snapshot.Detail(site.ID)
	c.reasons(why, site, link)
	c.classes(d.Classes)
	c.age(d.Generations, max(from.snapshot.NewestGeneration(), from.origin.GCCount))
	c.methods(d.Methods)
	c.largest(d.Largest, showValues)
}

// classes is the table by class. The numbers, which are set to the right, come
// last: some clients leave little room between columns.
func (c *card) classes(classes []index.NamedCount) {
	rows := [][]string{{"class", "objects", "bytes"}}
	shown := min(len(classes), maxClasses)
	if len(classes) == maxClasses+1 {
		shown++ // the row "1 other class" would not be shorter
	}
	for _, n := range classes[:shown] {
		rows = append(rows, []string{c.name(n.Name), objects(n.Objects), index.FormatBytes(n.Bytes)})
	}
	if rest := classes[shown:]; len(rest) > 0 {
		var sum index.Count
		for _, n := range rest {
			sum.Objects += n.Objects
			sum.Bytes += n.Bytes
		}
		rows = append(rows, []string{fmt.Sprintf("%d other classes", len(rest)), objects(sum.Objects), index.FormatBytes(sum.Bytes)})
	}
	c.table(rows, "lrr")
}

// objects is a bare number of objects with thousands separators.
func objects(n int64) string {
	return strings.Fields(index.FormatObjects(n))[0]
}

// age is one line: how long ago, in GCs, the objects were made.
func (c *card) age(gens []index.GenerationCount, newest int64) {
	if len(gens) == 0 {
		return
	}
	first, last := gens[0].Generation, gens[len(gens)-1].Generation
	if first == last {
		c.line("Age", fmt.Sprintf("%s (generation %d)", gcs(newest-first), first))
		return
	}
	c.line("Age", fmt.Sprintf("oldest %s %s newest %s (generations %d to %d)",
		gcs(newest-first), c.code(spark(gens)), gcs(newest-last), first, last))
}

func gcs(n int64) string {
	if n == 1 {
		return "1 GC"
	}
	return fmt.Sprintf("%d GCs", n)
}

// sparkWidth is the largest width of a histogram, in characters.
const sparkWidth = 16

// spark is a histogram of objects by generation, oldest first. The lowest bar
// means none.
func spark(gens []index.GenerationCount) string {
	first, last := gens[0].Generation, gens[len(gens)-1].Generation
	span := last - first + 1
	sums := make([]int64, min(span, sparkWidth))
	var highest int64
	for _, g := range gens {
		i := int(float64(g.Generation-first) / float64(span) * float64(len(sums)))
		sums[i] += g.Objects
		highest = max(highest, sums[i])
	}
	bars := []rune("▂▃▅▇")
	var b strings.Builder
	for _, n := range sums {
		if n == 0 {
			b.WriteRune('▁')
			continue
		}
		level := int(math.Ceil(float64(n) / float64(highest) * float64(len(bars))))
		b.WriteRune(bars[level-1])
	}
	return b.String()
}

func (c *card) methods(methods []index.NamedCount) {
	var names []string
	for _, m := range methods {
		if m.Name != "" {
			names = append(names, c.code(label(m.Name)))
		}
	}
	title := "Method"
	switch {
	case len(names) == 0:
		return
	case len(names) > maxMethods:
		names = append(names[:maxMethods], fmt.Sprintf("%d more", len(names)-maxMethods))
		fallthrough
	case len(names) > 1:
		title = "Methods"
	}
	c.line(title, strings.Join(names, ", "))
}

// largest lists the largest objects; the values come last, so that the other
// columns align.
func (c *card) largest(list []index.Object, showValues bool) {
	if len(list) == 0 {
		return
	}
	list = list[:min(len(list), maxLargest)]
	values := false
	for _, o := range list {
		values = values || showValues && o.HasValue
	}
	header, align := []string{"largest", "address", "class"}, "rll"
	if values {
		header, align = append(header, "value"), align+"l"
	}
	rows := [][]string{header}
	for _, o := range list {
		row := []string{index.FormatBytes(o.Bytes), fmt.Sprintf("%#x", o.Address), c.name(o.Class)}
		if values {
			row = append(row, c.value(o))
		}
		rows = append(rows, row)
	}
	c.table(rows, align)
}

func (c *card) value(o index.Object) string {
	if !o.HasValue {
		return ""
	}
	return c.code(sample(o.Value, o.Truncated))
}

// line is a titled paragraph.
func (c *card) line(title, text string) {
	fmt.Fprintf(c, "\n\n%s: %s", title, text)
}

// table writes rows, the first of them the header. Cells are padded, since
// some clients show markdown as it is. Align has l or r for every column.
func (c *card) table(rows [][]string, align string) {
	widths := make([]int, len(align))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	c.WriteString("\n")
	for i, row := range rows {
		c.row(row, widths, align)
		if i == 0 && c.markdown {
			c.rule(widths, align)
		}
	}
}

func (c *card) row(cells []string, widths []int, align string) {
	padded := make([]string, len(cells))
	for i, cell := range cells {
		space := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
		if align[i] == 'r' {
			padded[i] = space + cell
		} else {
			padded[i] = cell + space
		}
	}
	if c.markdown {
		c.WriteString("\n| " + strings.Join(padded, " | ") + " |")
		return
	}
	c.WriteString("\n" + strings.TrimRight(strings.Join(padded, "  "), " "))
}

func (c *card) rule(widths []int, align string) {
	c.WriteString("\n|")
	for i, w := range widths {
		if align[i] == 'r' {
			c.WriteString(strings.Repeat("-", w+1) + ":|")
		} else {
			c.WriteString(":" + strings.Repeat("-", w+1) + "|")
		}
	}
}

// name is a class name or the like.
func (c *card) name(s string) string {
	if c.markdown {
		return escapeMarkdown(s)
	}
	return label(s)
}

// code sets text that label or sample has made safe apart from the rest.
func (c *card) code(s string) string {
	if c.markdown {
		return codeSpan(s)
	}
	return s
}

// plainName is text that means nothing to any markdown.
var plainName = regexp.MustCompile(`^\pL[\pL\pN]*((_|::)[\pL\pN]+)*$`)

// escapeMarkdown returns text that markdown shows as it is and cannot be a
// link, HTML or a new block.
func escapeMarkdown(s string) string {
	s = label(s)
	if plainName.MatchString(s) {
		return s
	}
	return codeSpan(s)
}

// codeSpan puts text without control characters in backquotes. A | would end a
// table cell, and clients differ in how to escape one: it is shown broken.
func codeSpan(s string) string {
	s = strings.ReplaceAll(s, "|", "¦")
	fence := "`"
	for strings.Contains(s, fence) {
		fence += "`"
	}
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") || strings.TrimSpace(s) == "" {
		s = " " + s + " "
	}
	return fence + s + fence
}

// label shortens text and makes everything visible in it: control characters
// and those that change the direction of text are written as escapes.
func label(s string) string {
	runes := []rune(strings.ToValidUTF8(s, "�"))
	if len(runes) > maxLabel {
		runes = append(runes[:maxLabel], '…')
	}
	var b strings.Builder
	for _, r := range runes {
		if unicode.IsPrint(r) {
			b.WriteRune(r)
			continue
		}
		escaped := strconv.QuoteRune(r)
		b.WriteString(escaped[1 : len(escaped)-1])
	}
	return b.String()
}

// sample is the start of a string's value, quoted.
func sample(value string, truncated bool) string {
	runes := []rune(strings.ToValidUTF8(value, "�"))
	if len(runes) > maxSample {
		runes, truncated = runes[:maxSample], true
	}
	quoted := strconv.Quote(string(runes))
	if truncated {
		quoted += "…"
	}
	return quoted
}
