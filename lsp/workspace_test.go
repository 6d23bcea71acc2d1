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

func TestSeveralWorkspaceFolders(t *testing.T) {
	dir := tempDir(t)
	folder := func(name string) object { return object{"uri": fileURI(filepath.Join(dir, name)), "name": name} }
	one, two := write(t, dir, "one/a.rb", appText), write(t, dir, "two/b.rb", appText)
	dump := write(t, dir, "x.heap", heapOf(t, `
		4 String 1000 `+one+`:2
		5 String 1000 `+two+`:3
		6 String 1000 /elsewhere/three/lib/c.rb:1`))
	three := write(t, dir, "three/lib/c.rb", appText)
	hints := map[string]string{
		one: "1:12 4 objects · 4.0 kB retained", two: "2:18 5 objects · 5.0 kB retained", three: "0:11 6 objects · 6.0 kB retained",
	}

	c := connect(t, Options{})
	c.initialize("", object{"workspaceFolders": []object{folder("one"), folder("two")}})
	for _, file := range []string{one, two, three} {
		c.open(file, appText)
	}
	c.load(dump)
	c.wantHints(one, hints[one])
	c.wantHints(two, hints[two])
	c.wantHints(three) // of no folder

	change := func(added, removed []object) {
		c.notify("workspace/didChangeWorkspaceFolders", object{"event": object{"added": added, "removed": removed}})
	}
	change([]object{folder("three"), folder("three")}, []object{folder("one"), folder("never")})
	c.untilHints(three, hints[three])
	c.wantHints(two, hints[two])
	c.wantHints(one, hints[one]) // outside of the workspace, but the very file
	change(nil, []object{folder("three"), folder("two")})
	c.untilHints(three)
	change([]object{folder("never"), folder("three")}, nil)
	c.untilHints(three, hints[three])
}
