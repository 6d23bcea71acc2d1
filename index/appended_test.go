package index

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
)

// A dump that begins in the last line of another one, torn or without its line
// end, loses nothing.
func TestADumpAppendedToATornOneIsWhole(t *testing.T) {
	data := plain(t, "../testdata/leaky/leak-3.json.gz")
	alone, err := build(t, data)
	if err != nil {
		t.Fatal(err)
	}
	want := alone.Summary()
	for _, tt := range []struct {
		name   string
		before []byte
		lost   int64
	}{
		{"torn", data[:9_000_000], 1},
		{"without its last line end", bytes.TrimSuffix(data, []byte("\n")), 0},
	} {
		s, err := build(t, slices.Concat(tt.before, data))
		if err != nil {
			t.Fatal(err)
		}
		sum := s.Summary()
		if sum.Live != want.Live || sum.Garbage != want.Garbage || sum.Incomplete != "" || sum.Problems.Count != tt.lost {
			t.Errorf("%s: live %+v, garbage %+v, %q, %+v", tt.name, sum.Live, sum.Garbage, sum.Incomplete, sum.Problems)
		}
		if got, wantDumps := fmt.Sprint(sum.Dumps), "{2 2}"; got != wantDumps {
			t.Errorf("%s: dumps %s", tt.name, got)
		}
	}
}
