package lsp

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.lsp.dev/protocol"
)

func TestEditsMoveHints(t *testing.T) {
	a := newApp(t)
	c := a.loaded(t)
	c.change(a.ruby, 2, span(0, 0, 0, 0), "# one\n# two\n")
	c.wantHints(a.ruby, "3:12 5 objects · 6.0 kB retained", "4:18 10 objects · 4.0 kB retained")
	c.diagnosed(a.ruby, "3:2-12 information", "4:4-18 information")

	c.change(a.ruby, 3, span(4, 18, 4, 18), ".dup")
	c.wantHints(a.ruby, "3:12 5 objects · 6.0 kB retained", "4:22 ~ 10 objects · 4.0 kB retained")

	c.change(a.ruby, 4, span(3, 0, 4, 0), "")
	c.wantHints(a.ruby, "3:22 ~ 10 objects · 4.0 kB retained")
	c.diagnosed(a.ruby, "3:4-22 information")

	c.change(a.ruby, 5, span(3, 0, 3, 0), "  def add(x)\n") // undo
	c.wantHints(a.ruby, "3:12 5 objects · 6.0 kB retained", "4:22 ~ 10 objects · 4.0 kB retained")
	if c.hover(a.ruby, 4) == "" || c.hover(a.ruby, 2) != "" {
		t.Error("the hover did not move with the line")
	}
}

// What the dump's lines are counted in is the file at load time, whatever the
// editor has done with it before or since.
func TestUnsavedEdits(t *testing.T) {
	a := newApp(t)
	edited := "# new\n" + appText
	moved := []string{"2:12 5 objects · 6.0 kB retained", "3:18 10 objects · 4.0 kB retained"}

	c := start(t, a.root)
	c.open(a.ruby, appText)
	c.change(a.ruby, 2, span(0, 0, 0, 0), "# new\n")
	c.load(a.dump)
	c.wantHints(a.ruby, moved...)

	closeFile := object{"textDocument": object{"uri": fileURI(a.ruby)}}
	c.notify("textDocument/didClose", closeFile) // not saved
	c.diagnosed(a.ruby, "1:2-12 information", "2:4-18 information")
	c.open(a.ruby, appText)
	c.wantHints(a.ruby, appHints...)

	c.change(a.ruby, 2, span(0, 0, 0, 0), "# new\n")
	write(t, a.root, "lib/cache.rb", edited)
	c.notify("textDocument/didSave", closeFile)
	c.wantHints(a.ruby, moved...)
	c.notify("textDocument/didClose", closeFile)
	c.open(a.ruby, edited)
	c.wantHints(a.ruby, moved...)
	c.diagnosed(a.ruby, "2:2-12 information", "3:4-18 information")
}

func TestWholeDocumentChangeKeepsHints(t *testing.T) {
	a := newApp(t)
	c := a.loaded(t)
	c.notify("textDocument/didChange", object{
		"textDocument":   object{"uri": fileURI(a.ruby), "version": 2},
		"contentChanges": []object{{"text": "# frozen_string_literal: true\n\n" + appText}},
	})
	c.wantHints(a.ruby, "3:12 5 objects · 6.0 kB retained", "4:18 10 objects · 4.0 kB retained")
}

// TestOrderOfChanges sends 300 edits without waiting. Every line carries a
// number; wherever its line is in the naive model of the text, the hint must be.
func TestOrderOfChanges(t *testing.T) {
	root := filepath.Join(tempDir(t), "app")
	var text, heap []string
	for i := range 20 {
		text = append(text, fmt.Sprintf("line_%d", i+1))
		heap = append(heap, fmt.Sprintf("%d String 1000 /srv/app/a.rb:%d", i+1, i+1))
	}
	ruby := write(t, root, "a.rb", strings.Join(text, "\n"))
	c := start(t, root)
	c.open(ruby, strings.Join(text, "\n"))
	c.load(write(t, root, "a.heap", heapOf(t, strings.Join(heap, "\n"))))
	rnd := rand.New(rand.NewPCG(1, 2))
	for version := range 300 {
		at := rnd.IntN(len(text))
		if rnd.IntN(2) == 0 || strings.HasPrefix(text[at], "line_") {
			c.change(ruby, version+2, span(at, 0, at, 0), fmt.Sprintf("new %d\n", version))
			text = slices.Insert(text, at, fmt.Sprintf("new %d", version))
		} else {
			c.change(ruby, version+2, span(at, 0, at+1, 0), "")
			text = slices.Delete(text, at, at+1)
		}
	}
	var want []string
	for i, line := range text {
		var n int
		if _, err := fmt.Sscanf(line, "line_%d", &n); err == nil {
			want = append(want, fmt.Sprintf("%d:%d %s · %d.0 kB retained", i, len(line), map[bool]string{true: "1 object", false: fmt.Sprintf("%d objects", n)}[n == 1], n))
		}
	}
	c.wantHints(ruby, want...)
}

func TestPositionEncodings(t *testing.T) {
	const text = "é = \"𝒳\" # 𝒳é\nother\n"
	for _, tt := range []struct {
		name    string
		offered []string
		chosen  string
		column  int // of the end of the first line
		insert  int // column before the 𝒳 in the comment
	}{
		{"utf-16 only", []string{"utf-16"}, "utf-16", 14, 11},
		{"utf-8 too", []string{"utf-16", "utf-8"}, "utf-8", 20, 14},
		{"nothing offered", nil, "utf-16", 14, 11},
	} {
		t.Run(tt.name, func(t *testing.T) {
			root := filepath.Join(tempDir(t), "app")
			ruby := write(t, root, "a.rb", text)
			caps := everything()
			caps["general"] = object{"positionEncodings": tt.offered}
			c := connect(t, Options{})
			res := c.initialize(root, object{"capabilities": caps})
			if !contains(`"positionEncoding":"` + tt.chosen + `"`)(res) {
				t.Fatalf("want %s in %s", tt.chosen, res)
			}
			c.open(ruby, text)
			c.load(write(t, root, "a.heap", heapOf(t, "1 String 1000 /srv/app/a.rb:1")))
			c.wantHints(ruby, fmt.Sprintf("0:%d 1 object · 1.0 kB retained", tt.column))
			// The rest of the line after the insertion is one 𝒳 and one é wide.
			c.change(ruby, 2, span(0, tt.insert, 0, tt.column), "")
			c.wantHints(ruby, fmt.Sprintf("0:%d ~ 1 object · 1.0 kB retained", tt.insert))
		})
	}
}

func TestLinesThatEndInCRLF(t *testing.T) {
	a := newApp(t)
	c := a.loaded(t)
	ruby := write(t, a.root, "lib/crlf.rb", "one\r\ntwo\r\nthree")
	c.open(ruby, "one\r\ntwo\r\nthree")
	c.load(write(t, a.root, "b.heap", heapOf(t, "1 String 5000 /srv/app/lib/crlf.rb:2\n1 String 4000 /srv/app/lib/crlf.rb:3")))
	c.wantHints(ruby, "1:3 1 object · 5.0 kB retained", "2:5 1 object · 4.0 kB retained")
	c.change(ruby, 2, span(1, 3, 2, 0), "") // what two lines have become is the first of them
	c.wantHints(ruby, "1:8 ~ 1 object · 5.0 kB retained")
}

// A line typed above another, keystroke by keystroke, is part of that line
// until the return; then each hint is on its own line again.
func TestTypingALineAboveAnother(t *testing.T) {
	a := newApp(t)
	c := a.loaded(t)
	const typed = "# a comment that is longer than the line"
	at := strings.Split(appText, "\n")[1]
	indent := len(at) - len(strings.TrimLeft(at, " "))
	for i, key := range typed {
		c.change(a.ruby, 2+i, span(1, indent+i, 1, indent+i), string(key))
	}
	end := indent + len(typed)
	c.change(a.ruby, 100, span(1, end, 1, end), "\n"+strings.Repeat(" ", indent))
	c.wantHints(a.ruby, "2:12 5 objects · 6.0 kB retained", "3:18 10 objects · 4.0 kB retained")
}

// Only the edits tell that a line was deleted and another one typed in its place: a
// comparison of the texts takes the new one for the old one, changed.
func TestEditsAreRememberedWhenFilesAreFoundAgain(t *testing.T) {
	a := newApp(t)
	c := a.loaded(t)
	c.change(a.ruby, 2, span(2, 0, 3, 0), "")
	c.change(a.ruby, 3, span(2, 0, 2, 0), "    nothing = 0\n")
	want := []string{"1:12 5 objects · 6.0 kB retained"}
	c.wantHints(a.ruby, want...)
	c.notify("workspace/didChangeConfiguration", object{"settings": object{"pathMappings": object{"/srv/app": "${workspaceFolder}"}}})
	c.await("heapline/status", func(params json.RawMessage) bool {
		text := string(params)
		return strings.Contains(text, `"state":"loaded"`) && !strings.Contains(text, "mappedFrom") // it is no guess any more
	})
	c.wantHints(a.ruby, want...)
}

// The buffer differs from the dump's text from the start: lines that only look like
// theirs have hints too, and must be back when they are.
func TestUndoBringsEveryLineBack(t *testing.T) {
	for seed := range uint64(10_000) {
		rnd := rand.New(rand.NewPCG(seed, 7))
		var text []string
		for i := range 1 + rnd.IntN(20) {
			text = append(text, fmt.Sprintf("    call_%d(argument_%d)", i, i))
			if rnd.IntN(4) == 0 {
				text = append(text, [...]string{"end", "  rows = []", ""}[rnd.IntN(3)])
			}
		}
		d := matchedDocument(strings.Join(drifted(rnd, text), "\n"), text)
		was, said := mapOf(d), d.text
		var undo []*protocol.TextDocumentContentChangePartial
		for range 1 + rnd.IntN(4) {
			change := randomChange(rnd, d, len(undo))
			undo = append(undo, inverse(d, change))
			d = edited(d, change)
		}
		for _, change := range slices.Backward(undo) {
			d = edited(d, change)
		}
		if d.text != said {
			t.Fatalf("seed %d: the test undoes wrongly", seed)
		}
		if got := mapOf(d); !slices.Equal(got, was) {
			t.Fatalf("seed %d: the lines are %v, not %v, of:\n%s", seed, got, was, d.text)
		}
	}
}

// matchedDocument is a document whose dump's lines are those of base.
func matchedDocument(text string, base []string) *document {
	d := newDocument("untitled:x", 1, text)
	d.base = known(base)
	return d.matched()
}

func known(lines []string) *base {
	ready := make(chan struct{})
	close(ready)
	return &base{lines: lines, ready: ready}
}

func edited(d *document, change protocol.TextDocumentContentChangeEvent) *document {
	next := d.edit(change, utf16Units)
	return &next
}

// randomChange types, deletes, splits and joins lines. What it types is new.
func randomChange(rnd *rand.Rand, d *document, step int) *protocol.TextDocumentContentChangePartial {
	position := func(first int) protocol.Position {
		line := first + rnd.IntN(d.lineCount()-first)
		at := protocol.Position{Line: uint32(line)}
		if rnd.IntN(2) == 0 {
			at.Character = uint32(rnd.IntN(len(d.line(line)) + 1))
		}
		return at
	}
	r := protocol.Range{Start: position(0)}
	if r.End = position(int(r.Start.Line)); before(r.End, r.Start) {
		r.End = r.Start
	}
	put := ""
	for i := range rnd.IntN(3) {
		put += string(rune('a'+3*step+i)) + "\n" // no two look alike
	}
	return &protocol.TextDocumentContentChangePartial{Range: r, Text: put}
}

// inverse is what undoes a change.
func inverse(d *document, c *protocol.TextDocumentContentChangePartial) *protocol.TextDocumentContentChangePartial {
	start, end := d.offset(c.Range.Start, utf16Units), d.offset(c.Range.End, utf16Units)
	r := protocol.Range{Start: c.Range.Start, End: c.Range.Start}
	if n := strings.Count(c.Text, "\n"); n > 0 {
		r.End = protocol.Position{Line: r.Start.Line + uint32(n)} // it ends with a line end
	}
	return &protocol.TextDocumentContentChangePartial{Range: r, Text: d.text[start:end]}
}

// drifted returns lines with some typed into, some new and some gone.
func drifted(rnd *rand.Rand, lines []string) []string {
	var out []string
	for i, line := range lines {
		switch rnd.IntN(5) {
		case 0:
			out = append(out, line+".dup")
		case 1:
			out = append(out, fmt.Sprintf("fresh_%d", i), line)
		case 2: // gone
		default:
			out = append(out, line)
		}
	}
	return append(out, "")
}

// mapOf is the dump's line (1-based, 0 for none) of each line.
func mapOf(d *document) []int {
	of := make([]int, d.lineCount())
	for i := range of {
		of[i], _ = d.dumpLine(i)
	}
	return of
}
