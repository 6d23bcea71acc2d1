package lsp

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// lenses returns the titles at the top of a file.
func (c *testClient) lenses(path string) []string {
	c.t.Helper()
	raw := c.call("textDocument/codeLens", object{"textDocument": object{"uri": fileURI(path)}})
	var list []struct {
		Range   struct{ Start, End struct{ Line, Character int } }
		Command struct{ Title, Command string }
	}
	decode(c.t, raw, &list)
	titles := []string{}
	for _, l := range list {
		if l.Command.Command != "" || l.Range.Start.Line != 0 || l.Range.End.Line != 0 || !contains(`"command":""`)(raw) {
			c.t.Errorf("not a text at the top: %s", raw)
		}
		titles = append(titles, l.Command.Title)
	}
	return titles
}

func (c *testClient) wantLenses(path string, want ...string) {
	c.t.Helper()
	if got := c.lenses(path); !slices.Equal(got, want) {
		c.t.Fatalf("lenses of %s:\n  got  %q\n  want %q", filepath.Base(path), got, want)
	}
}

// written makes a file as old as it would be if it was written so long ago.
func written(t *testing.T, path string, ago time.Duration) {
	t.Helper()
	at := time.Now().Add(-ago)
	if err := os.Chtimes(path, at, at); err != nil {
		t.Fatal(err)
	}
}

const newerLens = "this file is newer than the dump: lines may have moved"

func TestTheLensOfAFile(t *testing.T) {
	with := func(text string) func(c *testClient, a app) {
		return func(c *testClient, a app) {
			c.notify("textDocument/didChange", object{
				"textDocument": object{"uri": fileURI(a.ruby), "version": 2}, "contentChanges": []object{{"text": text}},
			})
		}
	}
	set := func(settings object) func(c *testClient, a app) {
		return func(c *testClient, a app) {
			with("")(c, a)
			c.notify("workspace/didChangeConfiguration", object{"settings": object{"heapline": settings}})
		}
	}
	for _, tt := range []struct {
		name       string
		file, dump time.Duration // how long ago they were written
		then       func(c *testClient, a app)
		want       []string
	}{
		{"nothing to say", time.Hour, time.Minute, func(*testClient, app) {}, nil},
		{"a line is gone", time.Hour, time.Minute, with(strings.Replace(appText, "    @all << x.to_s\n", "", 1)), []string{
			"1 line of the dump is gone: 10 objects · 4.0 kB shallow",
		}},
		{"all lines are gone", time.Hour, time.Minute, with(""), []string{"2 lines of the dump are gone: 15 objects · 10.0 kB shallow"}},
		{"what comes back is not gone", time.Hour, time.Minute, func(c *testClient, a app) { with("")(c, a); with(appText)(c, a) }, nil},
		{"a line without a hint cannot be gone", time.Hour, time.Minute, set(object{"inlayHints": object{"minBytes": 5000}}), []string{
			"1 line of the dump is gone: 5 objects · 6.0 kB shallow",
		}},
		{"lenses are switched off", time.Hour, time.Minute, set(object{"codeLens": object{"enabled": false}}), nil},
		{"hints are switched off", time.Hour, time.Minute, set(object{"inlayHints": object{"enabled": false}}), []string{
			"2 lines of the dump are gone: 15 objects · 10.0 kB shallow",
		}},
		{"the file is newer than the dump", time.Minute, time.Hour, func(*testClient, app) {}, []string{newerLens}},
		{"the file is newer, and a line is gone", time.Minute, time.Hour, with(strings.Replace(appText, "  def add(x)\n", "", 1)), []string{
			"1 line of the dump is gone: 5 objects · 6.0 kB shallow; " + newerLens,
		}},
		{"no dump is loaded", time.Minute, time.Hour, func(c *testClient, _ app) { c.call("workspace/executeCommand", run("unload")) }, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := newApp(t)
			written(t, a.ruby, tt.file)
			written(t, a.dump, tt.dump)
			c := a.loaded(t)
			tt.then(c, a)
			c.wantLenses(a.ruby, tt.want...)
		})
	}
}

func TestAFileThatIsNewerThanTheDumpIsNoDoubtForGit(t *testing.T) {
	r := newRepository(t)
	file := write(t, r.root, "lib/cache.rb", driftText)
	r.commit()
	untracked := write(t, r.root, "lib/new.rb", driftText)
	dump := r.dumped(driftHeap + "\n7 String 700 /srv/app/lib/new.rb:3")
	for _, trusted := range []bool{true, false} {
		c := start(t, r.root, object{"initializationOptions": object{"trusted": trusted}})
		c.open(file, driftText)
		c.open(untracked, driftText)
		c.load(dump)
		c.wantLenses(untracked, newerLens)
		if trusted {
			c.wantLenses(file)
		} else {
			c.wantLenses(file, newerLens)
		}
	}
}

func TestLensesAreRefreshedWithTheHints(t *testing.T) {
	a := newApp(t)
	caps := everything()
	caps["workspace"].(object)["codeLens"] = object{"refreshSupport": true}
	c := a.loaded(t, object{"capabilities": caps})
	c.await("workspace/codeLens/refresh", anything)
	c.call("workspace/executeCommand", run("unload"))
	c.await("workspace/codeLens/refresh", anything)
	if got := start(t, a.root).all("workspace/codeLens/refresh"); len(got) > 0 {
		t.Error("a client that cannot was asked to refresh its lenses")
	}
}

// What was not committed when the dump was taken is known by its hash only.
func TestUncommittedChangesAtTheTimeOfTheDump(t *testing.T) {
	const atTheDump = "# dirty\n" + driftText
	moved := []string{"3:13 1 object · 6.0 kB retained", "7:12 10 objects · 4.0 kB retained", "8:18 20 objects · 10.0 kB retained"}
	const dirtyLens = "this file had uncommitted changes when the dump was taken: lines may have moved"
	for _, tt := range []struct {
		name   string
		hash   string
		commit bool   // what the process had was committed later
		now    string // the file
		want   []string
		lens   []string
	}{
		{"the file is still so", blobHash(atTheDump), false, atTheDump, moved, nil},
		{"git has got it since", blobHash(atTheDump), true, "# one\n# two\n" + atTheDump, []string{
			"5:13 1 object · 6.0 kB retained", "9:12 10 objects · 4.0 kB retained", "10:18 20 objects · 10.0 kB retained",
		}, nil},
		{"nobody has it", blobHash("gone"), false, atTheDump, moved, []string{dirtyLens}},
		{"the hash is none", "HEAD:lib/cache.rb", false, atTheDump, moved, []string{dirtyLens}},
		{"the hash is two lines", "HEAD\nHEAD:lib/cache.rb", false, atTheDump, moved, []string{dirtyLens}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRepository(t)
			file := write(t, r.root, "lib/cache.rb", driftText)
			first := r.commit()
			dump := r.dumped(driftHeap)
			meta, err := json.Marshal(object{"revision": first, "dirty": object{"lib/cache.rb": tt.hash}})
			if err != nil {
				t.Fatal(err)
			}
			write(t, filepath.Dir(dump), "app.heap.meta.json", string(meta))
			if tt.commit {
				write(t, r.root, "lib/cache.rb", atTheDump)
				r.commit()
			}
			write(t, r.root, "lib/cache.rb", tt.now)
			if want := r.git("hash-object", "lib/cache.rb"); blobHash(tt.now) != want {
				t.Fatalf("git calls the file %s", want)
			}
			c := start(t, r.root)
			c.open(file, tt.now)
			c.load(dump)
			c.wantHints(file, tt.want...)
			c.wantLenses(file, tt.lens...)
		})
	}
}
