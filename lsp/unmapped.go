package lsp

import (
	"context"
	"path/filepath"

	"heapline/index"
	"heapline/index/source"
)

// Unmapped returns the dump's names of the files that have no source below root,
// nor in a gem of the same version on this machine. Code that no file can have
// (internal, evaluated) is left out. An error is that of ctx.
func Unmapped(ctx context.Context, s *index.Snapshot, root string) ([]string, error) {
	root, err := filepath.Abs(root)
	if err != nil {
		return nil, err
	}
	p := places{roots: []string{filepath.ToSlash(root)}}
	l := list(ctx, p, origin{})
	if l == nil {
		return nil, ctx.Err()
	}
	d := (&dump{snapshot: s}).placedIn(p, l)
	unmapped := []string{}
	for _, name := range s.Files() {
		if o := source.Origin(name); o == source.OriginInternal || o == source.OriginEval {
			continue
		}
		if _, found := d.fileHere(name); !found && !exists(filepath.FromSlash(name)) {
			unmapped = append(unmapped, name)
		}
	}
	return unmapped, nil
}
