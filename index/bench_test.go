package index

import (
	"context"
	"flag"
	"os"
	"testing"
)

var dumpFlag = flag.String("dump", "", "a dump to run the benchmarks on instead of the sample")

// BenchmarkLoad loads a whole dump: bytes → sites.
func BenchmarkLoad(b *testing.B) {
	path := *dumpFlag
	if path == "" {
		path = "../testdata/leaky/leak-3.json.gz"
	}
	info, err := os.Stat(path)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(info.Size())
	for b.Loop() {
		f, err := os.Open(path)
		if err != nil {
			b.Fatal(err)
		}
		s, err := Build(context.Background(), f, Options{})
		if err != nil {
			b.Fatal(err)
		}
		f.Close()
		b.ReportMetric(float64(s.Summary().Objects.Objects), "objects")
	}
}
