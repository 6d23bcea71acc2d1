package source

import "strings"

// Restore returns the map after looking among the old lines that are gone for
// lines that say what they said: block are the texts of those after the first
// skip lines, before those of the old lines, as they were at some time. What undo
// or a second paste brings back is the same line again, whatever line it was
// taken for while it said something else. It writes to m's own memory: m must be
// fresh from Edit.
func (m LineMap) Restore(skip int, before, block []string) LineMap {
	r := restorer{m.origin, before, make([]int32, len(before)+1)}
	for i, o := range m.origin {
		r.now[o] = int32(i + 1)
	}
	other := func(i int) bool {
		o := m.origin[skip+i]
		return o == 0 || !Same(before[o-1], block[i])
	}
	for i := 0; i < len(block); i++ {
		start := i
		for i < len(block) && other(i) {
			i++
		}
		if start < i {
			r.run(skip+start, block[start:i])
		}
	}
	return m
}

type restorer struct {
	origin []int32
	before []string
	now    []int32 // of each old line, from 1: the new line that is it, 0: none
}

// run looks for the lines from start (0-based), none of which says what its old
// line did.
func (r restorer) run(start int, texts []string) {
	var olds []int32
	var said []string
	from, to := r.gap(start, start+len(texts))
	for o := from + 1; o <= to; o++ {
		if at := int(r.now[o]); at == 0 || start < at && at <= start+len(texts) {
			olds, said = append(olds, int32(o)), append(said, r.before[o-1])
		}
	}
	if len(olds) == 0 {
		return
	}
	x := newMatcher(said, texts)
	x.equal(x.whole(), lookAgain)
	for _, o := range x.origin { // first nobody has what others get
		if o > 0 && r.now[olds[o-1]] > 0 {
			r.origin[r.now[olds[o-1]]-1] = 0
		}
	}
	for i, o := range x.origin {
		if o > 0 {
			r.origin[start+i] = olds[o-1]
			r.now[olds[o-1]] = int32(start + i + 1)
		}
	}
}

// gap returns the old lines (0-based, half open) between those of the neighbours
// of the new lines from start to end (0-based, half open).
func (r restorer) gap(start, end int) (from, to int) {
	for i := start - 1; i >= 0; i-- {
		if r.origin[i] != 0 {
			from = int(r.origin[i])
			break
		}
	}
	to = len(r.before)
	for i := end; i < len(r.origin); i++ {
		if r.origin[i] != 0 {
			to = int(r.origin[i]) - 1
			break
		}
	}
	return from, to
}

// Landmarks are the lines of a text that can be told by what they say, for no
// other line of it says the same.
type Landmarks struct {
	lines int
	at    map[string]int32 // 1-based, 0: several lines say so
}

// LandmarksOf returns the landmarks of a text.
func LandmarksOf(text []string) Landmarks {
	at := make(map[string]int32, len(text))
	for i, line := range text {
		said := strings.TrimSpace(line)
		if _, twice := at[said]; twice || !telling(said) {
			at[said] = 0
			continue
		}
		at[said] = int32(i + 1)
	}
	return Landmarks{len(text), at}
}

// Pin returns the map after putting the landmarks of the old text where they are
// in the new text, after: wherever edits have brought them, they are found as in
// a comparison of the texts. It writes to m's own memory, as Restore does.
func (m LineMap) Pin(marks Landmarks, after []string) LineMap {
	const several = -1
	now := make([]int32, marks.lines+1)
	for i, line := range after {
		switch o := marks.at[strings.TrimSpace(line)]; {
		case o == 0:
		case now[o] == 0:
			now[o] = int32(i + 1)
		default:
			now[o] = several
		}
	}
	for i, o := range m.origin {
		if now[o] > 0 && int(now[o]) != i+1 {
			m.origin[i] = 0
		}
	}
	for o, i := range now {
		if i > 0 {
			m.origin[i-1] = int32(o)
		}
	}
	return m
}
