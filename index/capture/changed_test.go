package capture

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// commit commits all there is, and returns its name.
func commit(t *testing.T, dir string) string {
	t.Helper()
	runGit(t, dir, "add", "--all")
	runGit(t, dir, "-c", "user.name=T", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false", "commit", "-qm", "next")
	return runGit(t, dir, "rev-parse", "HEAD")
}

// aged makes all files of a folder look written a day ago.
func aged(t *testing.T, dir string) {
	t.Helper()
	before := time.Now().Add(-24 * time.Hour)
	files, _ := filepath.Glob(filepath.Join(dir, "*"))
	below, _ := filepath.Glob(filepath.Join(dir, "*/*"))
	for _, file := range append(files, below...) {
		if err := os.Chtimes(file, before, before); err != nil {
			t.Fatal(err)
		}
	}
}

func TestWhatChangedWhileACommandRanIsKnown(t *testing.T) {
	const a1, a2, a3 = "A = 1\n", "A = 2\n", "A = 3\n"
	for _, tt := range []struct {
		name          string
		before, since func(dir string)
		dirty         map[string]string // file → text
		changed       []string
	}{
		{"nothing", func(string) {}, func(string) {}, nil, nil},
		{"a clean file is edited", func(string) {}, func(dir string) { put(t, dir, "lib/a.rb", a2) }, nil, []string{"lib/a.rb"}},
		{
			"a dirty file stays as it is",
			func(dir string) { put(t, dir, "lib/a.rb", a2); aged(t, dir) }, func(string) {},
			map[string]string{"lib/a.rb": a2},
			nil,
		},
		{
			"a dirty file is edited",
			func(dir string) { put(t, dir, "lib/a.rb", a2) }, func(dir string) { put(t, dir, "lib/a.rb", a3) },
			map[string]string{"lib/a.rb": a2},
			[]string{"lib/a.rb"},
		},
		{
			"a dirty file is committed",
			func(dir string) { put(t, dir, "lib/a.rb", a2); aged(t, dir) }, func(dir string) { commit(t, dir) },
			map[string]string{"lib/a.rb": a2},
			nil,
		},
		{
			"a dirty file is taken back",
			func(dir string) { put(t, dir, "lib/a.rb", a2) }, func(dir string) { runGit(t, dir, "checkout", "-q", "lib/a.rb") },
			map[string]string{"lib/a.rb": a2},
			[]string{"lib/a.rb"},
		},
		{
			"a file is edited and committed",
			func(string) {}, func(dir string) { put(t, dir, "lib/a.rb", a2); commit(t, dir) },
			nil,
			[]string{"lib/a.rb"},
		},
		{
			"a file comes", func(string) {}, func(dir string) { put(t, dir, "lib/b.rb", a3) },
			map[string]string{"lib/b.rb": a3},
			[]string{"lib/b.rb"},
		},
		{
			"a file comes and is committed", func(string) {}, func(dir string) { put(t, dir, "lib/b.rb", a3); commit(t, dir) },
			map[string]string{"lib/b.rb": a3},
			[]string{"lib/b.rb"},
		},
		{"a file goes", func(string) {}, func(dir string) { _ = os.Remove(filepath.Join(dir, "lib/a.rb")) }, nil, nil},
		{"what is no code changes", func(string) {}, func(dir string) { put(t, dir, "log.txt", "x") }, nil, nil},
		{
			"another text that has the old name is written back as it was",
			func(dir string) { put(t, dir, "lib/a.rb", a2); aged(t, dir) },
			func(dir string) { put(t, dir, "lib/a.rb", a3); put(t, dir, "lib/a.rb", a2) },
			map[string]string{"lib/a.rb": a2},
			[]string{"lib/a.rb"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := repository(t)
			head := runGit(t, dir, "rev-parse", "HEAD")
			tt.before(dir)
			then, began := sourceOf(t.Context(), dir), time.Now().Add(-time.Minute)
			tt.since(dir)
			got := then.until(t.Context(), sourceOf(t.Context(), dir), began)
			want := map[string]string{}
			for name, text := range tt.dirty {
				want[name] = runGit(t, dir, "hash-object", put(t, t.TempDir(), "x", text))
			}
			if got.Revision != head || got.DirtyUnknown || got.ChangedUnknown || !maps.Equal(got.Dirty, want) || !slices.Equal(got.Changed, tt.changed) {
				t.Errorf("got %+v, want %v and changed %v", got, want, tt.changed)
			}
		})
	}
}

func TestWhatWasWrittenSinceAProcessBeganIsInDoubt(t *testing.T) {
	dir := repository(t)
	put(t, dir, "lib/b.rb", "B = 1\n")
	put(t, dir, "log.txt", "x")
	commit(t, dir)
	put(t, dir, "old.rb", "O = 1\n")
	aged(t, dir)
	put(t, dir, "new.rb", "N = 1\n")
	put(t, dir, "lib/a.rb", "A = 1\n") // as it was: it may have been another in between
	put(t, dir, "log.txt", "x")
	got := sourceOf(t.Context(), dir).since(t.Context(), time.Now().Add(-time.Hour))
	if dirty := slices.Sorted(maps.Keys(got.Dirty)); !slices.Equal(dirty, []string{"new.rb", "old.rb"}) ||
		!slices.Equal(got.Changed, []string{"lib/a.rb", "new.rb"}) {
		t.Errorf("got %+v", got)
	}
}

func TestMoreChangesThanCanBeListedAreSaidToBeUnknown(t *testing.T) {
	dir := repository(t)
	then := sourceOf(t.Context(), dir)
	for i := range dirtyLimit + 1 {
		put(t, dir, fmt.Sprintf("gen/%d.rb", i), "x")
	}
	now := sourceOf(t.Context(), dir)
	if !now.DirtyUnknown || now.Revision != then.Revision || len(now.Dirty) > 0 {
		t.Errorf("untracked: got %+v", now)
	}
	if got := then.until(t.Context(), now, time.Now()); !got.DirtyUnknown || got.Revision != then.Revision {
		t.Errorf("while it ran: got %+v", got)
	}
	commit(t, dir)
	now = sourceOf(t.Context(), dir)
	if got := then.until(t.Context(), now, time.Now()); !got.ChangedUnknown || got.Revision != then.Revision {
		t.Errorf("committed: got %+v", got)
	}
	if got := now.since(t.Context(), time.Time{}); !got.ChangedUnknown || len(got.Changed) > 0 {
		t.Errorf("written since: got %+v", got)
	}
}

func TestFilesThatAreNotCodeDoNotCount(t *testing.T) {
	dir := repository(t)
	for i := range dirtyLimit + 1 {
		put(t, dir, fmt.Sprintf("cache/%d", i), fmt.Sprint(i))
	}
	for name, text := range map[string]string{
		"app.rb": "puts 2\n", "bin/run": "#!/usr/bin/env ruby\n", "bin/sh": "#!/bin/sh\n", "Rakefile": "task :x\n", "large.rb": strings.Repeat("#", dirtySize+1),
	} {
		put(t, dir, name, text)
	}
	s := sourceOf(t.Context(), dir)
	if got := slices.Sorted(maps.Keys(s.Dirty)); s.DirtyUnknown || !slices.Equal(got, []string{"Rakefile", "app.rb", "bin/run", "large.rb"}) {
		t.Errorf("got %v", got)
	}
	if s.Dirty["large.rb"] != "" || s.Dirty["app.rb"] == "" {
		t.Errorf("got %v", s.Dirty)
	}
}

func TestTextsThatGitCannotTellAreSaidToBeUnknown(t *testing.T) {
	dir := repository(t)
	put(t, dir, "new.rb", "puts 2\n")
	runGit(t, dir, "config", "filter.broken.clean", "false")
	runGit(t, dir, "config", "filter.broken.required", "true")
	put(t, dir, ".gitattributes", "new.rb filter=broken\n")
	if s := sourceOf(t.Context(), dir); s.DirtyUnknown || !maps.Equal(s.Dirty, map[string]string{"new.rb": ""}) {
		t.Errorf("got %+v", s)
	}
	put(t, dir, ".git/index", "broken")
	if s := sourceOf(t.Context(), dir); !s.DirtyUnknown || s.Revision == "" {
		t.Errorf("got %+v", s)
	}
}

// A worker has the code that its parent loaded, long before it was forked itself.
func TestAProcessMayHaveTheCodeOfItsParents(t *testing.T) {
	now := time.Now()
	if got := loadedSince(Process{PID: 1 << 30, Age: time.Hour}, now); now.Sub(got) != time.Hour+time.Second {
		t.Errorf("without a parent: %v ago", now.Sub(got))
	}
	if got := loadedSince(Process{}, now); !got.IsZero() {
		t.Errorf("of no process: %v", got)
	}
}
