package lsp

import (
	"context"
	"io/fs"
	"maps"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"

	"go.lsp.dev/protocol"

	"heapline/index/source"
)

// maxFiles bounds the list of workspace files: someone may open a whole disk.
const maxFiles = 300_000

// DidChangeWorkspaceFolders finds the dump's files again among the new folders.
func (s *server) DidChangeWorkspaceFolders(_ context.Context, p *protocol.DidChangeWorkspaceFoldersParams) error {
	s.change(func(st *state) {
		for _, f := range p.Event.Removed {
			st.removeFolder(f)
		}
		for _, f := range p.Event.Added {
			st.addFolder(f)
		}
	})
	s.rootsChanged.raise()
	s.watchedChanged.raise()
	s.ignoredAsked.raise()
	return nil
}

// remap finds the files of the loaded dump again.
func (s *server) remap(ctx context.Context) {
	st := s.state.Load()
	if st.dump == nil {
		return
	}
	places := st.places()
	listed := list(ctx, places, st.dump.origin)
	if listed == nil {
		return
	}
	placed := s.placed(st.dump, places, listed)
	placed.bases.keep(ctx, placed.sources())
	s.change(func(now *state) {
		if now.dump == st.dump { // else a load has listed the folders by itself
			now.setDump(placed)
		}
	})
	s.askRuby(placed)
	s.showChanged()
	s.watchedChanged.raise()
}

// places are where a dump's files are looked for.
type places struct {
	roots    []string      // workspace folders
	rules    []source.Rule // of the setting heapline.pathMappings
	revision string        // of the setting heapline.revision
	trusted  bool          // programs may be asked
	ruby     *installation // nil where unknown
	renamed  moves         // by the editor
}

func (st *state) places() places {
	return places{st.roots, st.rules(), st.settings.Revision, st.settings.Trusted, st.ruby, st.renamed}
}

func (p places) equal(q places) bool {
	return slices.Equal(p.roots, q.roots) && slices.Equal(p.rules, q.rules) && p.revision == q.revision && p.trusted == q.trusted && p.ruby == q.ruby && maps.Equal(p.renamed, q.renamed)
}

// folders are the workspace folders and those outside of them that rules name.
func (p places) folders() []string {
	folders := slices.Clone(p.roots)
	for _, rule := range p.rules {
		inside := func(folder string) bool { return folder == rule.To || strings.HasPrefix(rule.To, folder+"/") }
		if !slices.ContainsFunc(folders, inside) {
			folders = append(folders, rule.To)
		}
	}
	return folders
}

// placed returns the dump with its files found in a workspace, and what is
// needed to find their lines.
func (s *server) placed(d *dump, p places, l *listing) *dump {
	next := d.placedIn(p, l)
	s.warnMappings(next)
	switch {
	case d.bases == nil:
		next.bases = newBases(s, d.origin, l.history, s.known.of(d))
	case !d.bases.history.sameAs(l.history):
		next.bases = newBases(s, d.origin, l.history, d.bases.disk)
	}
	s.warnOnce(l.history.warnings)
	next.bases.files.Store(next.files)
	return next
}

// placedIn returns the dump with its files found in a workspace.
func (d *dump) placedIn(p places, l *listing) *dump {
	next := *d
	next.places = p
	names := d.snapshot.Files()
	next.files = l.workspace.Map(names, p.rules, d.origin.Cwd)
	next.gems = findGems(names, gemFolders(p.roots, p.ruby))
	next.stdlib = findStdlib(names, d.origin.ruby, p.ruby)
	next.installed = slices.Concat(next.gems.rules, next.pathGems(), next.stdlib.rules)
	next.revisions = l.history.revisions
	next.unusable, next.strange = unusable(p.rules), next.strangers()
	return &next
}

// sources are the workspace files of a dump.
func (d *dump) sources() []string {
	var files []string
	for _, name := range d.snapshot.Files() {
		if file, ok := d.files.File(name); ok {
			files = append(files, file)
		}
	}
	return files
}

// listInBackground lists the files there are; the channel yields nil if ctx ended
// first.
func (s *server) listInBackground(ctx context.Context, p places, o origin) <-chan *listing {
	listed := make(chan *listing, 1)
	s.background("workspace list", func(context.Context) {
		defer close(listed)
		listed <- list(ctx, p, o)
	})
	return listed
}

// listing is what there is to find a dump's files and lines in.
type listing struct {
	workspace *source.Workspace
	history   *history
}

// list returns the files there are, or nil if ctx ended first.
func list(ctx context.Context, p places, o origin) *listing {
	h := newHistorian(p, o)
	var asking sync.WaitGroup
	if p.trusted {
		asking.Go(func() { h.look(ctx, append(p.folders(), p.besides()...)) })
	}
	var files []source.File
	var repositories []string // below the folders
	for _, root := range p.folders() {
		walk(ctx, root, maxFiles-len(files), func(file, real string, entry fs.DirEntry) {
			if entry.Name() == gitFolder {
				repositories = append(repositories, path.Dir(real))
			} else if entry.Type().IsRegular() { // a link's target has a name of its own
				files = append(files, source.File{Path: file, Real: real})
			}
		})
	}
	asking.Wait()
	if p.trusted {
		h.look(ctx, nested(repositories, h.tops))
	}
	if ctx.Err() != nil {
		return nil
	}
	l := &listing{history: &history{}}
	if p.trusted {
		l.history = h.told()
	}
	for _, r := range l.history.revisions {
		for _, a := range r.aliases(p.roots) {
			files = append(files, source.File{Path: a.Path, Was: a.Real})
		}
	}
	files = append(files, l.renamedFiles(files, p)...)
	fold := runtime.GOOS == "darwin" || runtime.GOOS == "windows"
	l.workspace = source.NewWorkspace(p.roots, files, fold)
	return l
}

// gitFolder is in the top folder of a repository: a folder, or a file that names one.
const gitFolder = ".git"

// neverListed are folders without a program's own sources.
var neverListed = []string{gitFolder, "node_modules"}

// walk calls f for up to limit files below root, and each .git, with the path as
// root begins it and the one without links, both with slashes. What cannot be read
// is left out. Links to folders below root are not followed: they may form circles.
func walk(ctx context.Context, root string, limit int, f func(path, real string, entry fs.DirEntry), skip ...string) {
	skip = append(skip, neverListed...)
	realRoot := realPath(root)
	_ = filepath.WalkDir(filepath.FromSlash(realRoot), func(real string, entry fs.DirEntry, err error) error {
		real = filepath.ToSlash(real)
		switch {
		case ctx.Err() != nil || limit <= 0:
			return filepath.SkipAll
		case err != nil:
			return nil
		case entry.IsDir() && real != realRoot && slices.Contains(skip, entry.Name()):
			if entry.Name() == gitFolder {
				f(root+strings.TrimPrefix(real, realRoot), real, entry)
			}
			return filepath.SkipDir
		case entry.IsDir():
			return nil
		}
		limit--
		f(root+strings.TrimPrefix(real, realRoot), real, entry)
		return nil
	})
}
