package lsp

import (
	"os"
	"path/filepath"
	"testing"
)

func TestAFileThatComesAfterTheLoadIsFound(t *testing.T) {
	root := filepath.Join(tempDir(t), "app")
	write(t, root, "lib/other.rb", "")
	dump := write(t, root, "x.heap", heapOf(t, appHeap))
	c := start(t, root)
	c.load(dump)
	file := write(t, root, "lib/cache.rb", appText)
	c.open(file, appText)
	c.untilHints(file, appHints...)
}

func TestAFileThatTheEditorRenamesIsFollowed(t *testing.T) {
	for _, tt := range []struct {
		name     string
		was, now string // as the editor says
		file     string // the file then
		again    bool
	}{
		{"a file", "lib/cache.rb", "lib/store.rb", "lib/store.rb", false},
		{"a folder", "lib", "app/models", "app/models/cache.rb", false},
		{"a file twice", "lib/cache.rb", "lib/store.rb", "lib/final.rb", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRepository(t)
			root := filepath.Join(r.root, "app")
			write(t, root, "lib/cache.rb", driftText)
			r.commit()
			dump := r.dumped(driftHeap)
			c := start(t, root)
			c.open(filepath.Join(root, "lib/cache.rb"), driftText)
			c.load(dump)
			rename := func(was, now string) {
				was, now = filepath.Join(root, was), filepath.Join(root, now)
				if err := os.MkdirAll(filepath.Dir(now), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.Rename(was, now); err != nil {
					t.Fatal(err)
				}
				c.notify("workspace/didRenameFiles", object{"files": []object{{"oldUri": fileURI(was), "newUri": fileURI(now)}}})
			}
			rename(tt.was, tt.now)
			if tt.again {
				rename(tt.now, tt.file)
			}
			file := write(t, root, tt.file, "# new\n"+driftText) // edited since
			c.open(file, "# new\n"+driftText)
			c.untilHints(file, "4:15 1 object · 6.0 kB retained", "8:18 10 objects · 4.0 kB retained", "9:25 20 objects · 10.0 kB retained")
		})
	}
}

func TestMoves(t *testing.T) {
	m := moves{}.with("/w/a.rb", "/w/b.rb").with("/w/b.rb", "/w/lib/c.rb").with("/w/lib", "/w/app").with("/w/x.rb", "/w/y.rb").with("/w/y.rb", "/w/x.rb")
	for now, want := range map[string]string{
		"/w/lib/c.rb": "/w/a.rb", "/w/app/d.rb": "/w/lib/d.rb", "/w/x.rb": "", "/w/apps/d.rb": "", "": "", "a.rb": "",
	} {
		if got, ok := m.then(now); got != want || ok != (want != "") {
			t.Errorf("%s was %q, want %q", now, got, want)
		}
	}
}
