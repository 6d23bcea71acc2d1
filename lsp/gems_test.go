package lsp

import (
	"path/filepath"
	"strings"
	"testing"
)

// The gems of another machine are those of the same version here, wherever they
// are installed; those of another version are others.
func TestGemsOfAnotherMachine(t *testing.T) {
	home, app := tempDir(t), tempDir(t)
	t.Setenv("GEM_PATH", home)
	t.Setenv("GEM_HOME", "")
	same := write(t, home, "gems/heapgem-2.2.6/lib/heapgem.rb", appText)
	git := write(t, home, "bundler/gems/gitgem-1a2b3c4d5e6f/lib/gitgem.rb", appText)
	other := write(t, home, "gems/othergem-3.0.0/lib/othergem.rb", appText)
	dump := write(t, app, "x.heap", heapOf(t, `
		10 String 400 /usr/local/bundle/gems/heapgem-2.2.6/lib/heapgem.rb:3
		10 String 500 /usr/local/bundle/bundler/gems/gitgem-1a2b3c4d5e6f/lib/gitgem.rb:3
		10 String 600 /usr/local/bundle/gems/othergem-2.9.0/lib/othergem.rb:3
		10 String 700 /usr/local/bundle/gems/missing-1.0.0/lib/missing.rb:3`))
	c := start(t, app)
	for _, file := range []string{same, git, other} {
		c.open(file, appText)
	}
	c.load(dump)
	c.wantHints(same, "2:18 10 objects · 4.0 kB retained")
	c.wantHints(git, "2:18 10 objects · 5.0 kB retained")
	c.wantHints(other)
	if got, want := c.hover(same, 2), "In the dump: `"+gemFile+"` (`heapgem-2.2.6` here too)"; !strings.Contains(got, want) {
		t.Errorf("no %s in %s", want, got)
	}
	status := string(c.await("heapline/status", contains(`"loaded"`)))
	want := "Gems: 2 of 4 gems that the dump names are on this machine in the same version; `othergem-2.9.0` is not shown: here is `othergem-3.0.0`"
	if !strings.Contains(status, want) {
		t.Errorf("no %s in %s", want, status)
	}
}

// A gem that is compiled has the same Ruby files for every kind of machine.
func TestGemsOfAnotherKindOfMachine(t *testing.T) {
	for _, tt := range []struct{ name, there, here, want string }{
		{"a container's and a Mac's", "heapgem-2.2.6-x86_64-linux", "heapgem-2.2.6-arm64-darwin", "heapgem-2.2.6-arm64-darwin"},
		{"compiled there and not here", "heapgem-2.2.6-x86_64-linux-gnu", "heapgem-2.2.6 heapgem-2.2.5", "heapgem-2.2.6"},
		{"compiled here and not there", "heapgem-2.2.6", "heapgem-2.2.6-arm64-darwin", "heapgem-2.2.6-arm64-darwin"},
		{"the very same goes first", "heapgem-2.2.6-x86_64-linux", "heapgem-2.2.6 heapgem-2.2.6-x86_64-linux", "heapgem-2.2.6-x86_64-linux"},
		{"another version", "heapgem-2.2.6-x86_64-linux", "heapgem-2.2.7-x86_64-linux", ""},
		{"a Java's", "heapgem-2.2.6-x86_64-linux", "heapgem-2.2.6-java", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			home := tempDir(t)
			for _, gem := range strings.Fields(tt.here) {
				write(t, home, gem+"/lib/heapgem.rb", appText)
			}
			got := ""
			for _, rule := range findGems([]string{"/usr/local/bundle/gems/" + tt.there + "/lib/heapgem.rb"}, []string{home}).rules {
				got = filepath.Base(rule.To)
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestAHoldersLineInAGemIsALink(t *testing.T) {
	home, app := tempDir(t), tempDir(t)
	t.Setenv("GEM_PATH", home)
	write(t, home, "gems/heapgem-2.2.6/lib/heapgem.rb", appText)
	g := installed(findGems([]string{"/usr/local/bundle/gems/heapgem-2.2.6/lib/heapgem.rb"}, gemFolders([]string{app}, nil)).rules)
	for _, tt := range []struct{ name, file, want string }{
		{"a file that is there", "/usr/local/bundle/gems/heapgem-2.2.6/lib/heapgem.rb", filepath.Join(home, "gems/heapgem-2.2.6/lib/heapgem.rb")},
		{"a file that is not there", "/usr/local/bundle/gems/heapgem-2.2.6/lib/gone.rb", ""},
		{"a file of another gem", "/usr/local/bundle/gems/heapgem-2.2.60/lib/heapgem.rb", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got, ok := g.file(tt.file); got != tt.want || ok != (tt.want != "") {
				t.Errorf("got %q", got)
			}
		})
	}
}
