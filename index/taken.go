package index

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// Taken is what a capture has written beside a dump, in DUMP.meta.json, of the
// process that the dump is of. Everything may be missing, and is then zero. Its
// texts are untrusted.
type Taken struct {
	Ruby     string    `json:"ruby"`     // version, as 3.1.2
	PID      int       `json:"pid"`      // of the process
	Argv     []string  `json:"argv"`     // its program and arguments
	Cwd      string    `json:"cwd"`      // its working directory
	Time     time.Time `json:"time"`     // when
	Started  time.Time `json:"started"`  // from when on it may have loaded code
	GCCount  int64     `json:"gcCount"`  // its generation then: objects that were made last have this one
	RSS      int64     `json:"rss"`      // bytes of memory that it had then, before the dump
	Revision string    `json:"revision"` // commit of its source
	// Dirty are the files that were not those of the revision: path below the
	// repository's top → name of git for the text they had, "" where it is not known.
	Dirty        map[string]string `json:"dirty,omitempty"`
	DirtyUnknown bool              `json:"dirtyUnknown,omitempty"` // any file may be one of those
	// Changed are the files that had another text for a part of the time that the process ran.
	Changed        []string `json:"changed,omitempty"`
	ChangedUnknown bool     `json:"changedUnknown,omitempty"` // any file may be one of those
}

const takenLimit = 1 << 20 // bytes

// ReadTaken reads what there is beside a dump. It returns false where there is nothing.
func ReadTaken(dumpPath string) (Taken, bool) {
	f, err := os.Open(dumpPath + ".meta.json")
	if err != nil {
		return Taken{}, false
	}
	defer func() { _ = f.Close() }()
	var t Taken
	err = json.NewDecoder(io.LimitReader(f, takenLimit)).Decode(&t)
	return t, err == nil || t.PID != 0 // what is of another type stays zero
}

// Process says which process it was: "process 123 (puma -w 2), Ruby 3.1.2, on
// 2026-05-06 at 10:30". "" where that is not known. Untrusted text.
func (t Taken) Process() string {
	if t.PID == 0 {
		return ""
	}
	text := fmt.Sprintf("process %d", t.PID)
	if len(t.Argv) > 0 {
		text += fmt.Sprintf(" (%.80s)", strings.Join(t.Argv, " "))
	}
	if t.Ruby != "" {
		text += ", Ruby " + t.Ruby
	}
	if !t.Time.IsZero() {
		text += t.Time.Format(", on 2006-01-02 at 15:04")
	}
	return text
}

// Memory says how much of the process's memory a dump's objects are; "" where
// that is not known.
func (t Taken) Memory(objects Count) string {
	if t.RSS <= 0 {
		return ""
	}
	text := fmt.Sprintf("%s were resident", FormatBytes(t.RSS))
	if objects.Bytes > t.RSS { // some of it was swapped out
		return text + ", less than the objects have"
	}
	return text + fmt.Sprintf(", of which all objects are %s (%d %%); the rest is Ruby itself, C extensions, threads and free space",
		FormatBytes(objects.Bytes), objects.Bytes*100/t.RSS)
}
