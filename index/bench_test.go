package index

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"testing"
)

var dumpFlag = flag.String("dump", "", "a plain dump to run the benchmarks on instead of a synthetic one")

// benchDump returns the path of the dump to measure: the one asked for, or a
// synthetic one of so many objects.
func benchDump(b *testing.B, objects int) string {
	b.Helper()
	if *dumpFlag != "" {
		return *dumpFlag
	}
	path := filepath.Join(b.TempDir(), "synthetic.json")
	f, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	w := bufio.NewWriter(f)
	writeSynthetic(w, objects)
	if err := w.Flush(); err != nil {
		b.Fatal(err)
	}
	return path
}

// writeSynthetic writes a dump as Ruby 3.1 does: classes, containers that hold
// hashes of strings, linked lists, 2,000 sites in 200 files.
func writeSynthetic(w io.Writer, objects int) {
	const classes, base, slot = 100, 0x7f0000000000, 40
	rnd := rand.New(rand.NewPCG(1, 1))
	address := func(i int) int {
		const perPage = (1<<16 - 64) / slot
		return base + i/perPage<<16 + 64 + i%perPage*slot
	}
	fmt.Fprint(w, `{"type":"ROOT", "root":"vm", "references":[`)
	for i := range classes {
		if i > 0 {
			fmt.Fprint(w, ", ")
		}
		fmt.Fprintf(w, `"%#x"`, address(i))
	}
	fmt.Fprint(w, "]}\n")
	// Objects 4k, 4k+1, … are an array element: a hash, its key and value, a
	// node of a list. Classes hold the first of each thousand.
	for i := range classes {
		fmt.Fprintf(w, `{"address":"%#x", "type":"CLASS", "class":"%#x", "name":"Model%d", "references":["%#x"`, address(i), address(0), i, address(1))
		for j := classes + i*4; j < objects; j += classes * 4 {
			fmt.Fprintf(w, `, "%#x"`, address(j))
		}
		fmt.Fprint(w, `], "memsize":520, "flags":{"wb_protected":true, "old":true, "uncollectible":true, "marked":true}}`+"\n")
	}
	for i := classes; i < objects; i++ {
		line := rnd.IntN(2000)
		site := fmt.Sprintf(`"file":"/app/app/models/model_%d.rb", "line":%d, "method":"initialize", "generation":%d, "memsize":`, line/10, line%10*7+1, 10+i*50/objects)
		const flags = `, "flags":{"wb_protected":true, "old":true, "uncollectible":true, "marked":true}}` + "\n"
		head := fmt.Sprintf(`{"address":"%#x", "type":`, address(i))
		switch i % 4 {
		case 0:
			fmt.Fprintf(w, `%s"HASH", "class":"%#x", "size":1, "references":["%#x", "%#x", "%#x"], %s168%s`, head, address(2), address(min(i+1, objects-1)), address(min(i+2, objects-1)), address(min(i+3, objects-1)), site, flags)
		case 3:
			fmt.Fprintf(w, `%s"OBJECT", "class":"%#x", "ivars":3, "references":["%#x", "%#x"], %s40%s`, head, address(3+i%90), address(i-1), address(max(classes, i-rnd.IntN(100))), site, flags)
		default:
			fmt.Fprintf(w, `%s"STRING", "class":"%#x", "embedded":true, "bytesize":12, "value":"value %d", "encoding":"UTF-8", %s40%s`, head, address(1), i, site, flags)
		}
	}
}

// BenchmarkLoad loads dumps of three scales: bytes → what every line retains.
// Time and memory for an object must not grow with the scale.
func BenchmarkLoad(b *testing.B) {
	for _, objects := range []int{30_000, 300_000, 3_000_000} {
		b.Run(fmt.Sprintf("objects=%d", objects), func(b *testing.B) {
			path := benchDump(b, objects)
			info, err := os.Stat(path)
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(info.Size())
			var s *Snapshot
			for b.Loop() {
				s = loadBench(b, path)
			}
			n := float64(s.Summary().Objects.Objects)
			b.ReportMetric(n*float64(b.N)/b.Elapsed().Seconds(), "objects/s")
			b.ReportMetric(heapBytes()/n, "B/object")
			runtime.KeepAlive(s)
		})
		if *dumpFlag != "" {
			return
		}
	}
}

// heapBytes is what stays on the heap.
func heapBytes() float64 {
	debug.FreeOSMemory()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}

func loadBench(b *testing.B, path string) *Snapshot {
	b.Helper()
	f, err := os.Open(path)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	s, err := Build(context.Background(), f, Options{})
	if err != nil {
		b.Fatal(err)
	}
	return s
}

// largestSite is the worst case of what is computed at a request.
func largestSite(s *Snapshot) Site {
	var largest Site
	for _, site := range s.AllSites() {
		if site.Objects > largest.Objects {
			largest = site
		}
	}
	return largest
}

// BenchmarkRequests measures what a hover has computed, the first time and
// from the caches.
func BenchmarkRequests(b *testing.B) {
	s := loadBench(b, benchDump(b, 3_000_000))
	site := largestSite(s)
	ctx := context.Background()
	var many []SiteID
	for _, x := range s.AllSites()[:min(64, len(s.AllSites()))] {
		many = append(many, x.ID)
	}
	requests := []struct {
		name string
		do   func() error
	}{
		{"detail", func() error { s.Detail(site.ID); return nil }},
		{"exact/1site", func() error { return s.Exact(ctx, []SiteID{site.ID}) }},
		{"exact/64sites", func() error { return s.Exact(ctx, many) }},
		{"paths", func() error { _, err := s.Paths(ctx, site.ID); return err }},
		{"holders", func() error { _, err := s.Holders(ctx, site.ID); return err }},
	}
	for _, r := range requests {
		for _, kind := range []string{"first", "cached"} {
			b.Run(r.name+"/"+kind, func(b *testing.B) {
				for b.Loop() {
					if kind == "first" {
						s.caches = &caches{}
					}
					if err := r.do(); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
