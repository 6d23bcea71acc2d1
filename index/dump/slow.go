package dump

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	jsoniter "github.com/json-iterator/go"
)

// slow reads any JSON object into r. It takes what the fast path does not
// recognise: escapes in names, other white space, keys of Rubies to come.
// json-iterator is lax at some edges (it takes an object without its closing
// brace), so encoding/json has the word on what is JSON.
func (s *Scanner) slow(b []byte, r *Record) *fault {
	if !json.Valid(b) { // and not json.Unmarshal, which copies
		return notJSON(b)
	}
	it := s.iter
	it.ResetBytes(b)
	it.Error = nil
	if it.WhatIsNext() != jsoniter.ObjectValue {
		return &fault{Foreign, "not a JSON object"}
	}
	it.ReadObjectCB(func(it *jsoniter.Iterator, key string) bool {
		slowValue(it, key, r)
		return it.Error == nil
	})
	if it.Error != nil && !errors.Is(it.Error, io.EOF) {
		return &fault{OutOfRange, it.Error.Error()}
	}
	return nil
}

func slowValue(it *jsoniter.Iterator, key string, r *Record) {
	switch key {
	case "address":
		r.Address = slowAddress(it, r, key)
	case "class":
		r.Class = slowAddress(it, r, key)
	case "references":
		r.References = r.References[:0]
		if it.WhatIsNext() != jsoniter.ArrayValue {
			r.passOver(it, key)
			return
		}
		it.ReadArrayCB(func(it *jsoniter.Iterator) bool {
			r.References = append(r.References, slowAddress(it, r, key))
			return it.Error == nil
		})
	case "type":
		r.TypeName = slowText(it)
		r.Type = typesByName[string(r.TypeName)]
	case "root":
		r.Root = slowText(it)
	case "file":
		r.once(1)
		r.File = r.text(it, key)
	case "line":
		r.once(2)
		r.Line = slowInt(it, r, key, isLine)
	case "method":
		r.once(4)
		r.Method = r.text(it, key)
	case "generation":
		r.once(8)
		r.Generation = slowInt(it, r, key, isGeneration)
	case "memsize":
		r.once(16)
		r.Memsize = slowInt(it, r, key, anyInt)
	case "bytesize", "length", "size":
		r.Size = slowInt(it, r, key, notNegative)
	case "value":
		slowEscapedText(it, r)
	case "struct":
		r.Struct = slowText(it)
	case "imemo_type":
		r.IMemoType = slowText(it)
	case "name":
		r.Name = slowText(it)
	case "real_class_name":
		r.RealClassName = slowText(it)
	case "singleton":
		r.Singleton = slowTrue(it)
		r.traits |= sawSuperclass
	case "shape_type":
		r.shapeType = slowText(it)
	case "flags":
		slowFlags(it, r)
	default:
		r.other([]byte(key))
		it.Skip()
	}
}

func slowFlags(it *jsoniter.Iterator, r *Record) {
	if it.WhatIsNext() != jsoniter.ObjectValue {
		it.Skip()
		return
	}
	var f flags
	it.ReadObjectCB(func(it *jsoniter.Iterator, name string) bool {
		if it.WhatIsNext() != jsoniter.BoolValue {
			it.Skip()
			f.set([]byte(name))
		} else if it.ReadBool() {
			f.set([]byte(name))
		}
		return it.Error == nil
	})
	r.setFlags(f)
}

func slowTrue(it *jsoniter.Iterator) bool {
	if it.WhatIsNext() != jsoniter.BoolValue {
		it.Skip()
		return false
	}
	return it.ReadBool()
}

func slowText(it *jsoniter.Iterator) []byte {
	if it.WhatIsNext() != jsoniter.StringValue {
		it.Skip() // a key that means something else to this Ruby
		return nil
	}
	return []byte(it.ReadString())
}

// slowEscapedText leaves a value's escapes in: it may be long, and few are looked at.
func slowEscapedText(it *jsoniter.Iterator, r *Record) {
	r.Value, r.ValueEscaped = nil, false
	if it.WhatIsNext() != jsoniter.StringValue {
		it.Skip()
		return
	}
	if quoted := it.SkipAndReturnBytes(); len(quoted) >= len(`""`) {
		r.Value = quoted[1 : len(quoted)-1]
		r.ValueEscaped = bytes.IndexByte(r.Value, '\\') >= 0
	}
}

// slowAddress reads "0x…". MRI writes a zero address without digits.
func slowAddress(it *jsoniter.Iterator, r *Record, key string) uint64 {
	if it.WhatIsNext() != jsoniter.StringValue {
		r.passOver(it, key)
		return 0
	}
	text := it.ReadString()
	digits, ok := strings.CutPrefix(text, "0x")
	if ok && digits == "" {
		return 0
	}
	v, err := strconv.ParseUint(digits, 16, 64)
	if (!ok || err != nil) && it.Error == nil {
		it.Error = fmt.Errorf("address %.24q is not a hexadecimal number", text)
	}
	return v
}

// slowInt reads an integer. One beyond int64 is cut to its largest value. One that
// is not ok counts as odd.
func slowInt(it *jsoniter.Iterator, r *Record, key string, ok func(n int64, text string) bool) int64 {
	if it.WhatIsNext() != jsoniter.NumberValue {
		r.passOver(it, key)
		return 0
	}
	text := string(it.ReadNumber())
	n, err := strconv.ParseInt(text, 10, 64)
	switch {
	case errors.Is(err, strconv.ErrRange) && n > 0:
		n = math.MaxInt64
	case err != nil && it.Error == nil:
		it.Error = fmt.Errorf("number %.24q is not an integer", text)
		return n
	}
	if !ok(n, text) {
		r.oddity("%s %.24s is out of range: passed over", key, text)
	}
	return n
}
