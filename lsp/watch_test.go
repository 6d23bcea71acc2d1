package lsp

import (
	"os"
	"path/filepath"
	"testing"
)

// rewritten tells the server what its client has seen of files.
func (c *testClient) rewritten(kind int, paths ...string) {
	var changes []object
	for _, path := range paths {
		changes = append(changes, object{"uri": fileURI(path), "type": kind})
	}
	c.notify("workspace/didChangeWatchedFiles", object{"changes": changes})
}

// Other programs write files too: a formatter, a checkout of some files.
func TestTheDiagnosticsOfAClosedFileFollowWhatIsWrittenToIt(t *testing.T) {
	for _, inGit := range []bool{false, true} {
		t.Run(map[bool]string{true: "with git", false: "without git"}[inGit], func(t *testing.T) {
			a := newApp(t)
			if inGit {
				(&repository{t: t, root: a.root}).in(a.root).commit()
			}
			c := start(t, a.root)
			c.load(a.dump)
			c.diagnosed(a.ruby, "1:2-12 information", "2:4-18 information")
			registered := c.await("client/registerCapability", contains(sourcePattern))
			if !contains(`{"baseUri":"` + fileURI(a.root) + `","pattern":"` + sourcePattern + `"}`)(registered) {
				t.Errorf("registered %s", registered)
			}
			write(t, a.root, "lib/cache.rb", "# one\n"+appText)
			c.rewritten(2, a.ruby)
			c.diagnosed(a.ruby, "2:2-12 information", "3:4-18 information")
			if err := os.Remove(a.ruby); err != nil {
				t.Fatal(err)
			}
			c.rewritten(3, a.ruby)
			c.diagnosed(a.ruby)
			write(t, a.root, "lib/cache.rb", "# one\n# two\n"+appText)
			c.rewritten(1, a.ruby)
			c.diagnosed(a.ruby, "3:2-12 information", "4:4-18 information")
		})
	}
}

func TestAClientWithoutRelativePatternsWatchesSourcesToo(t *testing.T) {
	a := newApp(t)
	caps := everything()
	caps["workspace"].(object)["didChangeWatchedFiles"] = object{"dynamicRegistration": true}
	c := start(t, a.root, object{"capabilities": caps})
	c.load(a.dump)
	c.await("client/registerCapability", contains(`"globPattern":"`+filepath.ToSlash(a.root)+`/**/*.{rb,`))
}

// Nobody else knows what a file was when the dump was first loaded.
func TestADumpThatIsLoadedAgainKeepsItsLines(t *testing.T) {
	const now = "# one\n" + appText
	moved := []string{"2:12 5 objects · 6.0 kB retained", "3:18 10 objects · 4.0 kB retained"}
	other := func(a app) string { return write(t, a.root, "tmp/other.heap", readFile(t, a.dump)) }
	for _, tt := range []struct {
		name  string
		again func(c *testClient, a app)
		want  []string
	}{
		{"at once", func(c *testClient, a app) { c.load(a.dump) }, moved},
		{"after it was unloaded", func(c *testClient, a app) { c.call("workspace/executeCommand", run("unload")); c.load(a.dump) }, moved},
		{"another dump is another matter", func(c *testClient, a app) { c.load(other(a)) }, []string{"1:11 5 objects · 6.0 kB retained", "2:12 10 objects · 4.0 kB retained"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := newApp(t)
			c := a.loaded(t)
			c.change(a.ruby, 2, span(0, 0, 0, 0), "# one\n")
			write(t, a.root, "lib/cache.rb", now)
			c.wantHints(a.ruby, moved...)
			tt.again(c, a)
			c.wantHints(a.ruby, tt.want...)
		})
	}
}
