package index

import (
	"fmt"
	"math"
	"strconv"

	"github.com/dustin/go-humanize"
)

// FormatBytes writes a size for people: 999 B, 1.2 kB, 3.8 MB (1 kB = 1,000 bytes).
func FormatBytes(n int64) string {
	if n < 1000 {
		return strconv.FormatInt(n, 10) + " B"
	}
	value := float64(n) / 1000
	prefixes := "kMGTPE"
	for value >= 999.95 { // would print as 1000.0
		value /= 1000
		prefixes = prefixes[1:]
	}
	return strconv.FormatFloat(value, 'f', 1, 64) + " " + prefixes[:1] + "B"
}

// ParseBytes reads a size as people write it: "8 GB", "1.5GB", "512 MiB".
func ParseBytes(text string) (int64, error) {
	n, err := humanize.ParseBytes(text)
	if err != nil || n == 0 || n > math.MaxInt64 {
		return 0, fmt.Errorf("%q is no size such as 8 GB or 512 MB", text)
	}
	return int64(n), nil
}

// FormatObjects writes a number of objects for people: 1 object, 15,002 objects.
func FormatObjects(n int64) string {
	if n == 1 {
		return "1 object"
	}
	return humanize.Comma(n) + " objects"
}

// FormatRetained writes a retained size for people: "3.8 MB", "≥ 361.0 kB" for
// a lower bound, "" where it is not known.
func FormatRetained(r Retained) string {
	switch {
	case !r.Known():
		return ""
	case r.Exact:
		return FormatBytes(r.Bytes)
	}
	return "≥ " + FormatBytes(r.Bytes)
}
