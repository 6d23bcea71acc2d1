package lsp

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// busyFile is a file of 5,000 lines with 500 sites, loaded and open.
func busyFile(b *testing.B) (c *testClient, ruby string) {
	b.Helper()
	root := filepath.Join(tempDir(b), "app")
	var text, heap strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&text, "    @items[%d] = Item.new(%d) # größe\n", i, i)
		if i%10 == 0 {
			fmt.Fprintf(&heap, "20 String 100 /srv/app/busy.rb:%d method=add gen=%d value=payload\n10 Item 40 /srv/app/busy.rb:%d\n", i+1, i, i+1)
		}
	}
	ruby = write(b, root, "busy.rb", text.String())
	c = start(b, root)
	c.open(ruby, text.String())
	c.load(write(b, root, "busy.heap", heapOf(b, heap.String())))
	return c, ruby
}

// The whole way: a request over a pipe, 500 hints as JSON, decoded.
func BenchmarkInlayHint(b *testing.B) {
	c, ruby := busyFile(b)
	for b.Loop() {
		if got := len(c.hintsIn(ruby, span(0, 0, 5000, 0))); got != 500 {
			b.Fatalf("%d hints", got)
		}
	}
}

// What editors mostly ask for: the lines on screen.
func BenchmarkInlayHintScreen(b *testing.B) {
	c, ruby := busyFile(b)
	for b.Loop() {
		if got := len(c.hintsIn(ruby, span(2500, 0, 2560, 0))); got != 6 {
			b.Fatalf("%d hints", got)
		}
	}
}

func BenchmarkHover(b *testing.B) {
	c, ruby := busyFile(b)
	for i := 0; b.Loop(); i++ {
		if c.hover(ruby, i%500*10) == "" {
			b.Fatal("no hover")
		}
	}
}

// A keystroke in a large file: the text, the line map and the diagnostics
// follow.
func BenchmarkEdit(b *testing.B) {
	c, ruby := busyFile(b)
	for i := 0; b.Loop(); i++ {
		c.change(ruby, 2*i+2, span(2500, 4, 2500, 4), "x")
		c.change(ruby, 2*i+3, span(2500, 4, 2500, 5), "")
		c.hover(ruby, 2500)
	}
}
