package index

import (
	"fmt"
	"strings"
	"testing"
)

// agedDump has a live object of each generation, and one that has none.
func agedDump(generations []int) []byte {
	var b, refs strings.Builder
	for i, g := range generations {
		fmt.Fprintf(&b, `{"address":"0x%x", "type":"STRING", "file":"/a.rb", "line":1, "generation":%d, "memsize":40}`+"\n", 0x1000+40*i, g)
		fmt.Fprintf(&refs, `, "0x%x"`, 0x1000+40*i)
	}
	return []byte(`{"type":"ROOT", "root":"vm", "references":["0x10"` + refs.String() + "]}\n" + object + b.String())
}

func TestTooManyGenerationsOfALineArePutTogether(t *testing.T) {
	var generations []int
	for i := range 50_000 {
		generations = append(generations, 7+i*11)
	}
	newest := generations[len(generations)-1]
	s, err := build(t, agedDump(generations))
	if err != nil {
		t.Fatal(err)
	}
	rows := s.Detail(0).Generations
	first, last := rows[0], rows[len(rows)-1]
	if len(rows) > siteCohorts || first.Generation != 7 || last.Generation != int64(newest) || last.To != 0 {
		t.Fatalf("%d rows from %+v to %+v", len(rows), first, last)
	}
	var sum Count
	for i, row := range rows {
		sum.Objects += row.Objects
		sum.Bytes += row.Bytes
		if i > 0 && row.Generation <= max(rows[i-1].Generation, rows[i-1].To) {
			t.Fatalf("%+v overlaps %+v", row, rows[i-1])
		}
	}
	if sum != s.AllSites()[0].Count {
		t.Errorf("they add up to %+v, not %+v", sum, s.AllSites()[0].Count)
	}
	parts := s.ByGeneration()
	if n := len(parts.Rows); n > dumpCohorts+1 || !strings.Contains(parts.Rows[1].Name, RangeDash) {
		t.Errorf("%d parts, such as %q", n, parts.Rows[1].Name)
	}
}

func TestGenerationsAreToldApartWhereThereAreFew(t *testing.T) {
	generations := []int{0, 4294967294, 5, 5, 1_000_000}
	for i := range siteCohorts - 5 {
		generations = append(generations, 10+i)
	}
	s, err := build(t, agedDump(generations))
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range s.Detail(0).Generations {
		if row.To != 0 || row.Objects > 2 {
			t.Fatalf("%+v", row)
		}
	}
	if rows := s.Detail(0).Generations; len(rows) != len(generations)-1 || len(s.ByGeneration().Rows) != len(generations) {
		t.Errorf("%d rows, %d parts", len(rows), len(s.ByGeneration().Rows))
	}
}
