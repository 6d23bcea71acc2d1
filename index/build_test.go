package index

import (
	"context"
	"os"
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
