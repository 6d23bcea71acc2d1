package lsp

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func leakyDump(t *testing.T, number int) string {
	t.Helper()
	return filepath.Join(leaky(t), fmt.Sprintf("leak-%d.json.gz", number))
}

var grownRequest = []string{
	"1:13 3 objects · 2.0 kB retained", "4:20 1 object · 1.8 kB retained", "6:35 5,000 objects ▲ 2,000 · 200.0 kB retained",
	"7:91 15,002 objects ▲ 6,000 · 1.2 MB retained", "8:36 5,000 objects ▲ 2,000 · 553.9 kB retained",
}

func TestASeriesShowsWhatGrows(t *testing.T) {
	request, audit := filepath.Join(leaky(t), "lib/request.rb"), filepath.Join(leaky(t), "lib/audit_log.rb")
	c := start(t, leaky(t))
	c.open(request, readFile(t, request))
	sum := string(c.call("workspace/executeCommand", object{"command": "heapline.server.load", "arguments": []any{
		object{"paths": []string{leakyDump(t, 3), leakyDump(t, 1), leakyDump(t, 2)}}, // in any order
	}}))
	if want := `"match":"identity","suspects":2`; !strings.Contains(sum, want) {
		t.Errorf("no %s in %s", want, sum)
	}
	status := c.await("heapline/status", contains(`"state":"loaded"`))
	for number := range 3 { // a client that starts the server again has to know all of them
		if _, paths, _ := strings.Cut(string(status), `"paths":[`); !strings.Contains(paths, `"`+leakyDump(t, number+1)+`"`) {
			t.Errorf("dump %d is not in %s", number+1, status)
		}
	}
	c.wantHints(request, grownRequest...)
	hover := c.hover(request, 7)
	for _, want := range []string{"| `leak-1.json.gz` |   3,002 | 248.1 kB |                – |     0 |", "| `leak-3.json.gz` |  15,002 |   1.2 MB |            6,000 |     – |", "` 6,000 objects, 496.0 kB a dump · 353 objects a GC"} {
		if !strings.Contains(hover, want) {
			t.Errorf("no %s in %s", want, hover)
		}
	}
	server, cache := filepath.Join(leaky(t), "server.rb"), filepath.Join(leaky(t), "lib/lru_cache.rb")
	c.open(server, readFile(t, server))
	c.open(cache, readFile(t, cache))
	if got, want := c.hover(server, 34), "` 6.5 objects, 272 B a dump (between 3.2 and 9.8 objects) · 0.4 objects a GC\n"; !strings.Contains(got, want) {
		t.Errorf("no %s in %s", want, got)
	}
	hover = c.hover(cache, 10)
	for _, want := range []string{"| `leak-2.json.gz` |   2,000 | 80.0 kB |                0 | 2,000 |", "` 0 objects, 0 B a dump\n"} {
		if !strings.Contains(hover, want) {
			t.Errorf("no %s in %s", want, hover)
		}
	}
	var messages []string
	for _, d := range c.diagnostics(audit) {
		messages = append(messages, fmt.Sprintf("%d %s %s", d.Range.Start.Line, d.Code, d.Message))
		for _, related := range d.Related {
			messages = append(messages, related.Message)
		}
	}
	for _, want := range []string{
		"8 heapline/leak-suspect Grows by 4,000 objects, 1.5 MB per dump; 10,003 objects alive; held by ARRAY 5,000 elements of AuditLog, lib/audit_log.rb:4.",
		"ARRAY 5,000 elements of AuditLog holds it", "feeds it: 15,002 objects alive",
	} {
		if !slices.Contains(messages, want) {
			t.Errorf("no %s\nin %q", want, messages)
		}
	}
	if got := c.diagnostics(audit); len(got) != 1 {
		t.Errorf("the line that holds a suspect has a diagnostic of its own: %+v", got)
	}
	if got := c.diagnostics(request); len(got) > 0 {
		t.Errorf("a line that feeds a suspect has a diagnostic of its own: %+v", got)
	}
	c.call("workspace/executeCommand", run("reload"))
	c.wantHints(request, grownRequest...)
}

func TestASeriesIsLoadedAtTheStart(t *testing.T) {
	request := filepath.Join(leaky(t), "lib/request.rb")
	dumps := []string{leakyDump(t, 1), leakyDump(t, 2), leakyDump(t, 3)}
	for _, tt := range []struct {
		name     string
		opts     Options
		settings object
	}{
		{"from the command line", Options{Dumps: dumps}, object{}},
		{"from the settings, below the workspace folder", Options{}, object{"dump": []string{"leak-3.json.gz", "leak-1.json.gz", "leak-2.json.gz", "./leak-2.json.gz"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := connect(t, tt.opts)
			c.initialize(leaky(t), object{"initializationOptions": tt.settings})
			c.open(request, readFile(t, request))
			c.await("heapline/status", contains(`"state":"loaded"`))
			c.wantHints(request, grownRequest...)
		})
	}
}

func TestAChangedDumpIsLoadedAgainWithItsSeries(t *testing.T) {
	root := tempDir(t)
	var dumps []string
	for number := range 3 {
		dumps = append(dumps, write(t, root, filepath.Base(leakyDump(t, number+1)), readFile(t, leakyDump(t, number+1))))
	}
	c := connect(t, Options{Dumps: dumps})
	c.answer("window/showMessageRequest", func(json.RawMessage) any { return object{"title": "Reload"} })
	c.initialize(root)
	c.await("heapline/status", contains(`"state":"loaded"`))
	age(t, dumps[2], time.Minute)
	c.notify("workspace/didChangeWatchedFiles", object{"changes": []object{{"uri": fileURI(dumps[2]), "type": 2}}})
	c.await("window/showMessageRequest", contains("leak-3.json.gz has changed on disk."))
	status := c.await("heapline/status", contains(`"state":"loaded"`))
	for _, dump := range dumps {
		if _, paths, _ := strings.Cut(string(status), `"paths":[`); !strings.Contains(paths, `"`+dump+`"`) {
			t.Errorf("%s is not in %s", dump, status)
		}
	}
}

func TestADumpIsAddedToTheSeries(t *testing.T) {
	c := start(t, leaky(t))
	add := func(number int) string {
		return string(c.call("workspace/executeCommand", object{"command": "heapline.server.addDump", "arguments": []any{object{"path": leakyDump(t, number)}}}))
	}
	if got := add(2); !strings.Contains(got, `"series":[]`) {
		t.Errorf("one dump is a series: %s", got)
	}
	if got := add(3); strings.Count(got, `"newestGeneration"`) != 2 {
		t.Errorf("got %s", got)
	}
	if got := add(3); strings.Count(got, `"newestGeneration"`) != 2 {
		t.Errorf("a dump that is there already: %s", got)
	}
	if got := add(1); !strings.Contains(got, `"newestGeneration":66`) || !strings.Contains(got, `"suspects":2`) {
		t.Errorf("an older dump: %s", got)
	}
	got := c.fail("workspace/executeCommand", object{"command": "heapline.server.addDump", "arguments": []any{object{"path": "/none.json"}}})
	if !strings.Contains(got.Message, "/none.json does not exist") {
		t.Errorf("got %+v", got)
	}
}

func TestASingleDumpShowsSteadyGrowth(t *testing.T) {
	audit := filepath.Join(leaky(t), "lib/audit_log.rb")
	c := start(t, leaky(t))
	c.load(leakyDump(t, 3))
	var codes []string
	for _, d := range c.diagnostics(audit) {
		codes = append(codes, fmt.Sprintf("%d %s", d.Range.Start.Line, d.Code))
	}
	slices.Sort(codes)
	if want := []string{"3 heapline/hotspot", "8 heapline/hotspot", "8 heapline/steady-growth"}; !slices.Equal(codes, want) {
		t.Errorf("got %q", codes)
	}
	c.call("workspace/executeCommand", run("unload"))
	c.diagnosed(audit)
}

func TestSettingsDecideWhatASuspectIsAndHowItIsShown(t *testing.T) {
	audit, subscribers, request := filepath.Join(leaky(t), "lib/audit_log.rb"), filepath.Join(leaky(t), "lib/subscribers.rb"), filepath.Join(leaky(t), "lib/request.rb")
	c := start(t, leaky(t))
	set := func(settings object) {
		c.notify("workspace/didChangeConfiguration", object{"settings": object{"heapline": settings}})
	}
	// The suspect or what is shown instead of it: CODE SEVERITY, "" for nothing.
	shows := func(file, want string) {
		t.Helper()
		c.wait(fmt.Sprintf("%q at %s", want, file), func() bool {
			got := ""
			for _, d := range c.lastDiagnostics(file) {
				if got == "" || d.Code != "heapline/hotspot" {
					got = fmt.Sprintf("%s %d", strings.TrimPrefix(d.Code, "heapline/"), d.Severity)
				}
			}
			return got == want
		})
	}
	c.call("workspace/executeCommand", object{"command": "heapline.server.load", "arguments": []any{
		object{"paths": []string{leakyDump(t, 1), leakyDump(t, 2), leakyDump(t, 3)}},
	}})
	shows(audit, "leak-suspect 2")
	shows(subscribers, "leak-suspect 2")

	set(object{"suspects": object{"minObjects": 1000, "minBytes": 1_000_000}})
	shows(subscribers, "")
	shows(audit, "leak-suspect 2")
	set(object{"suspects": object{"minObjects": 7000, "minBytes": 1_000_000}})
	shows(audit, "hotspot 2")
	set(object{"diagnostics": object{"leakSuspectSeverity": "error"}})
	shows(audit, "leak-suspect 1")
	shows(request, "")
	set(object{"diagnostics": object{"leakSuspectSeverity": "off"}})
	shows(audit, "hotspot 2")
	shows(request, "hotspot 3") // no suspect says more

	c.load(leakyDump(t, 3))
	shows(audit, "steady-growth 3")
	set(object{"diagnostics": object{"steadyGrowthSeverity": "hint"}})
	shows(audit, "steady-growth 4")
	set(object{"diagnostics": object{"steadyGrowthSeverity": "off"}})
	shows(audit, "hotspot 2")
}
