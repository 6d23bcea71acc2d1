package dump

import (
	"bufio"
	"bytes"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

var (
	gzipMagic = []byte{0x1f, 0x8b}
	zstdMagic = []byte{0x28, 0xb5, 0x2f, 0xfd}
)

// Decompress tells gzip and zstd by their first bytes and returns the plain
// text of r, which is r's own where it is not compressed. Close frees the
// decompressor; it does not close r.
func Decompress(r io.Reader) (io.ReadCloser, error) {
	head := bufio.NewReaderSize(r, 16)
	magic, _ := head.Peek(len(zstdMagic)) // a shorter input is no compressed one
	switch {
	case bytes.HasPrefix(magic, gzipMagic):
		return gzip.NewReader(bufio.NewReaderSize(head, 1<<18))
	case bytes.Equal(magic, zstdMagic):
		d, err := zstd.NewReader(head, zstd.WithDecoderMaxWindow(1<<27))
		if err != nil {
			return nil, err
		}
		return d.IOReadCloser(), nil
	}
	return io.NopCloser(head), nil // large reads pass through a small bufio.Reader
}
