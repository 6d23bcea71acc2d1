package source

import (
	"path"
	"slices"
	"strings"
	"testing"
)

// naiveFind is the rule in its plainest words: the very path; a path below one
// root; else the one file that shares the most components at the end.
func naiveFind(roots []string, files []File, dumpPath string) (file string, several bool) {
	clean := path.Clean(dumpPath)
	suffixes := map[string]int{}
	for _, f := range files {
		for _, name := range []string{f.Path, f.Real} {
			if name == clean {
				return f.Path, false
			}
			a, b := strings.Split(name, "/"), strings.Split(clean, "/")
			slices.Reverse(a)
			slices.Reverse(b)
			n := 0
			for n < min(len(a), len(b)) && a[n] == b[n] && a[n] != "" {
				n++
			}
			if n >= installedComponents(clean) {
				suffixes[f.Path] = max(suffixes[f.Path], n)
			}
		}
	}
	if !isAbsolute(clean) {
		below := map[string]bool{}
		for _, root := range roots {
			for _, f := range files {
				if name := path.Join(root, clean); name == f.Path || name == f.Real {
					below[f.Path] = true
				}
			}
		}
		if len(below) > 0 {
			return only(below), len(below) > 1
		}
	}
	longest := 0
	for _, n := range suffixes {
		longest = max(longest, n)
	}
	best := map[string]bool{}
	for f, n := range suffixes {
		if n == longest {
			best[f] = true
		}
	}
	return only(best), len(best) > 1
}

func only(files map[string]bool) string {
	if len(files) != 1 {
		return ""
	}
	for f := range files {
		return f
	}
	return ""
}

// FuzzFind makes a workspace of some lines and looks for a dump's path in it.
func FuzzFind(f *testing.F) {
	f.Add("/w/a.rb\n/w/lib/a.rb\n/w/lib/b.rb", "/srv/lib/a.rb")
	f.Add("/w/a.rb\n/v/a.rb", "a.rb")
	f.Add("/w/x/models/user.rb\n/w/y/models/user.rb", "/app/y/models/user.rb")
	f.Add("/w/vendor/bundle/ruby/3.1.0/gems/rack-2.2.6/lib/rack.rb", "/usr/local/bundle/gems/rack-2.2.6/lib/rack.rb")
	f.Add("/w/lib/rack.rb", "/usr/local/bundle/gems/rack-2.2.6/lib/rack.rb")
	f.Add("/w/a.rb", "../../../../etc/passwd")
	f.Add("/w/a.rb", "/../../a.rb/..//./a.rb")
	f.Add("/w/a.rb", "C:/app/a.rb")
	f.Add("/w/<internal:kernel>", "<internal:kernel>")
	f.Fuzz(func(t *testing.T, list, dumpPath string) {
		var files []File
		seen := map[string]bool{}
		for i, line := range strings.Split(list, "\n") {
			if clean := path.Clean("/" + line); !seen[clean] {
				file := File{Path: clean}
				if i%3 == 2 {
					file.Real = "/real" + clean
				}
				seen[file.Path], seen[file.Real] = true, true
				files = append(files, file)
			}
		}
		roots := []string{"/w", "/v"}
		got, strength := NewWorkspace(roots, files).find(dumpPath)
		want, several := naiveFind(roots, files, dumpPath)
		if got != want || (strength == severalMatch) != several {
			t.Fatalf("%q in %q: got %q (%d), want %q, several: %v", dumpPath, list, got, strength, want, several)
		}
		mapping := NewWorkspace(roots, files).Map([]string{dumpPath})
		if mapping.Mapped+mapping.Unmapped+mapping.Ambiguous != 1 {
			t.Fatalf("%q is counted %d times", dumpPath, mapping.Mapped+mapping.Unmapped+mapping.Ambiguous)
		}
	})
}
