package lsp

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"heapline/index/source"
)

// ignoreFileMax is more than anyone writes by hand. The time of the parser grows with its square.
const ignoreFileMax = 32_000

// FindIgnored returns the sites that the .heapline.yml of a folder names, or that
// of the nearest folder above it that has one, and the path of that file: "" where
// there is none.
func FindIgnored(folder string) (file string, sites source.Ignored, err error) {
	folder, err = filepath.Abs(folder)
	if err != nil {
		return "", sites, err
	}
	for ; ; folder = filepath.Dir(folder) {
		file = filepath.Join(folder, source.IgnoreFile)
		text, err := readIgnoreFile(file)
		switch {
		case err == nil:
			sites, err = source.ParseIgnored(text)
			if err != nil {
				err = fmt.Errorf("%s:%w", file, err)
			}
			return file, sites, err
		case !errors.Is(err, fs.ErrNotExist):
			return file, sites, err
		case folder == filepath.Dir(folder):
			return "", sites, nil
		}
	}
}

// readIgnoreFile returns the text of a .heapline.yml.
func readIgnoreFile(file string) (string, error) {
	info, err := os.Stat(file) // opening a pipe would wait for a writer
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", err
	case err != nil:
		return "", unreadable(file, err)
	case !info.Mode().IsRegular():
		return "", fmt.Errorf("%s is not a regular file: delete it, or write one in its place", file)
	case info.Size() > ignoreFileMax:
		return "", fmt.Errorf("%s is larger than %d bytes: name whole files (a path without a line) in it", file, ignoreFileMax)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return "", unreadable(file, err)
	}
	return string(text), nil
}

// writeIgnoreFile replaces a .heapline.yml at once, so that nobody reads half of
// it; one that is there keeps its mode.
func writeIgnoreFile(file, text string) error {
	mode := fs.FileMode(0o644)
	info, err := os.Lstat(file)
	switch {
	case err == nil && !info.Mode().IsRegular():
		return fmt.Errorf("%s is a link: write the entry into the file that it leads to", file)
	case err == nil:
		mode = info.Mode().Perm()
	case !errors.Is(err, fs.ErrNotExist):
		return unwritable(file, err)
	}
	temp, err := os.CreateTemp(filepath.Dir(file), source.IgnoreFile+".*")
	if err != nil {
		return unwritable(file, err)
	}
	_, err = strings.NewReader(text).WriteTo(temp)
	err = errors.Join(err, temp.Chmod(mode), temp.Close())
	if err == nil {
		err = os.Rename(temp.Name(), file)
	}
	if err != nil {
		_ = os.Remove(temp.Name())
		return unwritable(file, err)
	}
	return nil
}

func unwritable(file string, err error) error {
	return fmt.Errorf("%s cannot be written: %w; check the permissions of its folder", file, err)
}
