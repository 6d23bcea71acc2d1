package lsp

import (
	"regexp"
	"time"

	"heapline/index"
)

// origin is what is known of where a dump was taken.
type origin struct {
	index.Taken
	ruby  string    // version, as 3.1.2; "" where unknown
	taken time.Time // by the sidecar, else by the file
}

var rubyVersion = regexp.MustCompile(`\d+\.\d+\.\d+`)

// originOf reads what a capture has written beside a dump.
func originOf(dump string, st stamp) origin {
	t, _ := index.ReadTaken(dump)
	o := origin{t, rubyVersion.FindString(t.Ruby), t.Time}
	if o.taken.IsZero() {
		o.taken = st.modified
	}
	if o.Revision == "" {
		o.Dirty, o.DirtyUnknown, o.Changed, o.ChangedUnknown = nil, false, nil, false // of what, nobody knows
	}
	return o
}
