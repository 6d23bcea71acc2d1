// Package dump streams the records of a Ruby heap dump, as written by
// ObjectSpace.dump_all: one JSON object a line (MRI: ext/objspace/objspace_dump.c).
// A line that cannot be read is reported with its position and reading goes on.
package dump

import jsoniter "github.com/json-iterator/go"

// Type is the kind of a record.
type Type uint8

// The types MRI writes. Other is any name this package does not know; such a
// record carries it in TypeName.
const (
	Other Type = iota
	Root
	Shape
	None
	Zombie
	Object
	Class
	Module
	IClass
	Float
	String
	Regexp
	Array
	Hash
	Struct
	Bignum
	File
	Data
	Match
	Symbol
	Rational
	Complex
	IMemo
	Node
)

var typeNames = [...]string{
	Other: "UNKNOWN", Root: "ROOT", Shape: "SHAPE", None: "NONE", Zombie: "ZOMBIE",
	Object: "OBJECT", Class: "CLASS", Module: "MODULE", IClass: "ICLASS", Float: "FLOAT",
	String: "STRING", Regexp: "REGEXP", Array: "ARRAY", Hash: "HASH", Struct: "STRUCT",
	Bignum: "BIGNUM", File: "FILE", Data: "DATA", Match: "MATCH", Symbol: "SYMBOL",
	Rational: "RATIONAL", Complex: "COMPLEX", IMemo: "IMEMO", Node: "NODE",
}

// String returns the name MRI writes for t.
func (t Type) String() string { return typeNames[t] }

var typesByName = func() map[string]Type {
	m := make(map[string]Type, len(typeNames))
	for t, name := range typeNames {
		m[name] = Type(t)
	}
	return m
}()

// Record is one line of a dump. Its slices belong to the Scanner and are
// overwritten by the next line: copy what has to stay. A nil slice means that
// the key is absent.
type Record struct {
	Type     Type
	TypeName []byte // the name as written

	Root       []byte   // category of a ROOT record
	Address    uint64   // 0 where absent
	Class      uint64   // address of the class; 0 where absent
	References []uint64 // addresses, with MRI's repetitions

	File       []byte // path of the allocation site, as the VM knows it
	Line       int64  // 1-based line of the site; 0 where absent
	Method     []byte
	Generation int64 // GC count at allocation; -1 where absent

	Memsize int64 // shallow size in bytes
	Size    int64 // ARRAY length, HASH size, STRING and SYMBOL bytesize; -1 where absent

	Value         []byte // text of a STRING or SYMBOL, perhaps still JSON-escaped
	ValueEscaped  bool   // Value holds JSON escapes
	Struct        []byte // DATA: name of the C type
	IMemoType     []byte
	Name          []byte // CLASS, MODULE
	RealClassName []byte // singleton classes, Ruby 3.1+
	Singleton     bool

	Old   bool // has survived as many GCs as make an object old
	Young bool // has not, though nothing keeps it from getting old

	shapeType []byte
	traits    Traits
	unknown   [][]byte // keys that this package does not know
	odd       string   // what is wrong with a value that was passed over
	raw       bool     // holds a text that MRI should have escaped
	seen      uint8    // bits of the keys of a site that were read
	twice     bool     // one of them stands there twice
}

// once notes that a key of a site was read.
func (r *Record) once(bit uint8) {
	r.twice = r.twice || r.seen&bit != 0
	r.seen |= bit
}

func (r *Record) reset() {
	refs, unknown := r.References[:0], r.unknown[:0]
	*r = Record{References: refs, Generation: -1, Size: -1, unknown: unknown}
}

// Text is the record's Value without JSON escapes, nil where it has none.
func (r *Record) Text() []byte {
	if !r.ValueEscaped {
		return r.Value
	}
	return Unescape(r.Value)
}

// Unescape resolves the JSON escapes of a string's inside. An escape cut off at
// the end is left out.
func Unescape(raw []byte) []byte {
	end := 0
	for end < len(raw) {
		n := 1
		if raw[end] == '\\' {
			if n = escapeLen(raw[end:]); n == 0 {
				break
			}
		}
		end += n
	}
	quoted := make([]byte, 0, end+2)
	quoted = append(quoted, '"')
	quoted = append(quoted, raw[:end]...)
	quoted = append(quoted, '"')
	return []byte(jsoniter.ParseBytes(jsoniter.ConfigDefault, quoted).ReadString())
}
