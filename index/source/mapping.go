package source

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Applied is a rule with the number of files that it leads to.
type Applied struct {
	Rule
	Files int `json:"files"`
}

// Mapping says which dump paths are which workspace file. A file has several
// where the process knew it by several names.
type Mapping struct {
	Mapped    int       // dump paths with a workspace file
	Unmapped  int       // dump paths without one: gems, the standard library, evals
	Ambiguous int       // dump paths that may be one of several files: nothing is shown for them
	Given     []Applied // the rules that were given
	Inferred  []Applied // those that lead to the files that are not where the dump says; most files first

	listing *listing
	toDump  map[string][]string
	found   map[string]candidate // by dump path
}

// DumpPaths returns the dump's names of a workspace file, the surest first, and
// the file as the workspace lists it.
func (m *Mapping) DumpPaths(path string) (names []string, file string) {
	if names := m.toDump[path]; names != nil {
		return names, path
	}
	file, _ = m.listing.listed(path)
	return m.toDump[file], file
}

// Lists reports whether the workspace has a file, by either of its paths.
func (m *Mapping) Lists(path string) bool {
	_, ok := m.listing.listed(path)
	return ok
}

// File returns the workspace file of a dump path.
func (m *Mapping) File(dumpPath string) (string, bool) {
	c, ok := m.found[dumpPath]
	return c.file, ok
}

// How returns how the file of a dump path was found, and by which rule, if by
// one. False where it was not.
func (m *Mapping) How(dumpPath string) (how How, by Applied, ok bool) {
	c, ok := m.found[dumpPath]
	switch {
	case !ok:
	case c.how == ByRule:
		by = m.Given[c.given]
	case c.how == ByEnding:
		if i := slices.IndexFunc(m.Inferred, func(x Applied) bool { return x.Rule == c.rule }); i >= 0 {
			by = m.Inferred[i]
		}
	}
	return c.how, by, ok
}

// Map finds the workspace files of all paths of a dump, of which relative ones
// are below cwd where that is known: by the rules, of which the longest counts; by
// the very path; else by the one folder that explains the
// most of the dump's files, however well another would fit a single one. Several
// dump paths may be said to be one file. Where they are inferred to be, the one
// found most surely has it; claims of equal strength are ambiguous.
func (w *Workspace) Map(dumpPaths []string, rules []Rule, cwd string) *Mapping {
	return w.mapped(dumpPaths, rules, cwd, defaultLimits)
}

func (w *Workspace) mapped(dumpPaths []string, rules []Rule, cwd string, l limits) *Mapping {
	m := &Mapping{listing: w.listing, toDump: map[string][]string{}, found: map[string]candidate{}}
	keys := make([]Rule, len(rules))
	for i, r := range rules {
		r = r.Clean()
		m.Given = append(m.Given, Applied{r, 0})
		keys[i] = Rule{w.key(r.From), w.key(r.To)}
	}
	claims := map[string][]claim{}
	names := m.namesByKey(dumpPaths, cwd)
	var unknown []string
	for _, clean := range slices.Sorted(maps.Keys(names)) {
		switch found, said := w.located(clean, keys); {
		case !said:
			unknown = append(unknown, clean)
		case len(found) == 0:
			m.Unmapped += len(names[clean])
		case len(found) > 1:
			m.Ambiguous += len(names[clean])
		default:
			claims[found[0].file] = append(claims[found[0].file], claim{names[clean], found[0]})
		}
	}
	m.infer(w, claims, withoutLinks(unknown, names), names, l)
	m.settle(claims)
	m.sumUp()
	return m
}

// namesByKey returns the names of each file of the dump that lines can be in, one
// without detours first.
func (m *Mapping) namesByKey(dumpPaths []string, cwd string) map[string][]string {
	names := map[string][]string{}
	for _, p := range dumpPaths {
		if !HasSource(p) {
			m.Unmapped++
			continue
		}
		clean := m.listing.clean(p, cwd)
		if names[clean] = append(names[clean], p); p == clean {
			slices.Reverse(names[clean])
		}
	}
	return names
}

// deployed is what deployment by Capistrano makes: current is a link to one of
// the releases.
var deployed = regexp.MustCompile(`^(.*)/(?:releases/([0-9]+)|current)/`)

// withoutLinks replaces the names of a release through the link by its own where
// the dump has only one, and returns the names that are left.
func withoutLinks(paths []string, names map[string][]string) []string {
	releases := map[string]map[string]bool{}
	for _, p := range paths {
		if !strings.Contains(p, "/releases/") {
			continue
		}
		if at := deployed.FindStringSubmatch(p); at != nil && at[2] != "" {
			if releases[at[1]] == nil {
				releases[at[1]] = map[string]bool{}
			}
			releases[at[1]][at[2]] = true
		}
	}
	if len(releases) == 0 {
		return paths
	}
	var left []string
	for _, p := range paths {
		at := deployed.FindStringSubmatch(p)
		if at == nil || at[2] != "" || len(releases[at[1]]) != 1 {
			left = append(left, p)
			continue
		}
		release := slices.Collect(maps.Keys(releases[at[1]]))[0]
		own := at[1] + "/releases/" + release + "/" + p[len(at[0]):]
		if names[own] == nil {
			left = append(left, own)
		}
		names[own] = append(names[own], names[p]...)
	}
	return left
}

// claim is a file of the dump that may be one of the workspace.
type claim struct {
	names []string // dump paths
	candidate
}

// infer adds the claims of paths of which nobody says where they are.
func (m *Mapping) infer(w *Workspace, claims map[string][]claim, paths []string, names map[string][]string, l limits) {
	s := newSearch(w, paths, l)
	for i, p := range paths {
		switch c, several := s.best(i); {
		case several:
			m.Ambiguous += len(names[p])
		case c == nil:
			m.Unmapped += len(names[p])
		default:
			claims[c.file] = append(claims[c.file], claim{names[p], *c})
		}
	}
}

// settle gives every file to those who are said to be it, else to the strongest
// claim.
func (m *Mapping) settle(claims map[string][]claim) {
	for file, cs := range claims {
		slices.SortStableFunc(cs, func(a, b claim) int { return a.compare(b.candidate) })
		have := 1
		for have < len(cs) && cs[have].how < ByEnding {
			have++
		}
		if cs[0].how == ByEnding && len(cs) > 1 && cs[0].compare(cs[1].candidate) == 0 {
			for _, c := range cs {
				m.Ambiguous += len(c.names)
			}
			continue
		}
		for i, c := range cs {
			if i >= have {
				m.Unmapped += len(c.names)
				continue
			}
			m.Mapped += len(c.names)
			m.toDump[file] = append(m.toDump[file], c.names...)
			for _, name := range c.names {
				m.found[name] = c.candidate
			}
		}
	}
}

// sumUp counts which folders of the dump were found where.
func (m *Mapping) sumUp() {
	files := map[Rule]int{}
	for _, names := range m.toDump {
		for i, name := range names {
			c := m.found[name]
			switch {
			case c.how == ByRule && (i == 0 || m.found[names[i-1]].given != c.given):
				m.Given[c.given].Files++
			case c.how == ByEnding && isAbsolute(c.path):
				c.rule = m.listing.said(c, name)
				m.found[name] = c
				files[c.rule] += max(1-i, 0)
			}
		}
	}
	for rule, n := range files {
		m.Inferred = append(m.Inferred, Applied{rule, n})
	}
	slices.SortFunc(m.Inferred, func(a, b Applied) int {
		return cmp.Or(cmp.Compare(b.Files, a.Files), strings.Compare(a.From, b.From), strings.Compare(a.To, b.To))
	})
}

// said is the rule that leads to a file in the words of the dump and of the
// editor, and with a workspace folder rather than one above it.
func (l *listing) said(c candidate, name string) Rule {
	r := c.rule
	if !strings.HasPrefix(l.key(c.file), r.To+"/") { // found by the name without links
		if from, to := commonEnding(c.path, l.key(c.file)); from != c.path {
			r = Rule{from, to}
		}
	}
	r.From, r.To = spelled(r.From, name), spelled(r.To, c.file)
	if r = r.below(l.rootOf(c.file)); r.From == "" {
		r.From = "/"
	}
	return r
}

// spelled is the start of a path as that has it, of which folder is the key.
func spelled(folder, path string) string {
	if len(path) >= len(folder) && strings.EqualFold(path[:len(folder)], folder) {
		return path[:len(folder)]
	}
	return folder
}

// commonEnding returns what is before the components that two paths share at
// their ends.
func commonEnding(a, b string) (restA, restB string) {
	for {
		i, j := strings.LastIndexByte(a, '/'), strings.LastIndexByte(b, '/')
		if i < 0 || j < 0 || a[i:] != b[j:] {
			return a, b
		}
		a, b = a[:i], b[:j]
	}
}

// rootOf returns the innermost workspace folder that a file is in.
func (l *listing) rootOf(file string) string {
	inner := ""
	for _, root := range l.roots {
		if strings.HasPrefix(file, root+"/") && len(root) > len(inner) {
			inner = root
		}
	}
	return inner
}
