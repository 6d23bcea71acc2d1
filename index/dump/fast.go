package dump

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/bits"
)

// This file is the hot path of a load. It recognises the rigid form in which
// MRI writes a record: `{"key":value, "key":value}` with known keys, plain
// strings, unsigned integers, lower-case hexadecimal addresses. Whatever else
// it meets it leaves to the slow reader, so it may give up but never guess.

// fast fills r from one line without its line end. False means that the line
// is not in MRI's usual form; r is then undefined.
func (s *Scanner) fast(b []byte, r *Record) bool {
	n := len(b)
	if n < 2 || b[0] != '{' || b[n-1] != '}' {
		return false
	}
	for i := 1; ; {
		key, at := fastKey(b, i)
		if at < 0 {
			return false
		}
		end := s.fastValue(key, b, at, r)
		if end < 0 || end >= n {
			return false
		}
		if b[end] == '}' {
			return end == n-1
		}
		i = end + 2
		if b[end] != ',' || i >= n {
			return false
		}
		if b[i-1] != ' ' { // `,"edge_name":` alone has no space
			i--
		}
	}
}

// fastKey reads `"key":` at b[i:] and returns the key and where its value
// starts, or -1.
func fastKey(b []byte, i int) (key []byte, at int) {
	if i >= len(b) || b[i] != '"' {
		return nil, -1
	}
	i++
	end := plainEnd(b, i)
	if end+1 >= len(b) || b[end] != '"' || b[end+1] != ':' {
		return nil, -1
	}
	return b[i:end], end + 2
}

// fastValue reads the value of key at b[at:] into r and returns the index
// behind it, or -1. The commonest keys come first.
func (s *Scanner) fastValue(key, b []byte, at int, r *Record) int {
	switch string(key) {
	case "address":
		return fastAddress(b, at, &r.Address)
	case "type":
		end := fastText(b, at, &r.TypeName)
		if end > 0 {
			r.Type = typesByName[string(r.TypeName)]
		}
		return end
	case "class":
		return fastAddress(b, at, &r.Class)
	case "references":
		return fastAddresses(b, at, r)
	case "file":
		return fastFile(b, at, r)
	case "line":
		if r.once(2); r.twice || r.Method != nil || r.Generation >= 0 {
			return -1 // part of the file's name
		}
		return fastSmallInt(b, at, &r.Line, math.MaxInt32)
	case "method":
		if r.Method != nil || r.Generation >= 0 {
			return -1
		}
		return fastText(b, at, &r.Method)
	case "generation":
		if r.Generation >= 0 {
			return -1
		}
		return fastSmallInt(b, at, &r.Generation, math.MaxUint32-1)
	case "memsize":
		if r.once(16); r.twice {
			return -1
		}
		return fastInt(b, at, &r.Memsize)
	case "flags":
		return s.fastFlags(b, at, r)
	case "value":
		return fastEscapedText(b, at, r)
	case "bytesize", "length", "size":
		return fastInt(b, at, &r.Size)
	case "struct":
		return fastText(b, at, &r.Struct)
	case "imemo_type":
		return fastText(b, at, &r.IMemoType)
	case "name":
		return fastText(b, at, &r.Name)
	case "real_class_name":
		return fastText(b, at, &r.RealClassName)
	case "singleton":
		r.Singleton = true
		r.traits |= sawSuperclass
		return fastTrue(b, at)
	case "root":
		return fastText(b, at, &r.Root)
	case "shape_type":
		return fastText(b, at, &r.shapeType)
	}
	r.other(key)
	return fastSkip(b, at)
}

// fastSkip passes over a value of no interest.
func fastSkip(b []byte, at int) int {
	if at >= len(b) {
		return -1
	}
	switch b[at] {
	case '"':
		var text []byte
		return fastText(b, at, &text)
	case 't':
		return fastTrue(b, at)
	}
	var n int64
	return fastInt(b, at, &n)
}

func fastTrue(b []byte, at int) int {
	if len(b)-at < 4 || string(b[at:at+4]) != "true" {
		return -1
	}
	return at + 4
}

// fastInt reads an unsigned integer of up to 18 digits without leading zeros.
func fastInt(b []byte, at int, to *int64) int {
	var n int64
	i := at
	for ; i < len(b); i++ {
		d := b[i] - '0'
		if d > 9 {
			break
		}
		n = n*10 + int64(d)
	}
	if digits := i - at; digits == 0 || digits > 18 || digits > 1 && b[at] == '0' {
		return -1
	}
	*to = n
	return i
}

// fastSmallInt reads one that is not above a limit.
func fastSmallInt(b []byte, at int, to *int64, limit int64) int {
	end := fastInt(b, at, to)
	if *to > limit {
		return -1
	}
	return end
}

// fastText reads a string without escapes.
func fastText(b []byte, at int, to *[]byte) int {
	if at >= len(b) || b[at] != '"' {
		return -1
	}
	at++
	end := plainEnd(b, at)
	if end >= len(b) || b[end] != '"' {
		return -1
	}
	*to = b[at:end:end]
	return end + 1
}

// fastFile reads the file of a site, which MRI never escapes: it ends where the
// rest of the site begins, and a backslash in it is one.
func fastFile(b []byte, at int, r *Record) int {
	if at >= len(b) || b[at] != '"' || r.File != nil {
		return -1
	}
	plain := plainEnd(b, at+1)
	for i := plain; ; i++ {
		n := bytes.IndexByte(b[i:], '"')
		if n < 0 {
			return -1
		}
		i += n
		if rest := b[i+1:]; bytes.HasPrefix(rest, lineKey) || bytes.HasPrefix(rest, generationKey) || bytes.HasPrefix(rest, methodKey) {
			r.File, r.raw = b[at+1:i:i], i > plain
			if r.raw && beginsRecord(r.File) {
				return -1 // two records on a line, or so it seems
			}
			return i + 1
		}
	}
}

// fastEscapedText reads a string that may hold escapes, and leaves them in.
func fastEscapedText(b []byte, at int, r *Record) int {
	if at >= len(b) || b[at] != '"' {
		return -1
	}
	at++
	end := plainEnd(b, at)
	for end < len(b) && b[end] == '\\' {
		n := escapeLen(b[end:])
		if n == 0 {
			return -1
		}
		r.ValueEscaped = true
		end = plainEnd(b, end+n)
	}
	if end >= len(b) || b[end] != '"' {
		return -1
	}
	r.Value = b[at:end:end]
	return end + 1
}

// escapeLen is the length of the JSON escape at the start of b, 0 where it is none.
func escapeLen(b []byte) int {
	if len(b) < 2 {
		return 0
	}
	switch b[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		if len(b) < 6 {
			return 0
		}
		for _, c := range b[2:6] {
			if hexDigit[c] > 15 && (c < 'A' || c > 'F') {
				return 0
			}
		}
		return 6
	}
	return 0
}

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// plainEnd returns the index of the first quote, backslash or control
// character at or after b[i], len(b) where there is none. Eight bytes at a
// time: (x - 1s) & ^x & 0x80s marks the zero bytes of x, and marks nothing
// below the first of them.
func plainEnd(b []byte, i int) int {
	for ; i+8 <= len(b); i += 8 {
		w := binary.LittleEndian.Uint64(b[i:])
		quote := w ^ ones*'"'
		slash := w ^ ones*'\\'
		stop := (quote-ones)&^quote | (slash-ones)&^slash | (w-ones*' ')&^w
		if stop &= highs; stop != 0 {
			return i + bits.TrailingZeros64(stop)/8
		}
	}
	for ; i < len(b); i++ {
		if c := b[i]; c == '"' || c == '\\' || c < ' ' {
			return i
		}
	}
	return i
}

// isASCII reports whether b has no byte that needs a look whether it is UTF-8,
// as JSON has to be: most lines of most dumps have none.
func isASCII(b []byte) bool {
	var all uint64
	for ; len(b) >= 32; b = b[32:] {
		all |= binary.LittleEndian.Uint64(b) | binary.LittleEndian.Uint64(b[8:]) |
			binary.LittleEndian.Uint64(b[16:]) | binary.LittleEndian.Uint64(b[24:])
	}
	for _, c := range b {
		all |= uint64(c)
	}
	return all&highs == 0
}

// hexDigit maps lower-case hexadecimal digits to their values and all other
// bytes to 16 or more.
var hexDigit = func() (t [256]uint8) {
	for i := range t {
		t[i] = 16
	}
	for i := range 10 {
		t['0'+i] = uint8(i)
	}
	for i := range 6 {
		t['a'+i] = uint8(10 + i)
	}
	return t
}()

// fastAddress reads `"0x…"`: at most 16 digits, none for zero.
func fastAddress(b []byte, at int, to *uint64) int {
	if len(b)-at < 4 || b[at] != '"' || b[at+1] != '0' || b[at+2] != 'x' {
		return -1
	}
	var v uint64
	i := at + 3
	for ; i < len(b); i++ {
		d := hexDigit[b[i]]
		if d > 15 {
			break
		}
		v = v<<4 | uint64(d)
	}
	if i >= len(b) || b[i] != '"' || i-at > 3+16 {
		return -1
	}
	*to = v
	return i + 1
}

// fastAddresses reads `["0x…", "0x…"]`, appending to r.References.
func fastAddresses(b []byte, at int, r *Record) int {
	if len(b)-at < 2 || b[at] != '[' {
		return -1
	}
	refs := r.References[:0]
	for i := at + 1; ; i += 2 {
		var v uint64
		i = fastAddress(b, i, &v)
		if i < 0 || i+2 > len(b) {
			return -1
		}
		refs = append(refs, v)
		if b[i] == ']' {
			r.References = refs
			return i + 1
		}
		if b[i] != ',' || b[i+1] != ' ' {
			return -1
		}
	}
}

// fastFlags reads `{"wb_protected":true, "age":3}`. A dump has a handful of
// different flag sets, so those seen before are only compared.
func (s *Scanner) fastFlags(b []byte, at int, r *Record) int {
	n := bytes.IndexByte(b[at:], '}') + 1
	if n == 0 {
		return -1
	}
	text := b[at : at+n]
	known := &s.flags[n%len(s.flags)]
	if !bytes.Equal(text, known.text) {
		parsed, ok := flagSet(text)
		if !ok {
			return -1
		}
		known.flags, known.text = parsed, append(known.text[:0], text...)
	}
	r.setFlags(known.flags)
	return at + n
}

// knownFlags is a flag set seen before.
type knownFlags struct {
	text []byte
	flags
}

// flagSet reads one flat JSON object of true and integer values.
func flagSet(b []byte) (f flags, ok bool) {
	if b[0] != '{' {
		return f, false
	}
	for i := 1; ; i += 2 {
		key, at := fastKey(b, i)
		if at < 0 {
			return f, false
		}
		f.set(key)
		if i = fastSkip(b, at); i < 0 || i >= len(b) {
			return f, false
		}
		if b[i] == '}' {
			return f, i == len(b)-1
		}
		if b[i] != ',' || i+1 >= len(b) || b[i+1] != ' ' {
			return f, false
		}
	}
}
