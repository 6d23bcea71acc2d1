package index

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"slices"
	"time"
)

// Source is a dump that can be read, more than once if need be.
type Source struct {
	Path string // for people
	Size int64  // bytes for progress, 0 where unknown
	Open func() (io.ReadCloser, error)
	// Time is when it was taken, zero where unknown: the order of dumps between
	// which the process collected no garbage.
	Time time.Time
}

// BuildSeries reads dumps, one after the other, and compares the one with the
// newest generation, which is returned as a snapshot, with the others. A single
// dump has no series: it is nil then. Options' Path and Size are those of each
// source, and Counted is told of the last of them. Errors name the dump.
func BuildSeries(ctx context.Context, sources []Source, opts Options) (*Snapshot, *Series, error) {
	var past []*Past
	sources = inTime(sources)
	last := len(sources) - 1
	for _, source := range sources[:last] {
		var p *Past
		err := source.read(ctx, opts, func(r io.Reader, opts Options) (err error) {
			opts.Counted = nil
			p, err = ReadPast(ctx, r, opts)
			return err
		})
		if err != nil {
			return nil, nil, err
		}
		past = append(past, p)
		runtime.GC() // of the dump only that is kept: let the next one reuse the memory
	}
	s, err := sources[last].build(ctx, opts)
	if err != nil || len(past) == 0 {
		return s, nil, err
	}
	for i, p := range past {
		if p.newest > s.newest { // they were not given in their order: that one is the last
			sources[i], sources[last] = sources[last], sources[i]
			past[i] = s.Past()
			if s, err = sources[last].build(ctx, opts); err != nil {
				return nil, nil, err
			}
		}
	}
	x, err := s.Compare(ctx, past)
	return s, x, err
}

// inTime returns the sources by their time, if each has one.
func inTime(sources []Source) []Source {
	sources = slices.Clone(sources)
	if !slices.ContainsFunc(sources, func(s Source) bool { return s.Time.IsZero() }) {
		slices.SortStableFunc(sources, func(a, b Source) int { return a.Time.Compare(b.Time) })
	}
	return sources
}

func (s Source) build(ctx context.Context, opts Options) (snapshot *Snapshot, err error) {
	err = s.read(ctx, opts, func(r io.Reader, opts Options) (err error) {
		snapshot, err = Build(ctx, r, opts)
		return err
	})
	return snapshot, err
}

func (s Source) read(ctx context.Context, opts Options, do func(io.Reader, Options) error) error {
	r, err := Await(ctx, func() (io.ReadCloser, error) {
		r, err := s.Open()
		if err == nil && ctx.Err() != nil { // nobody waits for it
			_ = r.Close()
		}
		return r, err
	})
	if err != nil {
		return err
	}
	defer func() {
		if ctx.Err() != nil {
			go r.Close() // it may wait for a read that does not end
			return
		}
		_ = r.Close()
	}()
	opts.Path, opts.Size = s.Path, s.Size
	if err := do(r, opts); err != nil {
		return fmt.Errorf("%s: %w", s.Path, err)
	}
	return nil
}
