package lsp

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"heapline/index"
)

// Bounds of a search: someone may open a whole disk.
const (
	maxWalked  = 200_000 // files looked at by name
	maxSniffed = 2_000   // files opened
	maxFound   = 200     // dumps returned, the newest
)

var (
	dumpName = regexp.MustCompile(`(?i)(\.dump|\.heap|\.heapdump|heap[^/]*\.json)(\.gz|\.zst)?$`)
	jsonName = regexp.MustCompile(`(?i)\.jsonl?(\.gz|\.zst)?$`)
)

// foundDump is a dump in the workspace, in words that are ready to show.
type foundDump struct {
	Path     string    `json:"path"`
	Name     string    `json:"name"`   // below its workspace folder
	Detail   string    `json:"detail"` // size and age
	Bytes    int64     `json:"bytes"`
	Modified time.Time `json:"modified"`
}

// findDumps returns the dumps below the workspace folders, newest first.
func findDumps(ctx context.Context, roots []string) ([]foundDump, error) {
	found := []foundDump{}
	seen := map[string]bool{}
	walked, sniffed := 0, 0
	for _, root := range roots {
		walk(ctx, root, maxWalked-walked, func(file, real string, entry fs.DirEntry) {
			walked++
			named := namesDump(entry.Name())
			if seen[real] || !named && !jsonName.MatchString(entry.Name()) {
				return
			}
			seen[real] = true
			d, ok := describe(file)
			if ok && !named {
				sniffed++
				ok = sniffed <= maxSniffed && isDump(file)
			}
			if ok {
				d.Name = nameBelow(roots, root, file)
				found = append(found, d)
			}
		}, "vendor")
	}
	slices.SortStableFunc(found, func(a, b foundDump) int { return b.Modified.Compare(a.Modified) })
	return found[:min(len(found), maxFound)], ctx.Err()
}

// nameBelow is a file's path below its workspace folder, which is named where
// there are several.
func nameBelow(roots []string, root, file string) string {
	if len(roots) > 1 {
		root = path.Dir(root)
	}
	return strings.TrimPrefix(strings.TrimPrefix(file, root), "/")
}

// describe returns false for what is not a regular file: opening a pipe would
// wait for ever.
func describe(file string) (foundDump, bool) {
	info, err := os.Stat(filepath.FromSlash(file))
	if err != nil || !info.Mode().IsRegular() {
		return foundDump{}, false
	}
	return foundDump{
		Path:     filepath.FromSlash(file),
		Detail:   index.FormatBytes(info.Size()) + " · " + humanize.Time(info.ModTime()),
		Bytes:    info.Size(),
		Modified: info.ModTime(),
	}, true
}

// newestDump is what to load for clients that cannot name one: the newest dump
// in a workspace folder itself or its tmp, or where we put one there.
func newestDump(ctx context.Context, roots []string) ([]string, error) {
	var newest foundDump
	for _, root := range roots {
		taken, _ := filepath.Glob(filepath.Join(root, "tmp", takenPrefix+"*"))
		for _, dir := range append(taken, root, path.Join(root, "tmp")) {
			for _, d := range dumpsIn(filepath.ToSlash(dir)) {
				if newest.Path == "" || d.Modified.After(newest.Modified) {
					newest = d
				}
			}
		}
	}
	if newest.Path == "" {
		return nil, errors.New("there is no heap dump in the workspace folder or its tmp: write one with ObjectSpace.dump_all, or name its path")
	}
	return []string{newest.Path}, ctx.Err()
}

// namesDump reports whether a file has the name of a dump and not that of what a
// capture writes beside one.
func namesDump(name string) bool {
	return dumpName.MatchString(name) && !strings.HasSuffix(name, ".meta.json")
}

// dumpsIn returns the dumps right in a folder.
func dumpsIn(dir string) []foundDump {
	entries, _ := os.ReadDir(filepath.FromSlash(dir)) // there may be no tmp
	var found []foundDump
	for _, entry := range entries {
		named := namesDump(entry.Name())
		if !named && !jsonName.MatchString(entry.Name()) {
			continue
		}
		file := path.Join(dir, entry.Name())
		if d, ok := describe(file); ok && (named || isDump(file)) {
			found = append(found, d)
		}
	}
	return found
}

// isDump reports whether a file begins like a heap dump.
func isDump(file string) bool {
	f, err := os.Open(filepath.FromSlash(file))
	if err != nil {
		return false
	}
	defer func() { _ = f.Close() }()
	return index.IsDump(f)
}
