package source

import (
	"fmt"
	"strconv"
	"testing"
)

// Whatever the names are, the work grows as they do: names that repeat all over a
// workspace (version.rb) are not all held against each other.
func TestManyFilesOfOneNameTakeLittleWork(t *testing.T) {
	linear := func(n int) int { return 3 * n }
	bounded := func(n int) int { return defaultLimits.pairs + 3*n }
	for _, tt := range []struct {
		name      string
		dump      func(i int) string
		workspace func(i int) string
		found     bool
		pairs     func(n int) int // that are looked at, at most
	}{
		{
			"in folders that are the same here",
			func(i int) string { return fmt.Sprintf("/app/d%d/m%d/version.rb", i%50, i) },
			func(i int) string { return fmt.Sprintf("/w/d%d/m%d/version.rb", i%50, i) },
			true, linear,
		},
		{
			"in folders of which none is here",
			func(i int) string { return fmt.Sprintf("/app/there%d/version.rb", i) },
			func(i int) string { return fmt.Sprintf("/w/here%d/version.rb", i) },
			false, linear,
		},
		{
			"one of them in each folder",
			func(i int) string { return fmt.Sprintf("/app/m%d/file%d.rb", i/100, i%100) },
			func(i int) string { return fmt.Sprintf("/w/n%d/file%d.rb", i, i%100) },
			false, bounded,
		},
		{
			"in folders in another order",
			func(i int) string { return fmt.Sprintf("/app/a%d/b%d/version.rb", i%97, i%89) },
			func(i int) string { return fmt.Sprintf("/w/b%d/a%d/version.rb", i%89, i%97) },
			false, bounded,
		},
		{
			"in the same folders with others beside them",
			func(i int) string {
				return fmt.Sprintf("/app/lib/x%d/%s.rb", i/3, []string{"version", "engine", "railtie"}[i%3])
			},
			func(i int) string {
				return fmt.Sprintf("/w/gems/g%d/lib/y%d/%s.rb", i/3, i/3, []string{"version", "engine", "railtie"}[i%3])
			},
			false, bounded,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, n := range []int{2000, 20_000} {
				var files []File
				var dump []string
				for i := range n {
					files, dump = append(files, File{Path: tt.workspace(i)}), append(dump, tt.dump(i))
				}
				s := newSearch(NewWorkspace([]string{"/w"}, files, false), dump, defaultLimits)
				if c, _ := s.best(0); (c != nil) != tt.found {
					t.Errorf("found %v", c)
				}
				if s.looked > tt.pairs(n) {
					t.Errorf("%d pairs looked at for %d paths", s.looked, n)
				}
			}
		})
	}
}

// Where names repeat, a dump's paths are not held against all that have theirs.
func BenchmarkMapSameNames(b *testing.B) {
	var files []File
	var dump []string
	for i := range 60_000 {
		dump = append(dump, fmt.Sprintf("/srv/app/m%d/version.rb", i))
		if i < 50_000 {
			files = append(files, File{Path: fmt.Sprintf("/home/me/app/d%d/m%d/version.rb", i%50, i)})
		}
	}
	w := NewWorkspace([]string{"/home/me/app"}, files, false)
	for b.Loop() {
		if m := w.Map(dump, nil, ""); m.Mapped+m.Unmapped+m.Ambiguous != len(dump) {
			b.Fatalf("%d mapped, %d ambiguous", m.Mapped, m.Ambiguous)
		}
	}
}

// A large dump names thousands of files; the workspace may hold many more.
func BenchmarkMap(b *testing.B) {
	var files []File
	var dump []string
	for i := range 50_000 {
		name := "/lib/" + strconv.Itoa(i%100) + "/" + strconv.Itoa(i%2000) + "/file" + strconv.Itoa(i%5000) + ".rb"
		if i >= 5000 {
			name = "/other/" + strconv.Itoa(i) + name
		}
		files = append(files, File{Path: "/home/me/app" + name})
		dump = append(dump, "/srv/app"+name)
	}
	w := NewWorkspace([]string{"/home/me/app"}, files, false)
	for b.Loop() {
		if m := w.Map(dump[:10_000], nil, ""); m.Mapped != 10_000 {
			b.Fatalf("%d mapped, %d ambiguous", m.Mapped, m.Ambiguous)
		}
	}
}
