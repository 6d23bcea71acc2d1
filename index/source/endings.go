package source

import (
	"cmp"
	"slices"
	"sort"
	"strings"
)

// A rule that nobody gave is found by counting: each folder of the dump is held
// against each folder of the workspace, and has as many votes as there are dump
// paths below the one that are files below the other. All pairs of a dump path
// and a file of its name would be too many where names repeat (version.rb), so
// the folders with the most dump paths come first: no rule of a folder has more
// votes than that has paths, and those that are too small to matter are not
// looked at. Where there is still too much to look at, a path that a folder left
// out might have decided is ambiguous. What is found is what looking at all
// would have found.

// limits are where the search ends.
type limits struct {
	pairs int // of a dump path and a file: that many are looked at
	// minor is by how many times less of the files a folder may explain than the one
	// that explains the most: a file that happens to have the name of one of some
	// library is not the library's.
	minor int
}

var defaultLimits = limits{pairs: 500_000, minor: 20}

// search finds dump paths by the components that they end with.
type search struct {
	*Workspace
	paths   []string // what is looked for
	results []result // of each path
	folders map[string]*folder
	limits
	looked int       // pairs that were looked at
	most   int       // votes of a rule
	bound  int       // votes that a rule may have, for all that is known
	doubt  candidate // the strongest that a path might be which is not decided
	namely map[Rule]*tally
}

// folder is one of the dump's, with the paths below it for which there are files
// that agree with them up to this folder and no further.
type folder struct {
	path  string
	ends  []end
	pairs int // of a path and a file
}

// end is what a dump path has below a folder.
type end struct {
	path   int
	length int     // in bytes, the slash before it included
	parts  int     // components
	alike  [2]span // of the workspace's endings
}

// span is a part of a sorted list.
type span struct{ from, to int }

func (s span) len() int { return s.to - s.from }

// result is the best that is known of a path.
type result struct {
	candidate
	several bool      // another file is as good
	unknown candidate // what a folder that was left out has at most
}

func newSearch(w *Workspace, paths []string, l limits) *search {
	s := &search{Workspace: w, paths: paths, results: make([]result, len(paths)), folders: map[string]*folder{}, limits: l}
	for i, p := range paths {
		s.split(i, p)
	}
	s.count()
	for i := range s.results {
		if r := &s.results[i]; !r.decided() && (s.doubt.votes == 0 || r.unknown.compare(s.doubt) < 0) {
			s.doubt = r.unknown
		}
	}
	return s
}

// split notes for each folder above a path which files agree with it that far.
func (s *search) split(i int, p string) {
	least, back := installedComponents(p), reversed(p)
	if !strings.HasSuffix(back, "/") {
		back += "/"
	}
	within := span{0, len(s.endings)}
	for parts, length := 1, 0; within.len() > 0; parts++ {
		next := strings.IndexByte(back[length:], '/') + 1
		if next <= 1 { // the root, or nothing
			return
		}
		length += next
		within = s.endingsWith(within, back[:length])
		more := span{within.from, within.from}
		if n := strings.IndexByte(back[length:], '/') + 1; n > 1 {
			more = s.endingsWith(within, back[:length+n])
		}
		if parts < least || within.len() == more.len() {
			continue
		}
		f := s.folder(p[:max(len(p)-length, 0)])
		f.ends = append(f.ends, end{i, length, parts, [2]span{{within.from, more.from}, {more.to, within.to}}})
		f.pairs += within.len() - more.len()
	}
}

func (s *search) folder(path string) *folder {
	f := s.folders[path]
	if f == nil {
		f = &folder{path: path}
		s.folders[path] = f
	}
	return f
}

// endingsWith narrows a span down to the names that end with something, given
// from its last character to its first.
func (s *search) endingsWith(in span, back string) span {
	list := s.endings[in.from:in.to]
	from := sort.Search(len(list), func(i int) bool { return list[i].reversed >= back })
	to := from
	if from < len(list) && strings.HasPrefix(list[from].reversed, back) {
		rest := list[from:]
		to = from + sort.Search(len(rest), func(i int) bool { return !strings.HasPrefix(rest[i].reversed, back) })
	}
	return span{in.from + from, in.from + to}
}

// count looks at the folders, those with the most paths first.
func (s *search) count() {
	var several, single []*folder
	for _, f := range s.folders {
		if len(f.ends) == 1 {
			single = append(single, f)
		} else {
			several = append(several, f)
		}
	}
	slices.SortFunc(several, func(a, b *folder) int {
		return cmp.Or(cmp.Compare(len(b.ends), len(a.ends)), cmp.Compare(a.pairs, b.pairs), strings.Compare(a.path, b.path))
	})
	for _, f := range several {
		switch {
		case len(f.ends)*s.minor < s.most: // nor do those that follow matter
			return
		case f.pairs > s.pairs:
			s.leaveOut(f)
		default:
			s.vote(f)
		}
	}
	for _, f := range single {
		if s.minor >= s.most {
			s.single(f)
		}
	}
}

// single is for a folder whose rules have one vote each: two files are as good
// as a thousand.
func (s *search) single(f *folder) {
	e := f.ends[0]
	r := &s.results[e.path]
	s.most, s.bound = max(s.most, 1), max(s.bound, 1)
	for _, alike := range e.alike {
		for i := alike.from; i < alike.to; i++ {
			c := s.candidate(e, i, 1)
			if order := c.compare(r.candidate); r.file != "" && (order > 0 || order == 0 && r.several) {
				return
			}
			r.offer(c)
		}
	}
}

// vote counts the votes of all rules of a folder, then offers its paths the
// files that they lead to.
func (s *search) vote(f *folder) {
	votes := map[string]int{}
	each := func(do func(e end, i int)) {
		for _, e := range f.ends {
			for _, alike := range e.alike {
				for i := alike.from; i < alike.to; i++ {
					do(e, i)
				}
			}
		}
	}
	each(func(e end, i int) {
		here := s.endings[i].reversed[e.length:]
		votes[here]++
		s.most = max(s.most, votes[here])
	})
	each(func(e end, i int) {
		s.results[e.path].offer(s.candidate(e, i, votes[s.endings[i].reversed[e.length:]]))
	})
	s.pairs -= f.pairs
	s.bound = max(s.bound, s.most)
}

// candidate is without its rule, which few need.
func (s *search) candidate(e end, i, votes int) candidate {
	s.looked++
	return candidate{file: s.endings[i].file, how: ByEnding, votes: votes, parts: e.parts, name: i, length: e.length}
}

// rule is what leads from a path to a candidate's file.
func (s *search) ruleOf(path string, c candidate) Rule {
	return Rule{path[:max(len(path)-c.length, 0)], reversed(s.endings[c.name].reversed[c.length:])}
}

// leaveOut notes what a folder could have said that nobody has the time for.
func (s *search) leaveOut(f *folder) {
	s.bound = max(s.bound, len(f.ends))
	for _, e := range f.ends {
		r := &s.results[e.path]
		most := candidate{how: ByEnding, votes: len(f.ends), parts: e.parts}
		if r.unknown.votes == 0 || most.compare(r.unknown) < 0 {
			r.unknown = most
		}
	}
}

func (r *result) offer(c candidate) {
	order := 0
	if r.file != "" {
		order = c.compare(r.candidate)
	}
	switch {
	case r.file == "" || order < 0:
		r.candidate, r.several = c, false
	case order == 0 && c.file != r.file:
		r.several = true
	case order == 0 && c.name < r.name: // by another name of the same file
		r.candidate = c
	}
}

// decided reports whether nothing that was left out can be better.
func (r *result) decided() bool {
	return r.unknown.votes == 0 || r.file != "" && r.compare(r.unknown) < 0
}

// best returns the file that a path is, nil where there is none or several are
// as good.
func (s *search) best(i int) (c *candidate, several bool) {
	r := &s.results[i]
	switch minor := r.file == "" || r.votes*s.minor < s.most; {
	case !r.decided(), !minor && (r.several || r.votes*s.minor < s.bound):
		return nil, true
	case minor:
		c, several = s.namesake(s.paths[i])
	default:
		c = &r.candidate
		c.path, c.rule = s.paths[i], s.ruleOf(s.paths[i], *c)
	}
	if c != nil && s.doubt.votes > 0 && c.compare(s.doubt) >= 0 { // a path in doubt may have a better claim to the file
		return nil, true
	}
	return c, several
}
