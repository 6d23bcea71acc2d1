package lsp

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// endless is a dump that takes minutes to read: the same 7 MB a thousand
// times, compressed to little.
var endless = sync.OnceValue(func() string {
	var member bytes.Buffer
	w := gzip.NewWriter(&member)
	chunk := []byte(strings.Repeat(`{"address":"0x7f0000000028", "type":"NONE"}`+"\n", 1<<14))
	for range 10 {
		_, _ = w.Write(chunk) // to memory
	}
	_ = w.Close()
	return strings.Repeat(member.String(), 1000)
})

func endlessDump(t *testing.T, dir string) string {
	t.Helper()
	return write(t, dir, "endless.heap.gz", endless())
}

// startEndless begins a load that will not end by itself and waits until it is
// under way.
func (c *testClient) startEndless(dump string, more object) int {
	c.t.Helper()
	params := loadCommand(dump)
	for k, v := range more {
		params[k] = v
	}
	id := c.request("workspace/executeCommand", params)
	c.await("heapline/status", contains(`"state":"loading"`))
	return id
}

const cancelled32800 = -32800

func TestCancelKeepsTheOld(t *testing.T) {
	for _, tt := range []struct {
		name   string
		load   object
		cancel func(c *testClient, id int)
	}{
		{"by cancelling the request", nil, func(c *testClient, id int) {
			c.notify("$/cancelRequest", object{"id": id})
		}},
		{"by cancelling the request after one that is not there", nil, func(c *testClient, id int) {
			c.notify("$/cancelRequest", object{"id": "no such request"})
			c.notify("$/cancelRequest", object{"id": id})
		}},
		{"by the button of the client's progress", object{"workDoneToken": 17}, func(c *testClient, _ int) {
			c.await("$/progress", contains(`"token":17,"value":{"kind":"begin"`))
			c.notify("window/workDoneProgress/cancel", object{"token": 17})
		}},
		{"by the button of the server's progress", nil, func(c *testClient, _ int) {
			c.await("$/progress", contains(`"kind":"begin","title":"Loading heap dump","cancellable":true,"message":"endless.heap.gz"`))
			c.notify("window/workDoneProgress/cancel", object{"token": "heapline-2"})
		}},
		{"by unloading", nil, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := newApp(t)
			c := a.loaded(t)
			c.await("heapline/status", contains(`"state":"loaded"`))
			id := c.startEndless(endlessDump(t, a.root), tt.load)
			c.wantHints(a.ruby, appHints...) // nobody waits for a load
			want := appHints
			if tt.cancel != nil {
				tt.cancel(c, id)
			} else {
				c.call("workspace/executeCommand", run("unload"))
				want = nil
			}
			if got := c.failure(id); got.Code != cancelled32800 {
				t.Errorf("got %d %q, want %d", got.Code, got.Message, cancelled32800)
			}
			c.wantHints(a.ruby, want...)
			c.await("heapline/status", func(p json.RawMessage) bool { return !contains(`"loading"`)(p) })
		})
	}
}

func TestNewLoadCancelsTheOneUnderWay(t *testing.T) {
	a := newApp(t)
	c := start(t, a.root)
	c.open(a.ruby, appText)
	first := c.startEndless(endlessDump(t, a.root), nil)
	second := c.request("workspace/executeCommand", loadCommand(a.dump))
	if got := c.failure(first); got.Code != cancelled32800 || !strings.Contains(got.Message, "another dump") {
		t.Errorf("the first load: %+v", got)
	}
	if m := c.reply(second); m.Error != nil {
		t.Fatalf("the second load: %+v", m.Error)
	}
	c.wantHints(a.ruby, appHints...)
}

// Requests run in parallel; the last one sent must still be the one that counts.
func TestLoadsSentAtOnce(t *testing.T) {
	a := newApp(t)
	other := write(t, a.root, "other.heap", heapOf(t, "1 String 5000 /srv/app/lib/cache.rb:1"))
	c := start(t, a.root)
	c.open(a.ruby, appText)
	for range 30 {
		var ids []int
		for _, dump := range []string{other, a.dump, other, a.dump} {
			ids = append(ids, c.request("workspace/executeCommand", loadCommand(dump)))
		}
		for i, id := range ids {
			if m := c.reply(id); m.Error != nil && (m.Error.Code != cancelled32800 || i == len(ids)-1) {
				t.Fatalf("load %d: %+v", i, m.Error)
			}
		}
		c.wantHints(a.ruby, appHints...)
	}
	c.request("workspace/executeCommand", loadCommand(other))
	c.call("workspace/executeCommand", run("unload"))
	c.wantHints(a.ruby)
}

func TestInputClosedDuringALoad(t *testing.T) {
	root := tempDir(t)
	c := start(t, root)
	c.startEndless(endlessDump(t, root), nil)
	began := time.Now()
	_ = c.in.Close()
	if code := c.exitCode(); code != 1 {
		t.Errorf("exit code %d, want 1", code)
	}
	if took := time.Since(began); took > flushTime*2 {
		t.Errorf("the server took %v to end", took)
	}
}

func TestProgress(t *testing.T) {
	a := newApp(t)
	c := start(t, a.root)
	params := loadCommand(a.dump)
	params["workDoneToken"] = "mine"
	c.call("workspace/executeCommand", params)
	var kinds []string
	for _, p := range c.all("$/progress") {
		var m struct {
			Token string
			Value struct{ Kind, Message string }
		}
		decode(t, p, &m)
		if m.Token != "mine" {
			t.Errorf("progress of %s", p)
		}
		kinds = append(kinds, m.Value.Kind)
	}
	// The end was sent before the reply, and nothing after it.
	if len(kinds) < 2 || kinds[0] != "begin" || kinds[len(kinds)-1] != "end" {
		t.Errorf("got %q", kinds)
	}
}

// A client that never answers must not hold up a load.
func TestProgressIsNeverAnswered(t *testing.T) {
	a := newApp(t)
	c := start(t, a.root)
	never := make(chan struct{})
	t.Cleanup(func() { close(never) })
	for _, method := range []string{"window/workDoneProgress/create", "workspace/inlayHint/refresh", "client/registerCapability"} {
		c.answer(method, func(json.RawMessage) any { <-never; return nil })
	}
	c.open(a.ruby, appText)
	c.load(a.dump)
	c.wantHints(a.ruby, appHints...)
	c.diagnosed(a.ruby, "1:2-12 information", "2:4-18 information")
}

func TestLoadArguments(t *testing.T) {
	a := newApp(t)
	for _, tt := range []struct {
		name string
		args []any
	}{
		{"a path", []any{object{"path": a.dump}}},
		{"a URI", []any{object{"uri": fileURI(a.dump)}}},
		{"a bare path", []any{a.dump}},
		{"a bare URI", []any{fileURI(a.dump)}},
		{"a path below the workspace folder", []any{"tmp/app.heap"}},
		{"no argument", []any{}},
		{"null", []any{nil}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := start(t, a.root)
			c.open(a.ruby, appText)
			res := c.call("workspace/executeCommand", object{"command": "heapline.server.load", "arguments": tt.args})
			if !contains(`"path":"` + a.dump + `"`)(res) {
				t.Errorf("got %s", res)
			}
			c.wantHints(a.ruby, appHints...)
		})
	}
}

func TestLoadWithoutArgumentTakesTheNewest(t *testing.T) {
	a := newApp(t)
	newest := write(t, a.root, "dumps.json", heapOf(t, "1 String 5000 /srv/app/lib/cache.rb:1"))
	write(t, a.root, "package.json", `{"name":"app","version":"1"}`)
	write(t, a.root, "deep/newer.heap", "not looked at")
	age(t, a.dump, time.Hour)
	age(t, newest, time.Minute)
	c := start(t, a.root)
	if res := c.call("workspace/executeCommand", run("load")); !contains(newest)(res) {
		t.Errorf("got %s, want %s", res, newest)
	}
	empty := start(t, tempDir(t))
	if got := empty.fail("workspace/executeCommand", run("load")); !strings.Contains(got.Message, "there is no heap dump") {
		t.Errorf("got %+v", got)
	}
}

func age(t *testing.T, path string, ago time.Duration) {
	t.Helper()
	then := time.Now().Add(-ago)
	if err := os.Chtimes(path, then, then); err != nil {
		t.Fatal(err)
	}
}

func TestFindDumps(t *testing.T) {
	root := tempDir(t)
	heap := heapOf(t, "1 String 5000 /a.rb:1")
	var gz bytes.Buffer
	w := gzip.NewWriter(&gz)
	if _, err := w.Write([]byte(heap)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for i, f := range []struct{ name, text string }{
		{"one.dump", ""},
		{"tmp/two.heap.gz", ""},
		{"tmp/three.heapdump", ""},
		{"log/ruby-heap-7.json.zst", ""},
		{"plain.json", heap},
		{"lines.jsonl", `{"address":"0x7f0000000028", "type":"STRING", "memsize":40}` + "\n"},
		{"packed.json.gz", gz.String()},
	} {
		age(t, write(t, root, f.name, f.text), time.Duration(i+2)*time.Minute)
	}
	for _, f := range []struct{ name, text string }{
		{"package.json", `{"name":"x","type":"module"}`},
		{"tsconfig.json", `{"type":"ROOT"}`},
		{"address.json", `{"address":"Main Street","type":"postal"}`},
		{"list.json", `[1,2]`},
		{"broken.json", `{"type":`},
		{"tmp/two.heap.meta.json", `{"format":1}`},
		{"nothing.json", ``},
		{"torn.json.gz", "\x1f\x8b\x08"},
		{"heap.rb", heap},
		{".git/a.heap", heap},
		{"node_modules/x/a.heap", heap},
		{"vendor/a.heap", heap},
	} {
		write(t, root, f.name, f.text)
	}
	if err := syscall.Mkfifo(filepath.Join(root, "pipe.json"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := start(t, root)
	var found []struct {
		Path, Name, Detail string
		Bytes              int64
		Modified           time.Time
	}
	decode(t, c.call("workspace/executeCommand", run("findDumps")), &found)
	var names []string
	for _, f := range found {
		names = append(names, f.Name)
		if f.Path != filepath.Join(root, f.Name) || time.Since(f.Modified) > time.Hour {
			t.Errorf("got %+v", f)
		}
	}
	want := "one.dump tmp/two.heap.gz tmp/three.heapdump log/ruby-heap-7.json.zst plain.json lines.jsonl packed.json.gz"
	if got := strings.Join(names, " "); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := found[0].Detail; got != "0 B · 2 minutes ago" {
		t.Errorf("detail %q", got)
	}
}

func TestFoundDumpsNameTheirFolderWhereThereAreSeveral(t *testing.T) {
	dir := tempDir(t)
	one := write(t, dir, "one/a.heap", "")
	two := write(t, dir, "two/tmp/b.heap", "")
	age(t, one, time.Minute)
	c := connect(t, Options{})
	c.initialize("", object{"workspaceFolders": []object{
		{"uri": fileURI(filepath.Dir(one)) + "/", "name": "one"}, {"uri": fileURI(filepath.Dir(filepath.Dir(two))), "name": "two"},
	}})
	res := c.call("workspace/executeCommand", run("findDumps"))
	for _, want := range []string{`"path":"` + one + `","name":"one/a.heap"`, `"path":"` + two + `","name":"two/tmp/b.heap"`} {
		if !contains(want)(res) {
			t.Errorf("%s is missing in %s", want, res)
		}
	}
}

func TestChangedDumpIsOffered(t *testing.T) {
	a := newApp(t)
	c := a.loaded(t)
	registered := c.await("client/registerCapability", contains("app.heap"))
	if !contains(`{"baseUri":"` + fileURI(filepath.Dir(a.dump)) + `","pattern":"app.heap"}`)(registered) {
		t.Errorf("registered %s", registered)
	}
	c.answer("window/showMessageRequest", func(json.RawMessage) any { return object{"title": "Reload"} })
	write(t, a.root, "tmp/app.heap", heapOf(t, "3 String 500 /srv/app/lib/cache.rb:3"))
	changed := object{"changes": []object{{"uri": fileURI(a.dump), "type": 2}}}
	c.notify("workspace/didChangeWatchedFiles", changed)
	c.notify("workspace/didChangeWatchedFiles", changed) // one question for both
	c.await("window/showMessageRequest", contains("app.heap has changed on disk."))
	c.untilHints(a.ruby, "2:18 3 objects · 1.5 kB retained")
	if got := c.all("window/showMessageRequest"); len(got) != 1 {
		t.Errorf("asked %d times", len(got))
	}
	c.call("workspace/executeCommand", run("unload"))
	c.await("client/unregisterCapability", contains("heapline-files"))
}

func TestWatchWithoutRelativePatterns(t *testing.T) {
	a := newApp(t)
	caps := everything()
	caps["workspace"] = object{"didChangeWatchedFiles": object{"dynamicRegistration": true}}
	c := a.loaded(t, object{"capabilities": caps})
	c.await("client/registerCapability", contains(`"globPattern":"`+a.dump+`"`))
	other := write(t, a.root, "other.heap", heapOf(t, appHeap))
	c.load(other)
	c.await("client/unregisterCapability", contains("heapline-files"))
	c.await("client/registerCapability", contains(`"globPattern":"`+other+`"`))
}

func TestGlobEscape(t *testing.T) {
	if got, want := escapeGlob("/a*b/[x]{y}?.heap"), "/a[*]b/[[]x]?y?[?].heap"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// What a load shows before it is done goes when it does not end well, unless
// something newer is shown.
func TestCountsAreTakenBack(t *testing.T) {
	old, counted, newer := &dump{path: "old"}, &dump{path: "counted"}, &dump{path: "newer"}
	for _, tt := range []struct {
		name  string
		after func(s *server, j *job)
		want  *dump
	}{
		{"a failure", func(*server, *job) {}, old},
		{"an unload", func(s *server, _ *job) { s.change(func(st *state) { st.dump = nil }) }, nil},
		{"a newer load", func(s *server, _ *job) { s.change(func(st *state) { st.dump = newer }) }, newer},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newServer(Options{})
			s.change(func(st *state) { st.dump = old })
			_, j, err := s.loads.begin(context.Background(), 1, "new", nil)
			if err != nil {
				t.Fatal(err)
			}
			s.showCounts(j, counted)
			if got := s.state.Load().dump; got != counted {
				t.Fatalf("%v is shown during the load", got)
			}
			tt.after(s, j)
			s.loads.finish(j, nil)
			s.takeBack(j)
			if got := s.state.Load().dump; got != tt.want {
				t.Errorf("%v is shown, want %v", got, tt.want)
			}
		})
	}
}
