package lsp

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// in makes a repository in a folder.
func (r *repository) in(folder string) *repository {
	r.t.Helper()
	other := &repository{r.t, folder, r.now}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		r.t.Fatal(err)
	}
	other.git("init", "--quiet", "--initial-branch=main")
	return other
}

// A dump may be of the code of several repositories, and its sidecar names the
// commit of one.
func TestEachRepositoryHasItsRevision(t *testing.T) {
	const now = "# one\n" + driftText
	for _, tt := range []struct {
		name   string
		engine func(app *repository) string // folder of the other repository
		roots  func(app, engine string) []string
		says   string
	}{
		{
			"a second workspace folder", func(app *repository) string { return filepath.Join(tempDir(app.t), "engine") },
			func(app, engine string) []string { return []string{app, engine} }, " in engine (a guess",
		},
		{
			"below the workspace folder", func(app *repository) string { return filepath.Join(app.root, "engines/e") },
			func(app, _ string) []string { return []string{app} }, " in `engines/e` (a guess",
		},
		{
			"a gem beside the workspace folder", func(app *repository) string {
				write(app.t, app.root, "Gemfile.lock", "PATH\n  remote: ../engine\n  specs:\n    engine (0.1.0)\n")
				return filepath.Join(filepath.Dir(app.root), "engine")
			},
			func(app, _ string) []string { return []string{app} }, " in `/",
		},
	} {
		for _, sidecar := range []bool{false, true} {
			t.Run(tt.name+map[bool]string{true: ", with a sidecar"}[sidecar], func(t *testing.T) {
				app := newRepository(t).in(filepath.Join(tempDir(t), "app"))
				engine := app.in(tt.engine(app))
				write(t, app.root, ".gitignore", "/engines\n")
				file, other := write(t, app.root, "lib/cache.rb", driftText), write(t, engine.root, "lib/cache.rb", driftText)
				first := app.commit()
				then := engine.commit()
				dump := app.dumped(strings.ReplaceAll(driftHeap, "/srv/app/lib/cache.rb", file) + strings.ReplaceAll(driftHeap, "/srv/app/lib/cache.rb", other))
				if sidecar {
					app.describe(dump, object{"revision": first, "dirty": object{"lib/cache.rb": blobHash("gone")}})
				}
				app.later()
				engine.now = app.now
				write(t, app.root, "lib/cache.rb", now)
				write(t, engine.root, "lib/cache.rb", now)
				app.commit()
				engine.commit()
				var folders []object
				for _, root := range tt.roots(app.root, engine.root) {
					folders = append(folders, object{"uri": fileURI(root), "name": filepath.Base(root)})
				}
				c := start(t, app.root, object{"workspaceFolders": folders})
				c.open(other, now)
				c.load(dump)
				c.wantHints(other, below(1)...)
				c.wantLenses(other)
				if !sidecar {
					c.open(file, now)
					c.wantHints(file, below(1)...)
				}
				c.await("heapline/status", contains("Lines are those of: `"+then[:shortCommit]+"`"+tt.says))
			})
		}
	}
}

func TestARevisionThatIsNotHereIsSaidToBe(t *testing.T) {
	const (
		now     = "# one\n" + driftText
		gone    = "0123456789abcdef0123456789abcdef01234567"
		notHere = "the dump is of a commit that is not here: lines may have moved"
		sidecar = "the dump is of commit " + gone + ", which no repository here has: lines may be others"
		setting = "heapline.revision is mian, which no repository here has: lines may be others"
	)
	for _, tt := range []struct {
		name    string
		meta    object
		setting string
		lens    []string
		logged  []string
	}{
		{"the sidecar's", object{"revision": gone}, "", []string{notHere}, []string{sidecar}},
		{"the sidecar's, of which the file was dirty", object{"revision": gone, "dirty": object{"lib/cache.rb": blobHash(driftText)}}, "", []string{notHere}, []string{sidecar}},
		{"the sidecar's, and the setting names another", object{"revision": gone}, "first", nil, []string{sidecar}},
		{"the setting's", nil, "mian", nil, []string{setting}},
		{"both", object{"revision": gone}, "mian", []string{notHere}, []string{sidecar, setting}},
		{"none", nil, "first", nil, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRepository(t)
			file := write(t, r.root, "lib/cache.rb", driftText)
			r.commit()
			r.git("tag", "first")
			dump := r.dumped(driftHeap)
			if tt.meta != nil {
				r.describe(dump, tt.meta)
			}
			r.later()
			write(t, r.root, "lib/cache.rb", now)
			r.commit()
			c := start(t, r.root, object{"initializationOptions": object{"revision": tt.setting}})
			c.open(file, now)
			c.load(dump)
			c.load(dump)
			if tt.meta["revision"] == nil || tt.setting == "first" { // else the dump's time is not known
				c.wantHints(file, below(1)...)
			}
			c.wantLenses(file, tt.lens...)
			if got := c.warnings(); !slices.Equal(got, tt.logged) {
				t.Errorf("logged %q", got)
			}
			for _, warning := range tt.logged {
				c.await("heapline/status", contains(warning))
				c.seen["heapline/status"] = 0
			}
		})
	}
}

// warnings are those logged so far.
func (c *testClient) warnings() (texts []string) {
	for _, raw := range c.all("window/logMessage") {
		var m struct {
			Type    int
			Message string
		}
		if json.Unmarshal(raw, &m) == nil && m.Type == 2 {
			texts = append(texts, m.Message)
		}
	}
	return texts
}

// An editor that a hook of git has started, say.
func TestTheEnvironmentDoesNotChooseTheRepository(t *testing.T) {
	other := newRepository(t)
	other.commit()
	r := newRepository(t)
	file := write(t, r.root, "lib/cache.rb", driftText)
	r.commit()
	dump := r.dumped(driftHeap)
	write(t, r.root, "lib/cache.rb", "# one\n"+driftText)
	r.commit()
	for _, name := range []string{"GIT_DIR", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY"} {
		t.Setenv(name, filepath.Join(other.root, ".git"))
	}
	t.Setenv("GIT_WORK_TREE", other.root)
	t.Setenv("GIT_INDEX_FILE", filepath.Join(other.root, ".git/index"))
	c := start(t, r.root)
	c.open(file, "# one\n"+driftText)
	c.load(dump)
	c.wantHints(file, below(1)...)
}

func TestARepositoryThatGitRefusesIsSaidToBe(t *testing.T) {
	r := newRepository(t)
	file := write(t, r.root, "lib/cache.rb", driftText)
	first := r.commit()
	dump := r.dumped(driftHeap)
	r.describe(dump, object{"revision": first})
	t.Setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
	t.Setenv("GIT_CONFIG_GLOBAL", os.DevNull)
	t.Setenv("GIT_CONFIG_NOSYSTEM", "1")
	c := start(t, r.root)
	c.open(file, driftText)
	c.load(dump)
	c.load(dump)
	got := c.warnings()
	if len(got) != 1 || !strings.HasSuffix(got[0], `git config --global --add safe.directory "`+r.root+`"`) {
		t.Errorf("logged %q", got)
	}
}
