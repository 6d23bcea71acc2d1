package lsp

import (
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
	"weak"
)

// largeHeap is a dump of many blocks, whose last lines are those that count.
func largeHeap(t *testing.T, last string) string {
	t.Helper()
	return `{"address":"0x7f0000000050", "type":"STRING", "memsize":40}` + "\n" +
		strings.Repeat(`{"address":"0x7f0000000028", "type":"NONE"}`+"\n", 12<<20/44) + heapOf(t, last)
}

// stopReading begins a load and stops it in the middle of its file; resume lets
// it go on. Reading reports its progress under a lock that is held meanwhile.
func stopReading(t *testing.T, s *server, c *testClient, dump string) (id int, resume func()) {
	t.Helper()
	for begun := time.Now(); time.Since(begun) < mustCome; {
		id = c.request("workspace/executeCommand", loadCommand(dump))
		for {
			if j := s.loads.underWay(); j != nil {
				j.mu.Lock()
				const aRecord = 1 << 10 // has been read: more than is looked at to tell a compressed file
				if done := j.progress.Done; done > aRecord && done < j.progress.Total/2 {
					return id, j.mu.Unlock
				}
				j.mu.Unlock()
			}
			if c.answered(id) {
				break // it was quicker
			}
			runtime.Gosched()
		}
	}
	t.Fatal("the load was always quicker")
	return 0, nil
}

// Whatever happens to a dump while it is read: it is the whole old one, or
// somebody is told.
func TestADumpChangesWhileItIsRead(t *testing.T) {
	const changed = "app.heap changed while it was read: load it again once it is written"
	newer := "70 String 400 /srv/app/lib/cache.rb:3"
	for _, tt := range []struct {
		name   string
		change func(t *testing.T, dump string) error
		says   string   // the summary
		log    bool     // a warning is logged
		hints  []string // nil: whatever was read of it
	}{
		{"not at all", func(*testing.T, string) error { return nil }, `"problems":{"count":0,`, false, appHints},
		{"another takes its name", func(t *testing.T, dump string) error {
			return os.Rename(write(t, filepath.Dir(dump), "newer", largeHeap(t, newer)), dump)
		}, `"problems":{"count":0,`, false, appHints},
		{"it is deleted", func(_ *testing.T, dump string) error { return os.Remove(dump) }, `"problems":{"count":0,`, false, appHints},
		{"it still grows, its last line is torn", func(_ *testing.T, dump string) error {
			return appendTo(dump, `{"address":"0x7fffff", "type":"STRING", "val`)
		}, `"problems":{"count":1,`, true, appHints},
		{"it still grows by whole lines", func(_ *testing.T, dump string) error {
			return appendTo(dump, `{"address":"0x7fffff", "type":"NONE"}`+"\n")
		}, `"problems":{"count":0,`, true, appHints},
		{"it is cut off", func(_ *testing.T, dump string) error { return os.Truncate(dump, 8<<20+5) }, `"problems":{"count":1,`, true, nil},
		{"it is written anew from the start", func(t *testing.T, dump string) error {
			return os.WriteFile(dump, []byte(largeHeap(t, newer)), 0o644)
		}, ``, true, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := newApp(t)
			dump := write(t, a.root, "tmp/app.heap", largeHeap(t, appHeap))
			s := newServer(Options{})
			c := attach(t, s)
			c.initialize(a.root)
			c.open(a.ruby, appText)
			id, resume := stopReading(t, s, c, dump)
			err := tt.change(t, dump)
			resume()
			if err != nil {
				t.Fatal(err)
			}
			m := c.reply(id)
			if m.Error != nil || !contains(tt.says)(m.Result) {
				t.Errorf("got %s %+v, want %s", m.Result, m.Error, tt.says)
			}
			logged := false
			for _, entry := range c.all("window/logMessage") {
				logged = logged || contains(changed)(entry)
			}
			if logged != tt.log {
				t.Errorf("logged a change: %v, want %v", logged, tt.log)
			}
			if tt.hints != nil {
				c.wantHints(a.ruby, tt.hints...)
			}
		})
	}
}

func appendTo(path, text string) error {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	if closed := f.Close(); err == nil {
		err = closed
	}
	return err
}

// A load that is stopped in the middle of its file is still one that can be
// replaced or taken back.
func TestAnotherLoadOrAnUnloadInTheMiddleOfAFile(t *testing.T) {
	for _, tt := range []struct {
		name string
		then func(a app, c *testClient)
		says string
		want []string
	}{
		{"another load", func(a app, c *testClient) { c.load(a.dump) }, "another dump was loaded", appHints},
		{"an unload", func(_ app, c *testClient) { c.call("workspace/executeCommand", run("unload")) }, "unloaded", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := newApp(t)
			large := write(t, a.root, "large.heap", largeHeap(t, "7 String 4000 /srv/app/lib/cache.rb:1"))
			s := newServer(Options{})
			c := attach(t, s)
			c.initialize(a.root)
			c.open(a.ruby, appText)
			id, resume := stopReading(t, s, c, large)
			tt.then(a, c) // done while the first one stands still
			c.wantHints(a.ruby, tt.want...)
			resume()
			if got := c.failure(id); got.Code != cancelled32800 || !strings.Contains(got.Message, tt.says) {
				t.Errorf("got %+v", got)
			}
			c.wantHints(a.ruby, tt.want...)
		})
	}
}

// answered reports whether a reply is there.
func (c *testClient) answered(id int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, ok := c.replies[strconv.Itoa(id)]
	return ok
}

// An unloaded dump may be gigabytes: nothing may hold it.
func TestAnUnloadedDumpIsForgotten(t *testing.T) {
	a := newApp(t)
	s := newServer(Options{})
	c := attach(t, s)
	c.initialize(a.root)
	c.load(a.dump) // with the file closed: its diagnostics are from the disk
	c.open(a.ruby, appText)
	c.wantHints(a.ruby, appHints...)
	c.hover(a.ruby, 2)
	held := weak.Make(s.state.Load().dump.snapshot)
	c.call("workspace/executeCommand", run("unload"))
	for begun := time.Now(); held.Value() != nil; runtime.GC() {
		if time.Since(begun) > mustCome {
			t.Fatal("the snapshot is still in memory")
		}
	}
}
