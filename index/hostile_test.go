package index

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"runtime/metrics"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
)

// generator is a dump without end: the record for each number.
type generator struct {
	record func(w *bytes.Buffer, i int)
	buffer bytes.Buffer
	next   int
	peak   uint64 // bytes of objects on Go's heap
}

func (g *generator) Read(p []byte) (int, error) {
	for g.buffer.Len() < len(p) {
		g.record(&g.buffer, g.next)
		g.next++
	}
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	g.peak = max(g.peak, sample[0].Value.Uint64())
	return g.buffer.Read(p)
}

func address(i int) string { return fmt.Sprintf("%#x", 0x10000+i*40) }

// hostile are dumps that would take all memory there is.
var hostile = []struct {
	name   string
	record func(w *bytes.Buffer, i int)
}{
	{"50 million tiny objects", func(w *bytes.Buffer, i int) {
		fmt.Fprintf(w, `{"address":"%s", "type":"OBJECT"}`+"\n", address(i))
	}},
	{"50 million tiny objects, each on a heap page of its own", func(w *bytes.Buffer, i int) {
		fmt.Fprintf(w, `{"address":"%#x", "type":"OBJECT"}`+"\n", 0x10000*(i+1))
	}},
	{"references by the thousand million", func(w *bytes.Buffer, i int) {
		fmt.Fprintf(w, `{"address":"%s", "type":"ARRAY", "references":["0x10000"%s]}`+"\n", address(i), strings.Repeat(`, "0x10028"`, 999))
	}},
	{"a million distinct sites on one line", func(w *bytes.Buffer, i int) {
		fmt.Fprintf(w, `{"address":"%s", "type":"STRING", "value":"%080d", "file":"/a.rb", "line":1, "method":"m%d", "generation":1, "memsize":40}`+"\n", address(i), i, i)
	}},
	{"a million files", func(w *bytes.Buffer, i int) {
		fmt.Fprintf(w, `{"address":"%s", "type":"STRING", "file":"/srv/app/lib/%d.rb", "line":1, "generation":1, "memsize":40}`+"\n", address(i), i)
	}},
	{"a million classes of 5 GB", func(w *bytes.Buffer, i int) {
		fmt.Fprintf(w, `{"address":"%s", "type":"CLASS", "class":"%s", "name":"Class%d", "memsize":5000000000}`+"\n", address(i), address(i+1), i)
	}},
	{"a million kinds of GC roots", func(w *bytes.Buffer, i int) {
		fmt.Fprintf(w, `{"type":"ROOT", "root":"vm%d", "references":["0x10000"]}`+"\n", i)
	}},
	{"a million types of objects", func(w *bytes.Buffer, i int) {
		fmt.Fprintf(w, `{"address":"%s", "type":"T%d", "key%d":1}`+"\n", address(i), i, i)
	}},
	{"names of a megabyte", func(w *bytes.Buffer, i int) {
		fmt.Fprintf(w, `{"address":"%s", "type":"CLASS", "name":"%01000000d", "memsize":40}`+"\n", address(i), i)
	}},
	{"a line that never ends", func(w *bytes.Buffer, i int) {
		if i == 0 {
			w.WriteString(`{"address":"0x10000", "type":"STRING", "value":"`)
		}
		w.WriteString("and so on, ")
	}},
}

func TestDumpsThatWouldTakeAllMemoryAreRefused(t *testing.T) {
	const limit = 80 << 20
	const refused = "loading it would take more than the 83.9 MB of memory that it may take: " +
		"raise the limit (the setting heapline.maxMemory, the flag --max-memory), or load it on a larger machine"
	for _, tt := range hostile {
		t.Run(tt.name, func(t *testing.T) {
			runtime.GC() // what was before does not count
			endless := &generator{record: tt.record}
			_, err := Build(context.Background(), endless, Options{Memory: limit})
			if err == nil || err.Error() != refused {
				t.Errorf("got %v, want %s", err, refused)
			}
			if endless.peak > limit*3/2 { // garbage included
				t.Errorf("%d bytes were taken, the limit is %d", endless.peak, limit)
			}
		})
	}
}

// bomb is a gzip of few bytes that unpacks to dumps without end.
func bomb(t *testing.T) io.Reader {
	t.Helper()
	var member bytes.Buffer
	w := gzip.NewWriter(&member)
	g := &generator{record: hostile[0].record}
	if _, err := io.CopyN(w, g, 64<<20); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return &repeatedly{member.Bytes(), 0}
}

// repeatedly reads the same bytes again and again.
type repeatedly struct {
	data []byte
	at   int
}

func (r *repeatedly) Read(p []byte) (int, error) {
	n := copy(p, r.data[r.at:])
	r.at = (r.at + n) % len(r.data)
	return n, nil
}

func TestADecompressionBombIsRefused(t *testing.T) {
	_, err := Build(context.Background(), bomb(t), Options{Memory: 80 << 20})
	if err == nil || !strings.HasPrefix(err.Error(), "loading it would take more than the 83.9 MB of memory") {
		t.Error(err)
	}
}

// A load that goes on for ever in what takes no memory can be cancelled.
func TestAnEndlessLoadCanBeCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	endless := &generator{record: func(w *bytes.Buffer, i int) {
		w.WriteString(`{"address":"0x10000", "type":"NONE"}` + "\n")
		if i == 5_000_000 {
			cancel()
		}
	}}
	if _, err := Build(ctx, endless, Options{}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestAFileNameOfAMegabyte(t *testing.T) {
	name := strings.Repeat("n", 1_000_000) + ".rb"
	s, err := build(t, []byte(roots+object+strings.Replace(text, "/a.rb", name, 1)))
	if err != nil {
		t.Fatal(err)
	}
	if sites := s.Sites(name); len(sites) != 1 || sites[0].Objects != 1 {
		t.Errorf("sites %v", sites)
	}
}

func TestAHundredThousandMethodsAndClassesOnOneLine(t *testing.T) {
	var b bytes.Buffer
	w := bufio.NewWriter(&b)
	const n = 100_000
	fmt.Fprintf(w, `{"type":"ROOT", "root":"vm", "references":["%s"]}`+"\n", address(0))
	for i := range n {
		fmt.Fprintf(w, `{"address":"%s", "type":"CLASS", "name":"C%d", "class":"%s", "references":["%s"], "file":"/a.rb", "line":1, "method":"m%d", "generation":%d, "memsize":40}`+"\n",
			address(i), i, address(i), address(i+1), i, i)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	s, err := build(t, b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	d := s.Detail(0)
	if len(d.Classes) != n || len(d.Methods) != n || len(d.Generations) > siteCohorts {
		t.Errorf("%d classes, %d methods, %d generations", len(d.Classes), len(d.Methods), len(d.Generations))
	}
	if got := s.Retained(0); got.Bytes != 40*n || !got.Exact {
		t.Errorf("retained %+v", got)
	}
}
