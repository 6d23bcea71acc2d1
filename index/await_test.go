package index

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"
)

// silent is an input that has no more to read and does not end, as a file on a
// drive that does not answer.
type silent struct{ begun chan struct{} }

func (s silent) Read([]byte) (int, error) {
	close(s.begun)
	select {}
}

func (silent) Close() error { select {} }

func TestALoadThatWaitsInAReadCanBeCancelled(t *testing.T) {
	for _, before := range []string{"", roots + object} {
		ctx, cancel := context.WithCancel(context.Background())
		s := silent{make(chan struct{})}
		go func() {
			<-s.begun
			cancel()
		}()
		source := Source{Path: "silent", Open: func() (io.ReadCloser, error) {
			return struct {
				io.Reader
				io.Closer
			}{io.MultiReader(strings.NewReader(before), s), s}, nil
		}}
		ended := make(chan error, 1)
		go func() {
			_, _, err := BuildSeries(ctx, []Source{source}, Options{})
			ended <- err
		}()
		select {
		case err := <-ended:
			if !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		case <-time.After(10 * time.Second):
			t.Fatal("it goes on")
		}
	}
}

func TestALoadThatWaitsForAFileToOpenCanBeCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	source := Source{Path: "silent", Open: func() (io.ReadCloser, error) {
		cancel()
		select {}
	}}
	if _, _, err := BuildSeries(ctx, []Source{source, source}, Options{}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
