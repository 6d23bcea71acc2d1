package capture

import (
	"context"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"
)

// taker takes dumps with the same options.
type taker struct {
	Options
	mu sync.Mutex // for callbacks: processes may end at the same time

	before  func() source // the code as the command began; nil: nobody looked
	started time.Time     // of the command
}

func (t *taker) progress(p Progress) {
	if t.Progress != nil {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.Progress(p)
	}
}

func (t *taker) taken(d Dump) {
	if t.Taken != nil {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.Taken(d)
	}
}

func (t *taker) failed(pid int, err error) {
	if t.Failed != nil {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.Failed(pid, err)
	}
}

// take asks a process that has introduced itself for a dump and writes it. It ends the call.
func (t *taker) take(ctx context.Context, c *call, trace bool) (Dump, error) {
	defer c.conn.Close()
	defer context.AfterFunc(ctx, func() { _ = c.conn.Close() })()
	d, err := t.write(ctx, c, trace)
	if err != nil {
		c.giveUp()
		return Dump{}, explain(ctx, c.pid(), err)
	}
	t.taken(d)
	return d, nil
}

func (t *taker) write(ctx context.Context, c *call, trace bool) (Dump, error) {
	warnings, err := judge(c, trace)
	if err != nil {
		return Dump{}, err
	}
	about, _ := inspect(c.pid()) // RSS as it is now: the dump's own cost comes later
	taken := time.Now()
	f, err := create(t.Out, t.name(c, taken), t.Compress, t.need(about.RSS))
	if err != nil {
		return Dump{}, err
	}
	defer f.discard()
	words := []string{"dump"}
	if !t.NoGC {
		words = append(words, "gc")
	}
	if trace {
		words = append(words, "trace")
	}
	if err := c.ask(words...); err != nil {
		return Dump{}, err
	}
	sink := &reporting{f, t, Progress{PID: c.pid()}}
	if err := c.body(sink); err != nil {
		return Dump{}, err
	}
	began := t.began(about, taken)
	description, err := describe(c.said, about, began, taken, t.codeOf(ctx, c.said.at("cwd", 0), began))
	if err == nil {
		err = f.commit(description)
	}
	if err != nil {
		return Dump{}, err
	}
	return Dump{
		Path: f.path, PID: c.pid(), Bytes: f.bytes, Warnings: warnings,
		Pause:   time.Duration(c.said.number("pause", 0)) * time.Microsecond,
		InPlace: len(c.said["pause"]) == 0,
	}, nil
}

// reporting counts what goes into a file.
type reporting struct {
	*file
	t    *taker
	last Progress
}

const reportEvery = 1 << 20 // bytes

func (r *reporting) Write(p []byte) (int, error) {
	n, err := r.file.Write(p)
	if r.bytes-r.last.Bytes >= reportEvery {
		r.last.Bytes = r.bytes
		r.t.progress(r.last)
	}
	return n, err
}

// need guesses a dump's size on disk from that of its process: about as much
// text as memory, and a tenth of it compressed.
func (t *taker) need(rss int64) int64 {
	if t.Compress != "" {
		return rss / 10
	}
	return rss
}

var notInNames = regexp.MustCompile(`[^A-Za-z0-9._]+`)

// name is that of a dump, without an extension: PROGRAM-PID-TIME.
func (t *taker) name(c *call, taken time.Time) string {
	program := "ruby"
	if p, err := inspect(c.pid()); err == nil {
		program = p.program()
	}
	program = strings.Trim(notInNames.ReplaceAllString(program, "-"), "-.")
	at := strings.ReplaceAll(taken.Format("20060102-150405.000"), ".", "-")
	return fmt.Sprintf("%.30s-%d-%s", program, c.pid(), at)
}

// judge refuses where Ruby would hang, and returns what else has to be known.
func judge(c *call, trace bool) ([]string, error) {
	var warnings []string
	version, threads := c.version(), c.said["threads"]
	if c.ractors() > 1 && strings.HasPrefix(version, "3.3.") {
		return nil, fmt.Errorf("process %d has a Ractor beside the main one, and Ruby %s can hang when it dumps its heap then; "+
			"wait until it has ended, or use Ruby 3.4 or newer", c.pid(), version)
	}
	if c.ractors() > 1 && c.canFork() {
		warnings = append(warnings, "what only another Ractor refers to counts as garbage in this dump")
	}
	if !c.canFork() && len(threads) > 0 && version >= "3.0" && version < "3.4" {
		warnings = append(warnings, fmt.Sprintf("Ruby %s lets other threads run while it dumps, so some references lead nowhere; there are %d: %s",
			version, len(threads), strings.Join(threads, ", ")))
	}
	return append(warnings, untraced(c, trace)...), nil
}

// untraced says what it means that allocations are not traced, if they are not.
func untraced(c *call, trace bool) []string {
	switch {
	case len(c.said["tracing"]) > 0:
		return nil
	case trace:
		return []string{"allocation tracing is on from now on: objects older than this dump have no line, later dumps show those made since"}
	case len(c.said["stopped"]) > 0:
		return []string{"the program has stopped allocation tracing: objects made since have no line, and older ones neither if it has cleared it"}
	}
	return []string{"allocation tracing was off: no object has a line; start the program with heapline run, or have tracing switched on first (--trace)"}
}

// giveUp ends the process that was writing a dump: it may hang. Which one that
// is it has said itself.
func (c *call) giveUp() {
	writer := c.said.number("writer", 0)
	if writer <= 1 || writer == c.pid() {
		return
	}
	if p, err := inspect(writer); err == nil && p.Ruby && p.uid == c.uid {
		_ = kill(writer)
	}
}

// prepare looks at the options before anything is started.
func (t *taker) prepare() error {
	if err := t.check(); err != nil {
		return err
	}
	out, err := filepath.Abs(t.Out)
	if err != nil {
		return fmt.Errorf("the folder for dumps is not to be found: %w", err)
	}
	t.Out = out
	return tryFolder(out)
}
