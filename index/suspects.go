package index

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"heapline/index/dump"
	"heapline/index/graph"
	"heapline/index/heap"
)

// Suspect is a line whose objects become more and stay.
type Suspect struct {
	Site    SiteID
	Objects int64 // live objects of the site
	Bytes   int64 // what the site retains, as far as it is known
	// By how much it grows from one dump to the next, or from one GC to the next
	// where there is a single dump. Objects are those of the site; bytes are all
	// that piles up with them.
	Per           string // "dump" or "GC"
	GrowthObjects float64
	GrowthBytes   float64
	Elements      float64 // entries a dump by which a single object grows, 0 where objects become more
	Anew          bool    // of a single object that grows: it is made anew each time, as += does
	Holder        *Holder // where they pile up, nil where nothing that the dump shows holds them
	Feeders       []SiteID

	here  float64 // bytes by which the place grows where it piles up
	owner heap.ID // the object that has the places where it piles up, 0 where these are the program's own containers
	sure  bool    // the places are Arrays and Hashes of the program that it fills
}

// Thresholds say how much must grow before it is a suspect.
type Thresholds struct {
	Objects int64 // a dump
	Bytes   int64 // a dump: for single objects that become larger
}

// DefaultThresholds are for programs of any size: what grows by less than this
// from dump to dump takes long to hurt.
var DefaultThresholds = Thresholds{Objects: 10, Bytes: 2000}

// FindSuspects returns what grows: in a series or, with less certainty, in a
// single dump, where x is nil. An error is that of ctx.
func FindSuspects(ctx context.Context, s *Snapshot, x *Series, least Thresholds) ([]Suspect, error) {
	if x == nil {
		return s.SteadyGrowth(ctx, least)
	}
	return x.Suspects(ctx, least)
}

// Suspects returns the leak suspects, what grows by most bytes first. An error
// is that of ctx.
func (x *Series) Suspects(ctx context.Context, least Thresholds) ([]Suspect, error) {
	if x.seen == nil || len(x.Dumps) < fewestDumps || x.last.heap.tree == nil || x.Unreliable() != "" {
		return nil, nil
	}
	before, err := x.last.before(ctx)
	if err != nil {
		return nil, err
	}
	grows := make([]bool, len(x.growth))
	for id, g := range x.growth {
		grows[id] = g.leaks(least)
	}
	holders := map[heap.ID]bool{}
	var list []Suspect
	piles := x.last.heap.piles(before, func(id heap.ID) int { return int(x.seen[id]) }, len(x.Dumps), grows)
	for _, p := range x.withoutBounded(piles) {
		if s, ok := x.suspect(p, before, least); ok {
			list = append(list, s)
			maps.Copy(holders, p.holders)
		}
	}
	for id, s := range x.swellings(least, holders) {
		list = append(list, x.swollen(id, s, before))
	}
	return once(list), nil
}

// once sorts suspects, what grows by most bytes first, and leaves out those
// that an earlier one has named: objects of one line may pile up in several
// places, a few in the tables of the Ruby machine. What piles up in several
// places of one object of a library is one suspect.
func once(list []Suspect) []Suspect {
	slices.SortStableFunc(list, func(a, b Suspect) int {
		return cmp.Or(cmp.Compare(b.here, a.here), cmp.Compare(a.Site, b.Site))
	})
	named, feeds, owners := map[SiteID]int{}, map[SiteID]bool{}, map[heap.ID]int{}
	kept := list[:0]
	for _, s := range list {
		before, again := named[s.Site]
		first, owned := owners[s.owner]
		switch {
		case feeds[s.Site] || again && !s.sure:
			continue
		case again && !kept[before].sure:
			kept[before].Holder, kept[before].sure = s.Holder, true
		case s.owner != 0 && owned && !again:
			kept[first].join(s)
		default:
			named[s.Site], owners[s.owner] = len(kept), len(kept)
			kept = append(kept, s)
		}
		for _, id := range s.Feeders {
			feeds[id] = true
		}
	}
	slices.SortStableFunc(kept, func(a, b Suspect) int { return cmp.Compare(b.GrowthBytes, a.GrowthBytes) })
	return kept
}

// join takes the lines of another suspect for some that feed it.
func (s *Suspect) join(other Suspect) {
	for _, id := range append(other.Feeders, other.Site) {
		if id != s.Site && !slices.Contains(s.Feeders, id) {
			s.Feeders = append(s.Feeders, id)
		}
	}
	slices.Sort(s.Feeders)
	s.GrowthBytes += other.GrowthBytes
	s.here += other.here
}

// leaks reports whether a site's objects become more because they stay: in
// most intervals some came that are still there, they make up the growth, and
// it goes on.
func (g Growth) leaks(least Thresholds) bool {
	last := len(g.Counts) - 1
	if g.Objects.Low <= 0 || g.grown() < least.Objects*int64(last) {
		return false
	}
	kept, intervals := g.NewKept().Objects, 0
	for _, c := range g.Seen[1:last] {
		if c.Objects > 0 {
			intervals++
		}
	}
	before := g.Counts[last-1].Objects - g.Counts[0].Objects // when those could have come
	if kept < least.Objects || 2*kept < before || 3*intervals < 2*(last-1) {
		return false
	}
	if 3*g.steps() < 2*last {
		return false
	}
	return !slowsDown(last, func(i int) int64 { return g.Counts[i].Objects })
}

// suspect makes one of a pile; false where what grows there is little.
func (x *Series) suspect(p *pile, before []graph.Node, least Thresholds) (Suspect, bool) {
	p.dropMinor(least, func(id SiteID) int64 { return x.growth[id].NewSince().Objects })
	main, ok := p.mainSite()
	if !ok || !x.beyondChance(main, p.perElement(main)) {
		return Suspect{}, false
	}
	s := x.last.suspectOf(p, main, before)
	s.Per = "dump"
	s.sure = s.sure && p.longer > 0 && 2*p.longer >= p.tops[main]
	g := x.growth[main]
	s.here = g.stays() * float64(p.bytes()) / float64(len(x.Dumps)-1)
	s.GrowthObjects, s.GrowthBytes = g.Objects.Median, max(g.Bytes.Median, s.here) // some of the site's objects may be held elsewhere
	return s, true
}

// swollen makes a suspect of objects that become larger.
func (x *Series) swollen(id SiteID, s swelling, before []graph.Node) Suspect {
	site, intervals := x.last.sites[id], float64(len(x.past))
	suspect := Suspect{
		Site: id, Objects: site.Objects, Bytes: max(x.last.Retained(id).Bytes, site.Bytes), Feeders: []SiteID{}, Per: "dump",
		GrowthBytes: float64(s.bytes) / intervals, here: float64(s.bytes) / intervals, Elements: float64(s.elements) / intervals, Anew: s.anew,
	}
	if holder := x.last.heap.holderOf(s.objects); holder != graph.Root {
		suspect.Holder = x.last.heap.holderAs(holder, 1, before)
		suspect.Holder.Objects = int64(len(s.objects))
	}
	return suspect
}

// holderAs describes one of several holders.
func (c *contents) holderAs(id heap.ID, holders int, before []graph.Node) *Holder {
	step := c.describe(id, holders)
	return &Holder{Holders: holders, Label: step.Label, Owner: c.owner(id, before), File: step.File, Line: step.Line}
}

// suspectOf is what a pile tells of a suspect beside its growth.
func (s *Snapshot) suspectOf(p *pile, main SiteID, before []graph.Node) Suspect {
	site := s.sites[main]
	suspect := Suspect{Site: main, Objects: site.Objects, Bytes: max(s.Retained(main).Bytes, site.Bytes), Feeders: []SiteID{}}
	if p.holder != graph.Root {
		owner := s.heap.owned(p.holder)
		suspect.Holder = s.heap.holderAs(owner, len(p.holders), before)
		suspect.Holder.Objects = p.sites[main].Objects
		if kind := s.heap.heap.Kind(owner); owner != p.holder || kind == dump.Object || kind == dump.Data {
			suspect.owner = owner
		}
		suspect.sure = suspect.Holder.File != "" && s.heap.isFilledBy(p, main)
	}
	for _, id := range slices.Sorted(maps.Keys(p.sites)) {
		if id != main {
			suspect.Feeders = append(suspect.Feeders, id)
		}
	}
	return suspect
}
