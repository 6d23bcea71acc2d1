// Package source maps what a dump names to what the developer looks at: dump
// paths to workspace files, dump lines to lines of a buffer. It is pure: it
// reads no files and knows no protocol.
package source

import (
	"math"
	"path"
	"strings"
)

// File is one file of the workspace. Paths are absolute and use slashes.
type File struct {
	Path string // as the editor names it
	Real string // with all symbolic links resolved; may be empty or equal to Path
}

// Workspace is a list of files, prepared for lookups by path ending. It never
// changes.
type Workspace struct {
	roots  []string
	byPath map[string]string   // Path and Real → Path
	byBase map[string][]string // last component → Paths and Reals with that ending
}

// NewWorkspace prepares the files below roots for lookup. A file listed twice,
// for instance because one root is inside another, counts once.
func NewWorkspace(roots []string, files []File) *Workspace {
	w := &Workspace{roots: roots, byPath: map[string]string{}, byBase: map[string][]string{}}
	for _, f := range files {
		w.add(f.Path, f.Path)
		if f.Real != "" && f.Real != f.Path {
			w.add(f.Real, f.Path)
		}
	}
	return w
}

func (w *Workspace) add(name, file string) {
	if _, ok := w.byPath[name]; ok {
		return
	}
	w.byPath[name] = file
	base := path.Base(name)
	w.byBase[base] = append(w.byBase[base], name)
}

// Mapping says which dump path belongs to which workspace file, one to one.
type Mapping struct {
	Mapped    int // dump paths with a workspace file
	Unmapped  int // dump paths without one: gems, the standard library, evals
	Ambiguous int // dump paths that may be one of several files: nothing is shown for them

	toDump map[string]string
	toFile map[string]string
}

// DumpPath returns the dump's name of a workspace file.
func (m *Mapping) DumpPath(file string) (string, bool) {
	dumpPath, ok := m.toDump[file]
	return dumpPath, ok
}

// File returns the workspace file of a dump path.
func (m *Mapping) File(dumpPath string) (string, bool) {
	file, ok := m.toFile[dumpPath]
	return file, ok
}

// Map finds the workspace files of all paths of a dump. Where several dump
// paths claim one file, the one that agrees with it in the most components has
// it; claims of equal strength are ambiguous.
func (w *Workspace) Map(dumpPaths []string) *Mapping {
	m := &Mapping{toDump: map[string]string{}, toFile: map[string]string{}}
	claims := map[string][]claim{}
	for _, p := range dumpPaths {
		switch file, strength := w.find(p); strength {
		case noMatch:
			m.Unmapped++
		case severalMatch:
			m.Ambiguous++
		default:
			claims[file] = append(claims[file], claim{p, strength})
		}
	}
	for file, cs := range claims {
		winner, ok := strongest(cs)
		if !ok {
			m.Ambiguous += len(cs)
			continue
		}
		m.Mapped++
		m.Unmapped += len(cs) - 1
		m.toDump[file], m.toFile[winner] = winner, file
	}
	return m
}

// claim is a dump path that may belong to a file.
type claim struct {
	dumpPath string
	strength int
}

func strongest(claims []claim) (string, bool) {
	best, unique := claims[0], true
	for _, c := range claims[1:] {
		switch {
		case c.strength > best.strength:
			best, unique = c, true
		case c.strength == best.strength:
			unique = false
		}
	}
	return best.dumpPath, unique
}

// Strengths of a match; anything between is the number of equal trailing
// path components.
const (
	noMatch       = 0
	severalMatch  = -1
	exactMatch    = math.MaxInt
	relativeMatch = math.MaxInt - 1
)

// find returns the workspace file of one dump path and how sure that is.
func (w *Workspace) find(dumpPath string) (file string, strength int) {
	clean := path.Clean(dumpPath)
	if file, ok := w.byPath[clean]; ok {
		return file, exactMatch
	}
	if !isAbsolute(clean) {
		if file, strength := w.findRelative(clean); strength != noMatch {
			return file, strength
		}
	}
	return w.findSuffix(clean)
}

// findRelative looks below each root: a program started there names its files so.
func (w *Workspace) findRelative(clean string) (file string, strength int) {
	for _, root := range w.roots {
		found, ok := w.byPath[path.Join(root, clean)]
		switch {
		case !ok || found == file:
		case strength == noMatch:
			file, strength = found, relativeMatch
		default:
			return "", severalMatch
		}
	}
	return file, strength
}

// findSuffix finds the file whose path shares the most trailing components.
func (w *Workspace) findSuffix(clean string) (file string, strength int) {
	least := installedComponents(clean)
	for _, name := range w.byBase[path.Base(clean)] {
		found := w.byPath[name]
		switch n := commonSuffix(name, clean); {
		case n < least:
		case found == file:
			strength = max(strength, n)
		case n > strength:
			file, strength = found, n
		case n == strength:
			file = "" // a longer suffix may still decide
		}
	}
	if file == "" && strength > noMatch {
		return "", severalMatch
	}
	return file, strength
}

// commonSuffix counts the equal trailing components of two paths.
func commonSuffix(a, b string) int {
	for n := 0; ; n++ {
		restA, lastA := cutLast(a)
		restB, lastB := cutLast(b)
		if lastA == "" || lastA != lastB {
			return n
		}
		a, b = restA, restB
	}
}

func cutLast(p string) (rest, last string) {
	i := strings.LastIndexByte(p, '/')
	return p[:max(i, 0)], p[i+1:]
}

// installedComponents is how many components a suffix needs at least. For a
// file of an installed gem or of Ruby's own library they include the versioned
// directory (rack-3.1.8, ruby/3.4.0): otherwise the utils.rb of any gem would be
// shown as the application's.
func installedComponents(clean string) int {
	from := len(clean)
	if gems := gemDir.FindAllStringSubmatchIndex(clean, -1); gems != nil {
		from = gems[len(gems)-1][2] // the start of its name
	} else if library := stdlibDir.FindStringIndex(clean); library != nil {
		from = library[0] + 1
	}
	return strings.Count(clean[from:], "/") + 1
}

// isAbsolute knows Unix paths and Windows ones as Ruby writes them (C:/app).
func isAbsolute(p string) bool {
	return strings.HasPrefix(p, "/") || len(p) > 2 && p[1] == ':' && p[2] == '/'
}
