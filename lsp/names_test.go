package lsp

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// untilBounds is untilHints for what stays a lower bound.
func (c *testClient) untilBounds(path string, want ...string) {
	c.t.Helper()
	for deadline := time.Now().Add(mustCome); ; time.Sleep(10 * time.Millisecond) {
		var hints []hint
		var got []string
		decode(c.t, c.call("textDocument/inlayHint", object{"textDocument": object{"uri": fileURI(path)}, "range": span(0, 0, 100, 0)}), &hints)
		for _, h := range hints {
			got = append(got, h.String())
		}
		if slices.Equal(got, want) {
			return
		}
		if time.Now().After(deadline) {
			c.t.Fatalf("got %q, want %q", got, want)
		}
	}
}

// What a process has of one file under several names is added up.
func TestAFileUnderTwoNames(t *testing.T) {
	for _, tt := range []struct {
		name string
		then string // the second name of /srv/app/lib/cache.rb, or of the file itself
		own  bool
	}{
		{"with a detour", "/srv/app/bin/../lib/cache.rb", false},
		{"a relative one", "./lib/cache.rb", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := newApp(t)
			first := "/srv/app/lib/cache.rb"
			if tt.own {
				first = a.ruby
			}
			dump := write(t, a.root, "x.heap", heapOf(t, strings.NewReplacer("ONE", first, "TWO", tt.then).Replace(`
				10 String 400 ONE:3
				20 Hash 300 TWO:3
				5 Hash 1200 TWO:2`)))
			c := start(t, a.root)
			c.open(a.ruby, appText)
			if sum := string(c.load(dump)); !strings.Contains(sum, `"mappedFiles":2`) || !strings.Contains(sum, `"ambiguousFiles":0`) {
				t.Errorf("got %s", sum)
			}
			c.untilBounds(a.ruby, "1:12 5 objects · 6.0 kB retained", "2:18 30 objects · ≥ 10.0 kB retained")
			got := c.hover(a.ruby, 2)
			for _, want := range []string{
				"**30 objects · ≥ 10.0 kB retained**",
				"In the dump: `" + label(first) + "`: 10 objects · 4.0 kB retained",
				"In the dump: `" + tt.then + "`: 20 objects · 6.0 kB retained",
				"| String |", "| Hash  |",
			} {
				if !strings.Contains(got, want) {
					t.Errorf("no %s in %s", want, got)
				}
			}
			c.diagnosed(a.ruby, "1:2-12 warning", "2:4-18 warning", "2:4-18 warning")
		})
	}
}

// Of one object that holds the others, what both retain is not twice as much.
func TestWhatTwoNamesRetainIsNotAddedUp(t *testing.T) {
	a := newApp(t)
	dump := write(t, a.root, "x.heap", `{"type":"ROOT", "root":"vm", "references":["0x10"]}
{"address":"0x10", "type":"ARRAY", "length":1, "references":["0x20"], "file":"/srv/app/lib/cache.rb", "line":3, "memsize":1000}
{"address":"0x20", "type":"OBJECT", "ivars":0, "file":"/srv/app/lib/../lib/cache.rb", "line":3, "memsize":4000}
`)
	c := start(t, a.root)
	c.open(a.ruby, appText)
	c.load(dump)
	c.untilBounds(a.ruby, "2:18 2 objects · ≥ 5.0 kB retained")
}

func TestAPathMappingExcludesTheVeryPath(t *testing.T) {
	a, b := tempDir(t), tempDir(t)
	there, here := write(t, a, "lib/cache.rb", appText), write(t, b, "lib/cache.rb", appText)
	for _, tt := range []struct{ name, from string }{
		{"as it is", a},
		{"with a slash", a + "/"},
		{"with a dot", a + "/."},
		{"with two slashes", a + "//"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := start(t, b, object{"initializationOptions": object{"pathMappings": object{tt.from: "${workspaceFolder}"}}})
			c.open(there, appText)
			c.open(here, appText)
			c.load(write(t, tempDir(t), "x.heap", heapOf(t, "10 String 400 "+there+":3")))
			c.wantHints(here, "2:18 10 objects · 4.0 kB retained")
			c.wantHints(there)
		})
	}
}

func TestHowAFileWasFoundIsSaid(t *testing.T) {
	for _, tt := range []struct{ name, dump, sidecar, mapTo, hover, status string }{
		{
			"by a path mapping", "/srv/app/lib/cache.rb", "{}", "${workspaceFolder}",
			"In the dump: `/srv/app/lib/cache.rb` (`/srv/app` → the workspace, 1 file, by heapline.pathMappings)",
			"By heapline.pathMappings: `/srv/app` → the workspace, 1 file",
		},
		{
			"in the folder of the process", "lib/cache.rb", `{"pid": 1, "cwd": "ROOT"}`, "",
			"In the dump: `lib/cache.rb` (in `ROOT`, where the process ran)", "1 of 1 found",
		},
		{
			"below the workspace folder", "lib/cache.rb", "{}", "",
			"In the dump: `lib/cache.rb` (below the workspace folder)", "1 of 1 found",
		},
		{
			"by a path mapping to a folder that is not there", "/srv/app/lib/cache.rb", "{}", "/no/such",
			"", "By heapline.pathMappings: `/srv/app` → `/no/such`, 0 files (there is no such folder)",
		},
		{
			"by a path mapping to what is no folder's name", "/srv/app/lib/cache.rb", "{}", "${workspaceFolder:typo}",
			"", "0 files (${workspaceFolder:typo} stands for nothing here)",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := newApp(t)
			short := strings.NewReplacer("ROOT", label(a.root)).Replace
			dump := write(t, a.root, "x.heap", heapOf(t, "10 String 400 "+tt.dump+":3"))
			write(t, a.root, "x.heap.meta.json", strings.ReplaceAll(tt.sidecar, "ROOT", a.root))
			mappings := object{}
			if tt.mapTo != "" {
				mappings["/srv/app"] = tt.mapTo
			}
			c := start(t, a.root, object{"initializationOptions": object{"pathMappings": mappings}})
			c.open(a.ruby, appText)
			c.load(dump)
			c.await("heapline/status", contains(short(tt.status)))
			got := c.hover(a.ruby, 2)
			if !strings.Contains(got, short(tt.hover)) || got != "" && tt.hover == "" {
				t.Errorf("got %s", got)
			}
			if tt.hover == "" {
				c.await("window/logMessage", contains("heapline.pathMappings: nothing is found by /srv/app → "))
			}
		})
	}
}

func TestADumpOfAnotherProjectIsSaidToBeThat(t *testing.T) {
	heap := "10 String 400 /srv/shop/lib/cache.rb:3\n"
	for _, name := range strings.Fields("a b c d e f g h i j k") {
		heap += "1 String 40 /srv/shop/lib/" + name + ".rb:1\n"
	}
	const says = "11 of the dump's 12 program files are not in this workspace: is it another project's?"
	a := newApp(t)
	c := start(t, a.root)
	if sum := string(c.load(write(t, a.root, "x.heap", heapOf(t, heap)))); !strings.Contains(sum, says) {
		t.Errorf("got %s", sum)
	}
	c.await("heapline/status", contains(says))
	write(t, a.root, "lib/a.rb", "")
	write(t, a.root, "lib/b.rb", "")
	if sum := string(c.load(filepath.Join(a.root, "x.heap"))); strings.Contains(sum, "another project's") {
		t.Errorf("got %s", sum)
	}
}

// Setting the mapping that was inferred leaves things as they are.
func TestTheInferredMappingCanBeWrittenToTheSettings(t *testing.T) {
	for _, tt := range []struct{ name, one, two, want string }{
		{"two folders of one path's end with names", "first", "second", `"mappedTo":"${workspaceFolder:second}"`},
		{"two folders of one name", "app", "app", `"mappedTo":"DIR/two/app"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := tempDir(t)
			one, two := filepath.Join(dir, "one/app"), filepath.Join(dir, "two/app")
			write(t, one, "lib/a.rb", appText)
			file := write(t, two, "lib/a.rb", appText)
			write(t, two, "lib/b.rb", appText)
			c := connect(t, Options{})
			c.initialize("", object{"workspaceFolders": []object{{"uri": fileURI(one), "name": tt.one}, {"uri": fileURI(two), "name": tt.two}}})
			c.open(file, appText)
			c.load(write(t, dir, "x.heap", heapOf(t, "10 String 400 /srv/app/lib/a.rb:3\n10 String 400 /srv/app/lib/b.rb:3")))
			c.wantHints(file, "2:18 10 objects · 4.0 kB retained")
			c.await("heapline/status", contains(strings.ReplaceAll(tt.want, "DIR", dir)))
		})
	}
}

func TestTheLibraryOfAnotherPatchLevelIsNotTheDumpsInItsPlaceEither(t *testing.T) {
	for _, tt := range []struct {
		name, sidecar string
		want          []string
	}{
		{"the same version", "9.1.2", []string{"2:18 10 objects · 5.0 kB retained"}},
		{"another patch level", "9.1.6", nil},
		{"a dump of an unknown Ruby", "", []string{"2:18 10 objects · 5.0 kB retained"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			app, here := tempDir(t), filepath.Join(tempDir(t), "lib/ruby/9.1.0")
			fakeRuby(t, "echo 9.1.2\necho '"+here+"'\n")
			std := write(t, here, "set.rb", appText)
			dump := write(t, app, "x.heap", heapOf(t, "10 String 500 "+std+":3"))
			write(t, app, "x.heap.meta.json", `{"ruby": "`+tt.sidecar+`"}`)
			c := start(t, app)
			c.open(std, appText)
			c.load(dump)
			if tt.want == nil {
				c.await("heapline/status", contains("Standard library: not shown: the dump is of Ruby 9.1.6, here is 9.1.2"))
			}
			c.untilHints(std, tt.want...)
		})
	}
}

func TestAFileIsFoundByItsRealPathToo(t *testing.T) {
	a := newApp(t)
	link := filepath.Join(tempDir(t), "link")
	if err := os.Symlink(a.root, link); err != nil {
		t.Fatal(err)
	}
	c := start(t, link)
	c.open(a.ruby, appText)
	c.load(a.dump)
	c.wantHints(a.ruby, appHints...)
}
