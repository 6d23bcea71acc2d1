package source

import (
	"path"
	"strings"
)

// A small workspace folder beside a large one explains few files of the dump, and
// yet all of its own. Where its name is that of a folder in the dump, and most of
// what the dump has in that is here too, it is the same.

// tally counts dump paths below a folder.
type tally struct{ explained, all int }

// enough is less than half of a folder never, and a single file never: names such
// as app and lib are those of many folders.
func (t *tally) enough() bool { return t.explained > 1 && 2*t.explained >= t.all }

// namesake returns the file of a path that no rule explains well enough.
func (s *search) namesake(p string) (found *candidate, several bool) {
	if s.namely == nil {
		s.tallyNamesakes()
	}
	s.eachNamesake(p, func(r Rule, file string) {
		t := s.namely[r]
		switch {
		case file == "" || !t.enough():
		case found == nil:
			found = &candidate{file: file, path: p, how: ByEnding, rule: r, votes: t.explained, parts: 1}
		case found.file != file:
			several = true
		}
	})
	if several {
		return nil, true
	}
	return found, false
}

func (s *search) tallyNamesakes() {
	s.namely = map[Rule]*tally{}
	for _, p := range s.paths {
		s.eachNamesake(p, func(r Rule, file string) {
			t := s.namely[r]
			if t == nil {
				t = &tally{}
				s.namely[r] = t
			}
			if t.all++; file != "" {
				t.explained++
			}
		})
	}
}

// eachNamesake calls f for every folder above a path that has the name of a
// workspace folder, with the file that the path then is, if there is one.
func (s *search) eachNamesake(p string, f func(r Rule, file string)) {
	if installedComponents(p) > 1 { // of a gem or of Ruby
		return
	}
	for _, root := range s.roots {
		root := s.key(root)
		name := "/" + path.Base(root) + "/"
		for at := 0; ; {
			next := strings.Index(p[at:], name)
			if next < 0 {
				break
			}
			at += next + len(name) - 1
			f(Rule{p[:at], root}, s.byPath[root+p[at:]])
		}
	}
}
