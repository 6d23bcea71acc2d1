package lsp

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.lsp.dev/protocol"
)

const tableText = `TABLE = {
  k03 => make(3),
  k01 => make(1),
  k02 => make(2),
}
`

// table is a file with a hint on each line of its table.
func table(t *testing.T) (c *testClient, ruby string) {
	t.Helper()
	root := filepath.Join(tempDir(t), "app")
	c = start(t, root)
	ruby = write(t, root, "table.rb", tableText)
	c.open(ruby, tableText)
	c.load(write(t, root, "a.heap", heapOf(t, "3 String 1000 /srv/app/table.rb:2\n1 String 5000 /srv/app/table.rb:3\n2 String 1000 /srv/app/table.rb:4")))
	c.wantHints(ruby, tableHints(0, 3, 1, 2)...)
	return c, ruby
}

// tableHints are those of the table's lines in an order.
func tableHints(indent int, order ...int) []string {
	var hints []string
	for i, n := range order {
		words := [...]string{1: "1 object · 5.0 kB", 2: "2 objects · 2.0 kB", 3: "3 objects · 3.0 kB"}[n]
		hints = append(hints, fmt.Sprintf("%d:%d %s retained", i+1, 17+indent, words))
	}
	return hints
}

func TestMovedLinesKeepTheirHints(t *testing.T) {
	for _, tt := range []struct {
		name    string
		changes []object
		order   []int
	}{
		{"sorted", []object{{"range": span(1, 0, 4, 0), "text": "  k01 => make(1),\n  k02 => make(2),\n  k03 => make(3),\n"}}, []int{1, 2, 3}},
		{"swapped", []object{{"range": span(1, 0, 3, 0), "text": "  k01 => make(1),\n  k03 => make(3),\n"}}, []int{1, 3, 2}},
		{"deleted and put below", []object{{"range": span(1, 0, 2, 0), "text": ""}, {"range": span(3, 0, 3, 0), "text": "  k03 => make(3),\n"}}, []int{1, 2, 3}},
		{"put above and deleted", []object{{"range": span(0, 9, 0, 9), "text": "\n  k02 => make(2),"}, {"range": span(4, 0, 5, 0), "text": ""}}, []int{2, 3, 1}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, ruby := table(t)
			c.notify("textDocument/didChange", object{"textDocument": object{"uri": fileURI(ruby), "version": 2}, "contentChanges": tt.changes})
			c.wantHints(ruby, tableHints(0, tt.order...)...)
			for _, lens := range c.lenses(ruby) {
				if strings.Contains(lens, "gone") {
					t.Errorf("the lens says %q", lens)
				}
			}
		})
	}
}

func TestIndentedLinesHaveNotChanged(t *testing.T) {
	c, ruby := table(t)
	c.notify("textDocument/didChange", object{
		"textDocument":   object{"uri": fileURI(ruby), "version": 2},
		"contentChanges": []object{{"text": strings.ReplaceAll("\n"+strings.TrimSuffix(tableText, "\n"), "\n", "\n  ")[1:] + "\nend\n"}},
	})
	c.wantHints(ruby, tableHints(2, 3, 1, 2)...)
	if text := c.hover(ruby, 1); strings.Contains(text, "changed") {
		t.Errorf("the hover says:\n%s", text)
	}
}

// Of equal lines, only the change itself says which one is gone.
func TestOfEqualLinesTheDeletedOneIsGone(t *testing.T) {
	base := strings.Split("rows = []\nx\nrows = []\nend\nrows = []", "\n")
	for _, tt := range []struct {
		name    string
		changes []*protocol.TextDocumentContentChangePartial
		want    []int
	}{
		{"the first", []*protocol.TextDocumentContentChangePartial{{Range: span16(0, 0, 2, 0)}}, []int{3, 4, 5}},
		{"the second", []*protocol.TextDocumentContentChangePartial{{Range: span16(0, 9, 2, 9)}}, []int{1, 4, 5}},
		{"the last, with the line end before it", []*protocol.TextDocumentContentChangePartial{{Range: span16(2, 9, 4, 9)}}, []int{1, 2, 3}},
		{"none, one is put above", []*protocol.TextDocumentContentChangePartial{{Range: span16(2, 0, 2, 0), Text: "rows = []\n"}}, []int{1, 2, 0, 3, 4, 5}},
		{"none, one is put below", []*protocol.TextDocumentContentChangePartial{{Range: span16(2, 9, 2, 9), Text: "\r\nrows = []"}}, []int{1, 2, 3, 0, 4, 5}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := matchedDocument(strings.Join(base, "\n"), base)
			for _, change := range tt.changes {
				d = edited(d, change)
			}
			if got := mapOf(d); !slices.Equal(got, tt.want) {
				t.Errorf("the lines are %v, not %v, of:\n%s", got, tt.want, d.text)
			}
		})
	}
}

func span16(line, character, endLine, endCharacter uint32) protocol.Range {
	return protocol.Range{
		Start: protocol.Position{Line: line, Character: character}, End: protocol.Position{Line: endLine, Character: endCharacter},
	}
}

func TestUndoneEditsThatSplitAndJoinLinesLeaveNothing(t *testing.T) {
	base := strings.Split("# comment\nv1 = make(1)\n    v2 = make(2)\ndef foo\n", "\n")
	d := matchedDocument(strings.Join(base, "\n"), base)
	for _, change := range []*protocol.TextDocumentContentChangePartial{
		{Range: span16(1, 0, 1, 0), Text: "  new = other\n"},
		{Range: span16(0, 0, 2, 12), Text: "# note\n\nend"},
		{Range: span16(2, 3, 3, 4)},
		{Range: span16(2, 3, 2, 3), Text: "\n    "}, // undo
		{Range: span16(0, 0, 2, 3), Text: "# comment\n  new = other\nv1 = make(1)"},
		{Range: span16(1, 0, 2, 0)},
	} {
		d = edited(d, change)
	}
	if got := mapOf(d); !slices.Equal(got, []int{1, 2, 3, 4, 5}) {
		t.Errorf("the lines are %v, of:\n%s", got, d.text)
	}
}
