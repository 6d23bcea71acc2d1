package lsp

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// fakeRuby puts a program of the name ruby first on the PATH.
func fakeRuby(t *testing.T, script string) {
	t.Helper()
	dir := tempDir(t)
	if err := os.Chmod(write(t, dir, "ruby", "#!/bin/sh\n"+script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+string(filepath.ListSeparator)+os.Getenv("PATH"))
}

const (
	gemFile  = "/usr/local/bundle/gems/heapgem-2.2.6/lib/heapgem.rb"
	stdFile  = "/usr/local/lib/ruby/9.1.0/set.rb"
	someHeap = "10 String 400 " + gemFile + ":3\n10 String 500 " + stdFile + ":3"
)

// The ruby of the PATH knows of folders that no table has.
func TestRubyIsAskedWhereItsLibrariesAre(t *testing.T) {
	gemHints, stdHints := []string{"2:18 10 objects · 4.0 kB retained"}, []string{"2:18 10 objects · 5.0 kB retained"}
	for _, tt := range []struct {
		name     string
		sidecar  string // what it says the dump's Ruby is
		ruby     string // what the one here says
		std      []string
		status   string
		gemFound bool
	}{
		{"the same version", "ruby 9.1.2p20 (2032-04-12) [x86_64-linux]", "echo 9.1.2", stdHints, "1 of 1 gem that the dump names", true},
		{"another patch level", "9.1.3", "echo 9.1.2", nil, "Standard library: not shown: the dump is of Ruby 9.1.3, here is 9.1.2", true},
		{"a dump of an unknown Ruby", "", "echo 9.1.2", nil, "Standard library: not shown: which Ruby the dump is of is not known", true},
		{"a ruby that fails", "9.1.2", "exit 1", nil, "Standard library: not shown: the dump is of Ruby 9.1.2, the Ruby here is not known", false},
		{"a ruby that says something else", "9.1.2", "echo Usage", nil, "the Ruby here is not known", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv("GEM_HOME", "")
			t.Setenv("GEM_PATH", "")
			app, here := tempDir(t), filepath.Join(tempDir(t), "a folder")
			fakeRuby(t, tt.ruby+"\necho '"+here+"/lib'\necho /none\necho '"+here+"'\n")
			gem, std := write(t, here, "gems/heapgem-2.2.6/lib/heapgem.rb", appText), write(t, here, "lib/set.rb", appText)
			dump := write(t, app, "x.heap", heapOf(t, someHeap))
			write(t, app, "x.heap.meta.json", `{"ruby": "`+tt.sidecar+`"}`)
			c := start(t, app)
			c.open(gem, appText)
			c.open(std, appText)
			c.load(dump)
			c.await("heapline/status", contains(tt.status))
			if tt.gemFound {
				c.untilHints(gem, gemHints...)
			}
			c.wantHints(std, tt.std...)
			if got := c.hover(std, 2); tt.std != nil && !strings.Contains(got, "In the dump: `"+stdFile+"` (Ruby 9.1.2 here too)") {
				t.Errorf("got %s", got)
			}
		})
	}
}

func TestRubyIsNotRun(t *testing.T) {
	for _, tt := range []struct {
		name string
		heap string
		init object
	}{
		{"in a workspace that is not trusted", someHeap, object{"trusted": false}},
		{"for a dump that names nothing of it", appHeap, object{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			root := tempDir(t)
			s := newServer(Options{})
			c := attach(t, s)
			c.initialize(root, object{"initializationOptions": tt.init})
			c.load(write(t, root, "x.heap", heapOf(t, tt.heap)))
			asked := true
			s.ruby.once.Do(func() { asked = false })
			if asked {
				t.Error("it was run")
			}
		})
	}
}

func TestARubyThatHangsIsEnded(t *testing.T) {
	fakeRuby(t, "exec sleep 1000\n")
	begun := time.Now()
	if got := askRuby(t.Context(), time.Millisecond); got != nil || time.Since(begun) > mustCome {
		t.Errorf("got %v after %v", got, time.Since(begun))
	}
}

// Loads and hints do not wait for a ruby that hangs.
func TestNobodyWaitsForRuby(t *testing.T) {
	fakeRuby(t, "exec sleep 1000\n")
	a := newApp(t)
	s := newServer(Options{})
	s.ruby.limit = 10 * mustCome
	c := attach(t, s)
	c.initialize(a.root)
	c.open(a.ruby, appText)
	c.load(write(t, a.root, "x.heap", heapOf(t, appHeap+"\n"+someHeap)))
	if got := c.hints(a.ruby); len(got) != 2 {
		t.Errorf("got %q", got)
	}
}

// Gems by path lie beside the application, here as there.
func TestGemsByPath(t *testing.T) {
	for _, tt := range []struct {
		name, heap string
		init       object
	}{
		{"the application's folder is inferred", "10 String 400 /srv/app/lib/cache.rb:3", object{}},
		{"the application's folder is mapped", "10 String 400 /other/x.rb:3", object{"pathMappings": object{"/srv/app": "${workspaceFolder}"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := tempDir(t)
			root := filepath.Join(dir, "code")
			write(t, root, "lib/cache.rb", appText)
			write(t, root, "Gemfile.lock", "PATH\n  remote: ../engines/foo\n  specs:\n    foo (0.1.0)\n")
			engine := write(t, dir, "engines/foo/lib/foo.rb", appText)
			c := start(t, root, object{"initializationOptions": tt.init})
			c.open(engine, appText)
			c.load(write(t, dir, "x.heap", heapOf(t, tt.heap+"\n10 String 500 /srv/engines/foo/lib/foo.rb:3")))
			c.wantHints(engine, "2:18 10 objects · 5.0 kB retained")
			if got := c.hover(engine, 2); !strings.Contains(got, "(beside the workspace here too, by its Gemfile.lock)") {
				t.Errorf("got %s", got)
			}
		})
	}
}

func TestWhereBundlerInstalls(t *testing.T) {
	for _, tt := range []struct{ name, config, want string }{
		{"nothing is said", "---\nBUNDLE_JOBS: \"4\"\n", ""},
		{"below the project", "---\nBUNDLE_PATH: \"vendor/gems\"\nBUNDLE_JOBS: \"4\"\n", "vendor/gems/ruby/3.1.0/gems/heapgem-2.2.6"},
		{"without quotes", "BUNDLE_PATH: .gems\n", ".gems/ruby/3.1.0/gems/heapgem-2.2.6"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv("GEM_PATH", "")
			root := tempDir(t)
			write(t, root, ".bundle/config", tt.config)
			write(t, root, tt.want+"/lib/heapgem.rb", "")
			var got []string
			for _, rule := range findGems([]string{gemFile}, gemFolders([]string{root}, nil)).rules {
				got = append(got, strings.TrimPrefix(rule.To, root+"/"))
			}
			if strings.Join(got, " ") != tt.want {
				t.Errorf("got %q, want %s", got, tt.want)
			}
		})
	}
}
