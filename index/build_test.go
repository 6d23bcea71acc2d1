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
