package capture

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"
)

// A process has the code that there was when it loaded it: as it started, or, in
// a development server that loads code again, at any time since. Code that was
// always the same is known; of what was changed, nobody knows which text it has.

// noteSource looks at the code that a command is about to load.
func (t *taker) noteSource(ctx context.Context) {
	t.started = time.Now()
	t.before = sync.OnceValue(func() source { return sourceOf(ctx, ".") })
	go t.before()
}

// began is when a process may have loaded its first code.
func (t *taker) began(p Process, taken time.Time) time.Time {
	if t.before != nil {
		return t.started
	}
	return loadedSince(p, taken)
}

// codeOf is the code that a process has: as it was when the command began,
// where that was seen.
func (t *taker) codeOf(ctx context.Context, dir string, began time.Time) source {
	now := sourceOf(ctx, dir)
	if now.Revision == "" {
		return now
	}
	if t.before != nil {
		if then := t.before(); then.top == now.top {
			return then.until(ctx, now, began)
		}
	}
	return now.since(ctx, began)
}

// loadedSince is the time from which on a process may have loaded its code: one
// that was forked has that of its parent. It may be a second too early.
func loadedSince(p Process, now time.Time) time.Time {
	if p.PID == 0 {
		return time.Time{} // not known
	}
	age := p.Age
	for range 10 {
		parent, err := inspect(p.parent)
		if err != nil || !parent.Ruby {
			break
		}
		age, p = max(age, parent.Age), parent
	}
	return now.Add(-age - time.Second)
}

// until returns the code of a process that began with it, of which now is what
// came of it.
func (s source) until(ctx context.Context, now source, began time.Time) source {
	if s.DirtyUnknown || now.DirtyUnknown {
		return source{Revision: s.Revision, DirtyUnknown: true}
	}
	files := slices.Concat(slices.Collect(maps.Keys(s.Dirty)), slices.Collect(maps.Keys(now.Dirty)))
	if s.Revision != now.Revision {
		differ, err := differing(ctx, s.top, s.Revision, now.Revision)
		if err != nil || len(differ) > dirtyLimit {
			return source{Revision: s.Revision, DirtyUnknown: true, ChangedUnknown: true}
		}
		files = append(files, differ...)
	}
	slices.Sort(files)
	files = slices.Compact(files)
	out := source{Revision: s.Revision, Dirty: maps.Clone(s.Dirty)}
	before, after := s.texts(ctx, files), now.texts(ctx, files)
	for _, name := range files {
		if before[name] == after[name] && !writtenAfter(s.top, name, began) {
			continue
		}
		out.Changed = append(out.Changed, name)
		if _, was := before[name]; !was {
			out.Dirty[name] = after[name] // it came while the process ran
		}
	}
	return out
}

// texts are git's names of what files have in them, as far as they are there.
func (s source) texts(ctx context.Context, files []string) map[string]string {
	clean := slices.DeleteFunc(slices.Clone(files), func(name string) bool { _, dirty := s.Dirty[name]; return dirty })
	texts := blobs(ctx, s.top, s.Revision, clean)
	maps.Copy(texts, s.Dirty)
	return texts
}

// since returns the code of a process whose beginning nobody saw: what was
// written after it may not be what the process has.
func (s source) since(ctx context.Context, began time.Time) source {
	tracked, err := git(ctx, s.top, nil, "ls-files", "-z")
	if err != nil {
		s.ChangedUnknown = true
		return s
	}
	for _, name := range append(names(tracked), slices.Collect(maps.Keys(s.Dirty))...) {
		if isCode(s.top, name) && writtenAfter(s.top, name, began) {
			s.Changed = append(s.Changed, name)
		}
	}
	slices.Sort(s.Changed)
	s.Changed = slices.Compact(s.Changed)
	if len(s.Changed) > dirtyLimit {
		s.Changed, s.ChangedUnknown = nil, true
	}
	return s
}
