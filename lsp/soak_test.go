package lsp

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestSoak is short unless HEAPLINE_SOAK says how long it takes. Half an hour:
//
//	HEAPLINE_SOAK=30m go test -race -run TestSoak -timeout 40m -v ./lsp
//
// HEAPLINE_SEED repeats the order of another run, as far as the machine does.

// Four clients, each with its server, do everything an editor may do, in a
// random order. Every request is answered once, with an error only where one is
// due; memory stays flat, no goroutine stays behind, and what a load shows after
// all that is right.
func TestSoak(t *testing.T) {
	duration, seed := soakOptions(t)
	t.Logf("%v, seed %d", duration, seed)
	goroutines, rss := runtime.NumGoroutine(), residentMemory()
	dumps := soakDumps(t)
	var all []*stormer
	for i := range uint64(4) {
		all = append(all, newStormer(t, dumps, rand.New(rand.NewPCG(seed, i))))
	}
	storm(all, duration/5)
	early := quietHeap()
	storm(all, duration-duration/5)
	late := quietHeap()
	if limit := early + early/5 + 8<<20; late > limit {
		t.Errorf("the heap has grown from %d to %d bytes, more than %d", early, late, limit)
	}
	for _, x := range all {
		x.showsWhatItShould()
		_ = x.in.Close()
		<-x.gone
	}
	report(t, all)
	t.Logf("heap %.1f MB after a fifth, %.1f MB at the end", float64(early)/1e6, float64(late)/1e6)
	t.Logf("resident %s at the start, %s at the end", rss, residentMemory())
	wantGoroutines(t, goroutines)
}

func soakOptions(t *testing.T) (time.Duration, uint64) {
	t.Helper()
	duration, seed := 10*time.Second, uint64(1)
	var err error
	if text := os.Getenv("HEAPLINE_SOAK"); text != "" {
		if duration, err = time.ParseDuration(text); err != nil {
			t.Fatal(err)
		}
	}
	if text := os.Getenv("HEAPLINE_SEED"); text != "" {
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	return duration, seed
}

// storm has all clients at work for a time, and then everything unloaded and closed.
func storm(all []*stormer, duration time.Duration) {
	end := time.Now().Add(duration)
	var clients sync.WaitGroup
	for _, x := range all {
		clients.Go(func() {
			for time.Now().Before(end) {
				x.act()
			}
			x.calm()
		})
	}
	clients.Wait()
}

// quietHeap is the least the heap holds while what works in the background ends.
func quietHeap() uint64 {
	least := ^uint64(0)
	for range 10 {
		debug.FreeOSMemory()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		least = min(least, m.HeapAlloc)
		time.Sleep(100 * time.Millisecond)
	}
	return least
}

func wantGoroutines(t *testing.T, want int) {
	t.Helper()
	for begun := time.Now(); runtime.NumGoroutine() > want; time.Sleep(10 * time.Millisecond) {
		if time.Since(begun) > mustCome {
			stacks := make([]byte, 1<<20)
			t.Fatalf("%d goroutines, there were %d:\n%s", runtime.NumGoroutine(), want, stacks[:runtime.Stack(stacks, true)])
		}
	}
}

// residentMemory is what the system says of this process, where it does.
func residentMemory() string {
	text, _ := os.ReadFile("/proc/self/status")
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}

// soakDumps are paths of dumps, and of what is none; those beginning with a
// slash are for all clients, others below a client's own folder.
func soakDumps(t *testing.T) []string {
	t.Helper()
	dir := tempDir(t)
	packed := readFile(t, filepath.Join(leaky(t), "leak-1.json.gz"))
	small := heapOf(t, appHeap)
	var gz bytes.Buffer
	w := gzip.NewWriter(&gz)
	_, _ = w.Write([]byte(small)) // to memory
	_ = w.Close()
	return []string{
		filepath.Join(leaky(t), "leak-1.json.gz"),
		"tmp/app.heap", "tmp/app.heap", "tmp/app.heap", // most of the time
		write(t, dir, "small.heap.gz", gz.String()),
		write(t, dir, "truncated.json.gz", packed[:len(packed)/2]),
		write(t, dir, "torn.heap", small+`{"address":"0x7fffff", "type":"STR`),
		write(t, dir, "broken.heap", strings.Repeat("{\"address\":\n", 1000)+small),
		write(t, dir, "garbage.heap", strings.Repeat("\x00\xff", 100_000)),
		write(t, dir, "empty.heap", ""),
		filepath.Join(dir, "none.heap"), dir, "/dev/null",
	}
}

// stormer is one client. It keeps of the past only what it waits for.
type stormer struct {
	*wire
	app
	t     *testing.T
	rnd   *rand.Rand
	dumps []string
	files []string // that it opens, changes and asks about

	mu      sync.Mutex
	changed *sync.Cond
	lastID  int
	open    map[string]asked // by id
	replies map[string]message
	hints   []json.RawMessage // to resolve
	codes   map[int]int       // errors by code
	loads   int               // that were answered with a summary
}

// asked is a request without an answer.
type asked struct {
	what  string
	codes []int // errors that are an answer
	keep  bool  // the answer is waited for
}

func newStormer(t *testing.T, dumps []string, rnd *rand.Rand) *stormer {
	x := &stormer{app: newApp(t), t: t, rnd: rnd, open: map[string]asked{}, replies: map[string]message{}, codes: map[int]int{}}
	x.changed = sync.NewCond(&x.mu)
	for _, dump := range dumps {
		if !filepath.IsAbs(dump) {
			dump = filepath.Join(x.root, dump)
		}
		x.dumps = append(x.dumps, dump)
	}
	x.files = []string{
		x.ruby, x.ruby, filepath.Join(leaky(t), "lib/request.rb"), filepath.Join(leaky(t), "lib/audit_log.rb"),
		filepath.Join(x.root, "lib/never.rb"), x.dump,
	}
	ready := make(chan struct{})
	x.wire = dial(newServer(Options{}), func(body []byte) { <-ready; x.take(body) })
	close(ready)
	x.call("initialize", object{"capabilities": everything(), "workspaceFolders": []object{x.folder(x.root), x.folder(leaky(t))}})
	x.notify("initialized", object{})
	return x
}

func (x *stormer) folder(path string) object { return object{"uri": fileURI(path), "name": "x"} }

// take checks an answer, or answers a request of the server.
func (x *stormer) take(body []byte) {
	var m message
	if err := json.Unmarshal(body, &m); err != nil || bytes.Contains(body, []byte("failed inside the server")) {
		x.t.Errorf("%v: %s", err, body)
	}
	if m.Method != "" {
		if len(m.ID) > 0 {
			go x.send(object{"id": m.ID, "result": nil})
		}
		return
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	defer x.changed.Broadcast()
	q, ok := x.open[string(m.ID)]
	if !ok {
		x.t.Errorf("nobody waits for %s", body)
	}
	delete(x.open, string(m.ID))
	x.note(q, m)
	if q.keep {
		x.replies[string(m.ID)] = m
	}
}

func (x *stormer) note(q asked, m message) {
	switch {
	case m.Error != nil:
		x.codes[m.Error.Code]++
		if !slices.Contains(q.codes, m.Error.Code) {
			x.t.Errorf("%s: error %d %s", q.what, m.Error.Code, m.Error.Message)
		}
	case q.what == "textDocument/inlayHint":
		var hints []json.RawMessage
		decode(x.t, m.Result, &hints)
		x.hints = hints
	case q.what == "heapline.server.load" || q.what == "heapline.server.reload":
		x.loads++
	}
}

func (x *stormer) notify(method string, params any) {
	x.send(object{"method": method, "params": params})
}

// ask sends a request, as long as not too many are open.
func (x *stormer) ask(q asked, method string, params any) (id string) {
	x.until("room for "+method, func() bool { return len(x.open) < 100 })
	x.mu.Lock()
	x.lastID++
	number := x.lastID
	id = strconv.Itoa(number)
	x.open[id] = q
	x.mu.Unlock()
	x.send(object{"id": number, "method": method, "params": params})
	return id
}

// until waits for an answer that makes done true; done is called under the lock.
func (x *stormer) until(what string, done func() bool) {
	const patient = 5 * time.Minute // four clients that load on one slow core
	deadline := time.Now().Add(patient)
	timer := time.AfterFunc(patient, x.changed.Broadcast)
	defer timer.Stop()
	x.mu.Lock()
	defer x.mu.Unlock()
	for !done() {
		if time.Now().After(deadline) {
			panic(fmt.Sprintf("waited in vain for %s; open: %v", what, x.open)) // in no test's goroutine
		}
		x.changed.Wait()
	}
}

func (x *stormer) call(method string, params any) json.RawMessage {
	id := x.ask(asked{what: method, keep: true}, method, params)
	var m message
	x.until("the reply to "+method, func() bool {
		var ok bool
		m, ok = x.replies[id]
		return ok
	})
	x.mu.Lock()
	defer x.mu.Unlock()
	delete(x.replies, id)
	return m.Result
}

// actions are what a client does, each as often as its number says.
var actions = []struct {
	often int
	do    func(x *stormer)
}{
	{6, func(x *stormer) { x.command("load", x.loadArguments()) }},
	{2, func(x *stormer) { x.command("reload", nil) }},
	{2, func(x *stormer) { x.command("unload", nil) }},
	{1, func(x *stormer) { x.command("findDumps", nil) }},
	{6, (*stormer).settle},
	{10, (*stormer).openFile},
	{3, (*stormer).closeFile},
	{40, (*stormer).edit},
	{20, (*stormer).hover},
	{20, (*stormer).askHints},
	{10, (*stormer).resolve},
	{2, (*stormer).changeFolders},
	{2, (*stormer).changeSettings},
	{4, (*stormer).unknown},
}

func (x *stormer) act() {
	total := 0
	for _, a := range actions {
		total += a.often
	}
	n := x.rnd.IntN(total)
	for _, a := range actions {
		if n -= a.often; n < 0 {
			a.do(x)
			return
		}
	}
}

// settle waits for what is open: without it, hardly a load would come to its end.
func (x *stormer) settle() { x.until("all answers", func() bool { return len(x.open) == 0 }) }

const (
	invalidParams  = -32602
	methodNotFound = -32601
	requestFailed  = -32803
)

func (x *stormer) command(name string, arguments []any) {
	params := run(name)
	params["arguments"] = arguments
	if x.rnd.IntN(2) == 0 {
		params["workDoneToken"] = x.rnd.IntN(5)
	}
	id := x.ask(asked{what: "heapline.server." + name, codes: []int{requestFailed, cancelled32800, invalidParams}}, "workspace/executeCommand", params)
	x.perhapsCancel(id)
}

func (x *stormer) loadArguments() []any {
	path := x.dumps[x.rnd.IntN(len(x.dumps))]
	switch x.rnd.IntN(10) {
	case 0:
		return []any{fileURI(path)}
	case 1:
		return []any{}
	case 2:
		return []any{5}
	}
	return []any{object{"path": path}}
}

// perhapsCancel cancels one request of five, at once.
func (x *stormer) perhapsCancel(id string) {
	if x.rnd.IntN(5) == 0 {
		x.notify("$/cancelRequest", object{"id": json.RawMessage(id)})
	}
	if x.rnd.IntN(50) == 0 {
		x.notify("window/workDoneProgress/cancel", object{"token": x.rnd.IntN(5)})
	}
}

func (x *stormer) file() string { return x.files[x.rnd.IntN(len(x.files))] }

func (x *stormer) document() object { return object{"uri": fileURI(x.file())} }

func (x *stormer) openFile() {
	x.notify("textDocument/didOpen", object{"textDocument": object{
		"uri": fileURI(x.file()), "languageId": "ruby", "version": 1, "text": strings.Repeat(appText, 1+x.rnd.IntN(20)),
	}})
}

func (x *stormer) closeFile() {
	x.notify("textDocument/didClose", object{"textDocument": x.document()})
}

var pieces = []string{"", "", "\n", "x", "é𝒳", "  @all << x.to_s\n", "\r\n", "a\nb\nc\n", "\x00"}

func (x *stormer) edit() {
	var changes []object
	for range 1 + x.rnd.IntN(3) {
		changes = append(changes, object{"range": x.span(), "text": pieces[x.rnd.IntN(len(pieces))]})
	}
	if x.rnd.IntN(20) == 0 {
		changes = append(changes, object{"text": appText})
	}
	doc := x.document()
	doc["version"] = x.rnd.IntN(1000)
	x.notify("textDocument/didChange", object{"textDocument": doc, "contentChanges": changes})
}

func (x *stormer) span() object {
	line := x.rnd.IntN(30)
	return span(line, x.rnd.IntN(30), line+x.rnd.IntN(3), x.rnd.IntN(30))
}

func (x *stormer) hover() {
	x.perhapsCancel(x.ask(asked{what: "textDocument/hover", codes: []int{cancelled32800}}, "textDocument/hover", object{
		"textDocument": x.document(), "position": object{"line": x.rnd.IntN(30), "character": x.rnd.IntN(30)},
	}))
}

func (x *stormer) askHints() {
	at := x.span()
	if x.rnd.IntN(2) == 0 {
		at = span(0, 0, 100_000, 0)
	}
	x.perhapsCancel(x.ask(asked{what: "textDocument/inlayHint", codes: []int{cancelled32800}}, "textDocument/inlayHint", object{
		"textDocument": x.document(), "range": at,
	}))
}

func (x *stormer) resolve() {
	x.mu.Lock()
	hints := x.hints
	x.mu.Unlock()
	if len(hints) > 0 {
		x.perhapsCancel(x.ask(asked{what: "inlayHint/resolve", codes: []int{cancelled32800}}, "inlayHint/resolve", hints[x.rnd.IntN(len(hints))]))
	}
}

func (x *stormer) changeFolders() {
	folders := []object{x.folder(x.root), x.folder(leaky(x.t)), x.folder(x.root + "/lib"), x.folder(x.root + "/none")}
	some := func() []object { return folders[x.rnd.IntN(len(folders)):][:1] }
	x.notify("workspace/didChangeWorkspaceFolders", object{"event": object{"added": some(), "removed": some()}})
}

func (x *stormer) changeSettings() {
	all := []object{
		{},
		{"inlayHints": object{"enabled": x.rnd.IntN(2) == 0}},
		{"inlayHints": object{"minBytes": x.rnd.IntN(5000)}},
		{"inlayHints": 5},
		{"diagnostics": object{"enabled": x.rnd.IntN(2) == 0}},
		{"diagnostics": object{"hotspotPercent": 0.01}},
		{"maxMemory": "1 kB"},
		{"hover": object{"showValues": false}},
	}
	x.settings(all[x.rnd.IntN(len(all))])
}

func (x *stormer) settings(s object) {
	x.notify("workspace/didChangeConfiguration", object{"settings": object{"heapline": s}})
}

func (x *stormer) unknown() {
	methods := []string{"foo/bar", "textDocument/definition", "$/foo", "workspace/symbol", "textDocument/didOpen", "initialize"}
	x.ask(asked{what: "an unknown method", codes: []int{methodNotFound, invalidParams, -32600}}, methods[x.rnd.IntN(len(methods))], object{})
	x.notify("foo/bar", object{})
	x.notify("textDocument/hover", object{})
}

// calm waits for all answers, unloads and closes all.
func (x *stormer) calm() {
	x.settle()
	x.call("workspace/executeCommand", run("unload"))
	for _, file := range x.files {
		x.notify("textDocument/didClose", object{"textDocument": object{"uri": fileURI(file)}})
	}
	x.mu.Lock()
	x.hints = nil
	x.mu.Unlock()
	x.call("textDocument/hover", object{"textDocument": object{"uri": fileURI(x.ruby)}, "position": object{"line": 0, "character": 0}})
}

// showsWhatItShould loads a known dump and looks at a fresh document.
func (x *stormer) showsWhatItShould() {
	x.settings(object{})
	x.notify("workspace/didChangeWorkspaceFolders", object{"event": object{
		"added": []object{x.folder(x.root)}, "removed": []object{x.folder(x.root + "/lib"), x.folder(x.root + "/none")},
	}})
	x.call("workspace/executeCommand", loadCommand(x.dump))
	x.notify("textDocument/didOpen", object{"textDocument": object{"uri": fileURI(x.ruby), "languageId": "ruby", "version": 1, "text": x.text}})
	for begun := time.Now(); time.Since(begun) < mustCome; {
		var hints []hint
		decode(x.t, x.call("textDocument/inlayHint", object{"textDocument": object{"uri": fileURI(x.ruby)}, "range": span(0, 0, 99, 0)}), &hints)
		if got := fmt.Sprintf("%v", hints); !strings.Contains(got, "≥") { // else made exact meanwhile
			if want := fmt.Sprintf("%v", appHints); got != want {
				x.t.Errorf("after all that, the hints are %s, want %s", got, want)
			}
			return
		}
	}
	x.t.Error("the sizes are never exact")
}

func report(t *testing.T, all []*stormer) {
	t.Helper()
	requests, loads, codes := 0, 0, map[int]int{}
	for _, x := range all {
		x.mu.Lock()
		requests, loads = requests+x.lastID, loads+x.loads
		for code, n := range x.codes {
			codes[code] += n
		}
		x.mu.Unlock()
	}
	t.Logf("%d requests, %d of them loads that were done", requests, loads)
	for _, code := range slices.Sorted(maps.Keys(codes)) {
		t.Logf("error %d: %d times", code, codes[code])
	}
	if loads == 0 {
		t.Error("no load was done")
	}
}
