package lsp

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.lsp.dev/protocol"
	"go.lsp.dev/uri"
)

// writeBusyFile writes a file of 5,000 lines with 500 sites, and its dump.
func writeBusyFile(b *testing.B, root string) (ruby, content, dump string) {
	b.Helper()
	var text, heap strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&text, "    @items[%d] = Item.new(%d) # größe\n", i, i)
		if i%10 == 0 {
			fmt.Fprintf(&heap, "20 String 100 /srv/app/busy.rb:%d method=add gen=%d value=payload\n10 Item 40 /srv/app/busy.rb:%d\n", i+1, i, i+1)
		}
	}
	return write(b, root, "busy.rb", text.String()), text.String(), write(b, root, "busy.heap", heapOf(b, heap.String()))
}

// busyFile is such a file, its dump loaded and open.
func busyFile(b *testing.B) (c *testClient, ruby string) {
	b.Helper()
	root := filepath.Join(tempDir(b), "app")
	ruby, text, dump := writeBusyFile(b, root)
	c = start(b, root)
	c.open(ruby, text)
	c.load(dump)
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

// BenchmarkInsideTheServer is the time from a request's dispatch to its reply as
// bytes, without pipes and the client: most of them, and the slowest in a hundred.
func BenchmarkInsideTheServer(b *testing.B) {
	root := filepath.Join(tempDir(b), "app")
	ruby, text, dump := writeBusyFile(b, root)
	s := newServer(Options{})
	s.base = b.Context()
	s.client = protocol.UnimplementedClient{}
	s.phase.Store(phaseRunning)
	s.caps = clientCaps{markdown: true, resolveTooltip: true}
	s.change(func(st *state) { st.roots = []string{root} })
	doc := protocol.TextDocumentIdentifier{URI: uri.File(ruby)}
	_ = s.DidOpen(s.base, &protocol.DidOpenTextDocumentParams{TextDocument: protocol.TextDocumentItem{URI: doc.URI, Text: text}})
	if _, err := s.load(s.base, 1, dump, nil); err != nil {
		b.Fatal(err)
	}
	for _, request := range []struct {
		name string
		do   func(ctx context.Context, i int) (any, error)
	}{
		{"hints of 500 sites", func(ctx context.Context, _ int) (any, error) {
			return s.InlayHint(ctx, &protocol.InlayHintParams{TextDocument: doc, Range: protocol.Range{End: protocol.Position{Line: 5000}}})
		}},
		{"hover", func(ctx context.Context, i int) (any, error) {
			at := protocol.TextDocumentPositionParams{TextDocument: doc, Position: protocol.Position{Line: uint32(i % 500 * 10)}}
			return s.Hover(ctx, &protocol.HoverParams{TextDocumentPositionParams: at})
		}},
	} {
		b.Run(request.name, func(b *testing.B) {
			var took []time.Duration
			for i := 0; b.Loop(); i++ {
				began := time.Now()
				ctx := context.WithValue(s.base, arrivalKey{}, arrival{s.state.Load(), uint64(i)})
				result, err := request.do(ctx, i)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := protocol.Marshal(result); err != nil {
					b.Fatal(err)
				}
				if i >= 500 { // by then every hover's details are cached
					took = append(took, time.Since(began))
				}
			}
			if len(took) == 0 {
				return
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds()), "µs-p50")
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "µs-p99")
		})
	}
}
