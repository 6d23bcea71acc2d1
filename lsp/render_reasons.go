package lsp

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"heapline/index"
)

// How much of what keeps objects alive is shown.
const (
	maxPaths   = 3
	maxSteps   = 9 // of one path; of a longer one the middle is left out,
	keptAhead  = 2 // and so many stay before that
	maxOwn     = 3 // kinds of a site's own objects
	maxHolders = 3
	// minorPath is the share of the objects below which a path of their own is
	// not shown.
	minorPath = 0.1
	// minorHolder is the same for holders.
	minorHolder = 0.01
)

// linker says where in the workspace a dump's file and line are: a short name,
// and a link to it; false for files that are not there.
type linker func(file string, line int) (name, target string, ok bool)

// reasons adds what keeps the objects alive.
func (c *card) reasons(r reasons, site index.Site, link linker) {
	if r.paths == nil {
		c.WriteString("\n\nWhat keeps them alive is still being worked out: look again in a moment.")
		return
	}
	for i, p := range mainPaths(r.paths, site) {
		title := "Kept alive by"
		if i > 0 {
			title = "And by"
		}
		if p.objects < r.paths.Objects {
			title += fmt.Sprintf(" (%.0f %% of them)", 100*float64(p.objects)/float64(r.paths.Objects))
		}
		c.line(title, c.path(p, link))
	}
	c.holders(mainHolders(r.holders, site), link)
}

// keptPath is one way from a root to objects of a site.
type keptPath struct {
	steps   []index.Step
	own     []index.Step // the site's objects at its end: what they hold in turn is no news
	objects int
}

// mainPaths takes the few paths that most objects are reached by out of the
// merged ones, the commonest first.
func mainPaths(p *index.Paths, site index.Site) []keptPath {
	var paths []keptPath
	var follow func(above, steps []index.Step)
	follow = func(above, steps []index.Step) {
		kept := keptPath{steps: above}
		for _, step := range steps {
			if step.File == site.File && step.Line == site.Line {
				kept.own = append(kept.own, step)
				kept.objects += step.Objects
				continue
			}
			follow(append(slices.Clone(above), step), step.Next)
		}
		if kept.objects > 0 {
			paths = append(paths, kept)
		}
	}
	follow(nil, p.Roots)
	slices.SortStableFunc(paths, func(a, b keptPath) int { return cmp.Compare(b.objects, a.objects) })
	minor := func(k keptPath) bool { return float64(k.objects) < minorPath*float64(p.Objects) }
	if n := slices.IndexFunc(paths, minor); n >= 0 {
		paths = paths[:max(n, 1)]
	}
	return paths[:min(len(paths), maxPaths)]
}

func (c *card) path(p keptPath, link linker) string {
	var words []string
	cut := len(p.steps) + 1 - maxSteps
	for i, step := range p.steps {
		switch {
		case cut > 0 && i == keptAhead:
			words = append(words, "…")
		case cut > 0 && i > keptAhead && i <= keptAhead+cut:
		default:
			words = append(words, c.step(step, link))
		}
	}
	var own []string
	for _, step := range p.own[:min(len(p.own), maxOwn)] {
		own = append(own, c.name(step.Label))
	}
	if len(p.own) > maxOwn {
		own = append(own, "…")
	}
	return strings.Join(append(words, strings.Join(own, ", ")), " → ") + " (this line)"
}

func (c *card) step(step index.Step, link linker) string {
	text := c.name(step.Label)
	if place := c.place(step.File, step.Line, link); place != "" {
		text += " (" + place + ")"
	}
	return text
}

// place names a line of the workspace, as a link where the client shows
// markdown; "" for lines elsewhere.
func (c *card) place(file string, line int, link linker) string {
	name, target, ok := link(file, line)
	if !ok || line <= 0 {
		return ""
	}
	if !c.markdown {
		return label(name)
	}
	return fmt.Sprintf("[%s](<%s>)", linkText(name), target)
}

// plainPath is a path that means nothing to any markdown: no _ in it ends a word.
var plainPath = regexp.MustCompile(`^[\pL\pN./:+@-]+(_+[\pL\pN]+[\pL\pN./:+@-]*)*$`)

// linkText is text inside of a link's brackets. Escapes would not do: VS Code
// takes some back and reads the rest as markdown.
func linkText(s string) string {
	if plainPath.MatchString(s) {
		return label(s)
	}
	return codeSpan(label(s))
}

// mainHolders takes the few single objects, or kinds of them, that hold most
// of a site's objects.
func mainHolders(holders []index.Holder, site index.Site) []index.Holder {
	var main []index.Holder
	for _, h := range holders {
		if len(main) < maxHolders && !h.Shared() && float64(h.Objects) >= minorHolder*float64(site.Objects) {
			main = append(main, h)
		}
	}
	return main
}

// holders is a line of what dominates the objects.
func (c *card) holders(holders []index.Holder, link linker) {
	var words []string
	for _, h := range holders {
		words = append(words, fmt.Sprintf("%s (%s)", c.holder(h, link), index.FormatObjects(h.Objects)))
	}
	if len(words) > 0 {
		c.line("Held by", strings.Join(words, ", "))
	}
}

// holderMessage says what a holder holds of a site.
func holderMessage(h index.Holder, site index.Site) string {
	c := &card{}
	verb := "holds"
	if h.Holders > 1 {
		verb = "hold"
	}
	return fmt.Sprintf("%s %s %s of the %s", c.holderName(h), verb, objects(h.Objects), index.FormatObjects(site.Objects))
}

func (c *card) holderName(h index.Holder) string {
	text := c.name(h.Label)
	if h.Owner != "" && h.Owner != "Object" && h.Owner != h.Label {
		text += " of " + c.name(h.Owner)
	}
	return text
}

func (c *card) holder(h index.Holder, link linker) string {
	text := c.holderName(h)
	if place := c.place(h.File, h.Line, link); place != "" {
		text += " at " + place
	}
	return text
}
