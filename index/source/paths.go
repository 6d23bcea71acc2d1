// Package source maps what a dump names to what the developer looks at: dump
// paths to workspace files, dump lines to lines of a buffer. It is pure: it
// reads no files and knows no protocol.
package source

import (
	"cmp"
	"path"
	"slices"
	"strings"
)

// File is one file of the workspace. Paths are absolute and use slashes.
type File struct {
	Path string // as the editor names it
	Real string // with all symbolic links resolved; may be empty or equal to Path
	Was  string // the path that it had when the dump was taken; empty where that is the same
}

// Workspace is a list of files, prepared for lookups by path ending. It never
// changes.
type Workspace struct {
	*listing
	endings []ending // of what is in byPath, sorted
}

// listing is what is left of a workspace once all is found.
type listing struct {
	roots  []string
	fold   bool
	byPath map[string]string // Path, Real and Was → Path
	past   map[string]bool   // what is in byPath as Was only
}

// ending is a file's name from its last character to its first: names that end
// alike are beside each other.
type ending struct{ reversed, file string }

// NewWorkspace prepares the files below roots for lookup. A file listed twice,
// for instance because one root is inside another, counts once. Where file names
// differ by more than upper and lower case, fold is false.
func NewWorkspace(roots []string, files []File, fold bool) *Workspace {
	w := &Workspace{listing: &listing{roots: roots, fold: fold, byPath: map[string]string{}, past: map[string]bool{}}}
	for _, f := range files {
		w.add(f.Path, f.Path)
		w.add(f.Real, f.Path)
	}
	for _, f := range files { // a file that has the path now is not the one that had it
		if w.add(f.Was, f.Path) {
			w.past[w.key(f.Was)] = true
		}
	}
	slices.SortFunc(w.endings, func(a, b ending) int { return strings.Compare(a.reversed, b.reversed) })
	return w
}

func (w *Workspace) add(name, file string) bool {
	if name == "" {
		return false
	}
	name = w.key(name)
	if _, ok := w.byPath[name]; ok {
		return false
	}
	w.byPath[name] = file
	w.endings = append(w.endings, ending{reversed(name), file})
	return true
}

// listed returns a file as the editor's folders name it.
func (l *listing) listed(file string) (string, bool) {
	key := l.key(file)
	listed, ok := l.byPath[key]
	return listed, ok && !l.past[key]
}

// key is what two names of one file have in common.
func (l *listing) key(name string) string {
	name = slashed(name)
	if l.fold {
		return strings.ToLower(name)
	}
	return name
}

// clean is the key of a dump path, of which a relative one is below cwd where
// that is known.
func (l *listing) clean(dumpPath, cwd string) string {
	clean := path.Clean(slashed(dumpPath))
	if cwd != "" && !isAbsolute(clean) {
		clean = path.Join(slashed(cwd), clean)
	}
	return l.key(clean)
}

// reversed begins with what s ends with.
func reversed(s string) string {
	b := []byte(s)
	slices.Reverse(b)
	return string(b)
}

// candidate is a file that a dump path may be.
type candidate struct {
	file  string
	path  string // by ending: the dump path
	how   How
	rule  Rule // by ending: what the two paths begin with before the part they share
	given int  // by a rule: its number
	votes int  // by ending: dump paths that the rule would explain
	parts int  // by ending: components that they share

	name, length int // by ending: which name of the file shares them, and how many bytes they are
}

// How is how a file was found, the surest first.
type How int

// The ways of finding a file.
const (
	ByRule     How = iota // a rule says where it is
	ByPath                // it is where the dump says
	ByRelative            // a relative path, below a workspace folder
	ByEnding              // its folder is taken for one of the dump's
)

// compare orders candidates, the better one first.
func (c candidate) compare(d candidate) int {
	return cmp.Or(cmp.Compare(c.how, d.how), cmp.Compare(d.votes, c.votes), cmp.Compare(d.parts, c.parts))
}

// located lists the files that a dump path is said to be: by a rule, or by being
// there. False where nothing is said.
func (w *Workspace) located(clean string, rules []Rule) (found []candidate, said bool) {
	if here, rule := w.longest(rules, clean); rule >= 0 {
		if file, ok := w.byPath[here]; ok {
			return []candidate{{file: file, how: ByRule, given: rule}}, true
		}
		return nil, true
	}
	if file, ok := w.byPath[clean]; ok {
		return []candidate{{file: file, how: ByPath}}, true
	}
	if !isAbsolute(clean) {
		found = w.belowRoots(clean)
	}
	return found, len(found) > 0
}

// longest applies the rule with the longest folder; its number is -1 where there
// is none.
func (w *Workspace) longest(rules []Rule, clean string) (here string, rule int) {
	rule = -1
	for i, r := range rules {
		if to, applies := r.Apply(clean); applies && (rule < 0 || len(r.From) > len(rules[rule].From)) {
			here, rule = to, i
		}
	}
	return here, rule
}

// belowRoots looks below each root: a program started there names its files so.
func (w *Workspace) belowRoots(clean string) []candidate {
	var found []candidate
	for _, root := range w.roots {
		file, ok := w.byPath[w.key(path.Join(root, clean))]
		if ok && !slices.ContainsFunc(found, func(c candidate) bool { return c.file == file }) {
			found = append(found, candidate{file: file, how: ByRelative})
		}
	}
	return found
}

// installedComponents is how many components a suffix needs at least. For a
// file of an installed gem or of Ruby's own library they include the versioned
// directory (rack-3.1.8, ruby/3.4.0): otherwise the utils.rb of any gem would be
// shown as the application's.
func installedComponents(clean string) int {
	from := len(clean)
	if gems := gemsOf(clean); gems != nil {
		from = gems[len(gems)-1][2] // the start of its name
	} else if library := stdlibOf(clean); library != nil {
		from = library[0] + 1
	}
	return strings.Count(clean[from:], "/") + 1
}
