package heap

import (
	"bytes"
	"math"

	"heapline/index/dump"
)

// names gives numbers to strings, from 1; 0 stands for none. Not for use by
// several goroutines.
type names struct {
	byText map[string]uint32
	texts  []string // by number
	bytes  int64    // of all texts
}

func newNames() *names {
	return &names{byText: map[string]uint32{}, texts: []string{""}}
}

// number returns the number of a string, 0 for an empty one. The string is copied.
func (n *names) number(text []byte) uint32 {
	if len(text) == 0 {
		return 0
	}
	if id, ok := n.byText[string(text)]; ok {
		return id
	}
	return n.add(string(text))
}

func (n *names) text(s string) uint32 {
	if id, ok := n.byText[s]; ok {
		return id
	}
	return n.add(s)
}

func (n *names) add(s string) uint32 {
	id := uint32(len(n.texts))
	n.texts = append(n.texts, s)
	n.bytes += int64(len(s))
	n.byText[s] = id
	return id
}

// singletonMark marks, as the first byte of a stored name, a singleton class:
// what follows is the name of the class that its object is an instance of.
const singletonMark = "\x00"

// class returns the number of a CLASS's or MODULE's name.
func (n *names) class(r *dump.Record) uint32 {
	if r.Singleton {
		return n.text(singletonMark + string(r.RealClassName))
	}
	return n.number(r.Name)
}

// spot is where an object was allocated, and in which method.
type spot struct {
	file, method uint32 // numbers of names
	line         int32  // 1-based, 0 where unknown
}

// spots gives numbers to spots, from 1; 0 stands for none.
type spots struct {
	names    *names
	bySpot   map[spot]uint32
	list     []spot // by number
	lastText []byte // most objects come from the file of the one before
	lastFile uint32
	recent   [64]recentSpot // and from a spot like one of the last, by line
}

// recentSpot is a spot whose number need not be looked up.
type recentSpot struct {
	spot
	text []byte // of the method, nil for none
	id   uint32 // 0: nothing is here yet
}

func newSpots(n *names) *spots {
	return &spots{names: n, bySpot: map[spot]uint32{}, list: []spot{{}}}
}

// number returns the number of a spot. A line that no file can have (MRI writes
// negative ones as huge numbers) counts as unknown.
func (s *spots) number(file []byte, line int64, method []byte) uint32 {
	if s.lastFile == 0 || !bytes.Equal(file, s.lastText) {
		s.lastFile = s.names.number(file)
		s.lastText = append(s.lastText[:0], file...)
	}
	if line < 0 || line > math.MaxInt32 {
		line = 0
	}
	recent := &s.recent[line%int64(len(s.recent))]
	if recent.id != 0 && recent.file == s.lastFile && recent.line == int32(line) && bytes.Equal(recent.text, method) {
		return recent.id
	}
	recent.spot = spot{file: s.lastFile, method: s.names.number(method), line: int32(line)}
	recent.text = append(recent.text[:0], method...)
	recent.id = s.add(recent.spot)
	return recent.id
}

func (s *spots) add(key spot) uint32 {
	if id, ok := s.bySpot[key]; ok {
		return id
	}
	id := uint32(len(s.list))
	s.list = append(s.list, key)
	s.bySpot[key] = id
	return id
}
