package index

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestWhatACaptureWroteIsRead(t *testing.T) {
	at := time.Date(2026, 5, 6, 10, 30, 0, 0, time.UTC)
	for _, test := range []struct{ name, text, process, memory string }{
		{"nothing", "", "", ""},
		{"no JSON", "ruby: 3.1", "", ""},
		{
			"all", `{"format":1,"ruby":"3.1.2","pid":12,"argv":["puma","-w","2"],"time":"2026-05-06T10:30:00Z","rss":4000000,"later":[1]}`,
			"process 12 (puma -w 2), Ruby 3.1.2, on 2026-05-06 at 10:30",
			"4.0 MB were resident, of which all objects are 1.0 MB (25 %); the rest is Ruby itself, C extensions, threads and free space",
		},
		{"a value of another type", `{"pid":12,"rss":"much"}`, "process 12", ""},
		{"a process that was swapped out", `{"pid":12,"rss":400000}`, "process 12", "400.0 kB were resident, less than the objects have"},
	} {
		t.Run(test.name, func(t *testing.T) {
			dump := filepath.Join(t.TempDir(), "x.heap")
			if test.text != "" {
				if err := os.WriteFile(dump+".meta.json", []byte(test.text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			got, ok := ReadTaken(dump)
			if ok != (test.process != "") || got.Process() != test.process || got.Memory(Count{Bytes: 1e6}) != test.memory {
				t.Errorf("got %v, %q, %q", ok, got.Process(), got.Memory(Count{Bytes: 1e6}))
			}
			if test.name == "all" && !got.Time.Equal(at) {
				t.Errorf("taken at %v", got.Time)
			}
		})
	}
}
