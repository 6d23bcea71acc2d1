package lsp

import (
	"compress/gzip"
	"io"
	"path/filepath"
	"strings"
	"testing"
)

func gunzip(t *testing.T, path string) string {
	t.Helper()
	r, err := gzip.NewReader(strings.NewReader(readFile(t, path)))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// torn is a dump of the labelled series that breaks off after a share of its text.
func torn(t *testing.T, dir string, number int, share float64) string {
	t.Helper()
	text := gunzip(t, leakyDump(t, number))
	return write(t, dir, "torn.heap", text[:int(share*float64(len(text)))])
}

func TestADamagedDumpOfASeriesSaysSo(t *testing.T) {
	dump := torn(t, tempDir(t), 1, 0.5)
	c := start(t, leaky(t))
	sum := string(c.call("workspace/executeCommand", object{"command": "heapline.server.load", "arguments": []any{
		object{"paths": []string{dump, leakyDump(t, 2), leakyDump(t, 3)}},
	}}))
	for _, want := range []string{
		`"leftOut":[{"path":"` + dump + `"`, `"incomplete":"it breaks off"`, `"suspects":0`,
		`"unreliable":"a part is missing of 1 of the 3 dumps, and it takes 3 that are whole"`,
	} {
		if !strings.Contains(sum, want) {
			t.Errorf("no %s in %s", want, sum)
		}
	}
	status := string(c.await("heapline/status", contains(`"state":"loaded"`)))
	for _, want := range []string{
		"Problem of `torn.heap`: the dump breaks off in its last line", "(line ",
		"Left out of the comparison: `torn.heap`, since a part is missing: it breaks off", "No leak suspects: a part is missing",
	} {
		if !strings.Contains(status, want) {
			t.Errorf("no %s in %s", want, status)
		}
	}
	for _, d := range c.diagnostics(filepath.Join(leaky(t), "lib/request.rb")) {
		if d.Code == suspectCode {
			t.Errorf("a suspect: %+v", d)
		}
	}
}

func TestALoadThatNobodyAskedForSaysWhatIsMissing(t *testing.T) {
	root := tempDir(t)
	dump := torn(t, root, 3, 0.5)
	c := connect(t, Options{Dumps: []string{dump}})
	c.initialize(root)
	message := c.await("window/showMessage", contains(`"type":2`))
	for _, want := range []string{"torn.heap: Not all of the dump could be read: the dump breaks off in its last line", "(line ", "What stood there is not counted"} {
		if !contains(want)(message) {
			t.Errorf("no %s in %s", want, message)
		}
	}
	c.load(dump) // whoever asks is told so by the answer
	if shown := c.all("window/showMessage"); len(shown) != 1 {
		t.Errorf("said again: %s", shown)
	}
}

func TestALoadThatNobodyAskedForSaysNothingOfAWholeDump(t *testing.T) {
	c := connect(t, Options{Dumps: []string{leakyDump(t, 3)}})
	c.initialize(tempDir(t))
	c.await("heapline/status", contains(`"state":"loaded"`))
	c.call("workspace/executeCommand", run("unload"))
	if shown := c.all("window/showMessage"); len(shown) != 0 {
		t.Errorf("got %s", shown)
	}
}
