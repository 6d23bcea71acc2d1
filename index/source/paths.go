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
}

// Workspace is a list of files, prepared for lookups by path ending. It never
// changes.
type Workspace struct {
	roots  []string
	fold   bool
	byPath map[string]string   // Path and Real → Path
	byBase map[string][]string // last component → Paths and Reals with that ending
}

// NewWorkspace prepares the files below roots for lookup. A file listed twice,
// for instance because one root is inside another, counts once. Where file names
// differ by more than upper and lower case, fold is false.
func NewWorkspace(roots []string, files []File, fold bool) *Workspace {
	w := &Workspace{roots: roots, fold: fold, byPath: map[string]string{}, byBase: map[string][]string{}}
	for _, f := range files {
		w.add(f.Path, f.Path)
		if f.Real != "" && f.Real != f.Path {
			w.add(f.Real, f.Path)
		}
	}
	return w
}

func (w *Workspace) add(name, file string) {
	name = w.key(name)
	if _, ok := w.byPath[name]; ok {
		return
	}
	w.byPath[name] = file
	base := path.Base(name)
	w.byBase[base] = append(w.byBase[base], name)
}

// key is what two names of one file have in common.
func (w *Workspace) key(name string) string {
	if w.fold {
		return strings.ToLower(name)
	}
	return name
}

// Rule says that a folder of the dump is a folder here: all below it is found
// there or nowhere. Paths are absolute and use slashes.
type Rule struct {
	From string `json:"from"` // as the dump names it
	To   string `json:"to"`
}

// Reverse leads from what is below To back to the dump's name of it.
func (r Rule) Reverse() Rule { return Rule{r.To, r.From} }

// Apply returns what a dump path is here; false for one that is not below From.
func (r Rule) Apply(dumpPath string) (string, bool) {
	rest, ok := strings.CutPrefix(dumpPath, strings.TrimSuffix(r.From, "/"))
	if !ok || rest != "" && rest[0] != '/' {
		return "", false
	}
	return path.Clean(r.To + rest), true
}

// Inferred is a rule that nobody gave, with how many files it explains.
type Inferred struct {
	Rule
	Files int `json:"files"`
}

// Mapping says which dump path belongs to which workspace file, one to one.
type Mapping struct {
	Mapped    int        // dump paths with a workspace file
	Unmapped  int        // dump paths without one: gems, the standard library, evals
	Ambiguous int        // dump paths that may be one of several files: nothing is shown for them
	Inferred  []Inferred // how the files were found that are not where the dump says; most files first

	toDump   map[string]string
	toFile   map[string]string
	inferred map[string]Rule // by dump path
}

// DumpPath returns the dump's name of a workspace file.
func (m *Mapping) DumpPath(file string) (string, bool) {
	dumpPath, ok := m.toDump[file]
	return dumpPath, ok
}

// File returns the workspace file of a dump path.
func (m *Mapping) File(dumpPath string) (string, bool) {
	file, ok := m.toFile[dumpPath]
	return file, ok
}

// How returns the inferred folder that a dump path was found by; false for one
// that is where the dump or a rule says, or nowhere.
func (m *Mapping) How(dumpPath string) (Inferred, bool) {
	rule, ok := m.inferred[dumpPath]
	if !ok {
		return Inferred{}, false
	}
	return m.Inferred[slices.IndexFunc(m.Inferred, func(x Inferred) bool { return x.Rule == rule })], true
}

// Map finds the workspace files of all paths of a dump, of which relative ones
// are below cwd where that is known: by the rules, of which the longest counts; by
// the very path; else by the one folder that explains the
// most of the dump's files, however well another would fit a single one. Where
// several dump paths claim one file, the one found most surely has it; claims of
// equal strength are ambiguous.
func (w *Workspace) Map(dumpPaths []string, rules []Rule, cwd string) *Mapping {
	m := &Mapping{toDump: map[string]string{}, toFile: map[string]string{}, inferred: map[string]Rule{}}
	all := make([][]candidate, len(dumpPaths))
	votes := map[Rule]int{}
	for i, p := range dumpPaths {
		all[i] = w.candidates(p, rules, cwd)
		for _, c := range all[i] {
			if c.kind == bySuffix {
				votes[c.rule]++
			}
		}
	}
	most := 0
	for _, n := range votes {
		most = max(most, n)
	}
	claims := map[string][]claim{}
	for i, p := range dumpPaths {
		for j := range all[i] {
			all[i][j].votes = votes[all[i][j].rule]
		}
		switch c, several := best(all[i], most); {
		case several:
			m.Ambiguous++
		case c == nil:
			m.Unmapped++
		default:
			claims[c.file] = append(claims[c.file], claim{p, *c})
		}
	}
	m.settle(claims)
	m.infer(claims, w.roots)
	return m
}

// settle gives every file to the strongest claim.
func (m *Mapping) settle(claims map[string][]claim) {
	for file, cs := range claims {
		slices.SortStableFunc(cs, func(a, b claim) int { return a.compare(b.candidate) })
		if len(cs) > 1 && cs[0].compare(cs[1].candidate) == 0 {
			m.Ambiguous += len(cs)
			continue
		}
		m.Mapped++
		m.Unmapped += len(cs) - 1
		m.toDump[file], m.toFile[cs[0].dumpPath] = cs[0].dumpPath, file
	}
}

// infer sums up which folders of the dump were found where.
func (m *Mapping) infer(claims map[string][]claim, roots []string) {
	files := map[Rule]int{}
	for file, cs := range claims {
		for _, c := range cs {
			if c.kind == bySuffix && m.toDump[file] == c.dumpPath && isAbsolute(c.rule.From+"/") {
				rule := c.rule.below(roots)
				m.inferred[c.dumpPath] = rule
				files[rule]++
			}
		}
	}
	for rule, n := range files {
		m.Inferred = append(m.Inferred, Inferred{rule, n})
	}
	slices.SortFunc(m.Inferred, func(a, b Inferred) int {
		return cmp.Or(cmp.Compare(b.Files, a.Files), strings.Compare(a.From, b.From), strings.Compare(a.To, b.To))
	})
}

// below names the workspace folder itself where a rule leads to a folder above
// it: /srv → /home/me is /srv/app → /home/me/app.
func (r Rule) below(roots []string) Rule {
	inside := ""
	for _, root := range roots {
		if rest, ok := strings.CutPrefix(root, r.To+"/"); ok {
			if inside != "" {
				return r
			}
			inside = "/" + rest
		}
	}
	return Rule{r.From + inside, r.To + inside}
}

// claim is a dump path that may belong to a file.
type claim struct {
	dumpPath string
	candidate
}

// candidate is a file that a dump path may be.
type candidate struct {
	file   string
	kind   kind
	rule   Rule // by suffix: what the two paths begin with before the part they share
	votes  int  // by suffix: dump paths that the rule would explain
	suffix int  // by suffix: components that they share
}

// kind is how a file was found, the surest first.
type kind int

const (
	byRule kind = iota
	byPath
	byRoot // a relative path below a workspace folder
	bySuffix
)

// compare orders candidates, the better one first.
func (c candidate) compare(d candidate) int {
	return cmp.Or(cmp.Compare(c.kind, d.kind), cmp.Compare(d.votes, c.votes), cmp.Compare(d.suffix, c.suffix))
}

// minorRule is by how many times less of the files a folder may explain than the
// one that explains the most: a file that happens to have the name of one of
// some library is not the library's.
const minorRule = 20

// best returns the best of a dump path's candidates, nil where there is none.
func best(candidates []candidate, most int) (c *candidate, several bool) {
	slices.SortStableFunc(candidates, func(a, b candidate) int { return a.compare(b) })
	switch {
	case len(candidates) == 0, candidates[0].kind == bySuffix && candidates[0].votes*minorRule < most:
		return nil, false
	case len(candidates) > 1 && candidates[0].compare(candidates[1]) == 0:
		return nil, true
	}
	return &candidates[0], false
}

// candidates lists the files that a dump path may be, each once.
func (w *Workspace) candidates(dumpPath string, rules []Rule, cwd string) []candidate {
	if !HasSource(dumpPath) {
		return nil
	}
	clean := path.Clean(slashed(dumpPath))
	if cwd != "" && !isAbsolute(clean) {
		clean = path.Join(slashed(cwd), clean)
	}
	clean = w.key(clean)
	if here, ok := w.longest(rules, clean); ok {
		if file, ok := w.byPath[here]; ok {
			return []candidate{{file: file, kind: byRule}}
		}
		return nil
	}
	if file, ok := w.byPath[clean]; ok {
		return []candidate{{file: file, kind: byPath}}
	}
	if !isAbsolute(clean) {
		if found := w.belowRoots(clean); len(found) > 0 {
			return found
		}
	}
	return w.bySuffix(clean)
}

// longest applies the rule with the longest folder.
func (w *Workspace) longest(rules []Rule, clean string) (here string, ok bool) {
	length := -1
	for _, r := range rules {
		r = Rule{w.key(slashed(r.From)), w.key(r.To)}
		if to, applies := r.Apply(clean); applies && len(r.From) > length {
			here, ok, length = to, true, len(r.From)
		}
	}
	return here, ok
}

// belowRoots looks below each root: a program started there names its files so.
func (w *Workspace) belowRoots(clean string) []candidate {
	var found []candidate
	for _, root := range w.roots {
		file, ok := w.byPath[w.key(path.Join(root, clean))]
		if ok && !slices.ContainsFunc(found, func(c candidate) bool { return c.file == file }) {
			found = append(found, candidate{file: file, kind: byRoot})
		}
	}
	return found
}

// bySuffix finds the files that share trailing components, each by its longest.
func (w *Workspace) bySuffix(clean string) []candidate {
	least := installedComponents(clean)
	var found []candidate
	for _, name := range w.byBase[path.Base(clean)] {
		n, from, to := commonSuffix(clean, name)
		if n < least {
			continue
		}
		c := candidate{file: w.byPath[name], kind: bySuffix, rule: Rule{from, to}, suffix: n}
		known := slices.IndexFunc(found, func(x candidate) bool { return x.file == c.file })
		switch {
		case known < 0:
			found = append(found, c)
		case n > found[known].suffix:
			found[known] = c
		}
	}
	return found
}

// commonSuffix counts the equal trailing components of two paths and returns
// what is before them.
func commonSuffix(a, b string) (n int, restA, restB string) {
	for ; ; n++ {
		headA, lastA := cutLast(a)
		headB, lastB := cutLast(b)
		if lastA == "" || lastA != lastB {
			return n, a, b
		}
		a, b = headA, headB
	}
}

func cutLast(p string) (rest, last string) {
	i := strings.LastIndexByte(p, '/')
	return p[:max(i, 0)], p[i+1:]
}

// slashed is a Windows path with slashes; in other paths a backslash is a
// character like any.
func slashed(p string) string {
	if len(p) > 2 && p[1] == ':' && p[2] == '\\' || strings.HasPrefix(p, `\\`) {
		return strings.ReplaceAll(p, `\`, "/")
	}
	return p
}

// installedComponents is how many components a suffix needs at least. For a
// file of an installed gem or of Ruby's own library they include the versioned
// directory (rack-3.1.8, ruby/3.4.0): otherwise the utils.rb of any gem would be
// shown as the application's.
func installedComponents(clean string) int {
	from := len(clean)
	if gems := gemDir.FindAllStringSubmatchIndex(clean, -1); gems != nil {
		from = gems[len(gems)-1][2] // the start of its name
	} else if library := stdlibDir.FindStringIndex(clean); library != nil {
		from = library[0] + 1
	}
	return strings.Count(clean[from:], "/") + 1
}

// isAbsolute knows Unix paths and Windows ones as Ruby writes them (C:/app).
func isAbsolute(p string) bool {
	return strings.HasPrefix(p, "/") || len(p) > 2 && p[1] == ':' && p[2] == '/'
}
