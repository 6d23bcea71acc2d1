package lsp

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const (
	dirtyLens  = "this file had uncommitted changes when the dump was taken: lines may have moved"
	editedLens = "this file changed while the process ran: lines may have moved"
)

// asIs are the hints of driftHeap in a text that is taken as it is, however much
// it has above.
var asIs = []string{"3:13 1 object · 6.0 kB retained", "7:12 10 objects · 4.0 kB retained", "8:18 20 objects · 10.0 kB retained"}

// describe writes a sidecar.
func (r *repository) describe(dump string, meta object) {
	r.t.Helper()
	text, err := json.Marshal(meta)
	if err != nil {
		r.t.Fatal(err)
	}
	write(r.t, filepath.Dir(dump), filepath.Base(dump)+".meta.json", string(text))
}

func TestWhatASidecarSaysOfAFile(t *testing.T) {
	const one, two = "# one\n" + driftText, "# two\n# three\n" + driftText
	for _, tt := range []struct {
		name      string
		meta      object
		now       string
		untouched bool // since the dump
		want      []string
		lens      []string
	}{
		{"nothing: it is the revision's", object{}, one, true, below(1), nil},
		{"it changed while the process ran", object{"changed": []string{"lib/cache.rb"}}, one, true, below(1), []string{editedLens}},
		{"any file may have changed", object{"changedUnknown": true}, one, true, below(1), []string{editedLens}},
		{"another file changed", object{"changed": []string{"lib/other.rb"}}, one, false, below(1), nil},
		{
			"it was dirty, and changed while the process ran",
			object{"dirty": object{"lib/cache.rb": blobHash(one)}, "changed": []string{"lib/cache.rb"}},
			one, true, asIs,
			[]string{editedLens},
		},
		{
			"it was dirty before it changed, and that text is lost",
			object{"dirty": object{"lib/cache.rb": blobHash(two)}, "changed": []string{"lib/cache.rb"}},
			one, true, asIs,
			[]string{editedLens},
		},
		{"it was dirty, its text is not known", object{"dirty": object{"lib/cache.rb": ""}}, one, true, asIs, []string{dirtyLens}},
		{"any file may be dirty, this one is untouched since", object{"dirtyUnknown": true}, one, true, asIs, []string{dirtyLens}},
		{"any file may be dirty, this one is not", object{"dirtyUnknown": true}, driftText, false, driftHints, nil},
		{"any file may be dirty, this one was written since", object{"dirtyUnknown": true}, one, false, below(1), []string{dirtyLens}},
		{
			"any file may be dirty, and any may have changed",
			object{"dirtyUnknown": true, "changedUnknown": true},
			driftText, false, driftHints,
			[]string{editedLens},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRepository(t)
			file := write(t, r.root, "lib/cache.rb", driftText)
			tt.meta["revision"] = r.commit()
			dump := r.dumped(driftHeap)
			r.describe(dump, tt.meta)
			write(t, r.root, "lib/cache.rb", tt.now)
			if tt.untouched {
				if err := os.Chtimes(file, time.Time{}, r.now); err != nil {
					t.Fatal(err)
				}
			}
			c := start(t, r.root)
			c.open(file, tt.now)
			c.load(dump)
			c.wantHints(file, tt.want...)
			c.wantLenses(file, tt.lens...)
		})
	}
}

// Where there is no git, the times of files have to do.
func TestAFileThatWasWrittenWhileTheProcessRanIsInDoubt(t *testing.T) {
	for _, tt := range []struct {
		name    string
		written time.Duration // before now
		lens    []string
	}{
		{"before it began", 3 * time.Hour, nil},
		{"while it ran", 90 * time.Minute, []string{editedLens}},
		{"after the dump", 30 * time.Minute, []string{newerLens}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := newApp(t)
			r := &repository{t: t, root: a.root}
			r.describe(a.dump, object{"started": time.Now().Add(-2 * time.Hour), "time": time.Now().Add(-time.Hour)})
			written(t, a.ruby, tt.written)
			c := a.loaded(t)
			c.wantHints(a.ruby, appHints...)
			c.wantLenses(a.ruby, tt.lens...)
		})
	}
}

func TestAFileThatWasRenamedIsLookedUpByTheNameThatTheDumpHas(t *testing.T) {
	const then, now = "# one\n" + driftText, "# one\n# two\n" + driftText
	moved := func(r *repository) { r.git("mv", "lib/cache.rb", "lib/store.rb") }
	for _, tt := range []struct {
		name   string
		called string // by the dump
		before func(r *repository) object
		after  func(r *repository)
		now    string
		want   []string
		lens   []string
	}{
		{
			"it was renamed and edited, which was not committed", "store",
			func(r *repository) object {
				moved(r)
				write(r.t, r.root, "lib/store.rb", then)
				return object{"dirty": object{"lib/store.rb": blobHash(then)}}
			},
			func(*repository) {}, then, asIs, nil,
		},
		{
			"that was committed later, and edited again", "store",
			func(r *repository) object {
				moved(r)
				write(r.t, r.root, "lib/store.rb", then)
				return object{"dirty": object{"lib/store.rb": blobHash(then)}}
			},
			func(r *repository) { r.commit(); write(r.t, r.root, "lib/store.rb", now) }, now,
			[]string{"4:13 1 object · 6.0 kB retained", "8:12 10 objects · 4.0 kB retained", "9:18 20 objects · 10.0 kB retained"},
			nil,
		},
		{
			"it was renamed, and the sidecar does not say what it was", "store",
			func(r *repository) object { moved(r); return object{} },
			func(r *repository) { write(r.t, r.root, "lib/store.rb", then) }, then, below(1),
			[]string{dirtyLens},
		},
		{
			"it was edited, and renamed since", "cache",
			func(r *repository) object {
				write(r.t, r.root, "lib/cache.rb", then)
				return object{"dirty": object{"lib/cache.rb": blobHash(then)}}
			},
			moved, then, asIs, nil,
		},
		{
			"another file had the name that it has now", "cache",
			func(r *repository) object { return object{"dirty": object{"lib/store.rb": blobHash(then)}} },
			func(r *repository) { moved(r); write(r.t, r.root, "lib/store.rb", then) }, then, below(1), nil,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRepository(t)
			write(t, r.root, "lib/cache.rb", driftText)
			first := r.commit()
			meta := tt.before(r)
			meta["revision"] = first
			dump := r.dumped(strings.ReplaceAll(driftHeap, "cache.rb", tt.called+".rb"))
			r.describe(dump, meta)
			tt.after(r)
			c := start(t, r.root)
			file := filepath.Join(r.root, "lib/store.rb")
			c.open(file, tt.now)
			c.load(dump)
			c.wantHints(file, tt.want...)
			c.wantLenses(file, tt.lens...)
		})
	}
}

// Editors show a text without what only its bytes have, and git keeps it without
// what only this system has.
func TestATextIsTheSameInAnotherEncoding(t *testing.T) {
	latin := strings.Replace(driftText, "x.to_s", "x.to_s # gr\xf6\xdfer", 1)
	for _, tt := range []struct{ name, disk, editor string }{
		{"a byte order mark", "\ufeff" + driftText, driftText},
		{"ISO-8859-1", latin, strings.NewReplacer("\xf6", "ö", "\xdf", "ß").Replace(latin)},
		{"line ends of Windows", strings.ReplaceAll(driftText, "\n", "\r\n"), strings.ReplaceAll(driftText, "\n", "\r\n")},
	} {
		for _, dirty := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, dirty: %v", tt.name, dirty), func(t *testing.T) {
				r := newRepository(t)
				r.git("config", "core.autocrlf", "true")
				file := write(t, r.root, "lib/cache.rb", tt.disk)
				meta := object{"revision": r.commit()}
				if dirty {
					tt.disk, tt.editor = strings.Replace(tt.disk, "class", "class  ", 1), strings.Replace(tt.editor, "class", "class  ", 1)
					write(t, r.root, "lib/cache.rb", tt.disk)
					meta["dirty"] = object{"lib/cache.rb": r.git("hash-object", "lib/cache.rb")}
				}
				dump := r.dumped("1 Hash 6000 /srv/app/lib/cache.rb:1\n" + driftHeap)
				r.describe(dump, meta)
				c := start(t, r.root)
				c.open(file, tt.editor)
				c.load(dump)
				if got := c.hintsIn(file, span(0, 0, 99, 0)); len(got) != 4 || contains("~")(c.call("textDocument/inlayHint", object{
					"textDocument": object{"uri": fileURI(file)}, "range": span(0, 0, 99, 0),
				})) {
					t.Errorf("got %v", got)
				}
				c.wantLenses(file)
			})
		}
	}
}
