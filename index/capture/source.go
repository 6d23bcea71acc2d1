package capture

import (
	"bufio"
	"context"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// source is the state of the code in git, empty where it is in none.
type source struct {
	Revision string `json:"revision,omitempty"`
	// Dirty is the code that is not the revision's: path below the repository's top
	// → what git hash-object says of it, "" where that is not known.
	Dirty        map[string]string `json:"dirty,omitempty"`
	DirtyUnknown bool              `json:"dirtyUnknown,omitempty"` // any file may be dirty
	// Changed is the code that was another for a part of the time that the process ran.
	Changed        []string `json:"changed,omitempty"`
	ChangedUnknown bool     `json:"changedUnknown,omitempty"` // any file may have changed

	top string // of the repository
}

const (
	dirtyLimit = 1000    // files
	dirtySize  = 2 << 20 // bytes of a file: code is smaller
)

// codeExtensions are of files that lines of a dump may be in.
var codeExtensions = []string{"", ".rb", ".rake", ".ru", ".erb", ".gemspec", ".haml", ".slim", ".jbuilder", ".rabl", ".builder"}

func sourceOf(ctx context.Context, dir string) source {
	revision, err := git(ctx, dir, nil, "rev-parse", "--verify", "--quiet", "HEAD")
	if err != nil {
		return source{}
	}
	top, err := git(ctx, dir, nil, "rev-parse", "--show-toplevel")
	if err != nil {
		return source{}
	}
	s := source{Revision: strings.TrimSpace(revision), top: strings.TrimSuffix(top, "\n")}
	files, ok := dirty(ctx, s.top)
	if s.DirtyUnknown = !ok; ok {
		s.Dirty = hashes(ctx, s.top, files)
	}
	return s
}

// dirty returns the code that is not the revision's; false where git does not
// say, or there is too much of it.
func dirty(ctx context.Context, top string) ([]string, bool) {
	changed, err := differing(ctx, top, "HEAD")
	if err != nil {
		return nil, false
	}
	untracked, err := git(ctx, top, nil, "ls-files", "--others", "--exclude-standard", "-z")
	if err != nil {
		return nil, false
	}
	for _, name := range names(untracked) {
		if isCode(top, name) && saysRuby(top, name) {
			changed = append(changed, name)
		}
		if len(changed) > dirtyLimit {
			return nil, false
		}
	}
	return changed, len(changed) <= dirtyLimit
}

// differing returns the code that is there and is another in a commit than in the
// next one, or than it is now.
func differing(ctx context.Context, top string, commits ...string) ([]string, error) {
	args := []string{"diff", "--name-only", "-z", "--no-ext-diff", "--no-textconv", "--no-renames", "--ignore-submodules"}
	out, err := git(ctx, top, nil, append(append(args, commits...), "--")...)
	return slices.DeleteFunc(names(out), func(name string) bool { return !isCode(top, name) }), err
}

func isCode(top, name string) bool {
	if !slices.Contains(codeExtensions, path.Ext(name)) {
		return false
	}
	info, err := os.Lstat(below(top, name))
	return err == nil && info.Mode().IsRegular()
}

// saysRuby is false for a file without an extension that does not look like
// code: programs leave many such files, in caches, that git does not know.
func saysRuby(top, name string) bool {
	if path.Ext(name) != "" || strings.HasSuffix(name, "file") { // Rakefile, Guardfile
		return true
	}
	f, err := os.Open(below(top, name))
	if err != nil {
		return false
	}
	defer f.Close()
	first, _ := bufio.NewReader(io.LimitReader(f, 200)).ReadString('\n') // may be all there is
	return strings.HasPrefix(first, "#!") && strings.Contains(first, "ruby")
}

// hashable is false for names that git can't read from its input, and for what is
// too large to be code.
func hashable(top, name string) bool {
	info, err := os.Stat(below(top, name))
	return err == nil && info.Size() <= dirtySize && !strings.ContainsAny(name, "\n\"")
}

func below(top, name string) string { return filepath.Join(top, filepath.FromSlash(name)) }

// writtenAfter reports whether a file was written after a time, as far as it is there.
func writtenAfter(top, name string, t time.Time) bool {
	info, err := os.Lstat(below(top, name))
	return err == nil && info.ModTime().After(t)
}
