package lsp

import (
	"cmp"
	"slices"

	"heapline/index"
	"heapline/index/source"
)

// names returns the dump's names of a file the editor has open, the surest first,
// and the one of its paths that has them: a process may know a file by several.
func (d *dump) names(doc *document) (names []string, file string, ok bool) {
	for _, p := range []string{doc.path, doc.real} {
		if p == "" { // not a file
			continue
		}
		if names, file := d.files.DumpPaths(p); len(names) > 0 {
			return names, file, true
		}
		if len(d.snapshot.Sites(p)) > 0 && d.isItself(p) {
			return []string{p}, p, true
		}
		if name, ok := d.installed.dumpPath(p, d.snapshot); ok {
			return []string{name}, p, true
		}
	}
	return nil, "", false
}

// isItself reports whether a file outside of the workspace is the dump's of that
// path: not where a path mapping leads elsewhere, nor in another Ruby's library.
func (d *dump) isItself(path string) bool {
	dir, _ := source.StdlibDir(path)
	return !covered(d.places.rules, path) && !slices.Contains(d.stdlib.others, dir)
}

// dumpPath returns the surest of a file's names.
func (d *dump) dumpPath(doc *document) (name, file string, ok bool) {
	names, file, ok := d.names(doc)
	if !ok {
		return "", "", false
	}
	return names[0], file, true
}

// surest is the surest of the names of the file that a dump path is.
func (d *dump) surest(dumpPath string) string {
	if file, ok := d.files.File(dumpPath); ok {
		if names, _ := d.files.DumpPaths(file); len(names) > 0 {
			return names[0]
		}
	}
	return dumpPath
}

// fileHere returns the file that a dump path is, in the workspace or outside.
func (d *dump) fileHere(dumpPath string) (string, bool) {
	if file, ok := d.files.File(dumpPath); ok {
		return file, true
	}
	return d.installed.file(dumpPath)
}

// sites are those of a file by line: where it has several names, those of one
// line are added up under the number of the first of them.
func (d *dump) sites(names []string) []index.Site {
	if len(names) == 1 {
		return d.snapshot.Sites(names[0])
	}
	var all, sums []index.Site
	for _, name := range names {
		all = append(all, d.snapshot.Sites(name)...)
	}
	slices.SortStableFunc(all, func(a, b index.Site) int { return cmp.Compare(a.Line, b.Line) })
	for _, site := range all {
		if last := len(sums) - 1; last >= 0 && sums[last].Line == site.Line {
			sums[last].Objects += site.Objects
			sums[last].Bytes += site.Bytes
			continue
		}
		sums = append(sums, site)
	}
	return sums
}

// parts are the sites that one of sites is the sum of, each with what it retains
// as far as that is known.
func (d *dump) parts(names []string, site index.Site) []index.Site {
	if len(names) == 1 {
		site.Retained = d.snapshot.Retained(site.ID)
		return []index.Site{site}
	}
	var parts []index.Site
	for _, name := range names {
		if part, ok := d.snapshot.SiteAt(name, site.Line); ok {
			part.Retained = d.snapshot.Retained(part.ID)
			parts = append(parts, part)
		}
	}
	return parts
}

// retainedTogether is what sites retain together: at least what one of them does
// and at least their own objects. More is not known, for one may keep what
// another retains.
func retainedTogether(parts []index.Site) index.Retained {
	if len(parts) == 1 {
		return parts[0].Retained
	}
	var most index.Retained
	var own int64
	for _, part := range parts {
		if !part.Retained.Known() {
			return index.Retained{}
		}
		most.Bytes = max(most.Bytes, part.Retained.Bytes)
		own += part.Bytes
	}
	return index.Retained{Bytes: max(most.Bytes, own)}
}
