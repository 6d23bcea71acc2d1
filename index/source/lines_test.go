package source

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// lines splits a compact notation: "a b c" is a text of three lines.
func lines(s string) []string { return strings.Fields(s) }

// picture writes a map as the old line of every new line, 0 for new lines.
func picture(m LineMap) string { return strings.Trim(fmt.Sprint(m.origin), "[]") }

func TestMatch(t *testing.T) {
	for _, tt := range []struct{ name, before, after, want string }{
		{"equal texts map line by line", "a b c", "a b c", "1 2 3"},
		{"an added line is new", "a b c", "a x b c", "1 0 2 3"},
		{"a removed line is gone", "a b c", "a c", "1 3"},
		{"a changed line stays itself", "a b c", "a x c", "1 2 3"},
		{"as many changed lines stay themselves", "a b c d", "a x y d", "1 2 3 4"},
		{"a line that was split stays with its beginning", "a foo(bar,baz) c", "a foo(bar, baz) c", "1 2 0 3"},
		{"two lines that became one stay with the first", "a foo( bar) c", "a foo(bar) c", "1 2 4"},
		{"a changed line is told from an added one by likeness", "a value=compute(1) c", "a other value=compute(2) c", "1 0 2 3"},
		{"an empty text has no lines", "", "a b", "0 0"},
		{"everything removed", "a b", "", ""},
		{"a line that says what no other does is found wherever it was moved", "kept line moved", "moved kept line", "3 1 2"},
		{"a moved line that says little is not known again", "a end b c", "end a b c", "0 1 3 4"},
		{"a moved line that two others are equal to is not known again", "a b line c line d", "line a b line c d", "0 1 2 3 4 6"},
		{"lines that occur once go before others", "v4 v5 end v6 end v8", "v4 v6 end v8", "1 4 5 6"},
		{"a changed line is not taken for one that is elsewhere", "make(1) make(2) a b make(3) c", "make(3) make(2) a b c", "5 2 3 4 6"},
		{"a line does not become an end", "a value=make(1) b", "a end b", "1 0 3"},
		{"as many lines are told by likeness before by position", "@a=make(1) @b=make(2) @c=make(3)", "@b=new(2) @c=new(3) puts", "2 3 0"},
		{"what stands for several lines is the first that it looks like", "} puts value=make(1)", "value=make(2)", "3"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := picture(Match(lines(tt.before), lines(tt.after))); got != tt.want {
				t.Errorf("%s → %s: got %s, want %s", tt.before, tt.after, got, tt.want)
			}
		})
	}
}

// In this notation a dot is white space.
func TestIndentationIsNoChange(t *testing.T) {
	for _, tt := range []struct{ name, before, after, want string }{
		{"indented lines stay themselves", "a b c", "..a b.. .c", "1 2 3"},
		{"what is wrapped stays itself, but for one end or the other", "def x y end", "module ..def ....x ....y ..end end", "0 1 2 3 0 4"},
		{
			"the rest of a body that is wrapped stays itself", "def a unless b end c d end",
			"def ..do ....a ....unless ......b ....end ....c ....d ..end end", "1 0 2 3 4 5 6 7 0 8",
		},
		{"what is unwrapped stays itself", "if ..x ..y end z", "x y z", "2 3 5"},
		{"the first deleted, the rest indented, and one added", "v1=make v2=make v3=make", "..v2=make ..v3=make ..puts", "2 3 0"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before, after := lines(tt.before), lines(tt.after)
			for _, text := range [][]string{before, after} {
				for i := range text {
					text[i] = strings.ReplaceAll(text[i], ".", " ")
				}
			}
			if got := picture(Match(before, after)); got != tt.want {
				t.Errorf("%s → %s: got %s, want %s", tt.before, tt.after, got, tt.want)
			}
		})
	}
}

func TestALongTableThatIsIndentedStaysItself(t *testing.T) {
	before := numbered("line", 5000)
	after := slices.Concat([]string{"module A"}, indented(before), []string{"end"})
	m := Match(before, after)
	for i := range before {
		if old, _ := m.Old(i + 2); old != i+1 {
			t.Fatalf("line %d is taken for %d", i+1, old)
		}
	}
}

func TestMatchFindsTheMiddleOfARewrite(t *testing.T) {
	var before, after []string
	for i := range 400 { // more differences than one comparison bears
		before = append(before, fmt.Sprint("kept", i), fmt.Sprint("old", i))
		after = append(after, fmt.Sprint("kept", i), "x", fmt.Sprint("y", i))
	}
	m := Match(before, after)
	kept := 0
	for i := range 400 {
		if old, ok := m.Old(3*i + 1); ok && old == 2*i+1 {
			kept++
		}
	}
	if kept < 390 {
		t.Errorf("%d of 400 unchanged lines were found again", kept)
	}
}

func TestEditAndRestore(t *testing.T) {
	before := lines("a b c d e")
	whole := Match(before, before)

	gone := whole.Edit(1, 3, Match(lines("b c d"), lines("d")))
	if got := picture(gone); got != "1 4 5" {
		t.Fatalf("after deleting b and c: got %s, want 1 4 5", got)
	}
	if _, ok := gone.New(2); ok {
		t.Error("a deleted line is still somewhere")
	}

	undone := gone.Edit(1, 1, Match(lines("d"), lines("b c d")))
	if got := picture(undone); got != "1 0 0 4 5" {
		t.Fatalf("after inserting two lines: got %s, want 1 0 0 4 5", got)
	}
	if got := picture(undone.Restore(1, before, lines("b c d"))); got != "1 2 3 4 5" {
		t.Errorf("after undo: got %s, want every line to be itself again", got)
	}
}

func TestRestoreKeepsNewLinesNew(t *testing.T) {
	before := lines("a b c")
	m := Match(before, lines("a c")).Edit(0, 1, Match(lines("a"), lines("a x")))
	if got := picture(m.Restore(0, before, lines("a x"))); got != "1 0 3" {
		t.Errorf("got %s, want 1 0 3", got)
	}
}

func TestALineThatSaysWhatItDidIsNoOtherLineAnyMore(t *testing.T) {
	before := lines("a b c d")
	// c was deleted and typed over b, which is taken for b, changed.
	m := Match(before, lines("a b d")).Edit(1, 1, Match(lines("b"), lines("c")))
	if got := picture(m); got != "1 2 4" {
		t.Fatalf("before: got %s, want 1 2 4", got)
	}
	if got := picture(m.Restore(1, before, lines("c"))); got != "1 3 4" {
		t.Errorf("got %s, want 1 3 4", got)
	}
}

func TestRestoreKeepsToLinesThatAreNowhereElse(t *testing.T) {
	before := lines("alpha line beta line gamma")
	m := Match(before, lines("gamma alpha beta line")) // gamma was moved
	m = m.Edit(0, 1, Match(lines("gamma"), lines("gamma line")))
	if got := picture(m.Restore(0, before, lines("gamma line"))); got != "5 2 1 3 4" && got != "5 0 1 3 4" {
		t.Errorf("got %s: a line is two lines now", got)
	}
}

func TestPinFindsWhatWasCutAndPasted(t *testing.T) {
	before := lines("line-1 line-2 line-3 same same")
	marks := LandmarksOf(before)
	cut := Match(before, before).Edit(0, 2, Match(lines("line-1 line-2"), lines("line-2"))).Pin(marks, lines("line-2 line-3 same same"))
	if got := picture(cut); got != "2 3 4 5" {
		t.Fatalf("after cutting: got %s, want 2 3 4 5", got)
	}
	pasted := cut.Edit(3, 1, Match(lines("same"), lines("same line-1"))).Pin(marks, lines("line-2 line-3 same same line-1"))
	if got := picture(pasted); got != "2 3 4 5 1" {
		t.Errorf("after pasting: got %s, want 2 3 4 5 1", got)
	}
	twice := pasted.Edit(0, 1, Match(lines("line-2"), lines("line-1 line-2"))).Pin(marks, lines("line-1 line-2 line-3 same same line-1"))
	if got := picture(twice); got != "0 2 3 4 5 1" {
		t.Errorf("after pasting again: got %s, want 0 2 3 4 5 1: the copy is new", got)
	}
}

func TestPinTakesALineFromTheOneThatItWasTakenFor(t *testing.T) {
	before := lines("line-1 line-2")
	m := LineMap{[]int32{0, 1}}
	if got := picture(m.Pin(LandmarksOf(before), lines("line-1 other"))); got != "1 0" {
		t.Errorf("got %s, want 1 0", got)
	}
}

func TestLookups(t *testing.T) {
	m := Match(lines("a b c moved"), lines("x moved a c"))
	for _, tt := range []struct {
		old, line int
		ok        bool
	}{{-1, 0, false}, {0, 0, false}, {1, 3, true}, {2, 0, false}, {3, 4, true}, {4, 2, true}, {5, 0, false}} {
		line, ok := m.New(tt.old)
		if ok != tt.ok || ok && line != tt.line {
			t.Errorf("New(%d) = %d, %v; want %d, %v", tt.old, line, ok, tt.line, tt.ok)
		}
		if !ok {
			continue
		}
		if back, ok := m.Old(line); !ok || back != tt.old {
			t.Errorf("Old(%d) = %d, %v; want %d", line, back, ok, tt.old)
		}
	}
	for _, line := range []int{-1, 0, 1, 5} {
		if old, ok := m.Old(line); ok {
			t.Errorf("Old(%d) = %d, want nothing", line, old)
		}
	}
}

func numbered(word string, n int) []string {
	text := make([]string, n)
	for i := range text {
		text[i] = fmt.Sprintf("%s %d", word, i+1)
	}
	return text
}

func indented(lines []string) []string {
	out := make([]string, len(lines))
	for i, line := range lines {
		out[i] = "  " + line
	}
	return out
}

func unindented(lines []string) []string {
	out := slices.Clone(lines)
	for i := range out {
		out[i] = strings.TrimPrefix(out[i], "  ")
	}
	return out
}
