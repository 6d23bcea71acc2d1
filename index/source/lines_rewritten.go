package source

import "math"

// rewritten matches lines that say something else than before, but for trivial
// ones. alike says how much an old line looks like a new one, 0 for not at all.
func (x *matcher) rewritten(alike func(old, line int) int) {
	x.countRest()
	for _, h := range x.rest {
		var olds, news []int
		for i := h.a; i < h.aEnd; i++ {
			// What is elsewhere now as well was not rewritten.
			if x.gone[i] && x.tally[x.before[i]].after == 0 {
				olds = append(olds, i)
			}
		}
		for i := h.b; i < h.bEnd; i++ {
			if x.origin[i] == 0 && x.tally[x.after[i]].before == 0 {
				news = append(news, i)
			}
		}
		x.pair(olds, news, func(old, line int) int {
			if !x.code(old, line) {
				return 0
			}
			return alike(old, line)
		})
	}
}

// code reports whether neither line is trivial: what allocates does not become an end.
func (x *matcher) code(old, line int) bool {
	return !x.little[x.before[old]] && !x.little[x.after[line]]
}

// countRest tallies the lines that are not matched.
func (x *matcher) countRest() {
	clear(x.tally)
	for i, id := range x.before {
		if x.gone[i] {
			x.tally[id].before++
		}
	}
	for i, id := range x.after {
		if x.origin[i] == 0 {
			x.tally[id].after++
		}
	}
}

// pair matches lines of a hunk: those that look alike, and what is as many lines
// as before between them, one to one.
func (x *matcher) pair(olds, news []int, alike func(old, line int) int) {
	i, j := 0, 0
	for _, p := range append(likely(olds, news, alike), pair{len(olds), len(news)}) {
		if p.old-i == p.line-j {
			for ; i < p.old; i, j = i+1, j+1 {
				if x.code(olds[i], news[j]) {
					x.set(olds[i], news[j])
				}
			}
		}
		if p.old < len(olds) {
			x.set(olds[p.old], news[p.line])
		}
		i, j = p.old+1, p.line+1
	}
}

// likely returns the pairs, in order, that look most alike in all. A line that
// several have become is the first of them.
func likely(olds, news []int, alike func(old, line int) int) []pair {
	const tooMany = 250_000 // comparisons: such a rewrite has no lines worth keeping
	switch {
	case len(olds) == 1 && len(news) == 1 || len(olds)*len(news) > tooMany:
		return nil
	case len(news) == 1:
		for i, old := range olds {
			if alike(old, news[0]) > 0 {
				return []pair{{i, 0}}
			}
		}
		return nil
	}
	width := len(news) + 1
	score, best := make([]int, len(olds)*width), make([]int, (len(olds)+1)*width) // best: of what is left from there
	for i := len(olds) - 1; i >= 0; i-- {
		for j := len(news) - 1; j >= 0; j-- {
			at := i*width + j
			score[at] = alike(olds[i], news[j])
			best[at] = max(best[at+width], best[at+1], score[at]+best[at+width+1])
		}
	}
	var pairs []pair
	for i, j := 0, 0; i < len(olds) && j < len(news); {
		switch at := i*width + j; {
		case score[at] > 0 && best[at] == score[at]+best[at+width+1]:
			pairs = append(pairs, pair{i, j})
			i, j = i+1, j+1
		case best[at] == best[at+width]:
			i++
		default:
			j++
		}
	}
	return pairs
}

// certain is more than any two lines can look alike.
const certain = math.MaxInt32

// likeness is the number of bytes that two lines share at both ends, or 0 where
// that is less than half of the shorter one.
func likeness(a, b string) int {
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
