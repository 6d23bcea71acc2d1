package dump

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
)

// seeds are lines as Rubies write them and lines that no Ruby should write.
var seeds = []string{
	`{"type":"ROOT", "root":"vm", "references":["0x7f6cc1cabcc0", "0x7f6cc1c7ffd0"]}`,
	`{"address":"0x7f6cc23dee20", "type":"STRING", "class":"0x7f6cc1c82438", "frozen":true, "embedded":true, "fstring":true, "bytesize":6, "value":"DLEXT2", "encoding":"UTF-8", "memsize":40, "flags":{"wb_protected":true, "old":true}}`,
	`{"address":"0x7f6cc23dee48", "type":"STRING", "value":"a\nb\"c\\d\u001f", "file":"/srv/a.rb", "line":3, "method":"new", "generation":12, "memsize":40}`,
	`{"address":"0x7f6cc23dee70", "type":"ARRAY", "length":2, "embedded":true, "references":["0x7f6cc23dee48", "0x7f6cc23dee48"], "memsize":40, "flags":{"wb_protected":true, "age":3, "object_id":16}}`,
	`{"address":"0x7f45daf4f570", "type":"CLASS", "class":"0x1", "superclass":"0x2", "real_class_name":"Class", "singleton":true, "memsize":480}`,
	`{"address":"0x7f45daf4f571", "type":"CLASS", "name":"K\u00e4se", "references":[], "memsize":480}`,
	`{"address":"0x55", "type":"SHAPE", "id":3, "parent_id":1, "depth":2, "shape_type":"IVAR","edge_name":"@a", "edges":1, "memsize":12}`,
	`{"address":"0xa", "type":"FLOAT", "value":"1.50000e+300", "memsize":40}`,
	`{"address":"0xa", "type":"FILE", "fd":-1, "memsize":40}`,
	`{"address":"0xa", "type":"OBJECT", "line":18446744073709551611, "file":"(eval)"}`,
	`{"address":"0xa", "type":"OBJECT", "line":-5, "file":"(eval)"}`,
	`{"address":"0xa", "type":"DATA", "struct":"proc", "free_immediately":false, "memsize":40}`,
	`{"address":"0x", "type":"OBJECT"}`,
	`{"address":"0xzz", "type":"OBJECT"}`,
	`{"address":"0xa", "type":"OBJECT", "memsize":007}`,
	`{"address":"0xa", "type":"OBJECT", "memsize":-1}`,
	`{"address":"0xa", "type":"OBJECT", "memsize":1.5}`,
	`{"address":"0xa", "type":"NEWTHING", "memsize":1, "future":{"a":[1, null]}}`,
	`{"address":"0xa", "type":"OBJECT", "file":"C:\Users\x.rb"}`,
	`{"address":"0xa", "type":"OBJECT", "file":"a"b.rb", "line":1}`,
	"{\"address\":\"0xa\", \"type\":\"OBJECT\", \"file\":\"a\x01b\"}",
	`{"address":"0xa", "type":"OBJECT", "flags":{"a":true}} trailing`,
	`{"address":"0xa", "type":"OBJECT", "flags":{"a":[true]}}`,
	`{ "address" : "0xa" , "type" : "OBJECT" }`,
	`{"address":"0xa", "type":"OBJECT", "value":"\ud83d\ude00 \/ \x"}`,
	`{"address":"0xa", "type":"OBJECT"`,
	`null`, `42`, `[]`, `{}`, `"a"`, `100000.`,
}

// parseLine returns nil for a line that encoding/json cannot judge: a blank
// one, and one whose texts MRI has not escaped.
func parseLine(line string) (*Record, *Problem) {
	s := NewScanner()
	s.Reset([]byte(line), 1)
	if !s.Next() || s.Repaired() > 0 || bytes.ContainsFunc(s.Record().File, func(r rune) bool { return r < ' ' || r == '"' || r == '\\' }) {
		return nil, nil
	}
	return s.Record(), s.Problem()
}

// oracle reads a line with encoding/json. Nil means that it is no record.
func oracle(line string) *Record {
	var m map[string]json.RawMessage
	if json.Unmarshal([]byte(line), &m) != nil || m == nil {
		return nil
	}
	r := &Record{Generation: -1, Size: -1}
	bad := false
	text := func(key string) []byte {
		var s string
		if m[key] == nil || m[key][0] != '"' || json.Unmarshal(m[key], &s) != nil {
			return nil
		}
		return []byte(s)
	}
	address := func(raw json.RawMessage) uint64 {
		var s string
		if raw == nil || raw[0] != '"' || json.Unmarshal(raw, &s) != nil || s == "0x" {
			return 0
		}
		v, err := strconv.ParseUint(strings.TrimPrefix(s, "0x"), 16, 64)
		if err != nil || !strings.HasPrefix(s, "0x") {
			bad = true
		}
		return v
	}
	integer := func(key string, absent int64) int64 {
		raw := string(m[key])
		if raw == "" {
			return absent
		}
		if raw[0] != '-' && (raw[0] < '0' || raw[0] > '9') {
			return 0
		}
		n, err := strconv.ParseInt(raw, 10, 64)
		if err != nil {
			bad = bad || n != math.MaxInt64
		}
		return n
	}
	r.TypeName, r.Root = text("type"), text("root")
	r.Type = typesByName[string(r.TypeName)]
	r.Address, r.Class = address(m["address"]), address(m["class"])
	var refs []json.RawMessage
	if m["references"] != nil && m["references"][0] == '[' {
		_ = json.Unmarshal(m["references"], &refs)
	}
	for _, ref := range refs {
		r.References = append(r.References, address(ref))
	}
	r.File, r.Method = text("file"), text("method")
	r.Line, r.Generation, r.Memsize = integer("line", 0), integer("generation", -1), integer("memsize", 0)
	r.Value, r.Struct, r.IMemoType = text("value"), text("struct"), text("imemo_type")
	r.Name, r.RealClassName = text("name"), text("real_class_name")
	r.Singleton = string(m["singleton"]) == "true"
	if bad || r.check() != nil {
		return nil
	}
	return r
}

// comparable reports whether both readers give a line one meaning: MRI never
// writes a key twice, and encoding/json replaces bytes that are not UTF-8.
func comparableLine(line string) bool {
	d := json.NewDecoder(strings.NewReader(line))
	seen := map[string]bool{}
	depth, isKey := 0, false
	for {
		tok, err := d.Token()
		if err != nil {
			return true
		}
		switch t := tok.(type) {
		case json.Delim:
			if t == '{' || t == '[' {
				depth++
			} else {
				depth--
			}
			isKey = depth == 1
			continue
		case string:
			if depth == 1 && isKey {
				if seen[t] {
					return false
				}
				seen[t] = true
				isKey = false
				continue
			}
		}
		isKey = depth == 1
	}
}

func checkLine(t *testing.T, line string) {
	t.Helper()
	if strings.ContainsAny(line, "\n\r") || !comparableLine(line) {
		return
	}
	want := oracle(line)
	got, problem := parseLine(line)
	if got == nil {
		return
	}
	if (want == nil) != (problem != nil) {
		t.Fatalf("%q: problem %v, encoding/json read %+v", line, problem, want)
	}
	if want == nil {
		return
	}
	same := got.Type == want.Type && got.Address == want.Address && got.Class == want.Class &&
		slices.Equal(got.References, want.References) && got.Line == want.Line &&
		got.Generation == want.Generation && got.Memsize == want.Memsize && got.Singleton == want.Singleton
	for _, pair := range [][2][]byte{
		{got.TypeName, want.TypeName},
		{got.Root, want.Root},
		{got.File, want.File},
		{got.Method, want.Method},
		{got.Text(), want.Value},
		{got.Struct, want.Struct},
		{got.IMemoType, want.IMemoType},
		{got.Name, want.Name},
		{got.RealClassName, want.RealClassName},
	} {
		valid := bytes.ToValidUTF8(pair[0], []byte("\ufffd"))
		if same && !bytes.Equal(valid, pair[1]) && bytes.Equal(valid, pair[0]) {
			same = false
		}
	}
	if !same {
		t.Fatalf("%q:\n got %+v\nwant %+v", line, got, want)
	}
}

func TestScannerReadsWhatEncodingJSONReads(t *testing.T) {
	for _, line := range seeds {
		checkLine(t, line)
	}
}

func TestFastPathTakesEveryLineOfARealDump(t *testing.T) {
	data := leaky(t)
	s := NewScanner()
	s.Reset(data, 0)
	var r Record
	for line := range bytes.Lines(data) {
		line = bytes.TrimSuffix(line, []byte("\n"))
		if r.reset(); !s.fast(line, &r) {
			t.Fatalf("left to the slow path: %.200s", line)
		}
	}
	for range 200 { // a stride over the dump; the oracle is slow
		i := bytes.IndexByte(data, '\n')
		checkLine(t, string(data[:i]))
		data = data[min(len(data), 100_000):]
		data = data[bytes.IndexByte(data, '\n')+1:]
		if len(data) == 0 {
			break
		}
	}
}

func leaky(t testing.TB) []byte {
	t.Helper()
	f, err := os.Open("../../testdata/leaky/leak-3.json.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if _, err := b.ReadFrom(z); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestProblemsNameLineAndOffset(t *testing.T) {
	s := NewScanner()
	s.Reset([]byte("\ufeff{\"address\":\"0xa\", \"type\":\"OBJECT\"}\r\n\r\n{\"torn\n"+seeds[0]), 0)
	var got []string
	for s.Next() {
		if p := s.Problem(); p != nil {
			got = append(got, strconv.FormatInt(p.Line, 10)+"@"+strconv.FormatInt(p.Offset, 10))
			continue
		}
		got = append(got, s.Record().Type.String())
	}
	if want := []string{"OBJECT", "3@41", "ROOT"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if s.Lines() != 4 {
		t.Errorf("read %d lines, want 4", s.Lines())
	}
}

func FuzzScanner(f *testing.F) {
	for _, line := range seeds {
		f.Add(line)
	}
	f.Fuzz(checkLine)
}

func BenchmarkScanner(b *testing.B) {
	data := leaky(b)
	s := NewScanner()
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		s.Reset(data, 0)
		for s.Next() {
			if s.Problem() != nil {
				b.Fatal(s.Problem())
			}
		}
	}
}
