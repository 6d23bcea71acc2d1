package dump

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
)

// read returns what a scanner makes of a text: file, line and method of each
// record, and its problems.
func read(text string) (records []string, problems []string, repaired int64) {
	s := NewScanner()
	s.Reset([]byte(text), 1)
	for s.Next() {
		if p := s.Problem(); p != nil {
			problems = append(problems, fmt.Sprintf("%d: %s", p.Line, p.Message))
			continue
		}
		r := s.Record()
		records = append(records, fmt.Sprintf("%x %q:%d %q %q %d", r.Address, r.File, r.Line, r.Method, r.Name, r.Memsize))
	}
	return records, problems, s.Repaired()
}

const siteTail = `, "line":7, "method":"new", "generation":3, "memsize":40, "flags":{"wb_protected":true, "old":true}}`

func TestTextsThatMRIDoesNotEscape(t *testing.T) {
	head := `{"address":"0xa", "type":"OBJECT", "class":"0x1", "ivars":3, "file":"`
	for _, tt := range []struct{ name, line, want string }{
		{"a quote in the file", head + `quote".rb"` + siteTail, `a "quote\".rb":7 "new" "" 40`},
		{"a Windows path whose escapes are valid", head + `C:\new\table.rb"` + siteTail, `a "C:\\new\\table.rb":7 "new" "" 40`},
		{"a backslash at the end", head + `back\"` + siteTail, `a "back\\":7 "new" "" 40`},
		{"a control character", head + "tab\t.rb\"" + siteTail, `a "tab\t.rb":7 "new" "" 40`},
		{"a line end", head + "new\nline.rb\"" + siteTail, `a "new\nline.rb":7 "new" "" 40`},
		{"many line ends", head + "a\n\nb\n\"c\"" + siteTail, `a "a\n\nb\n\"c":7 "new" "" 40`},
		{"a file that fakes a site", head + `inject", "line":424242, "method":"fake"` + siteTail, `a "inject\", \"line\":424242, \"method\":\"fake":7 "new" "" 40`},
		{"a file that fakes a size", head + `inject", "memsize":1, "x":"y"` + siteTail, `a "inject\", \"memsize\":1, \"x\":\"y":7 "new" "" 40`},
		{"a file that fakes a record", head + "fake\"}\n{\"address\":\"0xdead\", \"type\":\"STRING\", \"x\":\"\"" + siteTail, `a "fake\"}\n{\"address\":\"0xdead\", \"type\":\"STRING\", \"x\":\"":7 "new" "" 40`},
		{"an empty file", head + `"` + siteTail, `a "":7 "new" "" 40`},
		{"no line", head + `q"q.rb", "method":"new", "generation":3, "memsize":40}`, `a "q\"q.rb":0 "new" "" 40`},
		{"no method", head + `q"q.rb", "line":7, "generation":3, "memsize":40}`, `a "q\"q.rb":7 "" "" 40`},
		{"no size, no flags", head + `q"q.rb", "line":7, "generation":3}`, `a "q\"q.rb":7 "" "" 0`},
		{"a method with stale bytes", head + `a.rb", "line":7, "method":"\u00ff` + "\x00" + ` "fla", "generation":3, "memsize":40}`, `a "a.rb":7 "\\u00ff\x00 \"fla" "" 40`},
		{"a method that is escaped", head + `a.rb", "line":7, "method":"a\"b", "generation":3, "memsize":40}`, `a "a.rb":7 "a\"b" "" 40`},
		{"a class name with quotes", `{"address":"0xa", "type":"CLASS", "name":"fake "quoted" \ name", "references":["0x1"], "memsize":40}`, `a "":0 "" "fake \"quoted\" \\ name" 40`},
		{"a class name with a line end", "{\"address\":\"0xa\", \"type\":\"CLASS\", \"name\":\"fake\nname\", \"memsize\":40}", `a "":0 "" "fake\nname" 40`},
		{"a class name and a file", `{"address":"0xa", "type":"CLASS", "name":"q"q", "file":"r"r"` + siteTail, `a "r\"r":7 "new" "q\"q" 40`},
	} {
		records, problems, _ := read(seeds[3] + "\n" + tt.line + "\n" + seeds[0] + "\n")
		if len(records) != 3 || records[1] != tt.want {
			t.Errorf("%s: %q, problems %q\nwant %q", tt.name, records, problems, tt.want)
		}
	}
}

func TestATornRecordDoesNotSwallowTheNext(t *testing.T) {
	torn := `{"address":"0xa", "type":"OBJECT", "file":"/srv/app.r`
	whole := `{"address":"0xb", "type":"OBJECT", "file":"/srv/b.rb"` + siteTail
	records, problems, repaired := read(torn + "\n" + whole + "\n" + torn + "\nrubbish\n" + whole)
	if len(records) != 2 || len(problems) != 3 || repaired != 0 {
		t.Errorf("records %q, problems %q, %d repaired", records, problems, repaired)
	}
}

// No Ruby writes a file without a generation, people do.
func TestRecordsWithoutAGenerationSwallowNothing(t *testing.T) {
	const bare = `{"address":"0xa", "type":"OBJECT", "file":"a.rb", "line":1, "memsize":40}`
	const raw = "{\"address\":\"0xb\", \"type\":\"OBJECT\", \"file\":\"\x1b[31m`.rb\", \"line\":1, \"memsize\":40}"
	whole := `{"address":"0xc", "type":"OBJECT", "file":"/srv/b.rb"` + siteTail
	records, problems, _ := read(strings.Join([]string{bare, whole, raw, bare, whole, raw, whole, seeds[0], bare}, "\n"))
	if len(records) != 9 || len(problems) != 0 {
		t.Errorf("%d records %q, problems %q", len(records), records, problems)
	}
}

func TestBytesThatAreNoUTF8AreCountedWhereNothingElseCouldBeDone(t *testing.T) {
	line := "{\"address\":\"0xa\", \"type\":\"CLASS\", \"name\":\"A\xa4\xa2\", \"file\":\"a.rb\", \"line\":31, \"generttion\":0, \"memsize\":40}"
	if records, problems, repaired := read(line + "\n"); len(records) != 1 || len(problems) != 0 || repaired != 1 {
		t.Errorf("records %q, problems %q, %d repaired", records, problems, repaired)
	}
}

// Whatever a file is called, its record is read as MRI meant it, and so are
// its neighbours.
func FuzzRawFiles(f *testing.F) {
	for _, name := range []string{`a"b`, "a\nb", `\`, `", "line":1`, `", "gener":"`, `", "line":0,"":"`, `", "line":1, "a":"`, `", "method":"q", "a":"`, "\", \"line\":0}\n", "\", \"generation\" :1}\n", "\", \"gener\\u0061tion\":1}\n", "\"} \n", "\"}\n", `", "generation":1`} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if strings.Contains(name, `"generation":`) || strings.Contains(name, "\n{") || strings.Count(name, "\n") >= joinedLines || strings.Contains(name+"\n", "\r\n") {
			return // so crafted that nobody can tell
		}
		record := `{"address":"0xa", "type":"OBJECT", "file":"` + name + `"` + siteTail
		s := NewScanner()
		s.Reset([]byte(record+"\n"+seeds[0]+"\n"), 1)
		if !s.Next() || s.Problem() != nil {
			t.Fatalf("%q: %v", name, s.Problem())
		}
		got := bytes.ReplaceAll(bytes.ToValidUTF8(s.Record().File, nil), []byte("\ufffd"), nil)
		want := bytes.ReplaceAll(bytes.ToValidUTF8([]byte(name), nil), []byte("\ufffd"), nil)
		if !bytes.Equal(got, want) || s.Record().Line != 7 {
			t.Fatalf("%q: read as %q:%d", name, s.Record().File, s.Record().Line)
		}
		if !s.Next() || s.Record().Type != Root {
			t.Fatalf("%q swallowed the next record", name)
		}
	})
}

func TestBlocksKeepTornRecordsTogether(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 5))
	var text strings.Builder
	records := 0
	for text.Len() < 3*blockSize {
		name := strings.Repeat("x\n", rnd.IntN(5)) + strings.Repeat("y", rnd.IntN(3000))
		fmt.Fprintf(&text, `{"address":"0xa", "type":"OBJECT", "file":"%s"%s`+"\n", name, siteTail)
		records++
	}
	s, scanner, offset := NewSplitter(anySize{strings.NewReader(text.String()), rnd}, 0), NewScanner(), int64(0)
	for {
		b, err := s.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if b.Offset != offset {
			t.Fatalf("block %d is at %d, want %d", b.Seq, b.Offset, offset)
		}
		offset += int64(len(b.Data))
		scanner.Reset(b.Data, b.Offset)
		for scanner.Next() {
			if p := scanner.Problem(); p != nil {
				t.Fatal(*p)
			}
			records--
		}
		s.Release(b)
	}
	if records != 0 || offset != int64(text.Len()) {
		t.Errorf("%d records are missing, %d of %d bytes seen", records, offset, text.Len())
	}
}

// anySize reads in pieces of any size.
type anySize struct {
	r   io.Reader
	rnd *rand.Rand
}

func (r anySize) Read(p []byte) (int, error) { return r.r.Read(p[:1+r.rnd.IntN(len(p))]) }
