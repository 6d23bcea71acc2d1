// Package capture takes heap dumps of Ruby processes: of those that it starts
// itself (Run), with allocation tracing from the first line on, and of those that
// run already (Attach). Beside each dump it writes what is known of the process.
// It prints nothing; callbacks tell how far it has come.
package capture

import (
	"errors"
	"fmt"
	"runtime"
	"time"
)

// Options are what every dump is taken with.
type Options struct {
	Out      string // folder for the dumps, made where it is missing; "" for the current one
	Compress string // one of Compressions
	NoGC     bool   // leave garbage in the dump instead of collecting it first

	// Progress, Taken and Failed may be nil. They are never called at the same time.
	Progress func(Progress)
	Taken    func(Dump)
	Failed   func(pid int, err error) // a dump that could not be taken, while what was asked for goes on
}

// Compressions are the choices for Options.Compress; the first is for none.
var Compressions = []string{"", "gzip", "zstd"}

// Progress is how far a dump has come.
type Progress struct {
	PID   int
	Bytes int64 // of the dump read so far, before compression
}

// Dump is a dump that is complete, with its description beside it in Path + ".meta.json".
type Dump struct {
	Path     string
	PID      int
	Bytes    int64         // of the dump, before compression
	Pause    time.Duration // for which the process stood still
	InPlace  bool          // taken by the process itself, which stood still all the time, and not by a forked child
	Warnings []string      // sentences: what to know before one believes the numbers
}

// Stood says for how long the process stood still: "which paused for 1.1 ms".
func (d Dump) Stood() string {
	if d.InPlace {
		return "which stood still meanwhile"
	}
	return fmt.Sprintf("which paused for %.1f ms", float64(d.Pause.Microseconds())/1000)
}

// errUnsupported is for platforms without what a capture needs.
var errUnsupported = errors.New("capturing heap dumps works on Linux and macOS only: " +
	"in the program itself, write one with ObjectSpace.dump_all (heapline snippet script shows how)")

// check returns what is wrong with the options.
func (o *Options) check() error {
	if runtime.GOOS == "windows" {
		return errUnsupported
	}
	if extension[o.Compress] == "" {
		return fmt.Errorf("dumps can be compressed with gzip or zstd, not with %q", o.Compress)
	}
	return nil
}
