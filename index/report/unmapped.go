package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"

	"github.com/dustin/go-humanize"

	"heapline/index"
	"heapline/index/source"
)

// folder is a folder of the dump with files that were found nowhere.
type folder struct {
	Folder string `json:"folder"` // as the dump names it
	Files  int    `json:"files"`
	index.Count
}

// WriteUnmapped prints the files that were found nowhere by their folders, most
// bytes first.
func WriteUnmapped(w io.Writer, s *index.Snapshot, files []string, format string) error {
	folders := unmappedFolders(s, files)
	if format == "json" {
		return encode(w, folders)
	}
	if _, err := fmt.Fprintf(w, "%s of %s found nowhere\n\n%12s  %9s  %6s  %s\n",
		plural(len(files), "file"), plural(len(s.Files()), "file"), "objects", "bytes", "files", "folder"); err != nil {
		return err
	}
	for _, f := range folders {
		if _, err := fmt.Fprintf(w, "%12s  %9s  %6d  %s\n", humanize.Comma(f.Objects), index.FormatBytes(f.Bytes), f.Files, Printable(f.Folder)); err != nil {
			return err
		}
	}
	return nil
}

func unmappedFolders(s *index.Snapshot, files []string) []folder {
	byName := map[string]folder{}
	for _, file := range files {
		name := source.Folder(file)
		f := byName[name]
		f.Folder = name
		f.Files++
		for _, site := range s.Sites(file) {
			f.Objects += site.Objects
			f.Bytes += site.Bytes
		}
		byName[name] = f
	}
	folders := make([]folder, 0, len(byName))
	for _, f := range byName {
		folders = append(folders, f)
	}
	slices.SortFunc(folders, func(a, b folder) int {
		return cmp.Or(cmp.Compare(b.Bytes, a.Bytes), cmp.Compare(a.Folder, b.Folder))
	})
	return folders
}
