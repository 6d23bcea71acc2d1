package lsp

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"
)

// heapOf writes a dump from a description, one kind of objects a line:
//
//	COUNT CLASS BYTES FILE:LINE [method=NAME] [gen=NUMBER] [value=TEXT]
//
// BYTES are those of one object. FILE:LINE is - for objects without a site.
// What has a value is a string, whatever its class.
// Words with spaces are written as Go strings. Lines that begin with { are
// records themselves. All objects are live; classes have no size.
func heapOf(t testing.TB, description string) string {
	t.Helper()
	h := &heapWriter{classes: map[string]string{}}
	for _, line := range strings.Split(description, "\n") {
		switch line = strings.TrimSpace(line); {
		case line == "" || strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "{"):
			h.records = append(h.records, line)
		default:
			h.objects(t, words(t, line))
		}
	}
	roots, err := json.Marshal(h.roots)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf(`{"type":"ROOT", "root":"vm", "references":%s}`, roots) + "\n" + strings.Join(h.records, "\n") + "\n"
}

type heapWriter struct {
	records []string
	roots   []string
	classes map[string]string // name → address
}

func (h *heapWriter) address() string {
	a := fmt.Sprintf("0x7f00%06x", 40*(len(h.roots)+1))
	h.roots = append(h.roots, a)
	return a
}

func (h *heapWriter) add(t testing.TB, record object) {
	t.Helper()
	raw, err := json.Marshal(record)
	if err != nil {
		t.Fatal(err)
	}
	h.records = append(h.records, string(raw))
}

func (h *heapWriter) class(t testing.TB, name string) string {
	t.Helper()
	if h.classes[name] == "" {
		h.classes[name] = h.address()
		h.add(t, object{"address": h.classes[name], "type": "CLASS", "name": name})
	}
	return h.classes[name]
}

func (h *heapWriter) objects(t testing.TB, w []string) {
	t.Helper()
	if len(w) < 4 {
		t.Fatalf("too few words: %q", w)
	}
	count, err := strconv.Atoi(w[0])
	if err != nil {
		t.Fatal(err)
	}
	record := object{"type": "OBJECT", "class": h.class(t, w[1]), "memsize": json.Number(w[2])}
	for _, known := range []string{"String", "Hash", "Array"} {
		if w[1] == known {
			record["type"] = strings.ToUpper(known)
		}
	}
	if i := strings.LastIndex(w[3], ":"); i > 0 {
		record["file"], record["line"] = w[3][:i], json.Number(w[3][i+1:])
	}
	for _, option := range w[4:] {
		key, value, _ := strings.Cut(option, "=")
		switch key {
		case "gen":
			record["generation"] = json.Number(value)
		case "method":
			record[key] = value
		case "value":
			record[key], record["type"] = value, "STRING"
		default:
			t.Fatalf("unknown option %q", option)
		}
	}
	for range count {
		record["address"] = h.address()
		h.add(t, record)
	}
}

// words splits a line at spaces, outside of Go strings.
func words(t testing.TB, line string) []string {
	t.Helper()
	var out []string
	word, inWord := "", false
	for line != "" {
		if line[0] == '"' {
			quoted, err := strconv.QuotedPrefix(line)
			if err != nil {
				t.Fatalf("%v: %s", err, line)
			}
			text, _ := strconv.Unquote(quoted)
			word, inWord, line = word+text, true, line[len(quoted):]
			continue
		}
		if line[0] != ' ' {
			word, inWord = word+line[:1], true
		} else if inWord {
			out, word, inWord = append(out, word), "", false
		}
		line = line[1:]
	}
	if inWord {
		out = append(out, word)
	}
	return out
}
