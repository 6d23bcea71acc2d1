package lsp

import (
	"os"
	"path/filepath"
	"testing"
)

// leaky is the sample app with its dumps, made in /srv/leaky.
func leaky(t testing.TB) string {
	t.Helper()
	dir, err := filepath.Abs("../testdata/leaky")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func readFile(t testing.TB, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// app is a workspace with one Ruby file and a dump of it.
type app struct {
	root, ruby, dump string
	text             string
}

const (
	appText = "class Cache\n  def add(x)\n    @all << x.to_s\n  end\nend\n"
	appHeap = `
		10 String 400 /srv/app/lib/cache.rb:3 method=add gen=4 value=hello
		5 Hash 1200 /srv/app/lib/cache.rb:2
		100 Object 900 -`
)

func newApp(t *testing.T) app {
	t.Helper()
	root := filepath.Join(tempDir(t), "app")
	return app{
		root: root, text: appText,
		ruby: write(t, root, "lib/cache.rb", appText),
		dump: write(t, root, "tmp/app.heap", heapOf(t, appHeap)),
	}
}

// loaded returns a client with the app's file open and its dump loaded.
func (a app) loaded(t *testing.T, init ...object) *testClient {
	t.Helper()
	c := start(t, a.root, init...)
	c.open(a.ruby, a.text)
	c.load(a.dump)
	return c
}

var appHints = []string{"1:12 5 objects · 6.0 kB retained", "2:18 10 objects · 4.0 kB retained"}
