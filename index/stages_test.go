//go:build linux

package index

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	jsoniter "github.com/json-iterator/go"

	"heapline/index/dump"
)

// stageTable measures stages of one process: wall and CPU time, and the peak
// of its memory since the stage began.
type stageTable struct {
	rows  [][]string
	wall  time.Time
	cpu   time.Duration
	bytes int64
}

func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// memory reads a line of /proc/self/status, in MiB.
func memory(field string) float64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, field+":"); ok {
			var kib float64
			_, _ = fmt.Sscan(rest, &kib)
			return kib / 1024
		}
	}
	return 0
}

func (t *stageTable) begin() {
	debug.FreeOSMemory()
	_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0o600) // resets the peak
	t.wall, t.cpu = time.Now(), cpuTime()
}

// end adds a row for what ran since begin.
func (t *stageTable) end(name string) {
	wall, cpu := time.Since(t.wall).Seconds(), (cpuTime() - t.cpu).Seconds()
	t.rows = append(t.rows, []string{
		name, fmt.Sprintf("%.2f", wall), fmt.Sprintf("%.2f", cpu),
		fmt.Sprintf("%.0f", float64(t.bytes)/1e6/wall), fmt.Sprintf("%.0f", memory("VmHWM")),
	})
}

func (t *stageTable) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "| %-52s | %8s | %8s | %8s | %12s |\n|%s|%s:|%s:|%s:|%s:|\n", "what", "wall s", "CPU s", "MB/s", "peak RSS MiB",
		strings.Repeat("-", 54), strings.Repeat("-", 9), strings.Repeat("-", 9), strings.Repeat("-", 9), strings.Repeat("-", 13))
	for _, r := range t.rows {
		fmt.Fprintf(&b, "| %-52s | %8s | %8s | %8s | %12s |\n", r[0], r[1], r[2], r[3], r[4])
	}
	return b.String()
}

// BenchmarkStages prints a table of a load's stages and of yardsticks measured
// in the same process. Run it once, with -benchtime 1x.
func BenchmarkStages(b *testing.B) {
	path := benchDump(b, 3_000_000)
	info, err := os.Stat(path)
	if err != nil {
		b.Fatal(err)
	}
	t := &stageTable{bytes: info.Size()}
	for b.Loop() {
		t.rows = nil
		t.yardsticks(b, path)
		t.load(b, path)
		t.bytes = info.Size()
		t.series(b, path)
	}
	fmt.Printf("\n%s, %.0f MB\n%s\n", info.Name(), float64(info.Size())/1e6, t)
}

func (t *stageTable) yardsticks(b *testing.B, path string) {
	for _, y := range []struct {
		name  string
		cores int
		start func() func(*dump.Block)
	}{
		{"yardstick: read the file, count line ends", 1, countLines},
		{"yardstick: json-iterator decodes the same fields", 1, decode},
		{"scan on one core", 1, scan},
		{fmt.Sprintf("scan on %d cores", runtime.GOMAXPROCS(0)), runtime.GOMAXPROCS(0), scan},
	} {
		t.begin()
		each(b, path, y.cores, y.start)
		t.end(y.name)
	}
}

func countLines() func(*dump.Block) {
	return func(block *dump.Block) { _ = bytes.Count(block.Data, []byte("\n")) }
}

func decode() func(*dump.Block) {
	return func(block *dump.Block) {
		for line := range bytes.Lines(block.Data) {
			var o naiveObject
			_ = jsoniter.ConfigFastest.Unmarshal(line, &o)
		}
	}
}

// scan reads all records and keeps nothing of them.
func scan() func(*dump.Block) {
	scanner := dump.NewScanner()
	return func(block *dump.Block) {
		scanner.Reset(block.Data, block.Offset)
		for scanner.Next() {
		}
	}
}

// each hands the blocks of a dump to what start returns, once for each core.
func each(b *testing.B, path string, cores int, start func() func(*dump.Block)) {
	f, err := os.Open(path)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	s := dump.NewSplitter(f, 0)
	blocks := make(chan *dump.Block, cores)
	var group sync.WaitGroup
	for range cores {
		do := start()
		group.Go(func() {
			for block := range blocks {
				do(block)
				s.Release(block)
			}
		})
	}
	for {
		block, err := s.Next()
		if errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			b.Fatal(err)
		}
		blocks <- block
	}
	close(blocks)
	group.Wait()
}

// cost is what a row has measured.
type cost struct {
	wall time.Duration
	peak float64 // MiB
}

func (t *stageTable) cost() cost { return cost{time.Since(t.wall), memory("VmHWM")} }

// series compares the reading of three dumps with the reading of one: all three
// may take 3.5 times as long, and half as much memory again.
func (t *stageTable) series(b *testing.B, path string) {
	ctx := context.Background()
	measure := func(name string, dumps int) cost {
		source := Source{Path: path, Open: func() (io.ReadCloser, error) { return os.Open(path) }}
		size := t.bytes
		t.begin()
		s, x, err := BuildSeries(ctx, slices.Repeat([]Source{source}, dumps), Options{})
		if err == nil && x != nil {
			_, err = x.Suspects(ctx, DefaultThresholds)
		}
		if err != nil {
			b.Fatal(err)
		}
		c := t.cost()
		t.bytes *= int64(dumps)
		t.end(name)
		t.bytes = size
		runtime.KeepAlive(s)
		return c
	}
	one, three := measure("a single dump again", 1), measure("three such dumps as a series, with suspects", 3)
	b.ReportMetric(three.wall.Seconds()/one.wall.Seconds(), "x-time-of-3")
	b.ReportMetric(three.peak/one.peak, "x-memory-of-3")
	if three.wall > one.wall*7/2 || three.peak > 1.5*one.peak {
		b.Errorf("three dumps take %v and %.0f MiB, one %v and %.0f MiB", three.wall, three.peak, one.wall, one.peak)
	}
}

// load measures a load up to each of its stages: rows add up from the start.
func (t *stageTable) load(b *testing.B, path string) {
	f, err := os.Open(path)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	t.begin()
	seen := "reading"
	s, err := Build(context.Background(), f, Options{
		Progress: func(p Progress) {
			if p.Stage != seen {
				t.end("load until: " + p.Stage)
				seen = p.Stage
			}
		},
		Counted: func(*Snapshot) { t.end("load until: first hints can be shown") },
	})
	if err != nil {
		b.Fatal(err)
	}
	t.end("whole load: every object's and every line's retained")
	debug.FreeOSMemory()
	t.rows = append(t.rows, []string{"after it (resident)", "", "", "", fmt.Sprintf("%.0f", memory("VmRSS"))})
	site := largestSite(s)
	t.bytes = 0
	for _, request := range []struct {
		name string
		do   func() error
	}{
		{"exact retained size of one line", func() error { return s.Exact(context.Background(), []SiteID{site.ID}) }},
		{"merged retaining path of one line", func() error { _, err := s.Paths(context.Background(), site.ID); return err }},
	} {
		t.begin()
		if err := request.do(); err != nil {
			b.Fatal(err)
		}
		t.end(request.name)
	}
}
