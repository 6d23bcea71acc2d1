package dump

import (
	"fmt"
	"math"
	"strconv"

	jsoniter "github.com/json-iterator/go"
)

// A value of a wrong type, or one that its key cannot have, is passed over; the
// rest of its record counts. No Ruby writes such a one.

// oddity notes the first odd value of a record.
func (r *Record) oddity(format string, args ...any) {
	if r.odd == "" {
		r.odd = fmt.Sprintf(format, args...)
	}
}

var kindNames = map[jsoniter.ValueType]string{
	jsoniter.StringValue: "a string", jsoniter.NumberValue: "a number", jsoniter.NilValue: "null",
	jsoniter.BoolValue: "true or false", jsoniter.ArrayValue: "an array", jsoniter.ObjectValue: "an object",
}

// passOver skips a value that is of a wrong type.
func (r *Record) passOver(it *jsoniter.Iterator, key string) {
	r.oddity("%s is %s: passed over", key, kindNames[it.WhatIsNext()])
	it.Skip()
}

// text reads a text that is one in every Ruby.
func (r *Record) text(it *jsoniter.Iterator, key string) []byte {
	if it.WhatIsNext() != jsoniter.StringValue {
		r.passOver(it, key)
		return nil
	}
	return []byte(it.ReadString())
}

// What the numbers of a record can be. A size in bytes has a check of its own:
// without it the whole record counts for nothing.
func anyInt(int64, string) bool { return true }

func notNegative(n int64, _ string) bool { return n >= 0 }

func isGeneration(n int64, _ string) bool { return n >= 0 && n < math.MaxUint32 }

// isLine takes the negative lines that eval can be given, which MRI writes without
// their sign, on a machine of 32 bits or of 64.
func isLine(n int64, text string) bool {
	if n >= 0 && n <= math.MaxUint32 {
		return true
	}
	unsigned, err := strconv.ParseUint(text, 10, 64)
	return err == nil && unsigned > math.MaxInt64
}
