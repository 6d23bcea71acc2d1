package report

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"heapline/index"
)

// loaded is a snapshot of a dump.
func loaded(t *testing.T, path, text string) *index.Snapshot {
	t.Helper()
	s, err := index.Build(context.Background(), strings.NewReader(text), index.Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Names in a dump, and that of its file, may be any bytes.
func TestAReportIsUTF8WhateverTheDumpHolds(t *testing.T) {
	const odd = "\xf2\xff"
	dump := `{"type":"ROOT", "root":"vm` + odd + `", "references":["0x10"]}` + "\n" +
		`{"address":"0x10", "type":"STRING", "k` + odd + `":1, "file":"/a` + odd + `.rb", "line":1, "method":"m` + odd + `", "generation":1, "memsize":40}` + "\n" +
		`{"address":"0x20", "type":"T` + odd + `"}` + "\n" + `{"type":"A` + odd + `"}` + "\n" + `{"` + odd + "\n" +
		`{"address":"0x30", "type":"STRING", "memsize":"` + odd + `"}` + "\n" + `{"address":"0x` + odd + `", "type":"STRING"}` + "\n"
	for _, format := range Formats {
		var b bytes.Buffer
		o := Options{By: "site", Format: format, Paths: true}
		if err := Write(context.Background(), &b, loaded(t, "dump"+odd+".json", dump), o); err != nil {
			t.Fatal(err)
		}
		if !utf8.Valid(b.Bytes()) || format == "json" && !json.Valid(b.Bytes()) {
			t.Errorf("%s: %q", format, b.String())
		}
	}
}
