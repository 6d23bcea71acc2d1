package lsp

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

const (
	manyFiles = 50_000
	manySites = 60_000 // three in each of the first files
)

// writeLargeWorkspace writes a workspace of many files and a dump with many
// sites in them, taken on another machine.
func writeLargeWorkspace(b *testing.B) (root, dump string, files []string) {
	b.Helper()
	root = filepath.Join(tempDir(b), "app")
	var heap strings.Builder
	for i := range manyFiles {
		name := fmt.Sprintf("app/part%d/sub%d/file%d.rb", i%50, i/50%400, i%5000)
		if len(files) < manySites/3 {
			files = append(files, write(b, root, name, driftText))
			for line := 7; line < 10; line++ {
				fmt.Fprintf(&heap, "1 String 2000 /srv/%s:%d\n", name, line)
			}
			continue
		}
		write(b, root, fmt.Sprintf("more%d/%s", i, name), driftText)
	}
	return root, write(b, filepath.Dir(root), "large.heap", heapOf(b, heap.String())), files
}

// BenchmarkLargeWorkspace is what a large project waits for: the first hints of
// a file, from the request that follows its opening to the reply, and, in the
// background, the files of the dump.
func BenchmarkLargeWorkspace(b *testing.B) {
	root, dump, files := writeLargeWorkspace(b)
	b.Run("first hints", func(b *testing.B) { benchmarkFirstHints(b, root, dump, files) })
	for _, args := range [][]string{{"init", "--quiet"}, {"add", "--all"}, {"-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "--quiet", "--message=x"}} {
		if out, err := exec.Command("git", append([]string{"-C", root}, args...)...).CombinedOutput(); err != nil {
			b.Fatalf("%v: %s", err, out)
		}
	}
	commit, err := exec.Command("git", "-C", root, "rev-parse", "HEAD").Output()
	if err != nil {
		b.Fatal(err)
	}
	write(b, filepath.Dir(dump), "large.heap.meta.json", fmt.Sprintf(`{"revision": %q}`, strings.TrimSpace(string(commit))))
	b.Run("first hints, with texts of git", func(b *testing.B) { benchmarkFirstHints(b, root, dump, files) })
	s := newServer(Options{})
	s.base = b.Context()
	s.change(func(st *state) { st.roots = []string{root} })
	if _, err := s.load(s.base, 1, dump, nil); err != nil {
		b.Fatal(err)
	}
	loaded := s.state.Load().dump
	b.Run("files found", func(b *testing.B) {
		var listing, mapping time.Duration
		for b.Loop() {
			begun := time.Now()
			listed := list(b.Context(), loaded.places, loaded.origin)
			listing += time.Since(begun)
			begun = time.Now()
			if got := loaded.placedIn(loaded.places, listed).files.Mapped; got != len(files) {
				b.Fatalf("%d files mapped", got)
			}
			mapping += time.Since(begun)
		}
		b.ReportMetric(listing.Seconds()/float64(b.N), "s-listed")
		b.ReportMetric(mapping.Seconds()/float64(b.N), "s-mapped")
		if mapping > 2*listing { // a ratio, for machines differ
			b.Errorf("mapping takes %v, listing %v", mapping, listing)
		}
	})
}

func benchmarkFirstHints(b *testing.B, root, dump string, files []string) {
	c := start(b, root)
	begun := time.Now()
	c.load(dump)
	loading := time.Since(begun)
	var took []time.Duration
	for i := 0; b.Loop(); i++ {
		file := files[i*7919%len(files)]
		c.open(file, "# new\n"+driftText)
		begun := time.Now()
		got := c.hintsIn(file, span(0, 0, 100, 0))
		if took = append(took, time.Since(begun)); len(got) != 3 || got[0].Position.Line != 7 {
			b.Fatalf("%v in %s", got, file)
		}
		c.notify("textDocument/didClose", object{"textDocument": object{"uri": fileURI(file)}})
	}
	slices.Sort(took)
	p50, p99 := took[len(took)/2], took[len(took)*99/100]
	b.ReportMetric(float64(p50.Microseconds())/1000, "ms-p50")
	b.ReportMetric(float64(p99.Microseconds())/1000, "ms-p99")
	b.ReportMetric(loading.Seconds(), "s-load")
	if p50 > 50*time.Millisecond {
		b.Errorf("half of the first hints take more than %v", p50)
	}
}
