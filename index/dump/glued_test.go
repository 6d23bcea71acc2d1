package dump

import (
	"slices"
	"strings"
	"testing"
)

func TestARecordBehindATornOneIsRead(t *testing.T) {
	const (
		root  = `{"type":"ROOT", "root":"vm", "references":["0xb"]}`
		array = `{"address":"0xb", "type":"ARRAY", "memsize":40}`
		site  = `{"address":"0xc", "type":"STRING", "file":"/a.rb", "line":3, "generation":1, "memsize":40}`
	)
	const (
		rootRead, arrayRead, siteRead = `0 "":0 "" "" 0`, `b "":0 "" "" 40`, `c "/a.rb":3 "" "" 40`
	)
	for _, tt := range []struct {
		name, text string
		want       []string
		lost       int
	}{
		{"the next dump begins in a torn record", site[:40] + root + "\n" + array, []string{rootRead, arrayRead}, 1},
		{"an object behind a torn one", array[:20] + site, []string{siteRead}, 1},
		{"torn in the name of a file", site[:45] + site, []string{siteRead}, 1},
		{"torn behind the name of a file", site[:55] + site, []string{siteRead}, 1},
		{"a first dump without its last line end", site + root + "\n" + array + "\n", []string{siteRead, rootRead, arrayRead}, 0},
		{"two objects on a line", array + site, []string{arrayRead, siteRead}, 0},
		{"output of the program before a record", "hello" + array, []string{arrayRead}, 1},
		{"NUL bytes before a record", strings.Repeat("\x00", 100) + array, []string{arrayRead}, 1},
		{"both torn", array[:20] + site[:30], nil, 1},
		{"a torn one, and CRLF", array[:20] + site + "\r\n" + array + "\r\n", []string{siteRead, arrayRead}, 1},
		{"a nested record is none", `{"x":` + array + "}\n" + site, []string{siteRead}, 1},
		{"a name that begins a record", strings.Replace(site, "/a.rb", `/{"address":"0x`, 1), []string{`c "/{\"address\":\"0x":3 "" "" 40`}, 0},
	} {
		records, problems, _ := read(tt.text)
		if !slices.Equal(records, tt.want) || len(problems) != tt.lost {
			t.Errorf("%s: %q, problems %q\nwant %q, %d", tt.name, records, problems, tt.want, tt.lost)
		}
	}
}

func TestAGluedRecordHasItsLineAndOffset(t *testing.T) {
	s := NewScanner()
	torn := `{"address":"0xa", "ty`
	s.Reset([]byte("\n"+torn+`{"address":"0xb", "type":"ARRAY"}`+"\n{}\n"), 1000)
	var places []int64
	for s.Next() {
		if p := s.Problem(); p != nil {
			places = append(places, p.Line, p.Offset)
		}
	}
	if want := []int64{2, 1001, 3, 1001 + int64(len(torn)) + 34}; !slices.Equal(places, want) || s.Lines() != 3 {
		t.Errorf("got %v, %d lines, want %v", places, s.Lines(), want)
	}
}
