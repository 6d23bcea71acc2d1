package index

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"heapline/index/dump"
)

// naive is a second, slow implementation of what a snapshot counts: a map of
// decoded JSON objects and a queue-driven walk over addresses.
type naive struct {
	objects map[string]naiveObject
	order   []string
	roots   []string
	rooted  bool
	bad     int64
}

type naiveObject struct {
	Address    string   `json:"address"`
	Type       string   `json:"type"`
	Root       *string  `json:"root"`
	Class      string   `json:"class"`
	Struct     string   `json:"struct"`
	References []string `json:"references"`
	File       *string  `json:"file"`
	Line       siteLine `json:"line"`
	Memsize    int64    `json:"memsize"`
	Generation *int64   `json:"generation"`
}

// siteLine is 0 for a line that no file can have: MRI writes a negative one,
// given to eval, as a huge one.
type siteLine int

func (l *siteLine) UnmarshalJSON(raw []byte) error {
	n, err := strconv.ParseUint(string(raw), 10, 64)
	if err != nil || n > math.MaxInt32 {
		n = 0
	}
	*l = siteLine(n)
	return nil
}

func readNaive(t testing.TB, data []byte) *naive {
	t.Helper()
	n := &naive{objects: map[string]naiveObject{}}
	lines := bufio.NewReader(bytes.NewReader(data))
	for {
		line, err := lines.ReadBytes('\n')
		if text := bytes.TrimSpace(line); len(text) > 0 {
			n.add(text)
		}
		if err == io.EOF {
			return n
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

func (n *naive) add(line []byte) {
	var o naiveObject
	if json.Unmarshal(line, &o) != nil || o.Type == "" || o.Type == "ROOT" && o.Root == nil || o.Type != "ROOT" && o.Address == "" {
		n.bad++
		return
	}
	_, again := n.objects[o.Address]
	switch {
	case o.Type == "ROOT":
		n.roots, n.rooted = append(n.roots, o.References...), true
	case o.Type == "SHAPE", o.Type == "NONE":
	case again:
		n.bad++
	default:
		n.objects[o.Address] = o
		n.order = append(n.order, o.Address)
	}
}

func (n *naive) live() map[string]bool {
	live := map[string]bool{}
	queue := slices.Clone(n.roots)
	if !n.rooted { // then nobody can tell
		queue = slices.Clone(n.order)
	}
	for len(queue) > 0 {
		at := queue[0]
		queue = queue[1:]
		o, ok := n.objects[at]
		if !ok || live[at] {
			continue
		}
		live[at] = true
		queue = append(append(queue, o.References...), o.Class)
	}
	return live
}

// totals are what a naive reading and a snapshot must agree on.
type totals struct {
	objects, live, garbage, tracer, noSite Count
	sites                                  map[string]Count
	bad                                    int64
}

func (n *naive) totals() totals {
	r := totals{sites: map[string]Count{}, bad: n.bad}
	live := n.live()
	for _, at := range n.order {
		o := n.objects[at]
		r.objects.add(o.Memsize)
		if !live[at] {
			r.garbage.add(o.Memsize)
			continue
		}
		r.live.add(o.Memsize)
		switch {
		case o.Type == "DATA" && o.Struct == "ObjectTracing/allocation_info_tracer", o.File != nil && strings.Contains(*o.File, "/heapline/capture-9"):
			r.tracer.add(o.Memsize)
		case o.File == nil:
			r.noSite.add(o.Memsize)
		default:
			key := fmt.Sprintf("%s:%d", *o.File, o.Line)
			c := r.sites[key]
			c.add(o.Memsize)
			r.sites[key] = c
		}
	}
	return r
}

func totalsOf(s *Snapshot) totals {
	sum := s.Summary()
	r := totals{sum.Objects, sum.Live, sum.Garbage, sum.Tracer, sum.NoSite, map[string]Count{}, sum.Problems.Count}
	for _, site := range s.AllSites() {
		r.sites[fmt.Sprintf("%s:%d", site.File, site.Line)] = site.Count
	}
	return r
}

func compare(t *testing.T, data []byte) *Snapshot {
	t.Helper()
	want := readNaive(t, data).totals()
	var first *Snapshot
	for _, workers := range []int{1, 3} {
		s, err := Build(context.Background(), bytes.NewReader(data), Options{Workers: workers})
		if err != nil {
			t.Fatal(err)
		}
		got := totalsOf(s)
		if !maps.Equal(got.sites, want.sites) {
			t.Errorf("%d workers: %d sites differ from the %d of the naive reading", workers, len(got.sites), len(want.sites))
		}
		got.sites, want.sites = nil, maps.Clone(want.sites)
		check := want
		check.sites = nil
		if fmt.Sprint(got) != fmt.Sprint(check) {
			t.Errorf("%d workers: got %+v, want %+v", workers, got, check)
		}
		addsUp(t, s)
		if first == nil {
			first = s
		} else {
			sameDetails(t, first, s)
		}
	}
	return first
}

func addsUp(t *testing.T, s *Snapshot) {
	t.Helper()
	sum := s.Summary()
	if got := plus(sum.Live, sum.Garbage); got != sum.Objects {
		t.Errorf("live + garbage = %+v, all objects %+v", got, sum.Objects)
	}
	sites := plus(sum.NoSite, sum.Tracer)
	for _, site := range s.AllSites() {
		sites = plus(sites, site.Count)
		var classes, types Count
		d := s.Detail(site.ID)
		for _, c := range d.Classes {
			classes = plus(classes, c.Count)
		}
		for _, c := range d.Types {
			types = plus(types, c.Count)
		}
		if classes != site.Count || types != site.Count {
			t.Errorf("%s:%d has %+v, its classes %+v, its types %+v", site.File, site.Line, site.Count, classes, types)
		}
	}
	if sites != sum.Live {
		t.Errorf("sites + no site + tracer = %+v, live %+v", sites, sum.Live)
	}
}

func plus(a, b Count) Count { return Count{a.Objects + b.Objects, a.Bytes + b.Bytes} }

// sameDetails holds two loads of one dump by different numbers of workers
// against each other.
func sameDetails(t *testing.T, a, b *Snapshot) {
	t.Helper()
	if !slices.Equal(a.AllSites(), b.AllSites()) {
		t.Fatal("the sites depend on the number of workers")
	}
	for _, site := range a.AllSites() {
		if x, y := fmt.Sprint(*a.Detail(site.ID)), fmt.Sprint(*b.Detail(site.ID)); x != y {
			t.Fatalf("%s:%d depends on the number of workers:\n%s\n%s", site.File, site.Line, x, y)
		}
	}
}

func plain(t testing.TB, path string) []byte {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := dump.Decompress(f)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestSnapshotEqualsANaiveReading(t *testing.T) {
	dumps, err := filepath.Glob("../testdata/leaky/*.json.gz")
	if err != nil || len(dumps) == 0 {
		t.Fatal("no dumps", err)
	}
	for _, path := range dumps {
		t.Run(filepath.Base(path), func(t *testing.T) { compare(t, plain(t, path)) })
	}
}

// Damage: lines lost, repeated, torn and cut, in a dump small enough for many tries.
func TestDamagedDumpsAddUpAndCountEveryLostLine(t *testing.T) {
	all := bytes.SplitAfter(plain(t, "../testdata/leaky/leak-1.json.gz"), []byte("\n"))
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 15 {
		var data []byte
		for i := rnd.IntN(len(all) / 2); i < len(all) && len(data) < 400_000; i++ {
			line := all[i]
			switch rnd.IntN(50) {
			case 0:
				continue
			case 1:
				data = append(data, line...)
			case 2:
				line = append(slices.Clone(line[:rnd.IntN(len(line)+1)]), '\n')
			case 3:
				line = []byte("\r\n")
			}
			data = append(data, line...)
		}
		data = append(data, all[0]...) // roots
		compare(t, data[:len(data)-rnd.IntN(100)])
	}
}
