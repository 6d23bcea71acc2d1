package index_test

import (
	"errors"
	"go/build"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// mayImport is the import table of ARCHITECTURE.md: what each package of the
// module may import of the module. A new package needs a row here first.
var mayImport = map[string][]string{
	"cmd/heapline":  {"lsp", "index", "index/report", "index/capture"},
	"lsp":           {"index", "index/source", "index/capture"},
	"index/report":  {"index", "index/source"},
	"index":         {"index/dump", "index/graph", "index/heap", "index/source"},
	"index/heap":    {"index/dump", "index/graph"},
	"index/graph":   nil,
	"index/dump":    nil,
	"index/source":  nil,
	"index/capture": nil,
}

func TestPackagesImportOnlyWhatTheTableAllows(t *testing.T) {
	found := importsOfOurs(t)
	for _, pkg := range slices.Sorted(maps.Keys(found)) {
		allowed, ok := mayImport[pkg]
		if !ok {
			t.Errorf("package %s has no row in the import table", pkg)
			continue
		}
		for _, imported := range found[pkg] {
			if !slices.Contains(allowed, imported) {
				t.Errorf("%s must not import %s (it may import: %s)", pkg, imported, strings.Join(allowed, ", "))
			}
		}
	}
	for pkg := range mayImport {
		if _, ok := found[pkg]; !ok {
			t.Errorf("the import table has a row for %s, which does not exist", pkg)
		}
	}
}

// importsOfOurs returns, by package, the packages of this module that its
// non-test files import. It reads the sources itself rather than asking go list:
// go test remembers files that a test opened, and runs it again when they change.
func importsOfOurs(t *testing.T) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	err := filepath.WalkDir("..", func(dir string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return err
		}
		if name := entry.Name(); name == "testdata" || name == "node_modules" || len(name) > 2 && name[0] == '.' {
			return filepath.SkipDir
		}
		pkg, err := build.ImportDir(dir, 0)
		if noGo := (*build.NoGoError)(nil); errors.As(err, &noGo) || err == nil && len(pkg.GoFiles) == 0 {
			return nil
		} else if err != nil {
			return err
		}
		path, err := filepath.Rel("..", dir)
		found[filepath.ToSlash(path)] = ofOurs(pkg.Imports)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func ofOurs(imports []string) []string {
	var ours []string
	for _, path := range imports {
		if rest, ok := strings.CutPrefix(path, "heapline/"); ok {
			ours = append(ours, rest)
		}
	}
	return ours
}
