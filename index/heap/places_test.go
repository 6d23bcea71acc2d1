package heap

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// Records of other kinds, lines that are none, and blocks in between.
func TestRepeatedAddressesHaveTheirPlaces(t *testing.T) {
	object := func(address int) string {
		return fmt.Sprintf(`{"address":"0x%x", "type":"STRING", "memsize":40}`+"\n", address)
	}
	var b strings.Builder
	b.WriteString("\ufeff" + object(0x10))
	var want []int64
	repeat := func(text string) {
		want = append(want, int64(strings.Count(b.String(), "\n")+1), int64(b.Len()))
		b.WriteString(text)
	}
	repeat(object(0x10))
	b.WriteString(`{"type":"SHAPE", "address":"0x10"}` + "\n\nno record\n")
	repeat(object(0x10))
	b.WriteString(strings.Repeat(`{"address":"0x10", "type":"NONE"}`+"\n", 50_000) + object(0x20))
	b.WriteString(`{"address":"0x30", "type":"OBJECT", "file":"a` + "\n" + `b", "line":1, "generation":2, "memsize":40}` + "\n")
	repeat(object(0x20))
	for i := range 30_000 {
		b.WriteString(object(0x1000 + 40*i))
	}
	repeat(object(0x1000))
	for workers := 1; workers <= 4; workers++ {
		h, err := Read(context.Background(), strings.NewReader(b.String()), Options{Workers: workers})
		if err != nil {
			t.Fatal(err)
		}
		var got []int64
		for _, r := range h.Repeated {
			got = append(got, r.Line, r.Offset)
		}
		if !slices.Equal(got, want) || h.Duplicates != 4 {
			t.Errorf("%d workers: got %v, want %v", workers, got, want)
		}
	}
}

// The second of two dumps in a file.
func TestRepeatedAddressesOfTheLastOfTwoDumps(t *testing.T) {
	const one = `{"type":"ROOT", "root":"vm", "references":["0x10"]}` + "\n" + `{"address":"0x10", "type":"ARRAY"}` + "\n" + `{"address":"0x20", "type":"HASH"}` + "\n"
	const again = `{"address":"0x20", "type":"STRING"}` + "\n"
	h, err := Read(context.Background(), bytes.NewReader([]byte(one+one+again)), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if want := (Repeat{0x20, 7, int64(2 * len(one))}); len(h.Repeated) != 1 || h.Repeated[0] != want {
		t.Errorf("got %+v, want %+v", h.Repeated, want)
	}
}
