package source

import (
	"math"
	"strings"

	"github.com/aymanbagabas/go-udiff/lcs"
)

// LineMap says which line of an old text each line of a new text is. Lines are
// 1-based on both sides, as Ruby counts them. It never changes: an edit makes a
// new one. The lines it maps keep their order, so that a line which was moved
// past another is a deleted and a new one.
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
		if int(o) >= old {
			return i + 1, int(o) == old && old > 0
		}
	}
	return 0, false
}

// Match compares two texts, line by line. Equal lines are the same line; where
// lines were replaced, the ones that still look alike are.
func Match(before, after []string) LineMap { return MatchEdit(before, nil, after) }

// MatchEdit is Match for an edit of lines that were edited before: origin has
// what each of before's lines was at first. A line that is so again is that
// line, however alike another is: text typed in front of a line belongs to it
// until the return that makes it a line of its own.
func MatchEdit(before, origin, after []string) LineMap {
	m := LineMap{make([]int32, len(after))}
	m.match(before, after, 0, 0, func(i int, line string) int {
		if i < len(origin) && origin[i] != "" && line == origin[i] {
			return math.MaxInt
		}
		return likeness(before[i], line)
	})
	return m
}

// match fills the map for before and after, whose first lines are the old line
// x+1 and the new line y+1. alike says how much an old line (0-based) looks like
// a new one; nil: only equal lines are the same.
func (m LineMap) match(before, after []string, x, y int, alike func(old int, line string) int) {
	a, b := 0, 0
	for _, d := range append(lcs.DiffLines(before, after), lcs.Diff{
		Start: len(before), End: len(before), ReplStart: len(after), ReplEnd: len(after),
	}) {
		for ; a < d.Start; a, b = a+1, b+1 {
			m.origin[y+b] = int32(x + a + 1)
		}
		hunkA, hunkB := before[d.Start:d.End], after[d.ReplStart:d.ReplEnd]
		switch {
		case len(hunkA) == 0 || len(hunkB) == 0: // only added or only removed
		case len(hunkA)+len(hunkB) < len(before)+len(after):
			// The comparison gives up after many differences: what it left in
			// the middle is worth another look of its own.
			m.match(hunkA, hunkB, x+d.Start, y+d.ReplStart, alike)
		case alike != nil:
			m.pair(len(hunkA), hunkB, x+d.Start, y+d.ReplStart, alike)
		}
		a, b = d.End, d.ReplEnd
	}
}

// pair matches lines of a hunk without equal lines: one to one where their
// number is the same, else those that look alike.
func (m LineMap) pair(before int, after []string, x, y int, alike func(old int, line string) int) {
	if before == len(after) {
		for i := range before {
			m.origin[y+i] = int32(x + i + 1)
		}
		return
	}
	const tooMany = 10_000 // comparisons: such a rewrite has no lines worth keeping
	if before*len(after) > tooMany {
		return
	}
	next := 0
	for i := range before {
		best, bestScore := -1, 0
		for j := next; j < len(after); j++ {
			if score := alike(x+i, after[j]); score > bestScore {
				best, bestScore = j, score
			}
		}
		if best >= 0 {
			m.origin[y+best] = int32(x + i + 1)
			next = best + 1
		}
	}
}

// likeness is the number of bytes two lines share at both ends, indentation
// apart, or 0 where that is less than half of the shorter one.
func likeness(a, b string) int {
	a, b = strings.TrimSpace(a), strings.TrimSpace(b)
	shorter := min(len(a), len(b))
	head, tail := 0, 0
	for head < shorter && a[head] == b[head] {
		head++
	}
	for tail < shorter-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	if (head+tail)*2 < shorter {
		return 0
	}
	return head + tail
}

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

// Restore returns the map after looking among the old lines that are gone for
// new lines: block are the texts of those after the first skip lines, before
// those of the old lines, as they were at some time. What undo or a second paste
// brings back is the same line again. It writes to m's own memory: m must be
// fresh from Edit.
func (m LineMap) Restore(skip int, before, block []string) LineMap {
	for i := 0; i < len(block); i++ {
		if m.origin[skip+i] != 0 {
			continue
		}
		start := i
		for i < len(block) && m.origin[skip+i] == 0 {
			i++
		}
		from, to := m.gap(skip+start, skip+i, len(before))
		if from < to {
			m.match(before[from:to], block[start:i], from, skip+start, nil)
		}
	}
	return m
}

// gap returns the old lines (0-based, half open) that are missing between the
// neighbours of the new lines from start to end (0-based, half open).
func (m LineMap) gap(start, end, lines int) (from, to int) {
	for i := start - 1; i >= 0; i-- {
		if m.origin[i] != 0 {
			from = int(m.origin[i])
			break
		}
	}
	to = lines
	for i := end; i < len(m.origin); i++ {
		if m.origin[i] != 0 {
			to = int(m.origin[i]) - 1
			break
		}
	}
	return from, to
}
