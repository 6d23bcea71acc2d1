package index

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

const leakySeries = "../testdata/leaky/leak-%d.json.gz"

// seriesOf reads dumps, the last one whole.
func seriesOf(t testing.TB, dumps ...io.Reader) *Series {
	t.Helper()
	ctx := context.Background()
	var past []*Past
	for _, r := range dumps[:len(dumps)-1] {
		p, err := ReadPast(ctx, r, Options{})
		if err != nil {
			t.Fatal(err)
		}
		past = append(past, p)
	}
	s, err := Build(ctx, dumps[len(dumps)-1], Options{})
	if err != nil {
		t.Fatal(err)
	}
	x, err := s.Compare(ctx, past)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// filesOf opens files named by a pattern for the numbers.
func filesOf(t testing.TB, pattern string, numbers ...int) []io.Reader {
	t.Helper()
	var list []io.Reader
	for _, i := range numbers {
		f, err := os.Open(fmt.Sprintf(pattern, i))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = f.Close() })
		list = append(list, f)
	}
	return list
}

// described lists suspects as "FILE:LINE < FILE:LINE + feeders", where < leads
// to the holder.
func described(t testing.TB, x *Series, list []Suspect, err error) []string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	at := func(id SiteID) string {
		return fmt.Sprintf("%s:%d", strings.TrimPrefix(x.Last().AllSites()[id].File, "/srv/leaky/"), x.Last().AllSites()[id].Line)
	}
	for _, s := range list {
		text := at(s.Site)
		if s.Holder != nil {
			text += fmt.Sprintf(" < %s:%d", strings.TrimPrefix(s.Holder.File, "/srv/leaky/"), s.Holder.Line)
		}
		if len(s.Feeders) > 0 {
			text += " +"
		}
		for _, id := range s.Feeders {
			text += " " + at(id)
		}
		out = append(out, text)
	}
	return out
}

var leakySuspects = []string{
	"lib/audit_log.rb:9 < lib/audit_log.rb:4 + lib/request.rb:7 lib/request.rb:8 lib/request.rb:9 server.rb:27 <internal:timev>:271",
	"lib/subscribers.rb:7 < lib/subscribers.rb:4",
}

func TestTheSuspectsOfALabelledSeries(t *testing.T) {
	x := seriesOf(t, filesOf(t, leakySeries, 1, 2, 3)...)
	list, err := x.Suspects(context.Background(), DefaultThresholds)
	if got := described(t, x, list, err); !slices.Equal(got, leakySuspects) {
		t.Errorf("got %q\nwant %q", got, leakySuspects)
	}
	want := "Grows by 4,000 objects, 1.5 MB per dump; 10,003 objects alive; held by ARRAY 5,000 elements of AuditLog, /srv/leaky/lib/audit_log.rb:4."
	if got := list[0].Sentence(func(file string, line int) string { return fmt.Sprintf("%s:%d", file, line) }); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestTheSteadyGrowthOfASingleDump(t *testing.T) {
	x := seriesOf(t, filesOf(t, leakySeries, 1, 3)...)
	list, err := x.Last().SteadyGrowth(context.Background(), DefaultThresholds)
	if got := described(t, x, list, err); !slices.Equal(got, leakySuspects) {
		t.Errorf("got %q\nwant %q", got, leakySuspects)
	}
}

// What each line of the labelled program has made between the first dump and
// the second and is alive in the third.
func TestNewInTheSecondDumpAndKeptInTheThird(t *testing.T) {
	truth := map[string]int64{
		"lib/request.rb:8": 6000, "lib/audit_log.rb:9": 4000, "<internal:timev>:271": 2000, "server.rb:27": 2000,
		"lib/request.rb:9": 2000, "lib/request.rb:7": 2000, "lib/subscribers.rb:7": 320, "server.rb:19": 0, "lib/lru_cache.rb:11": 0,
	}
	x := seriesOf(t, filesOf(t, leakySeries, 1, 2, 3)...)
	if x.Match != ByIdentity {
		t.Fatalf("matched by %s", x.Match)
	}
	byCohort := *x
	byCohort.seen = x.byCohort()
	byCohort.grow()
	sum := int64(0)
	for id, site := range x.Last().AllSites() {
		name := fmt.Sprintf("%s:%d", strings.TrimPrefix(site.File, "/srv/leaky/"), site.Line)
		g, other := x.Growth(SiteID(id)), byCohort.Growth(SiteID(id))
		if want, ok := truth[name]; ok && g.NewKept().Objects != want {
			t.Errorf("%s: %d, want %d", name, g.NewKept().Objects, want)
		}
		for i := range g.Seen {
			if g.Seen[i].Objects != other.Seen[i].Objects {
				t.Errorf("%s: by identity %v, by cohort %v", name, g.Seen, other.Seen)
				break
			}
		}
		sum += g.NewKept().Objects
	}
	t.Logf("%d objects in all", sum)
}

// The order in which the dumps are given does not matter, but for which is last.
func TestDumpsAreOrderedByTheirNewestGeneration(t *testing.T) {
	x := seriesOf(t, filesOf(t, leakySeries, 2, 1, 3)...)
	var newest []int64
	for _, d := range x.Dumps {
		newest = append(newest, d.Newest)
	}
	if want := []int64{32, 51, 66}; !slices.Equal(newest, want) {
		t.Errorf("got %v, want %v", newest, want)
	}
	if got := x.Growth(0); len(got.Counts) != 3 {
		t.Errorf("got %+v", got)
	}
}

// A process that had no GC between dumps, each taken after a GC of a child.
func TestDumpsWithoutAGCInBetween(t *testing.T) {
	var sources []Source
	at := time.Date(2026, 5, 6, 10, 30, 0, 0, time.UTC)
	for _, i := range []int{2, 0, 1} {
		var b strings.Builder
		var roots []string
		add := func(address, generation int) {
			roots = append(roots, fmt.Sprintf(`"0x%x"`, address))
			fmt.Fprintf(&b, `{"address":"0x%x","type":"STRING","file":"a.rb","line":1,"generation":%d,"memsize":40}`+"\n", address, generation)
		}
		fmt.Fprintln(&b, `{"address":"0x10","type":"CLASS","name":"String","memsize":100}`)
		for j := range 100 * (i + 1) {
			add(0x1000+64*j, 10)
		}
		add(0x9000000+64*i, 11) // the child's own
		fmt.Fprintf(&b, `{"type":"ROOT","root":"vm","references":["0x10",%s]}`+"\n", strings.Join(roots, ","))
		sources = append(sources, Source{Path: fmt.Sprint(i), Time: at.Add(time.Duration(i) * time.Minute), Open: func() (io.ReadCloser, error) {
			return io.NopCloser(strings.NewReader(b.String())), nil
		}})
	}
	_, x, err := BuildSeries(t.Context(), sources, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if x.Match != ByIdentity || x.Dumps[0].Path != "0" || x.Dumps[2].Path != "2" {
		t.Errorf("compared by %s: %+v", x.Match, x.Dumps)
	}
	if got := x.Growth(0).NewKept().Objects; got != 100 {
		t.Errorf("%d objects are new in the second dump and there in the third, not 100", got)
	}
}

// moved returns a dump as another run of the same program would write it, whose
// memory lies elsewhere.
func moved(t testing.TB, number int) io.Reader {
	t.Helper()
	text := plain(t, fmt.Sprintf(leakySeries, number))
	return strings.NewReader(strings.ReplaceAll(string(text), `"0x7`, `"0x5`))
}

func TestDumpsOfTwoProcessesAreComparedByTotals(t *testing.T) {
	x := seriesOf(t, moved(t, 1), filesOf(t, leakySeries, 3)[0])
	if x.Match != ByTotals {
		t.Fatalf("matched by %s", x.Match)
	}
	site, _ := x.Last().SiteAt("/srv/leaky/lib/audit_log.rb", 9)
	g := x.Growth(site.ID)
	if g.Seen != nil || g.Counts[0].Objects != 2003 || g.Counts[1].Objects != 10003 || g.NewKept().Objects != 0 {
		t.Errorf("got %+v", g)
	}
	if list, err := x.Suspects(context.Background(), DefaultThresholds); len(list) != 0 || err != nil {
		t.Errorf("got %v, %v", list, err)
	}
}

// Up to Ruby 3.3 an object that moves loses its allocation site: in the series of
// that one few have moved. In the other nearly all have.
func TestASeriesOfOneProcessThatCompactsItsHeap(t *testing.T) {
	for _, tt := range []struct{ ruby, match string }{{"3.1.2", ByIdentity}, {"3.4.9", ByCohort}} {
		t.Run(tt.ruby, func(t *testing.T) {
			x := scenario(t, "../testdata/scenarios/compact/"+tt.ruby+"/leak.tar.zst")
			if x.Match != tt.match {
				t.Errorf("compared by %s, want %s", x.Match, tt.match)
			}
			list, err := x.Suspects(context.Background(), DefaultThresholds)
			got := described(t, x, list, err)
			if slices.Sort(got); len(got) != 2 || !strings.HasPrefix(got[0], "lib/audit_log.rb:9 < lib/audit_log.rb:4 + ") || got[1] != leakySuspects[1] {
				t.Errorf("got %q\nwant %q", got, leakySuspects)
			}
		})
	}
}

// What a naive reading of a dump's live objects finds no more in the last one.
func TestFreedIsWhatANaiveReadingFindsNoMore(t *testing.T) {
	x := seriesOf(t, filesOf(t, leakySeries, 1, 2, 3)...)
	identities := func(number int) map[string]string { // to FILE:LINE
		n, found := readNaive(t, plain(t, fmt.Sprintf(leakySeries, number))), map[string]string{}
		for at := range n.live() {
			if o := n.objects[at]; o.File != nil && o.Generation != nil {
				site := fmt.Sprintf("%s:%d", *o.File, o.Line)
				found[fmt.Sprint(at, o.Type, o.Class, site, *o.Generation)] = site
			}
		}
		return found
	}
	last := identities(3)
	some := false
	for dump := range 2 {
		want := map[string]int64{}
		for identity, site := range identities(dump + 1) {
			if _, ok := last[identity]; !ok {
				want[site]++
			}
		}
		for id, site := range x.Last().AllSites() {
			got := x.Growth(SiteID(id)).Freed(dump)
			if name := fmt.Sprintf("%s:%d", site.File, site.Line); got != want[name] {
				t.Errorf("dump %d, %s: %d freed, want %d", dump+1, name, got, want[name])
			}
			some = some || got > 0
		}
	}
	if !some {
		t.Error("nothing was freed: the test shows nothing")
	}
}

// Of all pairs of dumps, no more than half grow faster and no more than half
// slower.
func TestGrowthPerGCIsTheMedianOfAllPairs(t *testing.T) {
	x := seriesOf(t, filesOf(t, leakySeries, 1, 2, 3)...)
	for id := range x.Last().AllSites() {
		got, ok := x.PerGC(SiteID(id))
		faster, slower, pairs := 0, 0, 0
		counts := x.Growth(SiteID(id)).Counts
		for i := range counts {
			for j := range counts {
				if x.Dumps[i].Newest < x.Dumps[j].Newest {
					pairs++
					if per := float64(counts[j].Objects-counts[i].Objects) / float64(x.Dumps[j].Newest-x.Dumps[i].Newest); per > got {
						faster++
					} else if per < got {
						slower++
					}
				}
			}
		}
		if !ok || pairs != 3 || 2*faster > pairs || 2*slower > pairs {
			t.Errorf("site %d: %v, %d of %d are faster, %d slower", id, got, faster, pairs, slower)
		}
	}
	if _, ok := seriesOf(t, moved(t, 1), filesOf(t, leakySeries, 3)[0]).PerGC(0); ok {
		t.Error("the GCs of two processes are compared")
	}
}
