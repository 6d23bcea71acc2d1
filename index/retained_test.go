package index

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"path/filepath"
	"testing"

	"heapline/index/graph"
	"heapline/index/heap"
)

// walkWithout is the oracle: what is live and not reached without the objects
// of a site, found by one walk of its own.
func walkWithout(c *contents, gone SiteID) Retained {
	h := c.heap
	seen := graph.NewSet(h.Refs.Len())
	for _, id := range c.objectsOf(gone) {
		seen.Add(id)
	}
	queue := []heap.ID{graph.Root}
	for len(queue) > 0 {
		at := queue[0]
		queue = queue[1:]
		for _, to := range h.Refs.Out(at) {
			if !seen.Has(to) {
				seen.Add(to)
				queue = append(queue, to)
			}
		}
	}
	r := Retained{Exact: true}
	for id := h.First(); id < h.End(); id++ {
		if own := c.live.Has(id) && c.siteOf(id) == gone; own || c.live.Has(id) && !seen.Has(id) {
			r.Bytes += h.Memsize(id)
			r.Objects++
		}
	}
	return r
}

func TestExactSizesEqualWalkingWithoutTheSite(t *testing.T) {
	dumps, err := filepath.Glob("../testdata/leaky/*.json.gz")
	if err != nil || len(dumps) == 0 {
		t.Fatal("no dumps", err)
	}
	const stride = 23 // the oracle is slow
	for _, path := range dumps {
		t.Run(filepath.Base(path), func(t *testing.T) {
			s := load(t, path)
			var ids []SiteID
			for _, site := range s.AllSites() {
				if site.ID%stride == 0 || site.Objects > 500 {
					ids = append(ids, site.ID)
				}
			}
			if err := s.Exact(context.Background(), ids); err != nil {
				t.Fatal(err)
			}
			for _, id := range ids {
				site, got, want := s.sites[id], s.Retained(id), walkWithout(s.heap, id)
				bound := site.Retained
				if got != want || bound.Bytes > want.Bytes || bound.Exact && bound.Bytes != want.Bytes {
					t.Errorf("%s:%d: %+v, bound %+v, want %+v", site.File, site.Line, got, bound, want)
				}
			}
		})
	}
}

func TestFewAndManyWalksAgree(t *testing.T) {
	s := load(t, "../testdata/leaky/leak-2.json.gz")
	var many []SiteID
	for _, site := range s.AllSites()[:200] {
		many = append(many, site.ID)
	}
	one := *s
	one.caches = &caches{}
	if err := s.Exact(context.Background(), many); err != nil {
		t.Fatal(err)
	}
	for _, id := range many[:20] {
		if err := one.Exact(context.Background(), []SiteID{id}); err != nil {
			t.Fatal(err)
		}
		if a, b := s.Retained(id), one.Retained(id); a != b {
			t.Errorf("site %d: %+v among many, %+v alone", id, a, b)
		}
	}
}

// writeList writes a linked list of n structs, all made on one line, each of 40
// bytes, held by one array of 80 bytes on another line.
func writeList(w io.Writer, n int) {
	const base = 0x7f0000000000
	fmt.Fprintf(w, `{"type":"ROOT", "root":"vm", "references":["%#x"]}`+"\n", base)
	fmt.Fprintf(w, `{"address":"%#x", "type":"ARRAY", "length":1, "references":["%#x"], "file":"a.rb", "line":1, "memsize":80}`+"\n", base, base+40)
	for i := 1; i <= n; i++ {
		next := ""
		if i < n {
			next = fmt.Sprintf(`"references":["%#x"], `, base+40*(i+1))
		}
		fmt.Fprintf(w, `{"address":"%#x", "type":"STRUCT", %s"file":"a.rb", "line":2, "memsize":40}`+"\n", base+40*i, next)
	}
}

func TestAListOfAMillionStructsRetainsItsBytesOnce(t *testing.T) {
	const n = 1_000_000
	var b bytes.Buffer
	writeList(&b, n)
	s, err := Build(context.Background(), &b, Options{})
	if err != nil {
		t.Fatal(err)
	}
	list, _ := s.SiteAt("a.rb", 2)
	head, _ := s.SiteAt("a.rb", 1)
	if list.Objects != n || list.Retained != (Retained{Bytes: 40 * n, Exact: true}) {
		t.Errorf("%+v, want %d objects that retain %d bytes", list, n, 40*n)
	}
	if head.Retained.Bytes != 40*n+80 {
		t.Errorf("the array retains %d bytes, want %d", head.Retained.Bytes, 40*n+80)
	}
	if err := s.Exact(context.Background(), []SiteID{list.ID, head.ID}); err != nil {
		t.Fatal(err)
	}
	if got := s.Retained(list.ID); got != (Retained{Bytes: 40 * n, Objects: n, Exact: true}) {
		t.Errorf("exactly %+v", got)
	}
	holders, err := s.Holders(context.Background(), list.ID)
	if err != nil || len(holders) != 1 || holders[0].Objects != n || holders[0].Line != 1 {
		t.Errorf("held by %+v, %v", holders, err)
	}
	paths, err := s.Paths(context.Background(), list.ID)
	if err != nil || paths.Objects == 0 {
		t.Fatalf("%+v, %v", paths, err)
	}
	if array := paths.Roots[0].Next[0]; array.Label != "ARRAY 1 element" || len(array.Next) != 1 || array.Next[0].Line != 2 || len(array.Next[0].Next) != 0 {
		t.Errorf("the path goes on from %+v", array)
	}
}
