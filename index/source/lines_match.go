package source

import (
	"slices"
	"sort"
	"strings"
	"unicode"

	"github.com/aymanbagabas/go-udiff/lcs"
)

// matcher compares two texts by what their lines say: white space at a line's
// ends is no part of it, code that was only indented is the same code. Lines are
// counted from 0 here.
type matcher struct {
	before, after []int32 // of each line: which of texts it says
	texts         []string
	little        []bool        // of each text: it is trivial
	tally         []occurrences // of each text
	origin        []int32       // as LineMap has it: of each new line, the old one + 1
	gone          []bool        // of each old line: no new line is it, so far
	rest          []hunk        // without equal lines
}

// occurrences is how many lines say a text, and which new one is the last of them.
type occurrences struct{ before, after, lastAfter int32 }

// hunk are the old lines from a and the new lines from b, half open.
type hunk struct{ a, aEnd, b, bEnd int }

func (h hunk) empty() bool { return h.a == h.aEnd || h.b == h.bEnd }

// pair is an old line and the new one that it is.
type pair struct{ old, line int }

func newMatcher(before, after []string) *matcher {
	x := &matcher{origin: make([]int32, len(after)), gone: slices.Repeat([]bool{true}, len(before))}
	known := make(map[string]int32, max(len(before), len(after)))
	number := func(lines []string) []int32 {
		out := make([]int32, len(lines))
		for i, line := range lines {
			text := strings.TrimSpace(line)
			id, ok := known[text]
			if !ok {
				id = int32(len(x.texts))
				known[text] = id
				x.texts, x.little = append(x.texts, text), append(x.little, trivial(text))
			}
			out[i] = id
		}
		return out
	}
	x.before, x.after = number(before), number(after)
	x.tally = make([]occurrences, len(x.texts))
	return x
}

func (x *matcher) whole() hunk { return hunk{0, len(x.before), 0, len(x.after)} }

func (x *matcher) set(old, line int) {
	x.origin[line] = int32(old + 1)
	x.gone[old] = false
}

// equal finds the equal lines of a hunk that have kept their order. Lines that
// each side has once come first, and the others between them: they are surely the
// same, while one `end` is equal to any other. depth bounds how often it looks
// again at what is between.
func (x *matcher) equal(h hunk, depth int) {
	for ; !h.empty() && x.before[h.a] == x.after[h.b]; h.a, h.b = h.a+1, h.b+1 {
		x.set(h.a, h.b)
	}
	for ; !h.empty() && x.before[h.aEnd-1] == x.after[h.bEnd-1]; h.aEnd, h.bEnd = h.aEnd-1, h.bEnd-1 {
		x.set(h.aEnd-1, h.bEnd-1)
	}
	if h.empty() {
		return
	}
	kept, common := x.landmarks(h)
	switch {
	case !common:
		x.rest = append(x.rest, h)
	case len(kept) == 0 || depth == 0:
		x.longest(h, depth)
	default:
		for _, p := range kept {
			x.set(p.old, p.line)
			x.equal(hunk{h.a, p.old, h.b, p.line}, depth-1)
			h.a, h.b = p.old+1, p.line+1
		}
		x.equal(h, depth-1)
	}
}

// landmarks returns lines that each side of a hunk has once, as many as have
// kept their order, trivial ones only where there are no others. common: some
// lines of the two sides are equal at all.
func (x *matcher) landmarks(h hunk) (kept []pair, common bool) {
	x.count(h)
	var once, little []pair
	for i := h.a; i < h.aEnd; i++ {
		id := x.before[i]
		t := x.tally[id]
		common = common || t.after > 0
		switch {
		case t.before != 1 || t.after != 1:
		case x.little[id]:
			little = append(little, pair{i, int(t.lastAfter)})
		default:
			once = append(once, pair{i, int(t.lastAfter)})
		}
	}
	if len(once) == 0 {
		once = little
	}
	return increasing(once), common
}

// count tallies a hunk.
func (x *matcher) count(h hunk) {
	for _, id := range x.before[h.a:h.aEnd] {
		x.tally[id] = occurrences{}
	}
	for _, id := range x.after[h.b:h.bEnd] {
		x.tally[id] = occurrences{}
	}
	for i := h.a; i < h.aEnd; i++ {
		x.tally[x.before[i]].before++
	}
	for i := h.b; i < h.bEnd; i++ {
		t := &x.tally[x.after[i]]
		t.after, t.lastAfter = t.after+1, int32(i)
	}
}

// increasing returns as many of the pairs, whose old lines are in order, as have
// their new lines in order too.
func increasing(pairs []pair) []pair {
	var ends []int // of the best row of each length: its last pair
	previous := make([]int, len(pairs))
	for i, p := range pairs {
		n := sort.Search(len(ends), func(n int) bool { return pairs[ends[n]].line > p.line })
		if n == len(ends) {
			ends = append(ends, i)
		}
		ends[n] = i
		if n > 0 {
			previous[i] = ends[n-1]
		}
	}
	kept := make([]pair, len(ends))
	for n := len(ends) - 1; n >= 0; n-- {
		kept[n] = pairs[ends[n]]
		if n > 0 {
			ends[n-1] = previous[ends[n]]
		}
	}
	return kept
}

// longest finds the longest row of equal lines of a hunk, or a long one: the
// comparison gives up after many differences, and what it left in the middle is
// worth another look of its own.
func (x *matcher) longest(h hunk, depth int) {
	a, b := h.a, h.b
	for _, d := range append(lcs.DiffRunes(x.before[h.a:h.aEnd], x.after[h.b:h.bEnd]), lcs.Diff{
		Start: h.aEnd - h.a, End: h.aEnd - h.a, ReplStart: h.bEnd - h.b, ReplEnd: h.bEnd - h.b,
	}) {
		for ; a < h.a+d.Start; a, b = a+1, b+1 {
			x.set(a, b)
		}
		between := hunk{a, h.a + d.End, b, h.b + d.ReplEnd}
		a, b = between.aEnd, between.bEnd
		switch {
		case between == h:
			x.rest = append(x.rest, h)
		case !between.empty():
			x.equal(between, max(depth-1, 0))
		}
	}
}

// moved finds the lines that did not keep their order: those that say what no
// other line says, before or after.
func (x *matcher) moved() {
	x.count(x.whole())
	for old, id := range x.before {
		if t := x.tally[id]; x.gone[old] && t.before == 1 && t.after == 1 && telling(x.texts[id]) {
			x.set(old, int(t.lastAfter))
		}
	}
}

// telling reports whether a text is enough to know a line by.
func telling(text string) bool { return len(text) > 3 && !trivial(text) }

// trivial reports whether a text is none that allocates: punctuation, or a
// keyword that ends or parts a block.
func trivial(text string) bool {
	switch text {
	case "end", "else", "begin", "ensure", "rescue", "do", "then", "private", "protected", "public", "loop do":
		return true
	}
	return !strings.ContainsFunc(text, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) })
}
