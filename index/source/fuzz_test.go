package source

import (
	"path"
	"slices"
	"strings"
	"testing"
)

// naiveMap is Map in its plainest words, for a workspace whose files have no
// links. It returns what each dump path is found as.
func naiveMap(roots []string, files, dumpPaths []string, minor int) map[string]string {
	var cleans []string
	for _, p := range dumpPaths {
		if HasSource(p) {
			cleans = append(cleans, path.Clean(p))
		}
	}
	slices.Sort(cleans)
	cleans = slices.Compact(cleans)
	votes := map[[2]string]int{}
	var unknown []string
	for _, p := range cleans {
		if exact, relative := naivePlaces(roots, files, p); exact == "" && len(relative) == 0 {
			unknown = append(unknown, p)
			for _, f := range files {
				if from, to, n := naiveHeads(p, f); n >= installedComponents(p) {
					votes[[2]string{from, to}]++
				}
			}
		}
	}
	most := 0
	for _, n := range votes {
		most = max(most, n)
	}
	found := map[string]map[string]naiveMatch{} // file → dump path
	for _, p := range cleans {
		options := map[string]naiveMatch{}
		exact, relative := naivePlaces(roots, files, p)
		switch {
		case exact != "":
			options[exact] = naiveMatch{kind: 3}
		case len(relative) > 0:
			for _, f := range relative {
				options[f] = naiveMatch{kind: 2}
			}
		default:
			for _, f := range files {
				from, to, n := naiveHeads(p, f)
				if v := votes[[2]string{from, to}]; n >= installedComponents(p) && v*minor >= most {
					options[f] = naiveMatch{1, v, n}
				}
			}
			if len(options) == 0 {
				options = naiveNamesakes(roots, files, unknown, p)
			}
		}
		if f, ok := naiveBest(options, naiveMatch.better); ok {
			if found[f] == nil {
				found[f] = map[string]naiveMatch{}
			}
			found[f][p] = options[f]
		}
	}
	files1 := map[string]string{}
	for f, claims := range found {
		located := false
		for p, m := range claims {
			if m.kind > 1 {
				files1[p], located = f, true
			}
		}
		if p, ok := naiveBest(claims, naiveMatch.better); ok && !located {
			files1[p] = f
		}
	}
	got := map[string]string{}
	for _, p := range dumpPaths {
		if f, ok := files1[path.Clean(p)]; ok && HasSource(p) {
			got[p] = f
		}
	}
	return got
}

type naiveMatch struct{ kind, votes, suffix int }

func (a naiveMatch) better(b naiveMatch) bool {
	return a.kind > b.kind || a.kind == b.kind && (a.votes > b.votes || a.votes == b.votes && a.suffix > b.suffix)
}

// naiveNamesakes are the files below a workspace folder that has the name of a
// folder above the path, if half of what is in that is there too.
func naiveNamesakes(roots, files, paths []string, p string) map[string]naiveMatch {
	options := map[string]naiveMatch{}
	if installedComponents(p) > 1 {
		return options
	}
	for _, root := range roots {
		for from := path.Dir(p); from != path.Dir(from); from = path.Dir(from) {
			if path.Base(from) != path.Base(root) || !strings.Contains(from, "/") {
				continue
			}
			explained, all := 0, 0
			for _, q := range paths {
				if rest, below := strings.CutPrefix(q, from+"/"); below && installedComponents(q) == 1 {
					all++
					if slices.Contains(files, root+"/"+rest) {
						explained++
					}
				}
			}
			here := root + strings.TrimPrefix(p, from)
			if explained > 1 && 2*explained >= all && slices.Contains(files, here) {
				options[here] = naiveMatch{1, explained, 1}
			}
		}
	}
	if len(options) > 1 {
		return nil
	}
	return options
}

// naiveBest returns the key that is better than every other.
func naiveBest[V any](options map[string]V, better func(a, b V) bool) (string, bool) {
	for k, v := range options {
		wins := true
		for other, x := range options {
			wins = wins && (other == k || better(v, x))
		}
		if wins {
			return k, true
		}
	}
	return "", false
}

func naivePlaces(roots, files []string, p string) (exact string, relative []string) {
	clean := path.Clean(p)
	for _, f := range files {
		if f == clean {
			exact = f
		}
		for _, root := range roots {
			if !isAbsolute(clean) && f == path.Join(root, clean) {
				relative = append(relative, f)
			}
		}
	}
	return exact, relative
}

// naiveHeads are two paths without the components that they share at the end.
func naiveHeads(p, f string) (from, to string, shared int) {
	a, b := strings.Split(path.Clean(p), "/"), strings.Split(f, "/")
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] && a[len(a)-1] != "" {
		a, b, shared = a[:len(a)-1], b[:len(b)-1], shared+1
	}
	return strings.Join(a, "/"), strings.Join(b, "/"), shared
}

// FuzzMap makes a workspace of some lines and looks for a dump's paths in it.
func FuzzMap(f *testing.F) {
	f.Add("/w/a.rb\n/w/lib/a.rb\n/w/lib/b.rb", "/srv/lib/a.rb\n/srv/lib/b.rb")
	f.Add("/w/a.rb\n/v/a.rb", "a.rb")
	f.Add("/w/x/models/user.rb\n/w/y/models/user.rb\n/w/y/z.rb", "/app/y/models/user.rb\n/app/y/z.rb\n/app/x/models/user.rb")
	f.Add("/w/vendor/bundle/ruby/3.1.0/gems/rack-2.2.6/lib/rack.rb", "/usr/local/bundle/gems/rack-2.2.6/lib/rack.rb")
	f.Add("/w/lib/rack.rb", "/usr/local/bundle/gems/rack-2.2.6/lib/rack.rb\nrack.rb")
	f.Add("/w/a.rb", "../../../../etc/passwd")
	f.Add("/w/a.rb", "/../../a.rb/..//./a.rb\n\n/w/a.rb")
	f.Add("/w/a.rb", "C:/app/a.rb")
	f.Add("/w/a.rb\n/w/lib/a.rb\n/v/lib/b.rb", "a.rb\n./a.rb\n/w/a.rb\n/x/v/lib/b.rb")
	f.Add("/w/version.rb\n/w/a/version.rb\n/w/b/version.rb\n/v/x.rb\n/v/y.rb", "/s/a/version.rb\n/s/b/version.rb\n/s/version.rb\n/t/v/x.rb\n/t/v/y.rb")
	f.Add("/w/<internal:kernel>", "<internal:kernel>\n(eval)")
	f.Fuzz(func(t *testing.T, list, dump string) {
		if strings.Contains(dump, `\`) {
			return // a Windows path
		}
		var files []string
		for _, line := range strings.Split(list, "\n") {
			files = append(files, path.Clean("/"+line))
		}
		slices.Sort(files)
		files = slices.Compact(files)
		dumpPaths := strings.Split(dump, "\n")
		slices.Sort(dumpPaths)
		dumpPaths = slices.Compact(dumpPaths)
		if len(files)*len(dumpPaths) > 2000 {
			return
		}
		roots := []string{"/w", "/v"}
		var named []File
		for _, file := range files {
			named = append(named, File{Path: file})
		}
		w := NewWorkspace(roots, named, false)
		var m *Mapping
		var want map[string]string
		for _, minor := range []int{2, defaultLimits.minor} {
			m = w.mapped(dumpPaths, nil, "", limits{defaultLimits.pairs, minor})
			want = naiveMap(roots, files, dumpPaths, minor)
			for _, p := range dumpPaths {
				if got, _ := m.File(p); got != want[p] {
					t.Fatalf("%q of %q in %q, minor %d: got %q, want %q", p, dump, list, minor, got, want[p])
				}
			}
			for _, pairs := range []int{0, 3, 20} { // less is found, nothing else
				less := w.mapped(dumpPaths, nil, "", limits{pairs, minor})
				for _, p := range dumpPaths {
					if got, ok := less.File(p); ok && got != want[p] {
						t.Fatalf("%q of %q in %q, with %d pairs: got %q, want %q", p, dump, list, pairs, got, want[p])
					}
				}
			}
		}
		if m.Mapped+m.Unmapped+m.Ambiguous != len(dumpPaths) || m.Mapped != len(want) {
			t.Fatalf("%+v of %q", m, dumpPaths)
		}
	})
}
