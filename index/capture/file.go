package capture

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

const (
	spare      = 128 << 20 // bytes of the disk that a dump leaves free
	checkEvery = 8 << 20   // bytes written between two looks at the disk
)

// freeSpace returns the bytes that this user may still write in a folder.
var freeSpace = diskFree

// extension of a dump's name, by compression.
var extension = map[string]string{"": ".heap", "gzip": ".heap.gz", "zstd": ".heap.zst"}

// file is a dump being written: under another name until it is whole.
type file struct {
	path    string // final
	part    *os.File
	about   *os.File // its description, likewise
	zip     io.WriteCloser
	bytes   int64 // taken in, before compression
	written int64 // since the last look at the disk
}

// tryFolder says what keeps dumps from going into a folder, before a long run
// of a program is for nothing. It leaves the folder as it was.
func tryFolder(dir string) error {
	var made []string
	for parent := dir; ; parent = filepath.Dir(parent) {
		if _, err := os.Lstat(parent); err == nil || parent == filepath.Dir(parent) {
			break
		}
		made = append(made, parent)
	}
	defer func() {
		for _, folder := range made {
			_ = os.Remove(folder)
		}
	}()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("the folder for dumps can't be made: %w", err)
	}
	tried, err := os.CreateTemp(dir, ".heapline-*.part")
	if err != nil {
		return fmt.Errorf("no dump can be written to %s: %w", dir, err)
	}
	_ = tried.Close()
	_ = os.Remove(tried.Name())
	return room(dir, 0)
}

// create begins a dump in dir, for which it wants at least so many bytes free.
func create(dir, name, compress string, need int64) (*file, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("the folder for dumps can't be made: %w", err)
	}
	if err := room(dir, need); err != nil {
		return nil, err
	}
	f := &file{}
	for i := 1; f.part == nil; i++ {
		f.path = filepath.Join(dir, name+extension[compress])
		if i > 1 {
			f.path = filepath.Join(dir, name+"-"+strconv.Itoa(i)+extension[compress])
		}
		if err := f.open(); err != nil && !errors.Is(err, os.ErrExist) {
			return nil, fmt.Errorf("the dump can't be written: %w", err)
		}
	}
	var err error
	if f.zip, err = compressor(f.part, compress); err != nil {
		f.discard()
	}
	return f, err
}

// open makes both files, where there is nothing of their names: no link to
// follow, and no file that somebody else has open.
func (f *file) open() error {
	for _, name := range []string{f.path, f.path + ".meta.json"} {
		if _, err := os.Lstat(name); err == nil {
			return os.ErrExist
		}
	}
	const flags = os.O_WRONLY | os.O_CREATE | os.O_EXCL
	about, err := os.OpenFile(f.path+".meta.json.part", flags, 0o600)
	if err != nil {
		return err
	}
	if f.part, err = os.OpenFile(f.path+".part", flags, 0o600); err != nil {
		f.part = nil
		_ = about.Close()
		_ = os.Remove(about.Name())
		return err
	}
	f.about = about
	return nil
}

type uncompressed struct{ io.Writer }

func (uncompressed) Close() error { return nil }

func compressor(w io.Writer, kind string) (io.WriteCloser, error) {
	switch kind {
	case "gzip":
		return gzip.NewWriterLevel(w, gzip.BestSpeed)
	case "zstd":
		return zstd.NewWriter(w, zstd.WithEncoderLevel(zstd.SpeedFastest))
	}
	return uncompressed{w}, nil
}

func room(dir string, need int64) error {
	free, err := freeSpace(dir)
	if err != nil || free >= uint64(spare+need) {
		return nil // a disk that does not tell is tried
	}
	return fmt.Errorf("the disk of %s is nearly full, %d MB are free and %d MB are wanted: make room, "+
		"choose another folder with --out, or write less with --compress zstd", dir, free>>20, (spare+need)>>20)
}

// Write takes in a part of the dump.
func (f *file) Write(p []byte) (int, error) {
	f.bytes += int64(len(p))
	if f.written += int64(len(p)); f.written >= checkEvery {
		f.written = 0
		if err := room(filepath.Dir(f.path), 0); err != nil {
			return 0, err
		}
	}
	return f.zip.Write(p)
}

// commit gives the dump its name, with its description beside it.
func (f *file) commit(description []byte) error {
	defer f.discard() // nothing, once it is renamed
	if err := f.zip.Close(); err != nil {
		return err
	}
	if err := f.part.Sync(); err != nil {
		return err
	}
	if _, err := f.about.Write(description); err != nil {
		return err
	}
	if err := f.about.Close(); err != nil {
		return err
	}
	// The description first: whoever sees the dump finds it described.
	if err := os.Rename(f.path+".meta.json.part", f.path+".meta.json"); err != nil {
		return err
	}
	if err := os.Rename(f.path+".part", f.path); err != nil {
		_ = os.Remove(f.path + ".meta.json")
		return err
	}
	return syncFolder(filepath.Dir(f.path))
}

// discard leaves nothing behind of a dump that was not committed.
func (f *file) discard() {
	_, _ = f.part.Close(), f.about.Close()
	_ = os.Remove(f.path + ".part")
	_ = os.Remove(f.path + ".meta.json.part")
}

func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	_ = d.Sync() // not every file system can
	return d.Close()
}
