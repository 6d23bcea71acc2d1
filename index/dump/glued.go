package dump

import "bytes"

// A dump that was torn, with the next one appended to it, or one without its last
// line end, leaves a line in which a piece of a record, or a whole one, is followed
// by another record, which is as good as any.

// gluedStarts are how a record begins that can be told inside a line: no text of
// MRI's has a quote without an escape but those that are repaired.
var gluedStarts = [][]byte{[]byte(`{"address":"0x`), []byte(`{"type":"ROOT", "root":"`)}

// gluedTried bounds how many starts are tried in a line: each takes a look at the
// rest of it.
const gluedTried = 8

// gluedAt returns where in a line that is no JSON a whole record begins that goes
// on to the line's end, 0 where none does.
func (s *Scanner) gluedAt(line []byte) int {
	for at, tried := 1, 0; tried < gluedTried; tried++ {
		next := -1
		for _, start := range gluedStarts {
			if i := bytes.Index(line[at:], start); i >= 0 && (next < 0 || i < next) {
				next = i
			}
		}
		if next < 0 {
			return 0
		}
		if at += next; s.isWhole(line[at:]) {
			return at
		}
		at++
	}
	return 0
}

// beginsRecord reports whether a record begins in a text.
func beginsRecord(text []byte) bool {
	return bytes.Contains(text, gluedStarts[0]) || bytes.Contains(text, gluedStarts[1])
}

// isWhole reads a record that is all of b, and reports whether it is one.
func (s *Scanner) isWhole(b []byte) bool {
	r := &s.record
	r.reset()
	if !s.fast(b, r) {
		r.reset()
		if s.slow(b, r) != nil {
			return false
		}
	}
	return r.check() == nil && !r.doubtful()
}

// head reads what is before a glued record: a record, or what is wrong with it.
func (s *Scanner) head(b []byte, err *fault) *fault {
	if !s.isWhole(b) {
		return err
	}
	s.repaired++
	return nil
}
