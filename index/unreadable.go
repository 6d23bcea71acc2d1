package index

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"

	"heapline/index/dump"
	"heapline/index/heap"
)

// unreadable says in a developer's words why nothing could be read, and what to
// do. The head is how the text, decompressed, begins.
func unreadable(in *meter, head []byte, err error) error {
	switch {
	case in.done.Load() == 0 && in.err == nil:
		return errors.New("the file is empty: the process may still be writing the dump, or it died before it could")
	case errors.Is(err, heap.ErrEmpty):
		return errors.New("the dump is empty: it was compressed before anything was written, or the process died before it could write")
	case errors.Is(err, heap.ErrBrokenOff):
		return errors.New("the dump breaks off in its first record: the process died or was killed while it wrote it, or still writes it")
	case errors.Is(err, dump.ErrNulls), errors.Is(err, heap.ErrNotDump) && len(bytes.Trim(head, "\x00")) == 0 && len(head) == headKept:
		return errors.New("the file holds nothing but NUL bytes: it was never written. Copy it again, or take the dump again")
	case errors.Is(err, heap.ErrNotDump):
		return fmt.Errorf("this is not a Ruby heap dump: %s", otherKind(head))
	case in.err != nil:
		return fmt.Errorf("reading failed: %w", in.err)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("the compressed file is incomplete, and nothing in it can be read: copy it again, or take the dump again")
	}
	return fmt.Errorf("the file is damaged, nothing in it can be read: %w", err)
}

// otherKinds are what a dump is found in, or as, that has to be undone first.
var otherKinds = []struct {
	begins *regexp.Regexp
	advice string
}{
	{regexp.MustCompile(`^(?s:\xff\xfe\x00\x00|\x00\x00\xfe\xff)`), "it is text of UTF-32. Convert it: iconv -f UTF-32 -t UTF-8"},
	{
		regexp.MustCompile(`^(?s:\xff\xfe|\xfe\xff|\{\x00|\x00\{)`),
		"it is text of UTF-16, as PowerShell's > writes it. Convert it (iconv -f UTF-16 -t UTF-8), or let Ruby write to a file",
	},
	{regexp.MustCompile(`^\xfd7zXZ\x00`), "it is compressed with xz. Unpack it first: xz -d"},
	{regexp.MustCompile(`^BZh[1-9]`), "it is compressed with bzip2. Unpack it first: bzip2 -d"},
	{regexp.MustCompile(`^PK\x03\x04`), "it is a ZIP archive. Unpack it first"},
	{regexp.MustCompile(`^\x1f\x8b`), "it is compressed twice. Unpack it once: gzip -d"},
	{regexp.MustCompile(`^\x28\xb5\x2f\xfd`), "it is compressed twice. Unpack it once: zstd -d"},
	{regexp.MustCompile(`^\s*\[\s*\{`), "it is one JSON array, and a dump has an object on each line. Make it so: jq -c '.[]'"},
	{regexp.MustCompile(`^\s*\{\s*\n`), "its JSON is spread over many lines, and a dump has an object on each line. Make it so: jq -c ."},
}

// otherKind says what a text is instead of a heap dump, as far as its first bytes
// tell.
func otherKind(head []byte) string {
	latin := make([]rune, len(head)) // the patterns are of bytes
	for i, c := range head {
		latin[i] = rune(c)
	}
	for _, kind := range otherKinds {
		if kind.begins.MatchString(string(latin)) {
			return kind.advice
		}
	}
	return "no line is a record as ObjectSpace.dump_all writes them"
}

// headKept is how much of a text tells what it is, in bytes.
const headKept = 64

// headed keeps how a text begins.
type headed struct {
	io.Reader
	head []byte
}

func (h *headed) Read(p []byte) (int, error) {
	n, err := h.Reader.Read(p)
	h.head = append(h.head, p[:min(n, headKept-len(h.head))]...)
	return n, err
}
