package source

import (
	"path"
	"slices"
	"strings"
	"testing"
)

// naiveMap is Map in its plainest words, for a workspace whose files have no
// links. It returns what each dump path is found as.
func naiveMap(roots []string, files, dumpPaths []string) map[string]string {
	dumpPaths = slices.DeleteFunc(slices.Clone(dumpPaths), func(p string) bool { return !HasSource(p) })
	votes := map[[2]string]int{}
	for _, p := range dumpPaths {
		if exact, relative := naivePlaces(roots, files, p); exact == "" && len(relative) == 0 {
			for _, f := range files {
				if from, to, n := naiveHeads(p, f); n >= installedComponents(path.Clean(p)) {
					votes[[2]string{from, to}]++
				}
			}
		}
	}
	most := 0
	for _, n := range votes {
		most = max(most, n)
	}
	type match struct{ kind, votes, suffix int }
	found := map[string]map[string]match{} // file → dump path
	for _, p := range dumpPaths {
		options := map[string]match{}
		exact, relative := naivePlaces(roots, files, p)
		switch {
		case exact != "":
			options[exact] = match{kind: 3}
		case len(relative) > 0:
			for _, f := range relative {
				options[f] = match{kind: 2}
			}
		default:
			for _, f := range files {
				from, to, n := naiveHeads(p, f)
				if v := votes[[2]string{from, to}]; n >= installedComponents(path.Clean(p)) && v*minorRule >= most {
					options[f] = match{1, v, n}
				}
			}
		}
		if f, ok := naiveBest(options, func(a, b match) bool {
			return a.kind > b.kind || a.kind == b.kind && (a.votes > b.votes || a.votes == b.votes && a.suffix > b.suffix)
		}); ok {
			if found[f] == nil {
				found[f] = map[string]match{}
			}
			found[f][p] = options[f]
		}
	}
	got := map[string]string{}
	for f, claims := range found {
		if p, ok := naiveBest(claims, func(a, b match) bool {
			return a.kind > b.kind || a.kind == b.kind && (a.votes > b.votes || a.votes == b.votes && a.suffix > b.suffix)
		}); ok {
			got[p] = f
		}
	}
	return got
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
		m := NewWorkspace(roots, named, false).Map(dumpPaths, nil, "")
		want := naiveMap(roots, files, dumpPaths)
		for _, p := range dumpPaths {
			if got, _ := m.File(p); got != want[p] {
				t.Fatalf("%q of %q in %q: got %q, want %q", p, dump, list, got, want[p])
			}
		}
		if m.Mapped+m.Unmapped+m.Ambiguous != len(dumpPaths) || m.Mapped != len(want) {
			t.Fatalf("%+v of %q", m, dumpPaths)
		}
	})
}
