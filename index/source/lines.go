package source

import (
	"slices"
	"strings"
)

// LineMap says which line of an old text each line of a new text is. Lines are
// 1-based on both sides, as Ruby counts them. It never changes: an edit makes a
// new one. Most lines keep their order; one that was moved is still itself if it
// can be told by what it says.
type LineMap struct {
	origin []int32 // of new line i+1: its old line, 0 for a line that is new
}

// Old returns the old line of a new one; false for lines that are new.
func (m LineMap) Old(line int) (int, bool) {
	if line < 1 || line > len(m.origin) || m.origin[line-1] == 0 {
		return 0, false
	}
	return int(m.origin[line-1]), true
}

// New returns the new line of an old one; false for lines that are gone.
func (m LineMap) New(old int) (int, bool) {
	for i, o := range m.origin {
		if int(o) == old && old > 0 {
			return i + 1, true
		}
	}
	return 0, false
}

// Match compares two texts, line by line. Equal lines are the same line, also if
// they were indented, or moved where no others are equal to them; where lines
// were rewritten, the ones that still look alike are.
func Match(before, after []string) LineMap { return MatchEdit(before, nil, after) }

// MatchEdit is Match for an edit of lines that were edited before: origin has
// what each of before's lines was at first. A line that is so again is that
// line, however alike another is: text typed in front of a line belongs to it
// until the return that makes it a line of its own.
func MatchEdit(before, origin, after []string) LineMap {
	if len(before) == len(after) && (len(before) == 1 || SameText(before, after)) { // most edits, most files
		return same(len(before))
	}
	x := newMatcher(before, after)
	x.equal(x.whole(), lookAgain)
	x.moved()
	x.rewritten(func(old, line int) int {
		if old < len(origin) && origin[old] != "" && Same(origin[old], after[line]) {
			return certain
		}
		return likeness(x.texts[x.before[old]], x.texts[x.after[line]])
	})
	return LineMap{x.origin}
}

// same returns the map of a text whose lines are all themselves.
func same(lines int) LineMap {
	origin := make([]int32, lines)
	for i := range origin {
		origin[i] = int32(i + 1)
	}
	return LineMap{origin}
}

// lookAgain is how deep landmarks are looked for between landmarks. Real code
// has a depth of two or three.
const lookAgain = 20

// Same reports whether two lines say the same: white space at their ends is no
// part of what a line says.
func Same(a, b string) bool { return a == b || strings.TrimSpace(a) == strings.TrimSpace(b) }

// SameText reports whether two texts have the same lines.
func SameText(a, b []string) bool { return slices.EqualFunc(a, b, Same) }

// Edit returns the map after the count lines that follow the first skip lines
// were replaced, where block maps the replaced lines to the replacing ones.
func (m LineMap) Edit(skip, count int, block LineMap) LineMap {
	origin := make([]int32, 0, len(m.origin)-count+len(block.origin))
	origin = append(origin, m.origin[:skip]...)
	for _, o := range block.origin {
		if o > 0 {
			o = m.origin[skip+int(o)-1]
		}
		origin = append(origin, o)
	}
	return LineMap{append(origin, m.origin[skip+count:]...)}
}
