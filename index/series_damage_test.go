package index

import (
	"bytes"
	"context"
	"io"
	"slices"
	"strings"
	"testing"
)

// tornSeries are the labelled dumps, of which some are cut to a share of their bytes.
func tornSeries(t *testing.T, share map[int]float64, numbers ...int) *Series {
	t.Helper()
	var dumps []io.Reader
	for _, i := range numbers {
		data := plain(t, strings.Replace(leakySeries, "%d", string(rune('0'+i)), 1))
		if s, ok := share[i]; ok {
			data = data[:int(s*float64(len(data)))]
		}
		dumps = append(dumps, bytes.NewReader(data))
	}
	return seriesOf(t, dumps...)
}

func TestADumpThatBreaksOffIsLeftOutOfTheComparison(t *testing.T) {
	for _, torn := range []int{1, 2} {
		x := tornSeries(t, map[int]float64{torn: 0.55}, 1, 2, 3)
		if len(x.Dumps) != 2 || len(x.LeftOut) != 1 || x.Match != ByIdentity {
			t.Fatalf("%d: %d dumps, left out %+v, by %s", torn, len(x.Dumps), x.LeftOut, x.Match)
		}
		left := x.LeftOut[0]
		if left.Incomplete != "it breaks off" || left.Problems.Count != 1 || left.Problems.First[0].Line == 0 {
			t.Errorf("%d: %+v", torn, left)
		}
		if list, err := x.Suspects(context.Background(), DefaultThresholds); err != nil || len(list) > 0 {
			t.Errorf("%d: suspects %v, %v", torn, list, err)
		}
		if want := "a part is missing of 1 of the 3 dumps, and it takes 3 that are whole"; x.Unreliable() != want {
			t.Errorf("%d: got %q", torn, x.Unreliable())
		}
	}
}

func TestWhatIsLeftOfASeriesStillNamesItsSuspects(t *testing.T) {
	first := plain(t, strings.Replace(leakySeries, "%d", "1", 1))
	var dumps []io.Reader
	dumps = append(dumps, bytes.NewReader(first[:len(first)/2]))
	x := seriesOf(t, append(dumps, filesOf(t, leakySeries, 1, 2, 3)...)...)
	list, err := x.Suspects(context.Background(), DefaultThresholds)
	if got := described(t, x, list, err); !slices.Equal(got, leakySuspects) || x.Unreliable() != "" {
		t.Errorf("got %q, unreliable: %q", got, x.Unreliable())
	}
}

func TestALastDumpThatBreaksOffHasNoSuspects(t *testing.T) {
	x := tornSeries(t, map[int]float64{3: 0.8}, 1, 2, 3)
	list, err := x.Suspects(context.Background(), DefaultThresholds)
	if want := "a part of the last dump is missing: it breaks off"; err != nil || len(list) > 0 || x.Unreliable() != want {
		t.Errorf("%v, %v, %q", list, err, x.Unreliable())
	}
}

func TestADumpWithNothingWholeToCompareItWith(t *testing.T) {
	x := tornSeries(t, map[int]float64{1: 0.5, 2: 0.5}, 1, 2, 3)
	if len(x.Dumps) != 1 || len(x.LeftOut) != 2 || len(x.Growth(0).Counts) != 1 {
		t.Errorf("%+v, left out %+v", x.Dumps, x.LeftOut)
	}
	if _, ok := x.PerGC(0); ok {
		t.Error("one dump tells growth")
	}
}

func TestAFewUnreadableLinesLeaveADumpInItsSeries(t *testing.T) {
	data := plain(t, strings.Replace(leakySeries, "%d", "1", 1))
	cut := bytes.LastIndexByte(data[:len(data)/2], '\n') + 1
	data = slices.Concat(data[:cut], []byte("{\"address\"\n"), data[cut:])
	x := seriesOf(t, append([]io.Reader{bytes.NewReader(data)}, filesOf(t, leakySeries, 2, 3)...)...)
	list, err := x.Suspects(context.Background(), DefaultThresholds)
	if got := described(t, x, list, err); !slices.Equal(got, leakySuspects) || x.Dumps[0].Problems.Count != 1 {
		t.Errorf("got %q, %+v", got, x.Dumps[0].Problems)
	}
}
