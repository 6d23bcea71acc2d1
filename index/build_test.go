package index

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
)

func load(t testing.TB, path string) *Snapshot {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	s, err := Build(context.Background(), f, Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestLeakySitesHaveTheirKnownLiveObjects(t *testing.T) {
	s := load(t, "../testdata/leaky/leak-3.json.gz")
	for _, want := range []struct {
		file    string
		line    int
		objects int64
	}{
		{"lib/request.rb", 8, 15_002},
		{"lib/audit_log.rb", 9, 10_003},
		{"server.rb", 27, 5_004},
		{"lib/request.rb", 7, 5_000},
		{"lib/request.rb", 9, 5_000},
		{"server.rb", 19, 4_002},
		{"lib/lru_cache.rb", 11, 2_000},
		{"lib/subscribers.rb", 7, 802},
	} {
		site, ok := s.SiteAt("/srv/leaky/"+want.file, want.line)
		if !ok || site.Objects != want.objects {
			t.Errorf("%s:%d: %d objects, want %d", want.file, want.line, site.Objects, want.objects)
		}
	}
	sum := s.Summary()
	if sum.Objects.Objects != 84_644 || sum.Live != (Count{84_641, 19_341_874}) {
		t.Errorf("%+v of %+v live, want 84,641 of 84,644 objects and 19,341,874 bytes", sum.Live, sum.Objects)
	}
	t.Logf("%+v", sum)
	site, _ := s.SiteAt("/srv/leaky/lib/request.rb", 8)
	t.Logf("%+v", s.Detail(site.ID))
}

func TestLeakySitesRetainWhatIsKnown(t *testing.T) {
	s := load(t, "../testdata/leaky/leak-3.json.gz")
	for _, want := range []struct {
		site         string
		line         int
		bound, exact int64
	}{
		{"/srv/leaky/lib/audit_log.rb", 4, 3_883_720, 3_883_720},
		{"/srv/leaky/lib/audit_log.rb", 9, 3_824_032, 3_824_032},
		{"/srv/leaky/server.rb", 27, 2_354_064, 2_354_064},
		{"/srv/leaky/lib/request.rb", 8, 1_240_080, 1_240_080},
		{"/srv/leaky/lib/lru_cache.rb", 6, 738_784, 738_784},
		{"/usr/lib/x86_64-linux-gnu/ruby/3.1.0/openssl.so", 0, 361_044, 396_667},
	} {
		site, ok := s.SiteAt(want.site, want.line)
		if !ok || site.Retained.Bytes != want.bound {
			t.Errorf("%s:%d: bound %+v, want %d", want.site, want.line, site.Retained, want.bound)
		}
		if err := s.Exact(context.Background(), []SiteID{site.ID}); err != nil {
			t.Fatal(err)
		}
		if got := s.Retained(site.ID); got.Bytes != want.exact || !got.Exact {
			t.Errorf("%s:%d: %+v, want exactly %d", want.site, want.line, got, want.exact)
		}
	}
}

func TestHoldersAndPathsNameWhatKeepsAlive(t *testing.T) {
	s := load(t, "../testdata/leaky/leak-3.json.gz")
	ctx := context.Background()
	for _, want := range []struct {
		file         string
		line         int
		path, holder string
	}{
		{
			"/srv/leaky/lib/audit_log.rb", 9,
			"ROOT vm → Object → AuditLog → ARRAY 5,000 elements → ≥ 1,000 × HASH → ≥ 525 × STRING",
			"10000 by 1: AuditLog ARRAY 5,000 elements /srv/leaky/lib/audit_log.rb:4",
		},
		{
			"/srv/leaky/lib/request.rb", 8,
			"ROOT vm → Object → AuditLog → ARRAY 5,000 elements → ≥ 1,000 × HASH → ≥ 1,000 × Request → ≥ 1,000 × HASH → ≥ 630 × STRING",
			"15000 by 5000: AuditLog 5,000 × Request /srv/leaky/server.rb:27",
		},
		{
			"<internal:timev>", 271,
			"ROOT vm → Object → AuditLog → ARRAY 5,000 elements → ≥ 1,000 × HASH → ≥ 1,000 × <time> (DATA)",
			"5000 by 5000: AuditLog 5,000 × HASH /srv/leaky/lib/audit_log.rb:9",
		},
		{
			"/srv/leaky/lib/subscribers.rb", 7,
			"ROOT vm → Object → Subscribers → HASH 400 entries → 400 × <proc> (DATA) → 400 × <env> (IMEMO)",
			"800 by 1: Subscribers HASH 400 entries /srv/leaky/lib/subscribers.rb:4",
		},
		{
			"/srv/leaky/lib/audit_log.rb", 4,
			"ROOT vm → Object → AuditLog → ARRAY 5,000 elements",
			"1 by 0:  several holders :0",
		},
	} {
		site, _ := s.SiteAt(want.file, want.line)
		paths, err := s.Paths(ctx, site.ID)
		if err != nil {
			t.Fatal(err)
		}
		var labels []string
		for steps := paths.Roots; len(steps) > 0; steps = steps[0].Next {
			labels = append(labels, steps[0].Label)
		}
		if got := strings.Join(labels, " → "); got != want.path {
			t.Errorf("%s:%d: path %s\nwant %s", want.file, want.line, got, want.path)
		}
		holders, err := s.Holders(ctx, site.ID)
		if err != nil {
			t.Fatal(err)
		}
		h := holders[0]
		if got := fmt.Sprintf("%d by %d: %s %s %s:%d", h.Objects, h.Holders, h.Owner, h.Label, h.File, h.Line); got != want.holder {
			t.Errorf("%s:%d: held %s, want %s", want.file, want.line, got, want.holder)
		}
	}
}

func TestWhatTookTheDumpIsNotOfTheProgram(t *testing.T) {
	at := func(address, file string) string {
		return fmt.Sprintf(`{"address":%q, "type":"STRING", "file":%q, "line":7, "generation":1, "memsize":40}`+"\n", address, file)
	}
	s := compare(t, []byte(`{"type":"ROOT", "root":"vm", "references":["0x10", "0x20", "0x30", "0x40"]}`+"\n"+
		at("0x10", "/home/me/.cache/heapline/capture-9f250d37bde883a7.rb")+
		at("0x20", "/srv/heapline/capture-notes.rb")+ // a program's own
		at("0x30", "/srv/app/capture.rb")+
		`{"address":"0x40", "type":"DATA", "struct":"ObjectTracing/allocation_info_tracer", "file":"/srv/app/capture.rb", "line":7, "memsize":900}`+"\n"))
	if got, want := s.Summary().Tracer, (Count{2, 940}); got != want {
		t.Errorf("of tracing are %+v, want %+v", got, want)
	}
	if got := s.AllSites(); len(got) != 2 || got[0].File != "/srv/app/capture.rb" || got[1].File != "/srv/heapline/capture-notes.rb" {
		t.Errorf("the program's sites are %+v", got)
	}
}
