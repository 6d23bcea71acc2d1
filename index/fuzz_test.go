package index

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"testing"
)

// FuzzDump reads anything as a dump: it is refused in words, or its totals add
// up and every line is accounted for, whoever reads it.
func FuzzDump(f *testing.F) {
	f.Add([]byte(roots + object + text))
	f.Add([]byte("\ufeff" + object + "\r\n\n" + text + roots + roots + object))
	f.Add([]byte(roots + `{"address":"0x10", "type":"OBJECT", "file":"a` + "\n" + `b", "line":1, "generation":2, "memsize":40}` + "\n" + text))
	f.Add([]byte(roots + `{"address":"0x10", "type":"CLASS", "class":"0x10", "name":"a"b", "references":["0x20"], "memsize":40}` + "\n" + text))
	f.Add([]byte(`{"address":"0x10", "type":"NONE", "class":"0x20"}` + "\n" + text[:30] + "\n\x00\x00\x00"))
	f.Add([]byte(`{"address":"0x10", "type":"DATA", "struct":"ObjectTracing/allocation_info_tracer", "memsize":5000000000}`))
	f.Add([]byte("\x1f\x8b\x08\x00"))
	f.Add([]byte("\x28\xb5\x2f\xfd\x04"))
	f.Add([]byte("\x50\x2a\x4d\x18\x01\x00\x00\x00\x00\x28\xb5\x2f\xfd\x04"))
	f.Add([]byte(roots + object[:40] + roots + object + text + text[:50] + text + object + roots))
	seeds, err := filepath.Glob("../testdata/fuzz/dump/*") // what each Ruby writes, its bad JSON above all
	if err != nil || len(seeds) == 0 {
		f.Fatal("no seeds", err)
	}
	for _, seed := range seeds {
		f.Add(plain(f, seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		one, err := Build(context.Background(), bytes.NewReader(data), Options{Workers: 1, Memory: 64 << 20})
		two, again := Build(context.Background(), bytes.NewReader(data), Options{Workers: 2, Memory: 64 << 20})
		if fmt.Sprint(err) != fmt.Sprint(again) {
			t.Fatalf("one worker says %v, two say %v", err, again)
		}
		if err != nil {
			return
		}
		addsUp(t, one)
		sameDetails(t, one, two)
		a, b := totalsOf(one), totalsOf(two)
		if !maps.Equal(a.sites, b.sites) || fmt.Sprint(one.Summary()) != fmt.Sprint(two.Summary()) {
			t.Fatalf("%+v\n%+v", one.Summary(), two.Summary())
		}
		for _, site := range one.AllSites() {
			if _, err := one.Paths(context.Background(), site.ID); err != nil {
				t.Fatal(err)
			}
			if _, err := one.Holders(context.Background(), site.ID); err != nil {
				t.Fatal(err)
			}
			checkRetained(t, one, site.ID)
		}
		if !compressed(data) {
			accountForLines(t, data)
		}
	})
}

func compressed(data []byte) bool {
	if len(data) > 4 && string(data[1:4]) == "\x2a\x4d\x18" { // a frame of zstd to skip
		return true
	}
	return bytes.HasPrefix(data, []byte("\x1f\x8b")) || bytes.HasPrefix(data, []byte("\x28\xb5\x2f\xfd"))
}

// checkRetained holds a site's exact size against the bounds it must keep.
func checkRetained(t *testing.T, s *Snapshot, id SiteID) {
	t.Helper()
	bound := s.Retained(id)
	if err := s.Exact(context.Background(), []SiteID{id}); err != nil {
		t.Fatal(err)
	}
	exact, site := s.Retained(id), s.AllSites()[id]
	if exact.Bytes < bound.Bytes || bound.Exact && exact.Bytes != bound.Bytes || exact.Bytes < site.Bytes || exact.Bytes > s.Summary().Live.Bytes {
		t.Fatalf("%s:%d has %d bytes, retains %+v, the bound was %+v", site.File, site.Line, site.Bytes, exact, bound)
	}
}
