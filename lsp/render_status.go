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

// applied says which folder of a dump is which one here.
func (c *card) applied(x source.Applied, roots []string) string {
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
func (c *card) origin(v view, site index.Site, named bool) {
	how := c.how(v.dump, site.File)
	switch {
	case named && how != "":
		c.line("Found", how)
	case site.File == v.doc.path || named:
	case how == "":
		c.line("In the dump", c.name(site.File))
	default:
		c.line("In the dump", fmt.Sprintf("%s (%s)", c.name(site.File), how))
	}
}

// how says what led from a dump path to its file, "" where that is itself.
func (c *card) how(d *dump, dumpPath string) string {
	how, by, found := d.files.How(dumpPath)
	switch {
	case found && how == source.ByRule:
		return c.applied(by, d.places.roots) + ", by heapline.pathMappings"
	case found && how == source.ByPath && d.origin.Cwd != "" && source.IsRelative(dumpPath):
		return "in " + c.name(d.origin.Cwd) + ", where the process ran"
	case found && how == source.ByRelative:
		return "below the workspace folder"
	case found && how == source.ByEnding && by.Files > 0:
		return c.applied(by, d.places.roots)
	case found && how == source.ByEnding:
		return "by the end of its path"
	}
	if file, ok := d.installed.file(dumpPath); ok && !found && file != dumpPath {
		return c.installed(d, dumpPath, file)
	}
	return ""
}

// installed says what makes sure of a file that is not the application's.
func (c *card) installed(d *dump, dumpPath, file string) string {
	if _, gem, ok := source.GemDir(dumpPath); ok {
		if _, here, _ := source.GemDir(file); here != gem {
			return c.name(here) + " here"
		}
		return c.name(gem) + " here too"
	}
	if _, ok := source.StdlibDir(dumpPath); ok {
		return "Ruby " + d.stdlib.here + " here too"
	}
	return "beside the workspace here too, by its Gemfile.lock"
}

// mappings says what each path mapping leads to, or why to nothing.
func (c *card) mappings(d *dump) {
	for i, x := range d.files.Given {
		text := c.applied(x, d.places.roots)
		if problem := d.unusable[i]; problem != "" {
			text += " (" + problem + ")"
		}
		c.line("By heapline.pathMappings", text)
	}
}

// maxRevisions is how many repositories are named.
const maxRevisions = 5

// history says of which commits the lines are taken to be, and what is not known.
func (c *card) history(h *history, roots []string) {
	for i, r := range h.revisions {
		if i == maxRevisions {
			c.line("Lines are those of", fmt.Sprintf("%d more repositories", len(h.revisions)-i))
			break
		}
		how := ""
		if len(h.revisions) > 1 {
			how = " in " + c.folder(r.top, roots)
		}
		if r.guessed() {
			how += " (a guess: " + guesses[r.by] + "; files untouched since are taken as they are)"
		}
		c.line("Lines are those of", c.code(r.commit[:min(len(r.commit), shortCommit)])+how)
	}
	for _, warning := range h.warnings {
		c.line("Not known", c.code(warning))
	}
}

var guesses = map[authority]string{
	checkedOut: "it was checked out here when the dump was taken",
	committed:  "the last commit before the dump",
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
	if len(l.named) == 0 && len(l.others) == 0 || len(l.rules) > 0 {
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
		c.line("Taken for the same", c.applied(x, d.places.roots))
	}
	c.mappings(d)
	c.history(d.bases.history, d.places.roots)
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
	for _, note := range d.notes() {
		c.WriteString("\n\n" + note)
	}
	return c.String()
}
