package lsp

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

var driftHints = []string{"3:15 1 object · 6.0 kB retained", "7:18 10 objects · 4.0 kB retained", "8:25 20 objects · 10.0 kB retained"}

// below are driftHints after some lines that were inserted above.
func below(lines int) []string {
	return map[int][]string{
		1: {"4:15 1 object · 6.0 kB retained", "8:18 10 objects · 4.0 kB retained", "9:25 20 objects · 10.0 kB retained"},
		2: {"5:15 1 object · 6.0 kB retained", "9:18 10 objects · 4.0 kB retained", "10:25 20 objects · 10.0 kB retained"},
		3: {"6:15 1 object · 6.0 kB retained", "10:18 10 objects · 4.0 kB retained", "11:25 20 objects · 10.0 kB retained"},
	}[lines]
}

// later lets time pass: what git does from then on, and the dump was before.
func (r *repository) later() { r.now = r.now.Add(time.Hour) }

// Nobody has named the commit of the dump: git knows what was checked out then,
// and the dates of commits do not.
func TestAGuessedRevisionIsWhatWasCheckedOutWhenTheDumpWasTaken(t *testing.T) {
	for _, tt := range []struct {
		name string
		does func(r *repository) (dump string) // from a commit of driftText on
		now  string
		want []string
		says string
	}{
		{"a pull brings a commit that is older than the dump", func(r *repository) string {
			colleague := &repository{r.t, filepath.Join(tempDir(r.t), "colleague"), r.now}
			r.git("clone", "--quiet", r.root, colleague.root)
			write(r.t, colleague.root, "lib/cache.rb", "# one\n# two\n"+driftText)
			colleague.commit()
			r.now = colleague.now
			dump := r.dumped(driftHeap)
			r.later()
			r.git("pull", "--quiet", colleague.root, "main")
			return dump
		}, "# one\n# two\n" + driftText, below(2), "it was checked out here when the dump was taken"},
		{"another branch is checked out since", func(r *repository) string {
			r.git("checkout", "--quiet", "-b", "other")
			write(r.t, r.root, "lib/cache.rb", "# one\n# two\n# three\n"+driftText)
			r.commit()
			r.later()
			r.git("checkout", "--quiet", "main")
			dump := r.dumped(driftHeap)
			r.later()
			r.git("checkout", "--quiet", "other")
			return dump
		}, "# one\n# two\n# three\n" + driftText, below(3), "it was checked out here when the dump was taken"},
		{"the commit was amended since", func(r *repository) string {
			dump := r.dumped(driftHeap)
			r.later()
			write(r.t, r.root, "lib/cache.rb", "# one\n"+driftText)
			r.git("commit", "--quiet", "--all", "--amend", "--message=y")
			return dump
		}, "# one\n" + driftText, below(1), "it was checked out here when the dump was taken"},
		{"the commit was rebased since", func(r *repository) string {
			r.git("checkout", "--quiet", "-b", "base", "HEAD~1")
			write(r.t, r.root, "lib/cache.rb", "# one\n# two\n"+driftBefore)
			r.commit()
			r.later()
			r.git("checkout", "--quiet", "main")
			dump := r.dumped(driftHeap)
			r.later()
			r.git("rebase", "--quiet", "base")
			return dump
		}, "# one\n# two\n" + driftText, below(2), "it was checked out here when the dump was taken"},
		{"a clone of today does not know", func(r *repository) string {
			dump := r.dumped(driftHeap)
			write(r.t, r.root, "lib/cache.rb", "# one\n"+driftText)
			r.commit()
			clone := filepath.Join(tempDir(r.t), "clone")
			r.git("clone", "--quiet", r.root, clone)
			r.root = clone
			return dump
		}, "# one\n" + driftText, below(1), "the last commit before the dump"},
		{"the log is gone", func(r *repository) string {
			dump := r.dumped(driftHeap)
			write(r.t, r.root, "lib/cache.rb", "# one\n"+driftText)
			r.commit()
			if err := os.RemoveAll(filepath.Join(r.root, ".git/logs")); err != nil {
				r.t.Fatal(err)
			}
			return dump
		}, "# one\n" + driftText, below(1), "the last commit before the dump"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRepository(t)
			write(t, r.root, "lib/cache.rb", driftBefore)
			r.commit()
			write(t, r.root, "lib/cache.rb", driftText)
			r.commit()
			dump := tt.does(r)
			file := filepath.Join(r.root, "lib/cache.rb")
			if got := readFile(t, file); got != tt.now {
				t.Fatalf("the file is %q", got)
			}
			c := start(t, r.root)
			c.open(file, tt.now)
			c.load(dump)
			c.wantHints(file, tt.want...)
			c.wantLenses(file)
			c.await("heapline/status", contains("(a guess: "+tt.says+";"))
		})
	}
}

// driftBefore is driftText a commit earlier.
const driftBefore = "class Cache\n  def initialize\n    @all = []\n    @names = {}\n  end\n\n  def add(x)\n    @all << x\n  end\n# to come\nend\n"
