package lsp

import (
	"context"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"go.lsp.dev/protocol"

	"heapline/index/source"
)

// Files come and are renamed after a load has listed them.

// moves are files and folders that the editor has renamed: path now → then.
type moves map[string]string

// then returns the path that a file had, also where a folder above it was renamed.
func (r moves) then(file string) (string, bool) {
	for folder := file; ; folder = folder[:strings.LastIndexByte(folder, '/')] {
		if was, ok := r[folder]; ok {
			return was + file[len(folder):], true
		}
		if strings.LastIndexByte(folder, '/') <= 0 {
			return "", false
		}
	}
}

// with returns them after one more, of what may have been renamed before.
func (r moves) with(was, now string) moves {
	next := maps.Clone(r)
	if next == nil {
		next = moves{}
	}
	if first, ok := r.then(was); ok {
		was = first
	}
	if next[now] = was; was == now { // and back
		delete(next, now)
	}
	return next
}

// DidRenameFiles follows what the editor renames: git does not know of it before
// it is added.
func (s *server) DidRenameFiles(_ context.Context, p *protocol.RenameFilesParams) error {
	s.change(func(st *state) {
		for _, f := range p.Files {
			if was, now := fromURI(f.OldURI), fromURI(f.NewURI); path.IsAbs(was) && path.IsAbs(now) {
				st.renamed = st.renamed.with(was, now)
			}
		}
	})
	s.rootsChanged.raise()
	return nil
}

// followFiles finds the dump's files again where another commit is checked out,
// or a file is open that was not there when they were listed.
func (s *server) followFiles(ctx context.Context) {
	s.followHeads(ctx)
	st := s.state.Load()
	if st.dump == nil {
		return
	}
	for _, doc := range st.docs {
		if stamp, came := st.cameLater(doc); came && s.sought[doc.path] != stamp {
			s.sought[doc.path] = stamp // once: not all that is in a folder is listed
			s.rootsChanged.raise()
		}
	}
}

// cameLater reports whether a document is a file below the folders that were
// listed which they did not have.
func (st *state) cameLater(doc *document) (stamp, bool) {
	below := func(folder string) bool { return strings.HasPrefix(doc.path, folder+"/") }
	if doc.path == "" || st.dump.files.Lists(doc.path) || st.dump.files.Lists(doc.real) || !slices.ContainsFunc(st.dump.places.folders(), below) {
		return stamp{}, false
	}
	info, err := os.Stat(filepath.FromSlash(doc.path))
	if err != nil {
		return stamp{}, false
	}
	return stampOf(info), true
}

// renamedFiles are the listed files that the editor has renamed, with the paths
// that they had. Git is told of them too: the text of then has the old name.
func (l *listing) renamedFiles(files []source.File, p places) []source.File {
	var renamed []source.File
	for _, f := range files {
		was, ok := p.renamed.then(f.Path)
		if !ok {
			continue
		}
		renamed = append(renamed, source.File{Path: f.Path, Was: was})
		for _, r := range l.history.revisions {
			r.rename(f.Real, realBelow(p.roots, was))
		}
	}
	return renamed
}

// rename notes that a file had another path in the commit, unless git knows that.
func (r *revision) rename(now, then string) {
	now, inside := strings.CutPrefix(now, r.top+"/")
	then, wasInside := strings.CutPrefix(then, r.top+"/")
	if _, known := r.renamed[now]; inside && wasInside && !known {
		r.renamed[now] = then
	}
}

// realBelow resolves the links of the folder that a file, which is gone, was in.
func realBelow(roots []string, file string) string {
	for _, root := range roots {
		if below, ok := strings.CutPrefix(file, root+"/"); ok {
			return realPath(root) + "/" + below
		}
	}
	return file
}
