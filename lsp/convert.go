package lsp

import (
	"fmt"
	"path"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"go.lsp.dev/protocol"
	"go.lsp.dev/uri"

	"heapline/index/source"
)

// encoding is the unit in which the client counts columns.
type encoding int

const (
	utf16Units encoding = iota
	utf8Units
)

func (e encoding) kind() protocol.PositionEncodingKind {
	if e == utf8Units {
		return protocol.PositionEncodingKindUTF8
	}
	return protocol.PositionEncodingKindUTF16
}

// column converts a byte offset in a line to the client's unit.
func (e encoding) column(line string, offset int) uint32 {
	if e == utf8Units {
		return uint32(offset)
	}
	units := 0
	for _, r := range line[:offset] {
		units += utf16Len(r)
	}
	return uint32(units)
}

// offset converts a column in the client's unit to a byte offset; columns
// beyond the line mean its end, columns inside a character its start.
func (e encoding) offset(line string, column uint32) int {
	if e == utf8Units {
		at := min(int(column), len(line))
		for at > 0 && at < len(line) && !utf8.RuneStart(line[at]) {
			at--
		}
		return at
	}
	units := 0
	for i, r := range line {
		units += utf16Len(r)
		if units > int(column) {
			return i
		}
	}
	return len(line)
}

func utf16Len(r rune) int {
	if r >= 0x10000 {
		return 2
	}
	return 1
}

// lineEnd is the position after the text of a line (0-based).
func (e encoding) lineEnd(line int, text string) protocol.Position {
	return protocol.Position{Line: uint32(line), Character: e.column(text, len(text))}
}

// lineRange is the text of a line (0-based) without its indentation.
func (e encoding) lineRange(line int, text string) protocol.Range {
	indent := len(text) - len(strings.TrimLeft(text, " \t"))
	return protocol.Range{
		Start: protocol.Position{Line: uint32(line), Character: e.column(text, indent)},
		End:   e.lineEnd(line, text),
	}
}

// dumpLine returns the line in the dump's count (1-based) of a line of the
// buffer (0-based).
func (d *document) dumpLine(line int) (int, bool) { return d.lines.Old(line + 1) }

// changed reports whether a line of the buffer (0-based) says something else
// than the line of the dump (1-based) that it is.
func (d *document) changed(line, dumpLine int) bool {
	return !source.Same(d.line(line), d.before[dumpLine-1])
}

// bufferLine returns the line of the buffer (0-based) of a line in the dump's
// count (1-based).
func (d *document) bufferLine(dumpLine int) (int, bool) {
	line, ok := d.lines.New(dumpLine)
	return line - 1, ok
}

// currentLine returns the line of the buffer of a line in the dump's count,
// both 1-based.
func (d *document) currentLine(dumpLine int) (int, bool) { return d.lines.New(dumpLine) }

// lineLink is the URI that opens a file at a line (1-based): editors take the
// fragment for a position.
func lineLink(file string, line int) string {
	return fmt.Sprintf("%s#L%d", uri.File(filepath.FromSlash(file)), line)
}

// within reports whether a position is in a range, its ends included.
func within(p protocol.Position, r protocol.Range) bool {
	return !before(p, r.Start) && !before(r.End, p)
}

func before(a, b protocol.Position) bool {
	return a.Line < b.Line || a.Line == b.Line && a.Character < b.Character
}

// pathOf returns the absolute path of a file URI with slashes, or "". The host may
// be named, if it is this one (RFC 8089).
func pathOf(u uri.URI) string {
	scheme, rest, _ := strings.Cut(string(u), ":")
	if !strings.EqualFold(scheme, "file") {
		return ""
	}
	if after, ok := strings.CutPrefix(rest, "//localhost/"); ok {
		rest = "///" + after
	}
	return path.Clean(filepath.ToSlash(uri.URI("file:" + rest).FsPath()))
}

// realPath resolves symbolic links; a path that cannot be resolved stays.
func realPath(file string) string {
	resolved, err := filepath.EvalSymlinks(filepath.FromSlash(file))
	if err != nil {
		return file
	}
	return filepath.ToSlash(resolved)
}

// splitLines returns the lines of a text without their ends. Only \n ends a
// line, as for Ruby; a \r before it belongs to the end.
func splitLines(text string) []string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimSuffix(line, "\r")
	}
	return lines
}
