package dump

import (
	"bufio"
	"bytes"
	"errors"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

var (
	gzipMagic = []byte{0x1f, 0x8b}
	zstdMagic = []byte{0x28, 0xb5, 0x2f, 0xfd}
	skipMagic = []byte{0x2a, 0x4d, 0x18} // behind a byte from 0x50 to 0x5f: what pzstd begins with
)

// isZstd reports whether a file that begins so is one of zstd's frames, of which
// the first may be one to skip.
func isZstd(magic []byte) bool {
	return bytes.Equal(magic, zstdMagic) || len(magic) == len(zstdMagic) && magic[0]>>4 == 5 && bytes.Equal(magic[1:], skipMagic)
}

// Decompress tells gzip and zstd by their first bytes and returns the plain
// text of r, which is r's own where it is not compressed. Close frees the
// decompressor; it does not close r.
func Decompress(r io.Reader) (io.ReadCloser, error) {
	head := bufio.NewReaderSize(r, 16)
	magic, _ := head.Peek(len(zstdMagic)) // a shorter input is no compressed one
	switch {
	case bytes.HasPrefix(magic, gzipMagic):
		return gzip.NewReader(bufio.NewReaderSize(head, 1<<18))
	case isZstd(magic):
		d, err := zstd.NewReader(head, zstd.WithDecoderMaxWindow(1<<27))
		if err != nil {
			return nil, err
		}
		return d.IOReadCloser(), nil
	}
	return io.NopCloser(head), nil // large reads pass through a small bufio.Reader
}

// IsBehindEnd reports whether reading failed at what follows a compressed text
// that was read to its end: padding, or anything else.
func IsBehindEnd(err error) bool {
	return errors.Is(err, gzip.ErrHeader) || errors.Is(err, zstd.ErrMagicMismatch)
}
