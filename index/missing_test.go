package index

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

// note is the one of a dump's notes that holds a text.
func note(s Summary, text string) string {
	for _, n := range s.Notes() {
		if strings.Contains(n, text) {
			return n
		}
	}
	return ""
}

// A file that ends with a whole line, or has a hole between two, has no line that
// could not be read: what its references lead to tells.
func TestAMissingPartShowsByWhatReferencesLeadTo(t *testing.T) {
	lines := bytes.SplitAfter(plain(t, "../testdata/leaky/leak-3.json.gz"), []byte("\n"))
	half, third := len(lines)/2, len(lines)/3
	for name, data := range map[string][]byte{
		"cut off at a line end": bytes.Join(lines[:half], nil),
		"a hole":                slices.Concat(bytes.Join(lines[:third], nil), bytes.Join(lines[half:], nil)),
	} {
		s, err := build(t, data)
		if err != nil {
			t.Fatal(err)
		}
		sum := s.Summary()
		if sum.Problems.Count > 0 || !strings.HasSuffix(sum.Incomplete, " of its objects are missing") {
			t.Errorf("%s: %q, %+v", name, sum.Incomplete, sum.Problems)
		}
		got := note(sum, "objects are missing")
		if !strings.HasPrefix(got, "At least ") || !strings.HasSuffix(got, "the dump is probably cut off or has a hole. What they held counts as garbage: take it again.") {
			t.Errorf("%s: %q", name, got)
		}
		if strings.Contains(strings.Join(sum.Notes(), ""), "other threads") {
			t.Errorf("%s: threads are blamed", name)
		}
	}
}

func TestADumpWithoutTheRootsOfTheMachineSaysSo(t *testing.T) {
	_, rest, _ := bytes.Cut(plain(t, "../testdata/leaky/leak-3.json.gz"), []byte("\n"))
	s, err := build(t, rest)
	if err != nil {
		t.Fatal(err)
	}
	if want := "its GC roots of category vm are missing"; s.Summary().Incomplete != want || note(s.Summary(), "none of the category vm") == "" {
		t.Errorf("%q, %q", s.Summary().Incomplete, s.Summary().Notes())
	}
}

// What could not be read is reason enough; a few new objects of other threads are,
// where nothing else was lost.
func TestThreadsAreBlamedOnlyWhereNothingElseWasLost(t *testing.T) {
	data := plain(t, "../testdata/versions/3.1.2-race.json.gz")
	const blamed = "Ruby 3.1 lets other threads run while it dumps"
	zeroed := slices.Clone(data)
	at := bytes.LastIndexByte(data[:len(data)/2], '\n') + 1
	clear(zeroed[at : at+4000])
	for _, tt := range []struct {
		name   string
		dump   []byte
		blamed bool
	}{
		{"whole", data, true},
		{"a hole of NUL bytes", zeroed, false},
		{"gzip cut short", gzipped(t, data)[:len(gzipped(t, data))*2/3], false},
	} {
		s, err := build(t, tt.dump)
		if err != nil {
			t.Fatal(err)
		}
		if got := note(s.Summary(), "not in the dump"); strings.Contains(got, blamed) != tt.blamed || got == "" {
			t.Errorf("%s: %q", tt.name, got)
		}
	}
}
