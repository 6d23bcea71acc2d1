package report

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/aymanbagabas/go-udiff"
	"github.com/dustin/go-humanize"

	"heapline/index"
)

var update = flag.Bool("update", false, "write the goldens of testdata/versions and the README's table anew")

const versions = "../../testdata/versions"

// versionDump is a real dump: 3.3.3-wasm-types.json.gz.
var versionDump = regexp.MustCompile(`^(?:head-)?(\d+\.\d+\.\d+)(-wasm)?-(\w+)\.json\.gz$`)

func loadVersion(t *testing.T, name string) (*index.Snapshot, error) {
	t.Helper()
	f, err := os.Open(filepath.Join(versions, name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	return index.Build(context.Background(), f, index.Options{Path: name})
}

func versionDumps(t *testing.T) []string {
	t.Helper()
	entries, err := os.ReadDir(versions)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		if versionDump.MatchString(e.Name()) {
			names = append(names, e.Name())
		}
	}
	if len(names) < 60 {
		t.Fatalf("%d dumps in %s", len(names), versions)
	}
	return names
}

// The summary and the largest rows of what is read of every real dump, or the
// error where nothing can be.
func TestReportsOfTheDumpsOfEveryRuby(t *testing.T) {
	for _, name := range versionDumps(t) {
		var got bytes.Buffer
		s, err := loadVersion(t, name)
		if err == nil {
			err = Write(context.Background(), &got, s, Options{By: "type", Sort: "bytes", Top: 3, Format: "json"})
		}
		if err != nil {
			fmt.Fprintf(&got, "%v\n", err)
		}
		golden(t, filepath.Join(versions, "golden", strings.TrimSuffix(name, ".gz")), got.String())
	}
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := udiff.Unified("golden", "now", string(want), got); diff != "" {
		t.Errorf("%s differs; -update writes it anew\n%s", path, diff)
	}
}

// tested is what the README's table says of a Ruby.
type tested struct {
	version, platform         string
	dumps                     int
	objects, repaired, broken int64
	told                      string // of its whole heaps
}

func (r tested) row() string {
	return fmt.Sprintf("| %s | %s | %d | %s | %d | %d | %s |\n", r.version, r.platform, r.dumps, humanize.Comma(r.objects), r.repaired, r.broken, r.told)
}

func testedRubies(t *testing.T) []tested {
	t.Helper()
	var list []tested
	for _, name := range versionDumps(t) {
		part := versionDump.FindStringSubmatch(name)
		r := tested{version: part[1], platform: "native, 64-bit"}
		if part[2] != "" {
			r.platform = "WebAssembly, 32-bit"
		}
		if n := len(list); n == 0 || list[n-1].version != r.version {
			list = append(list, r)
		}
		last := &list[len(list)-1]
		last.dumps++
		s, err := loadVersion(t, name)
		if err != nil || part[3] == "single" { // that one is no dump: labels and single values between the records
			continue
		}
		sum := s.Summary()
		last.objects += sum.Objects.Objects
		last.repaired += sum.Repaired
		last.broken += sum.Problems.Count
		if part[3] == "types" {
			last.told = sum.Ruby
		}
	}
	return list
}

const (
	tableBegin = "<!-- versions: written by go test ./index/report -update -->\n"
	tableEnd   = "<!-- end of versions -->\n"
)

func TestTheTableOfRubiesInTheReadme(t *testing.T) {
	var table strings.Builder
	table.WriteString("| Ruby | | dumps | objects | records of bad JSON, read | lines lost | told as |\n|---|---|--:|--:|--:|--:|---|\n")
	for _, r := range testedRubies(t) {
		table.WriteString(r.row())
	}
	const path = "../../README.md"
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, begins := strings.Cut(string(text), tableBegin)
	_, tail, ends := strings.Cut(rest, tableEnd)
	if !begins || !ends {
		t.Fatal("the README has no place for the table")
	}
	want := head + tableBegin + table.String() + tableEnd + tail
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := udiff.Unified("README.md", "now", string(text), want); diff != "" {
		t.Errorf("the table is stale; -update writes it anew\n%s", diff)
	}
}
