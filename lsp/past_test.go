package lsp

import (
	"encoding/json"
	"os"
	"path/filepath"
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
			"it was dirty, and changed while the process ran", object{"dirty": object{"lib/cache.rb": blobHash(one)}, "changed": []string{"lib/cache.rb"}},
			one, true, asIs, []string{editedLens},
		},
		{
			"it was dirty before it changed, and that text is lost",
			object{"dirty": object{"lib/cache.rb": blobHash(two)}, "changed": []string{"lib/cache.rb"}}, one, true, asIs, []string{editedLens},
		},
		{"it was dirty, its text is not known", object{"dirty": object{"lib/cache.rb": ""}}, one, true, asIs, []string{dirtyLens}},
		{"any file may be dirty, this one is untouched since", object{"dirtyUnknown": true}, one, true, asIs, []string{dirtyLens}},
		{"any file may be dirty, this one is not", object{"dirtyUnknown": true}, driftText, false, driftHints, nil},
		{"any file may be dirty, this one was written since", object{"dirtyUnknown": true}, one, false, below(1), []string{dirtyLens}},
		{
			"any file may be dirty, and any may have changed", object{"dirtyUnknown": true, "changedUnknown": true},
			driftText, false, driftHints, []string{editedLens},
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
