package lsp

import (
	"context"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"heapline/index/source"
)

// installation is what the ruby of the PATH says of itself.
type installation struct {
	version string   // as 3.1.2
	library string   // folder of its standard library
	gems    []string // folders that have a folder "gems"
}

// rubyTime is how long ruby may take to say it.
const rubyTime = 5 * time.Second

const rubyScript = `puts RUBY_VERSION, RbConfig::CONFIG["rubylibdir"], Gem.path`

// askRuby returns nil where there is no ruby, or none that answers. It is run
// outside of the workspace, so that no code of that runs.
func askRuby(ctx context.Context, limit time.Duration) *installation {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, "ruby", "-e", rubyScript)
	cmd.Dir, cmd.WaitDelay = string(filepath.Separator), time.Second
	out, err := cmd.Output()
	lines := splitLines(strings.TrimSpace(filepath.ToSlash(string(out))))
	if err != nil || len(lines) < 2 || rubyVersion.FindString(lines[0]) != lines[0] {
		return nil
	}
	return &installation{lines[0], lines[1], lines[2:]}
}

// rubyQuestion is asked once at most.
type rubyQuestion struct {
	once  sync.Once
	limit time.Duration
}

// askRuby finds out, in the background, where the ruby here has what the dump
// names and nobody has found. No load and no hint waits for it.
func (s *server) askRuby(d *dump) {
	if !d.places.trusted || !d.gems.missing() && !d.stdlib.missing() {
		return
	}
	s.ruby.once.Do(func() {
		s.background("ruby", func(ctx context.Context) {
			if here := askRuby(ctx, s.ruby.limit); here != nil {
				s.change(func(st *state) { st.ruby = here })
				s.rootsChanged.raise()
			}
		})
	})
}

// stdlib is the standard library that a dump names, as far as it is not in the
// same place here.
type stdlib struct {
	named   []string // its folders in the dump that are not here
	present []string // those that are here too,
	others  []string // and of these, those of another Ruby
	then    string   // version of Ruby that the dump is of, "" where unknown
	here    string   // the one here, "" where unknown
	rules   []source.Rule
}

// findStdlib takes the library here for that of the dump if it is of the very
// same version: lines may differ between patch levels. That holds for the one in
// the same place too.
func findStdlib(files []string, then string, here *installation) stdlib {
	lib := stdlib{then: then}
	for _, file := range files {
		dir, ok := source.StdlibDir(file)
		switch {
		case !ok || slices.Contains(lib.named, dir) || slices.Contains(lib.present, dir):
		case exists(filepath.FromSlash(dir)):
			lib.present = append(lib.present, dir)
		default:
			lib.named = append(lib.named, dir)
		}
	}
	if here == nil {
		return lib
	}
	if lib.here = here.version; lib.here == then {
		for _, dir := range lib.named {
			lib.rules = append(lib.rules, source.Rule{From: dir, To: here.library})
		}
	} else if then != "" && slices.Contains(lib.present, here.library) {
		lib.others = []string{here.library}
	}
	return lib
}

// missing reports whether ruby might know more.
func (l stdlib) missing() bool {
	return len(l.named)+len(l.present) > 0 && l.then != "" && l.here == ""
}
