package lsp

import (
	"path/filepath"
	"strings"
	"testing"

	"heapline/index"
)

func TestLeakyApp(t *testing.T) {
	for _, tt := range []struct{ name, root string }{
		{"the app is the workspace", leaky(t)},
		{"a folder above is the workspace", filepath.Dir(leaky(t))},
		{"a folder inside is the workspace", filepath.Join(leaky(t), "lib")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			request := filepath.Join(leaky(t), "lib/request.rb")
			c := start(t, tt.root)
			c.open(request, readFile(t, request))
			c.load(filepath.Join(leaky(t), "leak-3.json.gz"))
			c.wantHints(request, "1:13 3 objects · 2.0 kB retained", "4:20 1 object · 1.8 kB retained", "6:35 5,000 objects · 200.0 kB retained",
				"7:91 15,002 objects · 1.2 MB retained", "8:36 5,000 objects · 553.9 kB retained")
			if got := c.hover(request, 7); !strings.Contains(got, "| Hash ") {
				t.Errorf("the hover has no classes: %s", got)
			}
			c.diagnosed(filepath.Join(leaky(t), "lib/audit_log.rb"), "3:2-14 warning", "8:4-89 warning", "8:4-89 information")
		})
	}
}

// The hover of the leak names the way from the root, and the line that holds.
func TestHoverSaysWhatKeepsAlive(t *testing.T) {
	audit := filepath.Join(leaky(t), "lib/audit_log.rb")
	holder := "[lib/audit_log.rb:4](<" + fileURI(audit) + "#L4>)"
	for _, tt := range []struct {
		name  string
		edit  string // inserted at the top
		lines []string
	}{
		{"as it was when the dump was loaded", "", []string{
			"**10,003 objects · 3.8 MB retained** · 1.0 MB shallow · 19.8 % of the live heap",
			"Kept alive by: `ROOT vm` → Object → AuditLog (" + strings.ReplaceAll(holder, "4", "3") + ") → `ARRAY 5,000 elements` (" + holder + ") → `≥ 1,000 × HASH` (this line)",
			"Held by: `ARRAY 5,000 elements` of AuditLog at " + holder + " (10,000 objects)\n",
		}},
		{"links follow edits", "# one\n# two\n", []string{"`ARRAY 5,000 elements` ([lib/audit_log.rb:6](<" + fileURI(audit) + "#L6>))"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := start(t, leaky(t))
			c.open(audit, readFile(t, audit))
			c.load(filepath.Join(leaky(t), "leak-3.json.gz"))
			c.change(audit, 2, span(0, 0, 0, 0), tt.edit)
			got := c.hover(audit, 8+strings.Count(tt.edit, "\n"))
			for _, want := range tt.lines {
				if !strings.Contains(got, want) {
					t.Errorf("no %s\nin %s", want, got)
				}
			}
		})
	}
}

func TestHotspotsNameTheirHolders(t *testing.T) {
	c := start(t, leaky(t))
	c.load(filepath.Join(leaky(t), "leak-3.json.gz"))
	audit := filepath.Join(leaky(t), "lib/audit_log.rb")
	got := c.diagnostics(audit)
	if len(got) != 3 || len(got[1].Related) == 0 {
		t.Fatalf("got %+v", got)
	}
	if want := "10,003 objects allocated here are still alive and retain 3.8 MB, 19.8 % of the live heap."; got[1].Message != want {
		t.Errorf("got %s, want %s", got[1].Message, want)
	}
	holder := got[1].Related[0]
	if holder.Location.URI != fileURI(audit) || holder.Location.Range.Start.Line != 3 ||
		holder.Message != "ARRAY 5,000 elements of AuditLog holds 10,000 of the 10,003 objects" {
		t.Errorf("got %+v", holder)
	}
}

func TestLoadSummary(t *testing.T) {
	c := start(t, leaky(t))
	var sum struct {
		Path                       string
		Objects, Live, Garbage     struct{ Objects, Bytes int64 }
		Sites, Files               int
		MappedFiles, UnmappedFiles int
		AmbiguousFiles             int
		Problems                   struct{ First []any }
	}
	path := filepath.Join(leaky(t), "leak-3.json.gz")
	decode(t, c.load(path), &sum)
	if sum.Path != path || sum.Live.Objects == 0 || sum.Live.Objects+sum.Garbage.Objects != sum.Objects.Objects {
		t.Errorf("totals do not add up: %+v", sum)
	}
	if sum.MappedFiles != 5 || sum.MappedFiles+sum.UnmappedFiles+sum.AmbiguousFiles != sum.Files {
		t.Errorf("files do not add up: %+v", sum)
	}
	if sum.Problems.First == nil {
		t.Error("the list of problems is null")
	}
}

// Every capability may be missing.
func TestClientWithoutCapabilities(t *testing.T) {
	a := newApp(t)
	c := a.loaded(t, object{"capabilities": object{}})
	hints := c.hintsIn(a.ruby, span(0, 0, 9, 0))
	if len(hints) != 2 || hints[0].Tooltip.Kind != "plaintext" || hints[0].Tooltip.Value != "5 objects · 6.0 kB retained · 6.0 kB shallow · 6.0 % of the live heap" {
		t.Errorf("got %+v", hints)
	}
	c.diagnosed(a.ruby, "1:2-12 information", "2:4-18 information")
	for _, method := range []string{"workspace/inlayHint/refresh", "window/workDoneProgress/create", "heapline/status", "client/registerCapability", "$/progress"} {
		if got := c.all(method); len(got) > 0 {
			t.Errorf("the client was sent %s, which it does not know", method)
		}
	}
}

func TestHintRange(t *testing.T) {
	a := newApp(t)
	c := a.loaded(t)
	for _, tt := range []struct {
		name string
		at   object
		want int
	}{
		{"all", span(0, 0, 5, 0), 2},
		{"one line", span(2, 0, 2, 50), 1},
		{"the end of the hint's line", span(2, 18, 2, 18), 1},
		{"before the end of the hint's line", span(2, 0, 2, 17), 0},
		{"the lines above", span(0, 0, 1, 0), 0},
		{"the lines below", span(3, 0, 9, 0), 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := c.hintsIn(a.ruby, tt.at); len(got) != tt.want {
				t.Errorf("got %v, want %d", got, tt.want)
			}
		})
	}
}

func TestHintTooltipIsResolved(t *testing.T) {
	a := newApp(t)
	c := a.loaded(t)
	h := c.hintsIn(a.ruby, span(2, 0, 2, 99))[0]
	resolve := func() (out hint) {
		decode(t, c.call("inlayHint/resolve", object{"position": h.Position, "label": h.Label, "data": h.Data}), &out)
		return out
	}
	if got := resolve().Tooltip.Value; got != c.hover(a.ruby, 2) || got == "" {
		t.Errorf("the tooltip is %q", got)
	}
	c.call("workspace/executeCommand", run("unload"))
	if got := resolve(); got.Tooltip.Value != "" || got.Label != h.Label {
		t.Errorf("after unload: %+v", got)
	}
}

func TestUnloadClears(t *testing.T) {
	a := newApp(t)
	c := a.loaded(t)
	c.diagnosed(a.ruby, "1:2-12 information", "2:4-18 information")
	c.await("workspace/inlayHint/refresh", anything)
	c.await("heapline/status", contains(`"loaded"`))
	if res := c.call("workspace/executeCommand", run("unload")); string(res) != "null" {
		t.Errorf("got %s", res)
	}
	c.wantHints(a.ruby)
	c.diagnosed(a.ruby)
	sent := c.all("textDocument/publishDiagnostics")
	if last := sent[len(sent)-1]; !contains(`"diagnostics":[]`)(last) { // null would not do
		t.Errorf("got %s", last)
	}
	c.await("heapline/status", contains(`"state":"none"`))
	if got := c.hover(a.ruby, 2); got != "" {
		t.Errorf("hover after unload: %s", got)
	}
	if got := c.fail("workspace/executeCommand", run("reload")); !strings.Contains(got.Message, "load one first") {
		t.Errorf("reload after unload: %+v", got)
	}
}

func TestUnloadRefreshesHints(t *testing.T) {
	a := newApp(t)
	c := a.loaded(t)
	c.await("workspace/inlayHint/refresh", anything)
	c.call("workspace/executeCommand", run("unload"))
	c.await("workspace/inlayHint/refresh", anything)
}

func TestReloadReadsTheFileAgain(t *testing.T) {
	a := newApp(t)
	c := a.loaded(t)
	write(t, a.root, "tmp/app.heap", heapOf(t, "3 String 500 /srv/app/lib/cache.rb:3"))
	c.call("workspace/executeCommand", run("reload"))
	c.wantHints(a.ruby, "2:18 3 objects · 1.5 kB retained")
}

func TestFailedLoadKeepsTheOld(t *testing.T) {
	a := newApp(t)
	c := a.loaded(t)
	c.fail("workspace/executeCommand", loadCommand(a.root+"/none.heap"))
	c.wantHints(a.ruby, appHints...)
}

func TestADumpThatTakesMoreMemoryThanItMayIsRefused(t *testing.T) {
	a := newApp(t)
	c := a.loaded(t)
	c.notify("workspace/didChangeConfiguration", object{"settings": object{"heapline": object{"maxMemory": "1 kB"}}})
	got := c.fail("workspace/executeCommand", loadCommand(a.dump))
	if want := a.dump + ": loading it would take more than the 1.0 kB of memory that it may take: " +
		"raise the limit (the setting heapline.maxMemory, the flag --max-memory), or load it on a larger machine"; got.Message != want {
		t.Errorf("got %q, want %q", got.Message, want)
	}
	c.wantHints(a.ruby, appHints...)
}

func TestDiagnosticsOfFilesNotOpen(t *testing.T) {
	a := newApp(t)
	c := start(t, a.root)
	c.load(a.dump)
	want := []string{"1:2-12 information", "2:4-18 information"}
	c.diagnosed(a.ruby, want...)
	sent := c.all("textDocument/publishDiagnostics")
	for _, says := range []string{
		`"code":"heapline/hotspot"`, `"codeDescription":{"href":"https://`, `"source":"heapline"`,
		`"message":"5 objects allocated here are still alive and retain 6.0 kB, 6.0 % of the live heap."`,
	} {
		if !strings.Contains(string(sent[0]), says) {
			t.Errorf("%s is missing in %s", says, sent[0])
		}
	}
	c.open(a.ruby, appText)
	c.diagnosed(a.ruby, want...)
	c.change(a.ruby, 2, span(0, 0, 0, 0), "\n")
	c.diagnosed(a.ruby, "2:2-12 information", "3:4-18 information")
}

func TestDiagnosticsFollowReload(t *testing.T) {
	a := newApp(t)
	c := a.loaded(t)
	c.diagnosed(a.ruby, "1:2-12 information", "2:4-18 information")
	c.load(write(t, a.root, "b.heap", heapOf(t, "1 String 900 /srv/app/lib/cache.rb:1\n1 String 50 /srv/app/lib/cache.rb:2\n1 String 1 /srv/app/lib/cache.rb:3")))
	c.diagnosed(a.ruby, "0:0-11 warning", "1:2-12 information")
}

// As long as it is not known what keeps objects alive, the hover says so.
func TestHoverOfALoadThatIsNotDone(t *testing.T) {
	c := &card{}
	c.reasons(reasons{}, index.Site{}, nil)
	if got := c.String(); !strings.Contains(got, "look again in a moment") {
		t.Errorf("got %q", got)
	}
	for _, tt := range []struct {
		retained index.Retained
		want     string
	}{
		{index.Retained{}, "2 objects · 80 B"},
		{index.Retained{Bytes: 1200}, "2 objects · ≥ 1.2 kB retained"},
		{index.Retained{Bytes: 1200, Exact: true}, "2 objects · 1.2 kB retained"},
	} {
		site := index.Site{Count: index.Count{Objects: 2, Bytes: 80}, Retained: tt.retained}
		if got := hintLabel(site, ""); got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
}
