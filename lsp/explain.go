package lsp

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/singleflight"

	"heapline/index"
)

// patience is how long a hover waits for what takes a walk over the whole
// heap. The walk goes on, and the next hover has its result.
const patience = 250 * time.Millisecond

// reasons are why a site's objects are alive, as far as they are known yet.
type reasons struct {
	paths   *index.Paths
	holders []index.Holder
}

// explainer computes, in the background, what takes walks over the whole heap.
type explainer struct {
	server  *server
	hovered singleflight.Group
	visible chan visibleSites
}

// visibleSites are lines on a screen whose retained sizes are only bounds.
type visibleSites struct {
	snapshot *index.Snapshot
	sites    []index.SiteID
}

func newExplainer(s *server) *explainer {
	return &explainer{server: s, visible: make(chan visibleSites, 1)}
}

// reasons returns what keeps a site's objects alive and makes its retained
// size exact, both within the time a hover waits.
func (e *explainer) reasons(ctx context.Context, s *index.Snapshot, id index.SiteID) reasons {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	done := e.hovered.DoChan(fmt.Sprintf("%p %d", s, id), func() (any, error) {
		defer e.server.recovered("explain")
		wasExact := s.Retained(id).Exact
		r, err := explain(e.server.base, s, id)
		if err == nil && !wasExact {
			e.server.hintsChanged.raise()
		}
		return r, err
	})
	select {
	case result := <-done:
		r, _ := result.Val.(reasons)
		return r
	case <-ctx.Done():
		return reasons{}
	}
}

func explain(ctx context.Context, s *index.Snapshot, id index.SiteID) (reasons, error) {
	if err := s.Exact(ctx, []index.SiteID{id}); err != nil {
		return reasons{}, err
	}
	paths, err := s.Paths(ctx, id)
	if err != nil {
		return reasons{}, err
	}
	holders, err := s.Holders(ctx, id)
	return reasons{paths, holders}, err
}

// show notes what is on the screen. Only the newest matters: what was scrolled
// away is asked for again when it comes back.
func (e *explainer) show(s *index.Snapshot, sites []index.SiteID) {
	if len(sites) == 0 {
		return
	}
	select {
	case <-e.visible: // not begun yet, and older
	default:
	}
	select {
	case e.visible <- visibleSites{s, sites}:
	default: // another request was quicker
	}
}

// run makes the visible bounds exact and has the client fetch its hints again.
func (e *explainer) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case v := <-e.visible:
			e.makeExact(ctx, v)
		}
	}
}

func (e *explainer) makeExact(ctx context.Context, v visibleSites) {
	defer e.server.recovered("exact sizes")
	if st := e.server.state.Load(); st.dump == nil || st.dump.snapshot != v.snapshot {
		return
	}
	if err := v.snapshot.Exact(ctx, v.sites); err == nil {
		e.server.hintsChanged.raise()
	}
}
