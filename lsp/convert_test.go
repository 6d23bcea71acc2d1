package lsp

import (
	"math/rand/v2"
	"strings"
	"testing"
	stdutf16 "unicode/utf16"
	"unicode/utf8"

	"go.lsp.dev/protocol"
	"go.lsp.dev/uri"
)

func TestColumns(t *testing.T) {
	const line = "é𝒳x"
	for _, tt := range []struct {
		name   string
		enc    encoding
		column uint32
		offset int
	}{
		{"utf-16 before é", utf16Units, 0, 0},
		{"utf-16 before 𝒳", utf16Units, 1, 2},
		{"utf-16 after 𝒳", utf16Units, 3, 6},
		{"utf-16 at the end", utf16Units, 4, 7},
		{"utf-8 before 𝒳", utf8Units, 2, 2},
		{"utf-8 after 𝒳", utf8Units, 6, 6},
		{"utf-8 at the end", utf8Units, 7, 7},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.enc.offset(line, tt.column); got != tt.offset {
				t.Errorf("column %d: offset %d, want %d", tt.column, got, tt.offset)
			}
			if got := tt.enc.column(line, tt.offset); got != tt.column {
				t.Errorf("offset %d: column %d, want %d", tt.offset, got, tt.column)
			}
		})
	}
	for _, tt := range []struct {
		name   string
		enc    encoding
		column uint32
		offset int
	}{
		{"utf-16 inside of 𝒳 is before it", utf16Units, 2, 2},
		{"utf-8 inside of 𝒳 is before it", utf8Units, 4, 2},
		{"utf-16 beyond the end is the end", utf16Units, 99, 7},
		{"utf-8 beyond the end is the end", utf8Units, 99, 7},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.enc.offset(line, tt.column); got != tt.offset {
				t.Errorf("column %d: offset %d, want %d", tt.column, got, tt.offset)
			}
		})
	}
}

// FuzzDocument edits a document at random and compares it with a model that
// knows neither line tables nor incremental conversion.
func FuzzDocument(f *testing.F) {
	for seed := range uint64(10) {
		f.Add(seed, "x = 1\né = 𝒳\r\n\n", seed%2 == 0)
	}
	f.Fuzz(func(t *testing.T, seed uint64, text string, wide bool) {
		if !utf8.ValidString(text) {
			t.Skip("JSON carries no such text")
		}
		enc := utf8Units
		if wide {
			enc = utf16Units
		}
		rnd := rand.New(rand.NewPCG(seed, 7))
		doc := newDocument("untitled:1", 1, text)
		model := text
		for range 12 {
			r := randomRange(rnd, model)
			insert := []string{"", "a", "\n", "é", "𝒳\r\n𝒳", "x\ny\n"}[rnd.IntN(6)]
			next := doc.edit(&protocol.TextDocumentContentChangePartial{Range: r, Text: insert}, enc)
			start, end := naiveOffset(model, r.Start, wide), naiveOffset(model, r.End, wide)
			model = model[:min(start, end)] + insert + model[max(start, end):]
			doc = &next
			if doc.text != model {
				t.Fatalf("%v %q: got %q, want %q", r, insert, doc.text, model)
			}
		}
		for i, line := range splitLines(model) {
			if got := doc.line(i); got != line {
				t.Fatalf("line %d: got %q, want %q", i, got, line)
			}
		}
	})
}

func randomRange(rnd *rand.Rand, text string) protocol.Range {
	at := func() protocol.Position {
		return protocol.Position{
			Line:      uint32(rnd.IntN(strings.Count(text, "\n") + 2)),
			Character: uint32(rnd.IntN(10)),
		}
	}
	return protocol.Range{Start: at(), End: at()}
}

// naiveOffset walks from the start of the text, unit by unit.
func naiveOffset(text string, p protocol.Position, wide bool) int {
	offset := 0
	for range p.Line {
		n := strings.Index(text[offset:], "\n")
		if n < 0 {
			return len(text)
		}
		offset += n + 1
	}
	for column := 0; offset < len(text); {
		if rest := text[offset:]; rest[0] == '\n' || rest == "\r" || strings.HasPrefix(rest, "\r\n") {
			break
		}
		r, size := utf8.DecodeRuneInString(text[offset:])
		units := size
		if wide {
			units = len(stdutf16.Encode([]rune{r}))
		}
		if column += units; column > int(p.Character) {
			break
		}
		offset += size
	}
	return offset
}

func TestTheHostOfAFileMayBeNamed(t *testing.T) {
	for u, want := range map[uri.URI]string{
		"file:///srv/a%20b.rb":        "/srv/a b.rb",
		"file://localhost/srv/c.rb":   "/srv/c.rb",
		"FILE:///srv/c.rb":            "/srv/c.rb",
		"file://server/share/d.rb":    "/server/share/d.rb",
		"untitled:Untitled-1":         "",
		"vscode-notebook-cell:/a#b":   "",
		"https://localhost/srv/e.rb":  "",
		"file://localhost.evil/f.rb":  "/localhost.evil/f.rb",
		"file:///srv/%C3%BCmlaut.rb":  "/srv/ümlaut.rb",
		"file:///srv/./x/../lib/g.rb": "/srv/lib/g.rb",
	} {
		if got := pathOf(u); got != want {
			t.Errorf("%s: got %q, want %q", u, got, want)
		}
	}
}
