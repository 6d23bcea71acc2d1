package dump

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	jsoniter "github.com/json-iterator/go"
)

// maxMemsize bounds a believable shallow size, so that sums cannot overflow.
const maxMemsize = 1 << 48

// Scanner reads the records of one block of whole lines after the other. The
// zero value is not usable; call NewScanner.
type Scanner struct {
	rest   []byte
	offset int64
	line   int64

	record   Record
	problem  *Problem
	repaired int64
	traits   Traits
	unknown  map[string]int64
	flags    [8]knownFlags
	iter     *jsoniter.Iterator
	number   int64 // of the line just read
	at       int64 // where it begins
	tail     int   // where in the line just read another record begins, 0: nowhere
	glued    bool  // the next line is such a record
}

// NewScanner returns a Scanner without input.
func NewScanner() *Scanner {
	return &Scanner{iter: jsoniter.ParseBytes(jsoniter.ConfigDefault, nil), unknown: map[string]int64{}}
}

// Reset starts on a block that begins offset bytes into the dump. Problems
// count lines from the block's first, which is 1.
func (s *Scanner) Reset(block []byte, offset int64) {
	s.rest, s.offset, s.line, s.repaired, s.glued = block, offset, 0, 0, false
}

// bom is what some programs begin a text with; of files that were put together it
// is also in the middle.
const bom = "\ufeff"

// Lines returns how many lines of the block have been read.
func (s *Scanner) Lines() int64 { return s.line }

// Repaired returns how many of the block's records were not or not truly
// readable as JSON and were read all the same.
func (s *Scanner) Repaired() int64 { return s.repaired }

// Traits returns what all records read so far, of every block, show of the Ruby
// that wrote them.
func (s *Scanner) Traits() Traits { return s.traits }

// UnknownKeys returns how often keys that this package does not know stood in
// the records of all blocks. Those of which there are too many are counted
// under MoreKeys. The map belongs to the Scanner.
func (s *Scanner) UnknownKeys() map[string]int64 { return s.unknown }

// MoreKeys is the name of the keys that are not counted one by one.
const MoreKeys = "…"

// Bounds for what a hostile dump can make grow.
const (
	unknownKeys   = 64
	unknownKeyLen = 64
)

// learn takes from a good record what it shows of the dump.
func (s *Scanner) learn(r *Record) {
	s.traits |= r.traitsOf()
	for _, key := range r.unknown {
		name := string(key)
		if _, ok := s.unknown[name]; !ok && (len(s.unknown) >= unknownKeys || len(name) > unknownKeyLen) {
			name = MoreKeys
		}
		s.unknown[name]++
	}
}

// Next reads on to the next record or problem and reports whether there was
// one. Blank lines are passed over, and byte order marks.
func (s *Scanner) Next() bool {
	for len(s.rest) > 0 {
		rest := s.rest
		s.at = s.offset
		line := s.cutLine()
		if len(line) > 0 && line[0] != '{' {
			skipped := 0
			line, skipped = bare(line)
			rest, s.at = rest[skipped:], s.at+int64(skipped)
		}
		if len(line) == 0 {
			continue
		}
		s.problem, s.tail, s.number = nil, 0, s.line
		f := s.parse(line)
		if s.tail > 0 {
			s.rest, s.offset, s.glued = rest[s.tail:], s.at+int64(s.tail), true
		}
		if f != nil {
			s.fail(f, line)
		} else {
			s.learn(&s.record)
		}
		return true
	}
	return false
}

// bare returns a line without a byte order mark, of so many bytes, nothing of one
// that is blank.
func bare(line []byte) (rest []byte, skipped int) {
	if bytes.HasPrefix(line, []byte(bom)) {
		line, skipped = line[len(bom):], len(bom)
	}
	if len(bytes.Trim(line, " \t\r")) == 0 {
		line = nil
	}
	return line, skipped
}

func (s *Scanner) fail(f *fault, line []byte) {
	s.problem = &Problem{Line: s.number, Offset: s.at, Reason: f.reason, Message: strings.ToValidUTF8(f.message, "\ufffd")}
	if s.rest == nil && startsRecord(line) {
		s.problem.Reason, s.problem.Message = BrokenOff, BrokenOff.String()
	}
}

// cutLine takes the next line, without its end, off the rest of the block.
func (s *Scanner) cutLine() []byte {
	line := s.rest
	if end := bytes.IndexByte(s.rest, '\n'); end >= 0 {
		line, s.rest = s.rest[:end], s.rest[end+1:]
		s.offset += int64(end) + 1
	} else {
		s.rest = nil
		s.offset += int64(len(line))
	}
	if !s.glued {
		s.line++
	}
	s.glued = false
	if n := len(line); n > 0 && line[n-1] == '\r' {
		line = line[:n-1]
	}
	return line
}

// Record returns the line just read; it is overwritten by the next call of
// Next. Only meaningful where Problem is nil.
func (s *Scanner) Record() *Record { return &s.record }

// Oddity says which value of the record just read was passed over, nil where none
// was.
func (s *Scanner) Oddity() *Problem {
	if s.problem != nil || s.record.odd == "" {
		return nil
	}
	return &Problem{Line: s.number, Offset: s.at, Reason: OddValue, Message: strings.ToValidUTF8(s.record.odd, "\ufffd")}
}

// Place is where the line just read begins: its number in the block, from 1, and
// its offset in the dump.
func (s *Scanner) Place() (line, offset int64) { return s.number, s.at }

// Problem says why the line just read is no record, nil where it is one.
func (s *Scanner) Problem() *Problem { return s.problem }

func (s *Scanner) parse(line []byte) *fault {
	r := &s.record
	r.reset()
	fast := s.fast(line, r)
	if fast && !r.doubtful() {
		return s.checked(line)
	}
	r.reset()
	err := s.slow(line, r)
	if err == nil {
		err = r.check()
	}
	if err != nil && (err.reason == NotJSON || err.reason == ZeroBytes) {
		if s.tail = s.gluedAt(line); s.tail > 0 {
			return s.head(line[:s.tail], err)
		}
	}
	switch {
	case err != nil && !startsRecord(line):
		return err
	case err == nil && (!startsRecord(line) || !r.doubtful() && !hidesGeneration(line)):
		return s.checked(line)
	}
	if s.repair(line) || s.rejoin(line, fast || err == nil) {
		s.repaired++
		return nil
	}
	if !fast && err != nil {
		return err
	}
	r.reset() // doubtful, but nothing better came of it
	if !fast || !s.fast(line, r) {
		_ = s.slow(line, r) // as it went before
	}
	return s.checked(line)
}

// checked ends the reading of a line as it is.
func (s *Scanner) checked(line []byte) *fault {
	err := s.record.check()
	if err == nil && (s.record.raw || !isASCII(line) && !utf8.Valid(line)) {
		s.repaired++
	}
	return err
}

// repair reads a line whose texts MRI has not escaped.
func (s *Scanner) repair(line []byte) bool {
	fixed, ok := repair(line)
	if !ok {
		return false
	}
	r := &s.record
	r.reset()
	return s.slow(fixed, r) == nil && r.check() == nil && !r.doubtful()
}

// rejoin reads a record that line ends in a text have torn into several lines.
func (s *Scanner) rejoin(line []byte, whole bool) bool {
	end, lines, ok := rejoin(line, s.rest, whole, s.repair)
	if ok {
		s.rest = s.rest[end:]
		s.offset += int64(end)
		s.line += lines
	}
	return ok
}

// doubtful reports whether a readable line is not what MRI meant: a key stands
// there twice, or there is a file without the generation that MRI always writes
// behind one.
func (r *Record) doubtful() bool { return r.twice || r.File != nil && r.Generation < 0 }

// hidesGeneration reports whether a generation, where the line has one behind
// its file, is written as MRI would not: then a file's name may fake it.
func hidesGeneration(line []byte) bool {
	return bytes.Contains(line, fileKey) && !bytes.Contains(line, generationKey[len(", "):])
}

// check tells a record from other JSON.
func (r *Record) check() *fault {
	switch {
	case r.TypeName == nil:
		return &fault{Foreign, "not a heap dump record: it has no type"}
	case r.Type == Root && r.Root == nil:
		return &fault{Foreign, "a ROOT record without the name of its root"}
	case r.Type != Root && r.Address == 0:
		return &fault{Foreign, fmt.Sprintf("a %.24s record without an address", r.TypeName)}
	case r.Memsize < 0 || r.Memsize > maxMemsize:
		return &fault{OutOfRange, fmt.Sprintf("memsize %d is out of range", r.Memsize)}
	}
	return nil
}
