package lsp

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"heapline/index/source"
)

// base is the text that the dump's lines of a file are counted in: what a
// buffer has that it lacks is an edit.
type base struct {
	file  string
	ready chan struct{} // closed once the rest is known
	lines []string      // nil: there is no text
	doubt doubt
}

func (b *base) isReady() bool {
	select {
	case <-b.ready:
		return true
	default:
		return false
	}
}

// bases finds the text of each file when it is first wanted, in the background,
// for git may be slow.
type bases struct {
	server  *server
	origin  origin
	history *history
	disk    *diskTexts
	files   atomic.Pointer[source.Mapping] // the dump's names of them

	mu     sync.Mutex
	known  map[string]*base // by file, ready or not
	wanted []*base          // nobody looks for them yet
}

func newBases(s *server, o origin, h *history, disk *diskTexts) *bases {
	return &bases{server: s, origin: o, history: h, disk: disk, known: map[string]*base{}}
}

// of returns the base of a file; it may not be ready.
func (b *bases) of(file string) *base {
	b.mu.Lock()
	defer b.mu.Unlock()
	x := b.known[file]
	if x == nil {
		x = &base{file: file, ready: make(chan struct{})}
		b.known[file] = x
		if b.wanted = append(b.wanted, x); len(b.wanted) == 1 {
			b.server.background("source texts", b.find)
		}
	}
	return x
}

// find looks for all that is wanted, in one question to each repository.
func (b *bases) find(ctx context.Context) {
	b.mu.Lock()
	wanted := b.wanted
	b.wanted = nil
	b.mu.Unlock()
	defer func() {
		for _, x := range wanted {
			if !x.isReady() {
				close(x.ready)
			}
		}
		b.server.matchDocuments()
	}()
	questions := map[*revision][]question{}
	for _, x := range wanted {
		now, ok := b.disk.get(x.file)
		if ok {
			x.lines = splitLines(decoded(now.text))
		}
		r, n := b.history.revisionOf(realPath(x.file))
		p := b.past(r, n, x.file, now)
		if x.doubt = p.doubt; p.object == "" {
			close(x.ready)
			continue
		}
		questions[r] = append(questions[r], question{x, p})
	}
	for r, list := range questions {
		r.answer(ctx, list)
	}
}

// diskText is a file as it was on disk when it was first looked at.
type diskText struct {
	text     string
	modified time.Time
}

// diskTexts are files as they were when a dump was loaded, or when they were
// first wanted.
type diskTexts struct {
	mu    sync.Mutex
	known map[string]diskText
}

// get returns false for a file that cannot be read.
func (t *diskTexts) get(file string) (diskText, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if known, ok := t.known[file]; ok {
		return known, true
	}
	info, err := os.Stat(filepath.FromSlash(file))
	if err != nil {
		return diskText{}, false
	}
	text, ok := readText(file)
	if ok {
		if t.known == nil {
			t.known = map[string]diskText{}
		}
		t.known[file] = diskText{text, info.ModTime()}
	}
	return t.known[file], ok
}

// knownTexts are those of the dump that was loaded last: loaded again, its lines
// are still those of the files as they were then.
type knownTexts struct {
	mu    sync.Mutex
	path  string // of the dump
	stamp stamp
	disk  *diskTexts
}

// of returns what is known for a dump.
func (k *knownTexts) of(d *dump) *diskTexts {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.path == d.path && k.stamp == d.stamp && k.disk != nil {
		return k.disk
	}
	return &diskTexts{}
}

func (k *knownTexts) keep(d *dump) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.path, k.stamp, k.disk = d.path, d.stamp, d.bases.disk
}

// keep reads the files that may have their base on disk: what is saved from now
// on is an edit.
func (b *bases) keep(ctx context.Context, files []string) {
	for _, file := range files {
		if ctx.Err() != nil {
			return
		}
		if b.mayBeOnDisk(file) {
			b.disk.get(file)
		}
	}
}

// mayBeOnDisk is false for what git has. Links are not looked at: for what is
// behind them it is true.
func (b *bases) mayBeOnDisk(file string) bool {
	r, n := b.history.revisionOf(file)
	if r == nil || r.guessed() || b.origin.DirtyUnknown {
		return true
	}
	_, now := b.origin.Dirty[n.now]
	_, then := b.origin.Dirty[n.then]
	return now || then
}
