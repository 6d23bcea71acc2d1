package lsp

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// stamp tells one version of a file from another.
type stamp struct {
	size     int64
	modified time.Time
}

func stampOf(info fs.FileInfo) stamp { return stamp{info.Size(), info.ModTime()} }

// openDump opens a regular file. Its errors say what to do next.
func openDump(path string) (*os.File, stamp, error) {
	// Opening a pipe would wait for a writer: look first.
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, stamp{}, fmt.Errorf("%s does not exist: check the path, or pick a dump from the list of those found", path)
	case err != nil:
		return nil, stamp{}, unreadable(path, err)
	case info.IsDir():
		return nil, stamp{}, fmt.Errorf("%s is a directory: name a heap dump inside of it", path)
	case !info.Mode().IsRegular():
		return nil, stamp{}, fmt.Errorf("%s is not a regular file: write the dump to a file and load that", path)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, stamp{}, unreadable(path, err)
	}
	if info, err = file.Stat(); err != nil { // of this file, if another took its name meanwhile
		_ = file.Close()
		return nil, stamp{}, unreadable(path, err)
	}
	return file, stampOf(info), nil
}

func unreadable(path string, err error) error {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		err = pathErr.Err
	}
	return fmt.Errorf("%s cannot be read: %w; check the path and its permissions", path, err)
}

// absolute returns a path the client sent as an absolute one: ~ is the home
// folder, a relative path is one below a workspace folder.
func (st *state) absolute(path string) string {
	if rest, ok := strings.CutPrefix(path, "~/"); ok {
		if home, err := os.UserHomeDir(); err == nil {
			return filepath.Join(home, rest)
		}
	}
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	for _, root := range st.roots {
		if candidate := filepath.Join(root, path); exists(candidate) {
			return candidate
		}
	}
	if len(st.roots) > 0 {
		return filepath.Join(st.roots[0], path)
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return path
	}
	return abs
}

// absolutes does so for several, each once.
func (st *state) absolutes(paths []string) []string {
	var list []string
	for _, path := range paths {
		if path = st.absolute(path); !slices.Contains(list, path) {
			list = append(list, path)
		}
	}
	return list
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// readText returns a source file's text; false where it cannot be read or is
// too large to be source.
func readText(path string) (string, bool) {
	const tooLarge = 8 << 20
	file, err := os.Open(filepath.FromSlash(path))
	if err != nil {
		return "", false
	}
	defer func() { _ = file.Close() }()
	text, err := io.ReadAll(io.LimitReader(file, tooLarge))
	return string(text), err == nil && len(text) < tooLarge
}
