package index

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"heapline/index/dump"
)

const (
	roots  = `{"type":"ROOT", "root":"vm", "references":["0x10"]}` + "\n"
	object = `{"address":"0x10", "type":"ARRAY", "references":["0x20"], "memsize":40}` + "\n"
	text   = `{"address":"0x20", "type":"STRING", "file":"/a.rb", "line":3, "generation":1, "memsize":40}` + "\n"
)

func build(t testing.TB, data []byte) (*Snapshot, error) {
	t.Helper()
	return Build(context.Background(), bytes.NewReader(data), Options{Workers: 2})
}

// problemTexts lists the reasons with their counts and first places.
func problemTexts(p Problems) []string {
	var list []string
	for _, x := range p.Reasons {
		list = append(list, fmt.Sprintf("%d × %s @%d:%d", x.Count, x.Message, x.Line, x.Offset))
	}
	return list
}

func TestDamage(t *testing.T) {
	const notJSON = "not valid JSON: damaged, or a piece of a record"
	const odd = "a value of a wrong type or out of range was passed over, the rest of its record counts"
	for _, tt := range []struct {
		name, dump string
		live       int64
		problems   []string
		first      string // the exact message of the first problem
	}{
		{"no damage", roots + object + text, 2, nil, ""},
		{"blank lines", "\n\n" + roots + "\n" + object + "\r\n" + text + "\n\n", 2, nil, ""},
		{"CRLF", strings.ReplaceAll(roots+object+text, "\n", "\r\n"), 2, nil, ""},
		{"a BOM", "\ufeff" + roots + object + text, 2, nil, ""},
		{"lines of blanks and tabs", roots + "  \t \n" + object + "\t\r\n" + text + " ", 2, nil, ""},
		{"a BOM in the middle", roots + "\ufeff" + object + "\ufeff" + text + "\ufeff", 2, nil, ""},
		{"no line end at the end", strings.TrimSuffix(roots+object+text, "\n"), 2, nil, ""},
		{
			"torn in the last line", (roots + object + text)[:140], 1,
			[]string{"1 × the dump breaks off in its last line: it is still being written, or the process or the disk came to its end @3:124"},
			"the dump breaks off in its last line: it is still being written, or the process or the disk came to its end",
		},
		{"torn in the middle", roots + object + text[:30] + "\n" + text, 2, []string{"1 × " + notJSON + " @3:124"}, "not valid JSON: unexpected end of JSON input"},
		{"a line without its start", roots + object + text[30:] + text, 2, []string{"1 × " + notJSON + " @3:124"}, "not valid JSON: invalid character 'I' looking for beginning of value"},
		{"a missing line", roots + object, 1, nil, ""},
		{
			"a repeated line", roots + object + object + text, 2,
			[]string{"1 × a record at the address of an earlier one was left out @3:124"},
			"an earlier record has the address 0x10, too: this one was left out",
		},
		{
			"duplicate addresses", roots + object + strings.Repeat(text, 6), 2,
			[]string{"5 × a record at the address of an earlier one was left out @4:216"},
			"an earlier record has the address 0x20, too: this one was left out",
		},
		{
			"NUL bytes", roots + object + strings.Repeat("\x00", 500) + "\n" + text, 2,
			[]string{"1 × NUL bytes instead of a record: that part of the file was never written @3:124"},
			"not valid JSON: 500 NUL bytes",
		},
		{
			"NUL bytes to the end", roots + object + text + strings.Repeat("\x00", 70_000), 2,
			[]string{"1 × NUL bytes instead of a record: that part of the file was never written @4:216"},
			"not valid JSON: 70000 NUL bytes",
		},
		{"invalid UTF-8 in a class name", roots + strings.Replace(object, `"ARRAY"`, `"CLASS", "name":"K`+"\xe4\xff"+`se"`, 1) + text, 2, nil, ""},
		{"invalid UTF-8 in a file", roots + object + strings.Replace(text, "/a.rb", "/\xe4.rb", 1), 2, nil, ""},
		{
			"other JSON", roots + object + "{\"a\":1}\n42\nnull\n[]\n" + text, 2,
			[]string{"4 × no record of a heap dump @3:124"},
			"not a heap dump record: it has no type",
		},
		{"a negative size", roots + object + strings.Replace(text, ":40", ":-40", 1), 1, []string{"1 × a record with an impossible number or address @3:124"}, "memsize -40 is out of range"},
		{"a size out of range", roots + object + strings.Replace(text, ":40", ":999999999999999999", 1), 1, []string{"1 × a record with an impossible number or address @3:124"}, "memsize 999999999999999999 is out of range"},
		{"a size beyond 64 bits", roots + object + strings.Replace(text, ":40", ":99999999999999999999999", 1), 1, []string{"1 × a record with an impossible number or address @3:124"}, "memsize 9223372036854775807 is out of range"},
		{"a fraction for a size", roots + object + strings.Replace(text, ":40", ":4.5", 1), 1, []string{"1 × a record with an impossible number or address @3:124"}, `number "4.5" is not an integer`},
		{"an address out of range", roots + object + strings.Replace(text, "0x20", "0x12345678123456789", 1), 1, []string{"1 × a record with an impossible number or address @3:124"}, `address "0x12345678123456789" is not a hexadecimal number`},
		{"a negative line on a machine of 32 bits", roots + object + strings.Replace(text, `"line":3`, `"line":4294967291`, 1), 2, nil, ""},
		{"a negative line", roots + object + strings.Replace(text, `"line":3`, `"line":18446744073709551611`, 1), 2, nil, ""},
		{"a negative length", roots + strings.Replace(object, `"ARRAY"`, `"ARRAY", "length":-5`, 1) + text, 2, []string{"1 × " + odd + " @2:52"}, "length -5 is out of range: passed over"},
		{"a generation beyond 64 bits", roots + object + strings.Replace(text, `"generation":1`, `"generation":99999999999999999999`, 1), 2, []string{"1 × " + odd + " @3:124"}, "generation 99999999999999999999 is out of range: passed over"},
	} {
		s, err := build(t, []byte(tt.dump))
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		sum := s.Summary()
		if got := problemTexts(sum.Problems); sum.Live.Objects != tt.live || !slices.Equal(got, tt.problems) {
			t.Errorf("%s: %d live, problems %q\nwant %d, %q", tt.name, sum.Live.Objects, got, tt.live, tt.problems)
		}
		if tt.first != "" && (len(sum.Problems.First) == 0 || sum.Problems.First[0].Message != tt.first) {
			t.Errorf("%s: the first problem is %+v, want %q", tt.name, sum.Problems.First, tt.first)
		}
		addsUp(t, s)
	}
}

// A value that no Ruby writes is a problem with its place; its record counts.
func TestOddValuesAreCountedAndTheirRecordsKept(t *testing.T) {
	const record = `{"address":"0x20", "type":"STRING", "bytesize":3, "class":"0x10", "references":["0x10"], "file":"/a.rb", "line":3, ` +
		`"method":"m", "generation":1, "memsize":40}` + "\n"
	for _, tt := range []struct{ was, is, message string }{
		{`"memsize":40`, `"memsize":"40"`, "memsize is a string: passed over"},
		{`"memsize":40`, `"memsize":null`, "memsize is null: passed over"},
		{`"memsize":40`, `"memsize":{}`, "memsize is an object: passed over"},
		{`"line":3`, `"line":-5`, "line -5 is out of range: passed over"},
		{`"line":3`, `"line":4294967296`, "line 4294967296 is out of range: passed over"},
		{`"line":3`, `"line":99999999999999999999`, "line 99999999999999999999 is out of range: passed over"},
		{`"line":3`, `"line":true`, "line is true or false: passed over"},
		{`"generation":1`, `"generation":-1`, "generation -1 is out of range: passed over"},
		{`"generation":1`, `"generation":4294967295`, "generation 4294967295 is out of range: passed over"},
		{`["0x10"]`, `"0x10"`, "references is a string: passed over"},
		{`["0x10"]`, `["0x10", 5]`, "references is a number: passed over"},
		{`"class":"0x10"`, `"class":5`, "class is a number: passed over"},
		{`"/a.rb"`, `5`, "file is a number: passed over"},
		{`"method":"m"`, `"method":[]`, "method is an array: passed over"},
		{`"bytesize":3`, `"bytesize":"3"`, "bytesize is a string: passed over"},
	} {
		s, err := build(t, []byte(roots+object+strings.Replace(record, tt.was, tt.is, 1)))
		if err != nil {
			t.Fatal(err)
		}
		sum := s.Summary()
		want := Problem{Line: 3, Offset: int64(len(roots + object)), Message: tt.message}
		if sum.Live.Objects != 2 || sum.Problems.Count != 1 || sum.Problems.First[0] != want || sum.Problems.Lost() {
			t.Errorf("%s: %d live, %+v", tt.is, sum.Live.Objects, sum.Problems)
		}
	}
}

func TestWhatIsNoDumpAtAll(t *testing.T) {
	for name, tt := range map[string]struct{ dump, want string }{
		"nothing":                    {"", "the file is empty: the process may still be writing the dump, or it died before it could"},
		"blank lines alone":          {"\n\n\n", "this is not a Ruby heap dump: no line is a record as ObjectSpace.dump_all writes them"},
		"text":                       {"hello\nworld\n", "this is not a Ruby heap dump: no line is a record as ObjectSpace.dump_all writes them"},
		"other JSON":                 {`{"a":1}`, "this is not a Ruby heap dump: no line is a record as ObjectSpace.dump_all writes them"},
		"a first record broken off":  {roots[:40], "the dump breaks off in its first record: the process died or was killed while it wrote it, or still writes it"},
		"a first object broken off":  {object[:40], "the dump breaks off in its first record: the process died or was killed while it wrote it, or still writes it"},
		"NUL bytes alone":            {strings.Repeat("\x00", 3_000_000), "the file holds nothing but NUL bytes: it was never written. Copy it again, or take the dump again"},
		"gzip cut in its header":     {"\x1f\x8b\x08", "the compressed file is incomplete, and nothing in it can be read: copy it again, or take the dump again"},
		"gzip of nothing":            {string(gzipped(t, nil)), "the dump is empty: it was compressed before anything was written, or the process died before it could write"},
		"zstd of nothing":            {"\x28\xb5\x2f\xfd\x24\x00\x01\x00\x00\x99\xe9\xd8\x51", "the dump is empty: it was compressed before anything was written, or the process died before it could write"},
		"UTF-16 of PowerShell":       {"\xff\xfe{\x00\"\x00t\x00", "this is not a Ruby heap dump: it is text of UTF-16, as PowerShell's > writes it. Convert it (iconv -f UTF-16 -t UTF-8), or let Ruby write to a file"},
		"UTF-16 without a mark":      {"{\x00\"\x00t\x00", "this is not a Ruby heap dump: it is text of UTF-16, as PowerShell's > writes it. Convert it (iconv -f UTF-16 -t UTF-8), or let Ruby write to a file"},
		"UTF-32":                     {"\xff\xfe\x00\x00{\x00\x00\x00", "this is not a Ruby heap dump: it is text of UTF-32. Convert it: iconv -f UTF-32 -t UTF-8"},
		"xz":                         {"\xfd7zXZ\x00\x00\x04", "this is not a Ruby heap dump: it is compressed with xz. Unpack it first: xz -d"},
		"bzip2":                      {"BZh91AY&SY", "this is not a Ruby heap dump: it is compressed with bzip2. Unpack it first: bzip2 -d"},
		"gzip in gzip":               {string(gzipped(t, gzipped(t, []byte(strings.Repeat(roots, 100))))), "this is not a Ruby heap dump: it is compressed twice. Unpack it once: gzip -d"},
		"one JSON array":             {`[{"type":"ROOT", "root":"vm"}, {"address":"0x10"}]`, "this is not a Ruby heap dump: it is one JSON array, and a dump has an object on each line. Make it so: jq -c '.[]'"},
		"pretty-printed JSON":        {"{\n  \"type\": \"ROOT\",\n  \"root\": \"vm\"\n}\n", "this is not a Ruby heap dump: its JSON is spread over many lines, and a dump has an object on each line. Make it so: jq -c ."},
		"gzip of something else":     {string(gzipped(t, []byte("hello"))), "this is not a Ruby heap dump: no line is a record as ObjectSpace.dump_all writes them"},
		"a line that never breaks":   {strings.Repeat("x", 3_000_000), "this is not a Ruby heap dump: no line is a record as ObjectSpace.dump_all writes them"},
		"zstd with a damaged header": {"\x28\xb5\x2f\xfd\xff\xff\xff\xff\xff", ""},
	} {
		_, err := build(t, []byte(tt.dump))
		if err == nil || tt.want != "" && err.Error() != tt.want {
			t.Errorf("%s: %v\nwant %s", name, err, tt.want)
		}
	}
}

func gzipped(t testing.TB, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func zstandard(t testing.TB, data []byte) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil, zstd.WithWindowSize(1<<16))
	if err != nil {
		t.Fatal(err)
	}
	return w.EncodeAll(data, nil)
}

func TestWithoutRootsInManyBlocks(t *testing.T) {
	const block = 1 << 20
	data := text + strings.Repeat(`{"address":"0x10", "type":"NONE"}`+"\n", 3*block/30) + text[:20]
	s, err := build(t, []byte(data))
	if err != nil {
		t.Fatal(err)
	}
	if sum := s.Summary(); sum.Live.Objects != 1 || sum.Problems.Count != 1 {
		t.Errorf("%+v", sum)
	}
}

func TestCompressedDumpsCutShort(t *testing.T) {
	data := plain(t, "../testdata/leaky/leak-1.json.gz")
	for name, whole := range map[string][]byte{"gzip": gzipped(t, data), "zstd": zstandard(t, data)} {
		s, err := build(t, whole[:len(whole)*2/3])
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		p := s.Summary().Problems
		if p.First[0].Message != "the compressed file ends here, the rest of the dump is lost: copy it again, or take the dump again (unexpected EOF)" || p.Reasons[0].Count != 1 {
			t.Errorf("%s: %+v", name, p)
		}
		if p.First[0].Offset < int64(len(data)/3) || s.Summary().Objects.Objects < 10_000 {
			t.Errorf("%s: %+v, stopped at %d of %d", name, s.Summary().Objects, p.First[0].Offset, len(data))
		}
		addsUp(t, s)
	}
}

// All records were read: nothing is lost, whatever follows.
func TestWhatFollowsACompressedDumpCostsNothing(t *testing.T) {
	data := []byte(roots + object + text)
	for name, whole := range map[string][]byte{"gzip": gzipped(t, data), "zstd": zstandard(t, data)} {
		for _, behind := range []string{"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", "garbage that is none of it"} {
			s, err := build(t, append(slices.Clone(whole), behind...))
			if err != nil {
				t.Fatal(err)
			}
			sum := s.Summary()
			if want := "what follows the compressed dump was passed over: padding, or no part of it"; sum.Live.Objects != 2 ||
				sum.Problems.Count != 1 || sum.Problems.Reasons[0].Message != want || sum.Problems.Lost() || sum.Incomplete != "" {
				t.Errorf("%s: %+v, %q", name, sum.Problems, sum.Incomplete)
			}
		}
	}
}

func TestNulBytesWithoutEndAreNotTooLarge(t *testing.T) {
	_, err := Build(context.Background(), repeated(make([]byte, 1<<20)), Options{Memory: 64 << 20})
	if err == nil || !strings.HasPrefix(err.Error(), "the file holds nothing but NUL bytes") {
		t.Error(err)
	}
}

func TestTracingIsNotBlamedWhereLinesAreLost(t *testing.T) {
	s, err := build(t, []byte(roots+object+strings.Repeat(text[1:], 50)))
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(s.Summary().Notes(), " "); !strings.Contains(got, "No object that could be read has an allocation site.") || strings.Contains(got, "without allocation tracing") {
		t.Errorf("got %q", got)
	}
}

// pzstd writes a frame to skip before each of its frames.
func TestZstdThatBeginsWithAFrameToSkip(t *testing.T) {
	skip := []byte{0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 1, 2, 3, 4}
	for first := byte(0x50); first <= 0x5f; first++ {
		skip[0] = first
		data := slices.Concat(skip, zstandard(t, []byte(roots+object)), skip, zstandard(t, []byte(text)))
		if s, err := build(t, data); err != nil || s.Summary().Live.Objects != 2 || !IsDump(bytes.NewReader(data)) {
			t.Errorf("%#x: %v", first, err)
		}
	}
	for _, data := range [][]byte{skip[:3], skip[:8], skip} {
		if _, err := build(t, data); err == nil {
			t.Errorf("%x is a dump", data)
		}
	}
}

func TestDanglingReferencesAreCounted(t *testing.T) {
	s, err := build(t, []byte(strings.Replace(roots, `"0x10"`, `"0x10", "0x30"`, 1)+object))
	if err != nil {
		t.Fatal(err)
	}
	if n := s.Summary().Dangling; n != 2 {
		t.Errorf("%d dangling references, want that of the root and that of the array", n)
	}
	if want := "2 references lead to objects that are not in the dump."; !slices.Contains(s.Summary().Notes(), want) {
		t.Errorf("notes %q", s.Summary().Notes())
	}
}

// longLine is a reader of a dump with one line of so many bytes.
func longLine(before, after string, bytes int64) io.Reader {
	return io.MultiReader(strings.NewReader(roots+object+before), io.LimitReader(repeated(strings.Repeat("x", 1<<20)), bytes), strings.NewReader(after+"\n"+text))
}

// repeated reads its bytes again and again, without end.
type repeated []byte

func (r repeated) Read(p []byte) (int, error) { return copy(p, r), nil }

func TestASingleLineOf200MB(t *testing.T) {
	const large, enough = 200_000_000, 20_000_000
	for _, tt := range []struct {
		name          string
		size          int64
		before, after string
		objects       int64
		problems      []string
	}{
		{"a long value", large, `{"address":"0x30", "type":"STRING", "value":"`, `", "memsize":40}`, 3, nil},
		{"a long value with an odd escape", enough, `{"address":"0x30", "type":"STRING", "value":"\/\ud83d`, `", "memsize":40.0}`, 2, []string{"1 × a record with an impossible number or address @3:124"}},
		{"a torn value", large, `{"address":"0x30", "type":"STRING", "value":"`, ``, 2, []string{"1 × not valid JSON: damaged, or a piece of a record @3:124"}},
		{"a torn file", enough, `{"address":"0x30", "type":"STRING", "file":"`, ``, 2, []string{"1 × not valid JSON: damaged, or a piece of a record @3:124"}},
		{"rubbish", enough, ``, ``, 2, []string{"1 × not valid JSON: damaged, or a piece of a record @3:124"}},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		s, err := Build(context.Background(), longLine(tt.before, tt.after, tt.size), Options{})
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		runtime.ReadMemStats(&after)
		if got := problemTexts(s.Summary().Problems); s.Summary().Objects.Objects != tt.objects || !slices.Equal(got, tt.problems) {
			t.Errorf("%s: %+v, problems %q", tt.name, s.Summary().Objects, got)
		}
		if allocated := after.TotalAlloc - before.TotalAlloc; allocated > uint64(12*tt.size) { // as the memory limit counts
			t.Errorf("%s: %d bytes allocated for a line of %d", tt.name, allocated, tt.size)
		}
	}
}

// panics is an input whose reader has a bug.
type panics struct{}

func (panics) Read([]byte) (int, error) { panic("out of luck") }

func TestAPanicInAWorkerIsAnErrorOfTheLoad(t *testing.T) {
	_, err := Build(context.Background(), io.MultiReader(strings.NewReader(roots+object), panics{}), Options{})
	if err == nil || !strings.Contains(err.Error(), "a bug in Heapline: out of luck") {
		t.Error(err)
	}
}

// mutations are what can happen to a file: each changes a few bytes at a place.
var mutations = []struct {
	name string
	do   func(data []byte, at, n int) []byte
}{
	{"cut off", func(data []byte, at, _ int) []byte { return data[:at] }},
	{"flipped", func(data []byte, at, n int) []byte {
		return slices.Concat(data[:at], []byte{data[at] ^ byte(1<<(n%8))}, data[at+1:])
	}},
	{"lost", func(data []byte, at, n int) []byte { return slices.Concat(data[:at], data[min(at+n, len(data)):]) }},
	{"repeated", func(data []byte, at, n int) []byte {
		return slices.Concat(data[:min(at+n, len(data))], data[at:])
	}},
	{"zeroed", func(data []byte, at, n int) []byte {
		end := min(at+n, len(data))
		return slices.Concat(data[:at], make([]byte, end-at), data[end:])
	}},
	{"torn", func(data []byte, at, _ int) []byte { return slices.Concat(data[:at], []byte("\n"), data[at:]) }},
	{"quoted", func(data []byte, at, _ int) []byte { return slices.Concat(data[:at], []byte(`"`), data[at:]) }},
}

// A real dump, damaged at a thousand places: nothing panics, the totals add up,
// and every line that is no good JSON is either read all the same or counted.
func TestARealDumpDamagedAtAThousandPlaces(t *testing.T) {
	whole := plain(t, "../testdata/versions/3.3.8-trace.json.gz")
	roots := whole[:bytes.Index(whole, []byte("\n{\"address"))+1]
	rnd := rand.New(rand.NewPCG(4, 2))
	type sum struct{ times, unreadable, bad, repaired, problems int64 }
	sums := map[string]*sum{}
	for range 1000 {
		lines := bytes.SplitAfter(whole[len(roots):], []byte("\n"))
		from := rnd.IntN(len(lines) - 400)
		data := slices.Concat(roots, bytes.Join(lines[from:from+400], nil))
		m := mutations[rnd.IntN(len(mutations))]
		data = m.do(data, rnd.IntN(len(data)), 1+rnd.IntN(300))
		if sums[m.name] == nil {
			sums[m.name] = &sum{}
		}
		s := sums[m.name]
		s.times++
		bad, repaired, problems := accountForLines(t, data)
		s.bad += bad
		s.repaired += repaired
		s.problems += problems
		snapshot, err := build(t, data)
		if err != nil {
			s.unreadable++
			continue
		}
		if got := snapshot.Summary().Problems.Count - duplicates(snapshot); got != problems {
			t.Errorf("%s: the summary counts %d lost lines, there are %d", m.name, got, problems)
		}
		addsUp(t, snapshot)
	}
	for name, s := range sums {
		t.Logf("%s %d times: %d lines of bad JSON, %d records read all the same, %d lines lost, %d times no dump at all",
			name, s.times, s.bad, s.repaired, s.problems, s.unreadable)
	}
}

func duplicates(s *Snapshot) int64 { return s.heap.heap.Duplicates }

// accountForLines holds the scanner's word on every line against a strict JSON
// parser's.
func accountForLines(t *testing.T, data []byte) (bad, repaired, problems int64) {
	t.Helper()
	lines := bytes.Split(data, []byte("\n"))
	s := dump.NewScanner()
	s.Reset(data, 0)
	for {
		before, fixed := s.Lines(), s.Repaired()
		if !s.Next() {
			return bad, repaired, problems
		}
		p := s.Problem()
		if p != nil || s.Oddity() != nil {
			problems++
		}
		for i, line := range lines[before:s.Lines()] {
			line = bytes.TrimPrefix(line, []byte("\ufeff"))
			good := len(bytes.Trim(line, " \t\r")) == 0 || json.Valid(line) && utf8.Valid(line)
			if !good {
				bad++
			}
			switch {
			case !good && p == nil && s.Repaired() == fixed:
				t.Errorf("bad JSON was read without a word: %q", line)
			case good && p != nil && p.Line == before+int64(i)+1 && (p.Reason == dump.NotJSON || p.Reason == dump.ZeroBytes):
				t.Errorf("good JSON counts as bad: %q", line)
			}
		}
		repaired += s.Repaired() - fixed
	}
}
