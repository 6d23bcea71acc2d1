package source

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// script is a text that is edited at random. What most of its lines say is said
// by no other, and so tells which line they are.
type script struct {
	rnd   *rand.Rand
	text  []string
	fresh int
}

func (s *script) line() string {
	s.fresh++
	return [...]string{
		fmt.Sprintf("  @v%d = make(%d)", s.fresh, s.fresh),
		fmt.Sprintf("  rows << make(%d)", s.fresh),
		fmt.Sprintf("    CACHE[:k%d] = Array.new(10) { make(%d) }", s.fresh, s.fresh),
		fmt.Sprintf("def m%d", s.fresh),
		"end", "  end", "", "else", "}", "  rows = []", "@log << line", "if x",
	}[s.rnd.IntN(12)]
}

func (s *script) some(n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = s.line()
	}
	return out
}

// step edits the text: some of its lines become others.
func (s *script) step() {
	from := s.rnd.IntN(len(s.text) + 1)
	to := from + s.rnd.IntN(len(s.text)-from+1)
	if s.rnd.IntN(3) > 0 {
		to = min(to, from+4)
	}
	before, block, after := s.text[:from], slices.Clone(s.text[from:to]), s.text[to:]
	switch s.rnd.IntN(11) {
	case 0:
		block = slices.Concat([]string{"synchronize do"}, indented(block), []string{"end"})
	case 1:
		if len(block) > 2 {
			block = unindented(block[1 : len(block)-1])
		}
	case 2:
		block = indented(block)
	case 3:
		block = nil
	case 4:
		block = append(block, s.some(1+s.rnd.IntN(3))...)
	case 5:
		block = s.some(1 + s.rnd.IntN(3))
	case 6: // each is rewritten
		for i := range block {
			block[i] = strings.Replace(block[i], "make", "Foo.make", 1)
		}
	case 7: // copied
		if len(s.text) < 100 {
			block = append(block, block...)
		}
	case 8: // sorted
		slices.Sort(block)
	case 9: // moved
		rest := slices.Concat(before, after)
		at := s.rnd.IntN(len(rest) + 1)
		before, after = rest[:at], rest[at:]
	default:
		before, block, after = []string{"module A"}, indented(s.text), []string{"end"}
	}
	s.text = slices.Concat(before, block, after)
	if len(s.text) == 0 {
		s.text = []string{""} // an editor's text has a line
	}
}

// change is the range of lines that an editor says it has replaced: at least what
// differs.
func (s *script) change(before []string) (first, count, added int) {
	short := min(len(before), len(s.text))
	for first < short && before[first] == s.text[first] {
		first++
	}
	tail := 0
	for tail < short-first && before[len(before)-1-tail] == s.text[len(s.text)-1-tail] {
		tail++
	}
	first, tail = first-s.rnd.IntN(min(first, 3)+1), tail-s.rnd.IntN(min(tail, 3)+1)
	return first, len(before) - first - tail, len(s.text) - first - tail
}

// followEdits edits a text and follows its lines, as a document does.
func followEdits(t *testing.T, seed uint64, steps int) {
	s := &script{rnd: rand.New(rand.NewPCG(seed, 1))}
	s.text = s.some(1 + s.rnd.IntN(30))
	before := s.text
	marks, m := LandmarksOf(before), Match(before, before)
	versions := [][]string{before}
	for range steps {
		was := s.text
		if s.rnd.IntN(5) == 0 { // undo
			s.text = versions[s.rnd.IntN(len(versions))]
		} else {
			s.step()
		}
		versions = append(versions, s.text)
		first, count, added := s.change(was)
		after := s.text[first : first+added]
		m = m.Edit(first, count, Match(was[first:first+count], after)).Restore(first, before, after).Pin(marks, s.text)
		compared := Match(before, s.text)
		wrong := cmp.Or(wrongIn(m, before, s.text), wrongIn(compared, before, s.text), stolenIn(compared, before, s.text))
		if wrong != "" {
			t.Fatalf("seed %d: %s\n%s\n--- was\n%s", seed, wrong, strings.Join(s.text, "\n"), strings.Join(before, "\n"))
		}
	}
}

// wrongIn says what is wrong in a map, "" for nothing.
func wrongIn(m LineMap, before, text []string) string {
	if len(m.origin) != len(text) {
		return fmt.Sprintf("the map has %d lines, the text %d", len(m.origin), len(text))
	}
	now := map[int]int{}
	for i, line := range text {
		old, ok := m.Old(i + 1)
		if ok && now[old] > 0 {
			return fmt.Sprintf("lines %d and %d are both old line %d", now[old], i+1, old)
		}
		if ok {
			now[old] = i + 1
		}
		if want := only(before, line); want > 0 && only(text, line) > 0 && old != want && telling(strings.TrimSpace(line)) {
			return fmt.Sprintf("line %d %q is old line %d, not %d", i+1, line, want, old)
		}
	}
	return ""
}

// stolenIn says which line is taken for another, changed, though it says what a
// line said that is gone.
func stolenIn(m LineMap, before, text []string) string {
	for i, line := range text {
		old, ok := m.Old(i + 1)
		if !ok || Same(before[old-1], line) {
			continue
		}
		for j, was := range before {
			if _, there := m.New(j + 1); !there && Same(was, line) {
				return fmt.Sprintf("line %d %q is taken for old line %d %q, not for %d", i+1, line, old, before[old-1], j+1)
			}
		}
	}
	return ""
}

// only returns the line (1-based) that alone says what line does, 0 for none.
func only(text []string, line string) int {
	at := 0
	for i, other := range text {
		if Same(other, line) {
			if at > 0 {
				return 0
			}
			at = i + 1
		}
	}
	return at
}

func TestLinesThatOccurOnceAreFollowedThroughAnyEdits(t *testing.T) {
	for seed := range uint64(10_000) {
		followEdits(t, seed, 6)
	}
}

// FuzzEdits is the same with more edits.
func FuzzEdits(f *testing.F) {
	for seed := range uint64(20) {
		f.Add(seed, uint8(12))
	}
	f.Fuzz(func(t *testing.T, seed uint64, steps uint8) { followEdits(t, seed, int(min(steps, 50))) })
}

// A file that a commit wrapped in a module, which every request waits for once.
func BenchmarkMatchWrapped(b *testing.B) {
	before := numbered("  @items << Item.new", 5000)
	for i := 9; i < len(before); i += 10 {
		before[i] = "  end"
	}
	after := slices.Concat([]string{"module A"}, indented(before), []string{"end"})
	b.ReportAllocs()
	for b.Loop() {
		if old, _ := Match(before, after).Old(2501); old != 2500 {
			b.Fatal(old)
		}
	}
}

// Most comparisons: every line was rewritten, and one added.
func BenchmarkMatchRewritten(b *testing.B) {
	before := numbered("@items << Item.new", 499)
	after := append(numbered("@items << Item.make", 499), "@items")
	b.ReportAllocs()
	for b.Loop() {
		if old, _ := Match(before, after).Old(250); old != 250 {
			b.Fatal(old)
		}
	}
}

// What an edit costs in a file of 20,000 lines, besides the lines it replaces.
func BenchmarkEditOfALargeFile(b *testing.B) {
	before := numbered("  @items << Item.new", 20_000)
	marks, m := LandmarksOf(before), Match(before, before)
	text := slices.Clone(before)
	text[9999] += "x"
	b.ReportAllocs()
	for b.Loop() {
		after := text[9999:10000]
		m.Edit(9999, 1, Match(before[9999:10000], after)).Restore(9999, before, after).Pin(marks, text)
	}
}
