package lsp

import (
	"encoding/json"
	"testing"
)

func TestAChangeWhoseRangeIsNoneIsRefused(t *testing.T) {
	a := newApp(t)
	for name, change := range map[string]string{
		"a negative character":      `{"range":{"start":{"line":0,"character":-1},"end":{"line":0,"character":0}},"text":"#\n"}`,
		"a fraction of a line":      `{"range":{"start":{"line":1.5,"character":0},"end":{"line":2,"character":0}},"text":"#\n"}`,
		"a character of text":       `{"range":{"start":{"line":0,"character":"0"},"end":{"line":0,"character":0}},"text":"#\n"}`,
		"a range without an end":    `{"range":{"start":{"line":0,"character":0}},"text":"#\n"}`,
		"a range that is a number":  `{"range":5,"text":"#\n"}`,
		"a change without a text":   `{"range":{"start":{"line":0,"character":0},"end":{"line":9,"character":0}}}`,
		"a change that is a number": `5`,
		"a change that is empty":    `{}`,
	} {
		t.Run(name, func(t *testing.T) {
			c := a.loaded(t)
			c.notify("textDocument/didChange", object{
				"textDocument":   object{"uri": fileURI(a.ruby), "version": 2},
				"contentChanges": []json.RawMessage{json.RawMessage(change)},
			})
			c.wantHints(a.ruby, appHints...)
			c.await("window/logMessage", contains("textDocument/didChange: "))
		})
	}
}

// The largest number that a client knows is how some say the end of a text.
func TestAChangeUpToTheLargestNumberGoesToTheEnd(t *testing.T) {
	a := newApp(t)
	for _, end := range []string{"2147483647", "4294967295", "4294967296", "9007199254740991", "18446744073709551616"} {
		c := a.loaded(t)
		c.notify("textDocument/didChange", object{
			"textDocument": object{"uri": fileURI(a.ruby), "version": 2},
			"contentChanges": []json.RawMessage{json.RawMessage(
				`{"range":{"start":{"line":0,"character":0},"end":{"line":` + end + `,"character":` + end + `}},"text":"# one\n"}`,
			)},
		})
		c.notify("textDocument/didChange", object{
			"textDocument":   object{"uri": fileURI(a.ruby), "version": 3},
			"contentChanges": []object{{"range": span(1, 0, 1, 0), "text": appText}},
		})
		c.notify("textDocument/didChange", object{
			"textDocument":   object{"uri": fileURI(a.ruby), "version": 4},
			"contentChanges": []object{{"range": span(0, 0, 1, 0), "text": ""}},
		})
		c.wantHints(a.ruby, appHints...)
		if logged := c.all("window/logMessage"); len(logged) > 0 {
			t.Errorf("%s: %s", end, logged)
		}
	}
}
