package lsp

import (
	"fmt"
	"path"
	"path/filepath"
	"strings"

	"github.com/dustin/go-humanize/english"

	"heapline/index"
	"heapline/index/source"
)

// inferred says which folder of a dump is taken for which one here.
func (c *card) inferred(x source.Inferred, roots []string) string {
	return fmt.Sprintf("%s → %s, %s", c.name(x.From), c.folder(x.To, roots), english.Plural(x.Files, "file", ""))
}

// folder is a folder as people call it.
func (c *card) folder(folder string, roots []string) string {
	for _, root := range roots {
		switch rest, inside := strings.CutPrefix(folder, root+"/"); {
		case folder == root && len(roots) == 1:
			return "the workspace"
		case folder == root:
			return c.name(path.Base(root))
		case inside:
			return c.name(rest)
		}
	}
	return c.name(folder)
}

// origin says where the dump has a file that is elsewhere, and how it was found.
func (c *card) origin(d *dump, site index.Site) {
	how := ""
	file, found := d.installed.file(site.File)
	if x, ok := d.files.How(site.File); ok {
		how = c.inferred(x, d.places.roots)
	} else if found && file != site.File {
		how = c.installed(d, site.File)
	}
	if how != "" {
		c.line("In the dump", fmt.Sprintf("%s (%s)", c.name(site.File), how))
	}
}

// installed says what makes sure of a file that is not the application's.
func (c *card) installed(d *dump, dumpPath string) string {
	if _, gem, ok := source.GemDir(dumpPath); ok {
		return c.name(gem) + " here too"
	}
	if _, ok := source.StdlibDir(dumpPath); ok {
		return "Ruby " + d.stdlib.here + " here too"
	}
	return "beside the workspace here too, by its Gemfile.lock"
}

// revisions says of which commits the lines are taken to be.
func (c *card) revisions(list []*revision) {
	for _, r := range list {
		how := ""
		if r.guessed {
			how = " (a guess: the last commit before the dump; files untouched since are taken as they are)"
		}
		c.line("Lines are those of", c.code(r.commit[:min(len(r.commit), shortCommit)])+how)
	}
}

// shortCommit is how many digits of a commit people read.
const shortCommit = 10

// maxGems is how many gems are named.
const maxGems = 5

// gems says how many of the dump's gems are here, and which are in another
// version: their lines are others.
func (c *card) gems(g gems) {
	if len(g.rules) == 0 && len(g.others) == 0 {
		return
	}
	text := fmt.Sprintf("%d of %s that the dump names are on this machine in the same version",
		len(g.rules), english.Plural(g.named, "gem", ""))
	for i, other := range g.others {
		switch {
		case i == maxGems:
			text += fmt.Sprintf(", and %d more", len(g.others)-i)
		case i < maxGems:
			text += fmt.Sprintf("; %s is not shown: here is %s", c.name(other.gem), c.name(other.here))
		}
	}
	c.line("Gems", text)
}

// stdlib says why nothing is shown in the standard library.
func (c *card) stdlib(l stdlib) {
	if len(l.named) == 0 || len(l.rules) > 0 {
		return
	}
	text := "not shown: the dump is of Ruby " + l.then + ", "
	switch {
	case l.then == "":
		text = "not shown: which Ruby the dump is of is not known"
	case l.here == "":
		text += "the Ruby here is not known"
	default:
		text += "here is " + l.here
	}
	c.line("Standard library", text)
}

// withoutLinks breaks what a client's notification would make a link of, or a
// command: VS Code does so with [text](target).
func withoutLinks(text string) string { return strings.ReplaceAll(text, "](", "]\u200b(") }

// problems says what could not be read, by reason.
func (c *card) problems(title string, p index.Problems) {
	for _, x := range p.Reasons {
		c.line(title, x.Reason())
	}
}

// series says what is wrong with the earlier dumps of a series.
func (c *card) series(d *dump) {
	if d.series == nil {
		return
	}
	for _, earlier := range d.series.Earlier() {
		c.problems("Problem of "+c.name(filepath.Base(earlier.Path)), earlier.Problems)
		if earlier.Incomplete != "" {
			c.line("Left out of the comparison", c.name(filepath.Base(earlier.Path))+", since a part is missing: "+earlier.Incomplete)
		}
	}
	if why := d.series.Unreliable(); why != "" {
		c.line("No leak suspects", why)
	}
}

// statusTooltip is the text behind a client's status item.
func statusTooltip(d *dump) string {
	sum := d.snapshot.Summary()
	c := &card{markdown: true}
	c.WriteString("**" + escapeMarkdown(filepath.Base(d.path)) + "**")
	c.table([][]string{
		{"objects", "bytes", ""},
		{objects(sum.Live.Objects), index.FormatBytes(sum.Live.Bytes), "live"},
		{objects(sum.Garbage.Objects), index.FormatBytes(sum.Garbage.Bytes), "garbage"},
		{objects(sum.Tracer.Objects), index.FormatBytes(sum.Tracer.Bytes), "allocation tracing itself"},
		{objects(sum.NoSite.Objects), index.FormatBytes(sum.NoSite.Bytes), "live without an allocation site"},
	}, "rrl")
	found := fmt.Sprintf("%d of %d found in the workspace", d.files.Mapped, sum.Files)
	if d.files.Ambiguous > 0 {
		found += fmt.Sprintf(", %d ambiguous", d.files.Ambiguous)
	}
	c.line("Files", found)
	for _, x := range d.files.Inferred[:min(len(d.files.Inferred), maxInferred)] {
		c.line("Taken for the same", c.inferred(x, d.places.roots))
	}
	c.revisions(d.revisions)
	c.gems(d.gems)
	c.stdlib(d.stdlib)
	if process := d.origin.Process(); process != "" {
		c.line("Taken of", escapeMarkdown(label(process)))
	} else if sum.Ruby != "" {
		c.line("Written by", "Ruby "+sum.Ruby)
	}
	if memory := d.origin.Memory(sum.Objects); memory != "" {
		c.line("Memory", memory)
	}
	c.problems("Problem", sum.Problems)
	c.series(d)
	for _, note := range sum.Notes() {
		c.WriteString("\n\n" + note)
	}
	return c.String()
}
