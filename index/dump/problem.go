package dump

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Reason is why a line could not be read, for counting.
type Reason uint8

// The reasons, from those that cost the most.
const (
	BrokenOff  Reason = iota // the last line, without its end
	ZeroBytes                // never written, or overwritten
	NotJSON                  // damaged, or a piece of a record
	Foreign                  // JSON, but no record of a heap dump
	OutOfRange               // a record with an impossible number
	OddValue                 // a record without a value that it has in an impossible form
	Reasons                  // how many there are
)

var reasonTexts = [Reasons]string{
	BrokenOff:  "the dump breaks off in its last line: it is still being written, or the process or the disk came to its end",
	ZeroBytes:  "NUL bytes instead of a record: that part of the file was never written",
	NotJSON:    "not valid JSON: damaged, or a piece of a record",
	Foreign:    "no record of a heap dump",
	OutOfRange: "a record with an impossible number or address",
	OddValue:   "a value of a wrong type or out of range was passed over, the rest of its record counts",
}

// String says the reason in words for people, without a full stop.
func (r Reason) String() string { return reasonTexts[r] }

// Problem is a line that could not be read, or not all of it.
type Problem struct {
	Line    int64 // 1-based
	Offset  int64 // bytes from the start of the (decompressed) dump to the line
	Reason  Reason
	Message string
}

// fault is what is wrong with a line.
type fault struct {
	reason  Reason
	message string
}

func (f *fault) Error() string { return f.message }

// notJSON says what is wrong with a line that is no JSON.
func notJSON(line []byte) *fault {
	if n := bytes.Count(line, []byte{0}); n > 0 {
		return &fault{ZeroBytes, fmt.Sprintf("not valid JSON: %d NUL bytes", n)}
	}
	var value json.RawMessage
	return &fault{NotJSON, fmt.Sprintf("not valid JSON: %v", json.Unmarshal(line, &value))}
}
