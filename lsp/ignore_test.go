package lsp

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// ignoringApp is a copy of the sample app, whose files the tests may change.
type ignoringApp struct {
	*testClient
	root, audit, config string
}

// canIgnore are the capabilities of a client that takes code actions and opens
// files.
func canIgnore() object {
	caps := everything()
	caps["window"].(object)["showDocument"] = object{"support": true}
	caps["textDocument"].(object)["codeAction"] = object{
		"codeActionLiteralSupport": object{"codeActionKind": object{"valueSet": []string{"quickfix"}}},
	}
	return caps
}

// startIgnoring returns a client that has the series of three dumps loaded.
func startIgnoring(t *testing.T, caps object) ignoringApp {
	t.Helper()
	root := filepath.Join(tempDir(t), "leaky")
	if err := os.CopyFS(root, os.DirFS(leaky(t))); err != nil {
		t.Fatal(err)
	}
	c := ignoringApp{start(t, root, object{"capabilities": caps}), root, filepath.Join(root, "lib/audit_log.rb"), filepath.Join(root, ".heapline.yml")}
	c.call("workspace/executeCommand", object{"command": "heapline.server.load", "arguments": []any{
		object{"paths": []string{filepath.Join(root, "leak-1.json.gz"), filepath.Join(root, "leak-2.json.gz"), filepath.Join(root, "leak-3.json.gz")}},
	}})
	return c
}

// listed waits until the diagnostics of the audit log are these: LINE CODE.
func (c ignoringApp) listed(want ...string) {
	c.t.Helper()
	c.wait(fmt.Sprintf("the diagnostics %q", want), func() bool { return slices.Equal(c.codes(c.audit), want) })
}

func (c ignoringApp) codes(file string) []string {
	var codes []string
	for _, d := range c.lastDiagnostics(file) {
		codes = append(codes, fmt.Sprintf("%d %s", d.Range.Start.Line, d.Code))
	}
	return codes
}

// told tells the server that .heapline.yml has changed.
func (c ignoringApp) told(kind int) {
	c.notify("workspace/didChangeWatchedFiles", object{"changes": []object{{"uri": fileURI(c.config), "type": kind}}})
}

// actions asks for the code actions of a line with the diagnostics that it has.
func (c ignoringApp) actions(line int, more object, diagnostics ...any) []json.RawMessage {
	c.t.Helper()
	context := object{"diagnostics": append([]any{}, diagnostics...)}
	for k, v := range more {
		context[k] = v
	}
	var actions []json.RawMessage
	decode(c.t, c.call("textDocument/codeAction", object{
		"textDocument": object{"uri": fileURI(c.audit)}, "range": span(line, 0, line, 5), "context": context,
	}), &actions)
	return actions
}

// of is a diagnostic as the client sends it back.
func of(line int, source, code string) object {
	return object{"range": span(line, 4, line, 20), "source": source, "code": code, "message": "Grows."}
}

const leak = "8 heapline/leak-suspect"

func ignoreAt(file string, line int) object {
	return object{"command": "heapline.server.ignore", "arguments": []any{object{"uri": fileURI(file), "line": line}}}
}

func TestIgnoringASiteIsOfferedOnDiagnosticsOfSites(t *testing.T) {
	c := startIgnoring(t, canIgnore())
	for _, tt := range []struct {
		name        string
		more        object
		diagnostics []any
		want        int
	}{
		{"on a leak suspect", nil, []any{of(8, "heapline", "heapline/leak-suspect")}, 1},
		{"on steady growth", nil, []any{of(8, "heapline", "heapline/steady-growth")}, 1},
		{"on a hotspot", nil, []any{of(8, "heapline", "heapline/hotspot")}, 1},
		{"once for two on one line", nil, []any{of(8, "heapline", "heapline/hotspot"), of(8, "heapline", "heapline/steady-growth")}, 1},
		{"where quick fixes are asked for", object{"only": []string{"quickfix"}}, []any{of(8, "heapline", "heapline/hotspot")}, 1},
		{"not where others are asked for", object{"only": []string{"refactor"}}, []any{of(8, "heapline", "heapline/hotspot")}, 0},
		{"not without a diagnostic", nil, nil, 0},
		{"not on one of another line", nil, []any{of(3, "heapline", "heapline/hotspot")}, 0},
		{"not on one of another server", nil, []any{of(8, "rubocop", "heapline/hotspot"), object{"range": span(8, 0, 8, 1), "message": "x", "code": 7}}, 0},
		{"not on one of .heapline.yml", nil, []any{of(8, "heapline", "heapline/config")}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			actions := c.actions(8, tt.more, tt.diagnostics...)
			if len(actions) != tt.want {
				t.Fatalf("got %s", actions)
			}
			for _, a := range actions {
				want := `"command":{"title":"Ignore this site in .heapline.yml","command":"heapline.server.ignore","arguments":[{"uri":"` + fileURI(c.audit) + `","line":8}]}`
				if !contains(`"kind":"quickfix"`)(a) || !contains(want)(a) || strings.Count(string(a), `"source":"heapline"`) != len(tt.diagnostics) {
					t.Errorf("got %s", a)
				}
			}
		})
	}
}

func TestClientsOfOldGetACommandOrNothing(t *testing.T) {
	caps := everything()
	caps["textDocument"].(object)["codeAction"] = object{}
	c := startIgnoring(t, caps)
	got := c.actions(8, nil, of(8, "heapline", "heapline/hotspot"))
	if len(got) != 1 || !strings.HasPrefix(string(got[0]), `{"title":"Ignore this site in .heapline.yml","command":"heapline.server.ignore"`) {
		t.Errorf("a client that takes commands only: %s", got)
	}
	for _, tt := range []struct {
		name string
		caps object
		want string
	}{
		{"that knows no code actions", everything(), ""},
		{"that takes commands only", caps, `"codeActionProvider":true`},
		{"that takes code actions", canIgnore(), `"codeActionProvider":{"codeActionKinds":["quickfix"]}`},
	} {
		t.Run("a client "+tt.name, func(t *testing.T) {
			c := connect(t, Options{})
			got := string(c.initialize(tempDir(t), object{"capabilities": tt.caps}))
			if !strings.Contains(got, tt.want) || strings.Contains(got, "codeActionProvider") != (tt.want != "") {
				t.Errorf("got %s", got)
			}
		})
	}
}

func TestAnIgnoredSiteHasNoDiagnosticsUntilItsEntryIsDeleted(t *testing.T) {
	c := startIgnoring(t, canIgnore())
	c.listed(leak)
	c.call("workspace/executeCommand", ignoreAt(c.audit, 8))
	if got := c.codes(c.audit); len(got) > 0 {
		t.Errorf("at the command's answer: %q", got)
	}
	want := "# Sites that Heapline does not report, each with the reason. Delete an entry to see it again.\nignore:\n  - lib/audit_log.rb:9 # TODO: say why\n"
	if got := readFile(t, c.config); got != want {
		t.Errorf("written: %q", got)
	}
	shown := c.await("window/showDocument", contains(`.heapline.yml`))
	if !contains(`"takeFocus":true,"selection":{"start":{"line":2,"character":25},"end":{"line":2,"character":38}}`)(shown) {
		t.Errorf("shown: %s", shown)
	}
	if got := c.hover(c.audit, 8); got != "" {
		t.Errorf("a file that is not open has a hover: %s", got)
	}
	c.open(c.audit, readFile(t, c.audit))
	if got := c.hints(c.audit); !slices.ContainsFunc(got, func(h string) bool { return strings.HasPrefix(h, "8:") }) {
		t.Errorf("hints are facts, and stay: %q", got)
	}

	write(t, c.root, ".heapline.yml", "ignore:\n")
	c.told(2)
	c.listed(leak)
	c.call("workspace/executeCommand", ignoreAt(c.audit, 3))
	c.listed() // what the holder holds is ignored with it
	if err := os.Remove(c.config); err != nil {
		t.Fatal(err)
	}
	c.told(3)
	c.listed(leak)
}

func TestAnIgnoredLineIsTheOneThatTheDiagnosticIsOn(t *testing.T) {
	c := startIgnoring(t, canIgnore())
	c.open(c.audit, readFile(t, c.audit))
	c.change(c.audit, 2, span(0, 0, 0, 0), "\n")
	c.listed("9 heapline/leak-suspect")
	c.call("workspace/executeCommand", ignoreAt(c.audit, 9))
	c.listed()
	if got := readFile(t, c.config); !strings.Contains(got, "- lib/audit_log.rb:10 #") {
		t.Errorf("got %q", got)
	}
}

// Clients that cannot watch files tell of those that are saved.
func TestTheIgnoreFileIsReadAgainWhenADocumentIsSavedAndAtALoad(t *testing.T) {
	c := startIgnoring(t, canIgnore())
	c.listed(leak)
	write(t, c.root, ".heapline.yml", "ignore: [lib/audit_log.rb]\n")
	c.notify("textDocument/didSave", object{"textDocument": object{"uri": fileURI(c.audit)}})
	c.listed()
	write(t, c.root, ".heapline.yml", "")
	c.call("workspace/executeCommand", run("reload"))
	c.listed(leak)
}

func TestAnEntryIsAddedToTheFileThatIsThere(t *testing.T) {
	c := startIgnoring(t, canIgnore())
	before := "# ours\r\nignore:\r\n    - server.rb # é\r\n# end\r\n"
	write(t, c.root, ".heapline.yml", before)
	if err := os.Chmod(c.config, 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time it is there
		c.call("workspace/executeCommand", ignoreAt(c.audit, 8))
	}
	want := "# ours\r\nignore:\r\n    - server.rb # é\r\n    - lib/audit_log.rb:9 # TODO: say why\r\n# end\r\n"
	if got := readFile(t, c.config); got != want {
		t.Errorf("got %q", got)
	}
	if info, err := os.Stat(c.config); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if left, _ := filepath.Glob(c.config + ".*"); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

func TestAnIgnoreFileThatIsWrongIsADiagnosticAndChangesNothing(t *testing.T) {
	c := startIgnoring(t, canIgnore())
	c.call("workspace/executeCommand", ignoreAt(c.audit, 8))
	c.listed()
	write(t, c.root, ".heapline.yml", "ignore:\n  - 'é' # 𝒳\n  - /a.rb\n")
	c.told(2)
	c.wait("a diagnostic of .heapline.yml", func() bool { return slices.Equal(c.codes(c.config), []string{"2 heapline/config"}) })
	d := c.diagnostics(c.config)[0]
	if d.Severity != 1 || d.Range.Start.Character != 4 || d.Range.End.Character != 9 || !strings.Contains(d.Message, `"/a.rb" is an absolute path`) {
		t.Errorf("got %+v", d)
	}
	if got := c.codes(c.audit); len(got) > 0 {
		t.Errorf("what was in force is no more: %q", got)
	}
	got := c.fail("workspace/executeCommand", ignoreAt(c.audit, 3))
	if want := c.config + `:3:5: "/a.rb" is an absolute path: write it as it is below this file's folder`; got.Message != want {
		t.Errorf("got %q, want %q", got.Message, want)
	}
	write(t, c.root, ".heapline.yml", "ignore:\n")
	c.told(2)
	c.listed(leak)
	c.wait("no diagnostic of .heapline.yml", func() bool { return len(c.codes(c.config)) == 0 })
}

func TestAnIgnoreFileIsLookedAtWithoutADump(t *testing.T) {
	root := tempDir(t)
	config := write(t, root, ".heapline.yml", "ignored:\n")
	c := start(t, root)
	c.await("textDocument/publishDiagnostics", contains(`unknown key \"ignored\": the only one is ignore, delete this one or correct it`))
	registered := c.await("client/registerCapability", contains(".heapline.yml"))
	if !contains(`{"baseUri":"` + fileURI(root) + `","pattern":".heapline.yml"},"kind":7}`)(registered) {
		t.Errorf("registered %s", registered)
	}
	c.notify("workspace/didChangeConfiguration", object{"settings": object{"diagnostics": object{"enabled": false}}})
	c.await("textDocument/publishDiagnostics", contains(`"uri":"`+fileURI(config)+`","diagnostics":[]`))
}

func TestIgnoringThatIsNotPossibleSaysWhy(t *testing.T) {
	c := startIgnoring(t, canIgnore())
	outside := write(t, tempDir(t), "a.rb", "")
	for _, tt := range []struct {
		name   string
		before func()
		params object
		want   string
	}{
		{"a file outside of the workspace", nil, ignoreAt(outside, 1), outside + " is in no workspace folder, whose .heapline.yml could name it: open the folder that it belongs to"},
		{"no file", nil, object{"command": "heapline.server.ignore", "arguments": []any{object{"line": 1}}}, "the argument is"},
		{"no argument", nil, run("ignore"), "the argument is"},
		{"no line", nil, object{"command": "heapline.server.ignore", "arguments": []any{object{"uri": fileURI(c.audit), "line": -1}}}, "the argument is"},
		{"a folder of that name", func() { _ = os.Mkdir(c.config, 0o755) }, ignoreAt(c.audit, 8), "is not a regular file: delete it"},
		{"a link", func() { _ = os.Remove(c.config); _ = os.Symlink(outside, c.config) }, ignoreAt(c.audit, 8), "is a link: write the entry into the file that it leads to"},
		{"too much of it", func() {
			_ = os.Remove(c.config)
			write(t, c.root, ".heapline.yml", strings.Repeat("#", ignoreFileMax+1))
		}, ignoreAt(c.audit, 8), "is larger than 32000 bytes"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.before != nil {
				tt.before()
			}
			if got := c.fail("workspace/executeCommand", tt.params); !strings.Contains(got.Message, tt.want) {
				t.Errorf("got %q", got.Message)
			}
		})
	}
	if got := readFile(t, outside); got != "" {
		t.Errorf("written through a link: %q", got)
	}
}
