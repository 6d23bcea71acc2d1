package lsp

import (
	"encoding/json"
	"io"
	"os"
	"regexp"
	"time"
)

// origin is what is known of where a dump was taken.
type origin struct {
	revision string    // of the source, "" where unknown
	cwd      string    // of the process: what relative paths are relative to; "" where unknown
	ruby     string    // version, as 3.1.2; "" where unknown
	pid      int       // of the process, 0 where unknown
	taken    time.Time // by the sidecar, else by the file
	// dirty are the files that were not those of the revision: path below the
	// repository's top → name of git for the text they had.
	dirty map[string]string
}

const sidecarLimit = 1 << 20 // bytes

var rubyVersion = regexp.MustCompile(`\d+\.\d+\.\d+`)

// originOf reads DUMP.meta.json, which a capture writes beside a dump.
func originOf(dump string, st stamp) origin {
	var sidecar struct {
		Revision string            `json:"revision"`
		Dirty    map[string]string `json:"dirty"`
		Cwd      string            `json:"cwd"`
		Ruby     string            `json:"ruby"`
		PID      int               `json:"pid"`
		Time     time.Time         `json:"time"`
	}
	if f, err := os.Open(dump + ".meta.json"); err == nil {
		defer func() { _ = f.Close() }()
		_ = json.NewDecoder(io.LimitReader(f, sidecarLimit)).Decode(&sidecar) // what it does not say stays unknown
	}
	o := origin{sidecar.Revision, sidecar.Cwd, rubyVersion.FindString(sidecar.Ruby), sidecar.PID, sidecar.Time, sidecar.Dirty}
	if o.taken.IsZero() {
		o.taken = st.modified
	}
	if o.revision == "" {
		o.dirty = nil // of what, nobody knows
	}
	return o
}
