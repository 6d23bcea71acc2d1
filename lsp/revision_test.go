package lsp

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"heapline/index/source"
)

// repository is a Git repository with commits at set times.
type repository struct {
	t    *testing.T
	root string
	now  time.Time
}

func newRepository(t *testing.T) *repository {
	t.Helper()
	r := &repository{t, tempDir(t), time.Now().Add(-24 * time.Hour).Truncate(time.Second)}
	r.git("init", "--quiet", "--initial-branch=main")
	return r
}

func (r *repository) git(args ...string) string {
	r.t.Helper()
	cmd := exec.Command("git", append([]string{"-C", r.root, "-c", "user.name=t", "-c", "user.email=t@example.org"}, args...)...)
	date := r.now.Format(time.RFC3339)
	cmd.Env = append(os.Environ(), "GIT_AUTHOR_DATE="+date, "GIT_COMMITTER_DATE="+date)
	out, err := cmd.CombinedOutput()
	if err != nil {
		r.t.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// commit commits all there is, an hour after the last commit, and returns its name.
func (r *repository) commit() string {
	r.t.Helper()
	r.now = r.now.Add(time.Hour)
	r.git("add", "--all")
	r.git("commit", "--quiet", "--allow-empty", "--message=x")
	return r.git("rev-parse", "HEAD")
}

// dumped writes a dump that was taken a minute after the last commit.
func (r *repository) dumped(heap string) string {
	r.t.Helper()
	dump := write(r.t, tempDir(r.t), "app.heap", heapOf(r.t, heap))
	taken := r.now.Add(time.Minute)
	if err := os.Chtimes(dump, taken, taken); err != nil {
		r.t.Fatal(err)
	}
	return dump
}

const driftText = "class Cache\n  def initialize\n    @all = []\n    @names = {}\n  end\n\n  def add(x)\n    @all << x.to_s\n    @names[x] = x.inspect\n  end\nend\n"

const driftHeap = `
	10 String 400 /srv/app/lib/cache.rb:8
	20 String 500 /srv/app/lib/cache.rb:9
	1 Hash 6000 /srv/app/lib/cache.rb:4`

// Each change is committed after the dump was taken.
func TestHintsFollowTheirLinesThroughCommits(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(text string) string
		want   []string
		alone  bool // no rename could be told from a new file
	}{
		{"nothing", func(text string) string { return text }, []string{
			"3:15 1 object · 6.0 kB retained", "7:18 10 objects · 4.0 kB retained", "8:25 20 objects · 10.0 kB retained",
		}, false},
		{"lines inserted above", func(text string) string { return "# frozen\n\n# text\n" + text }, []string{
			"6:15 1 object · 6.0 kB retained", "10:18 10 objects · 4.0 kB retained", "11:25 20 objects · 10.0 kB retained",
		}, false},
		{"a line deleted", func(text string) string { return strings.Replace(text, "    @all << x.to_s\n", "", 1) }, []string{
			"3:15 1 object · 6.0 kB retained", "7:25 20 objects · 10.0 kB retained",
		}, false},
		{"a line changed", func(text string) string { return strings.Replace(text, "x.to_s", "x.to_s.dup", 1) }, []string{
			"3:15 1 object · 6.0 kB retained", "7:22 ~ 10 objects · 4.0 kB retained", "8:25 20 objects · 10.0 kB retained",
		}, false},
		{"indented", func(text string) string { return "module A\n  " + strings.ReplaceAll(text, "\n", "\n  ") + "\nend\n" }, []string{
			"4:17 1 object · 6.0 kB retained", "8:20 10 objects · 4.0 kB retained", "9:27 20 objects · 10.0 kB retained",
		}, true},
	} {
		for _, renamed := range []bool{false, true} {
			if renamed && tt.alone {
				continue
			}
			t.Run(fmt.Sprintf("%s, renamed: %v", tt.name, renamed), func(t *testing.T) {
				r := newRepository(t)
				file := write(t, r.root, "lib/cache.rb", driftText)
				r.commit()
				dump := r.dumped(driftHeap)
				if renamed {
					r.git("mv", "lib/cache.rb", "lib/store.rb")
					file = filepath.Join(r.root, "lib/store.rb")
				}
				text := tt.change(driftText)
				write(t, r.root, filepath.Join("lib", filepath.Base(file)), text)
				r.commit()
				c := start(t, r.root)
				c.open(file, text)
				c.load(dump)
				c.wantHints(file, tt.want...)
				c.change(file, 2, span(0, 0, 0, 0), "# unsaved\n")
				c.change(file, 3, span(0, 0, 1, 0), "")
				c.wantHints(file, tt.want...)
			})
		}
	}
}

func TestTheRevisionOfADump(t *testing.T) {
	later := "# later\n" + driftText
	asIs := []string{"3:13 1 object · 6.0 kB retained", "7:12 10 objects · 4.0 kB retained", "8:18 20 objects · 10.0 kB retained"}
	moved := []string{"4:15 1 object · 6.0 kB retained", "8:18 10 objects · 4.0 kB retained", "9:25 20 objects · 10.0 kB retained"}
	for _, tt := range []struct {
		name string
		init func(first string) object
		meta func(first string) string
		want []string
	}{
		// The dump is newer than both commits and the file: its lines are those of now.
		{"unknown", nil, nil, asIs},
		{"of the setting", func(first string) object { return object{"revision": first} }, nil, moved},
		{"of the sidecar", nil, func(first string) string { return `{"format":1, "revision":"` + first + `"}` }, moved},
		{"one that is not in the repository", func(string) object { return object{"revision": "0123456789abcdef0123456789abcdef01234567"} }, nil, asIs},
		{"one that would be an option of git", func(string) object { return object{"revision": "--output=/tmp/x"} }, nil, asIs},
		{"in a workspace that is not trusted", func(first string) object { return object{"revision": first, "trusted": false} }, nil, asIs},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRepository(t)
			file := write(t, r.root, "lib/cache.rb", driftText)
			first := r.commit()
			write(t, r.root, "lib/cache.rb", later)
			r.commit()
			r.now = time.Now()
			dump := r.dumped(driftHeap)
			if tt.meta != nil {
				write(t, filepath.Dir(dump), "app.heap.meta.json", tt.meta(first))
			}
			init := object{}
			if tt.init != nil {
				init["initializationOptions"] = tt.init(first)
			}
			c := start(t, r.root, init)
			c.open(file, later)
			c.load(dump)
			c.wantHints(file, tt.want...)
		})
	}
}

func TestAChangedLineSaysWhatItWas(t *testing.T) {
	r := newRepository(t)
	file := write(t, r.root, "lib/cache.rb", driftText)
	first := r.commit()
	dump := r.dumped(driftHeap)
	text := strings.Replace(driftText, "x.to_s", "x.to_s.dup", 1)
	write(t, r.root, "lib/cache.rb", text)
	c := start(t, r.root)
	c.open(file, text)
	c.load(dump)
	want := "This line has changed since the dump was taken. It was: `@all << x.to_s`"
	if got := c.hover(file, 7); !strings.Contains(got, want) {
		t.Errorf("no %s in %s", want, got)
	}
	c.await("heapline/status", contains("Lines are those of: `"+first[:10]+"` (a guess"))
}

// Git may be slow: only the lines that nobody else knows wait for it.
func TestHintsDoNotWaitForGit(t *testing.T) {
	r := newRepository(t)
	untouched := write(t, r.root, "lib/cache.rb", driftText)
	touched := write(t, r.root, "lib/other.rb", driftText)
	r.commit()
	if err := os.Chtimes(untouched, r.now, r.now); err != nil {
		t.Fatal(err)
	}
	dump := r.dumped("10 String 400 /srv/app/lib/cache.rb:8\n10 String 400 /srv/app/lib/other.rb:8")
	bin := tempDir(t)
	real, err := exec.LookPath("git")
	if err != nil {
		t.Fatal(err)
	}
	slow := "#!/bin/sh\ncase \"$*\" in *cat-file*) while [ ! -e " + bin + "/go-on ]; do sleep 0.01; done;; esac\nexec " + real + " \"$@\"\n"
	if err := os.Chmod(write(t, bin, "git", slow), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+string(filepath.ListSeparator)+os.Getenv("PATH"))
	c := start(t, r.root)
	c.open(untouched, driftText)
	c.open(touched, "# new\n"+driftText)
	load := c.request("workspace/executeCommand", loadCommand(dump))
	c.untilHints(untouched, "7:18 10 objects · 4.0 kB retained")
	waiting := c.request("textDocument/inlayHint", object{"textDocument": object{"uri": fileURI(touched)}, "range": span(0, 0, 99, 0)})
	write(t, bin, "go-on", "")
	if got := c.reply(waiting); !contains(`"line":8,`)(got.Result) {
		t.Errorf("got %s", got.Result)
	}
	c.reply(load)
}

// Another commit may have the dump's files elsewhere.
func TestAnotherCommitIsCheckedOut(t *testing.T) {
	hints := []string{"3:15 1 object · 6.0 kB retained", "7:18 10 objects · 4.0 kB retained", "8:25 20 objects · 10.0 kB retained"}
	for _, tt := range []struct {
		name string
		tell func(c *testClient, r *repository)
	}{
		{"the client sees it", func(c *testClient, r *repository) {
			c.notify("workspace/didChangeWatchedFiles", object{"changes": []object{{"uri": fileURI(filepath.Join(r.root, ".git/logs/HEAD")), "type": 2}}})
		}},
		{"a file is saved", func(c *testClient, r *repository) {
			c.notify("textDocument/didSave", object{"textDocument": object{"uri": fileURI(filepath.Join(r.root, "lib/store.rb"))}})
		}},
		{"a file is opened", func(c *testClient, r *repository) { c.open(write(r.t, r.root, "x.rb", ""), "") }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRepository(t)
			write(t, r.root, "lib/cache.rb", driftText)
			r.commit()
			dump := r.dumped(driftHeap)
			c := start(t, r.root)
			c.load(dump)
			registered := c.await("client/registerCapability", contains("HEAD"))
			if !contains(`{"baseUri":"` + fileURI(filepath.Join(r.root, ".git/logs")) + `","pattern":"HEAD"}`)(registered) {
				t.Errorf("registered %s", registered)
			}
			store := filepath.Join(r.root, "lib/store.rb")
			c.open(store, driftText)
			c.wantHints(store)
			r.git("mv", "lib/cache.rb", "lib/store.rb")
			r.commit()
			tt.tell(c, r)
			c.untilHints(store, hints...)
		})
	}
}

// Random scripts of inserted and deleted lines, held against lines that know
// who they are.
func TestSurvivingLinesKeepTheirHints(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 2))
	for range 10_000 {
		var before []string
		for i := range 1 + rnd.IntN(40) {
			before = append(before, fmt.Sprintf("line %d of the dump", i+1))
		}
		after := slices.Clone(before)
		for i := range rnd.IntN(12) {
			at := rnd.IntN(len(after) + 1)
			if rnd.IntN(2) == 0 && at < len(after) {
				after = slices.Delete(after, at, min(at+1+rnd.IntN(4), len(after)))
				continue
			}
			after = slices.Insert(after, at, fmt.Sprintf("new %d", i))
		}
		m := source.Match(before, after)
		for i, line := range before {
			want := slices.Index(after, line) + 1
			if got, _ := m.New(i + 1); want > 0 && got != want {
				t.Fatalf("%q became %q: %q is at %d, want %d", before, after, line, got, want)
			}
		}
	}
}
