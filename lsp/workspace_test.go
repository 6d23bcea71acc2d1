package lsp

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAmbiguousFilesAreCountedAndShowNothing(t *testing.T) {
	a := newApp(t)
	other := write(t, a.root, "copy/lib/cache.rb", appText)
	dump := write(t, a.root, "x.heap", heapOf(t, "5 String 400 /deploy/lib/cache.rb:3"))
	c := start(t, a.root)
	c.open(a.ruby, appText)
	c.open(other, appText)
	if sum := c.load(dump); !strings.Contains(string(sum), `"ambiguousFiles":1`) {
		t.Errorf("got %s", sum)
	}
	c.wantHints(a.ruby)
	c.wantHints(other)
}

func TestWorkspaceFoldersChange(t *testing.T) {
	a := newApp(t)
	c := start(t, tempDir(t))
	c.open(a.ruby, appText)
	c.load(a.dump)
	c.wantHints(a.ruby)
	folder := []object{{"uri": fileURI(a.root), "name": "app"}}
	c.notify("workspace/didChangeWorkspaceFolders", object{"event": object{"added": folder, "removed": []object{}}})
	c.untilHints(a.ruby, appHints...)
	c.notify("workspace/didChangeWorkspaceFolders", object{"event": object{"added": []object{}, "removed": folder}})
	c.untilHints(a.ruby)
}

func TestWorkspaceBehindASymbolicLink(t *testing.T) {
	a := newApp(t)
	link := filepath.Join(tempDir(t), "link")
	if err := os.Symlink(a.root, link); err != nil {
		t.Fatal(err)
	}
	c := start(t, link)
	ruby := filepath.Join(link, "lib/cache.rb")
	c.open(ruby, appText)
	c.load(write(t, a.root, "real.heap", heapOf(t, "4 String 4000 "+a.ruby+":3")))
	c.wantHints(ruby, "2:18 4 objects · 16.0 kB retained")
	c.diagnosed(ruby, "2:4-18 warning")
}
