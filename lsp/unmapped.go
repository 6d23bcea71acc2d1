package lsp

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"heapline/index"
	"heapline/index/source"
)

// Unmapped returns the dump's names of the files that have no source below root,
// nor in a gem or the library of the same version on this machine: those that an
// editor shows nothing of. Code that no source file can have (internal, evaluated,
// compiled) is left out.
func Unmapped(ctx context.Context, s *index.Snapshot, root string) ([]string, error) {
	root, err := filepath.Abs(root)
	if err != nil {
		return nil, err
	}
	if !isDir(filepath.ToSlash(root)) {
		return nil, fmt.Errorf("%s is no folder: name the program's with --root", root)
	}
	d := &dump{snapshot: s, origin: originOf(s.Summary().Path, stamp{modified: time.Now()})}
	if info, err := os.Stat(s.Summary().Path); err == nil {
		d.origin = originOf(s.Summary().Path, stampOf(info))
	}
	p := places{roots: []string{filepath.ToSlash(root)}, trusted: true} // by who runs the command in it
	l := list(ctx, p, d.origin)
	if l == nil {
		return nil, ctx.Err()
	}
	if d = d.placedIn(p, l); d.gems.missing() || d.stdlib.missing() {
		p.ruby = askRuby(ctx, rubyTime)
		d = d.placedIn(p, l)
	}
	unmapped := []string{}
	for _, name := range s.Files() {
		if !source.HasSource(name) {
			continue
		}
		if _, found := d.fileHere(name); !found && !(d.isItself(name) && exists(filepath.FromSlash(name))) {
			unmapped = append(unmapped, name)
		}
	}
	return unmapped, nil
}
