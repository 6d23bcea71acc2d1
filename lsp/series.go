package lsp

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"go.lsp.dev/jsonrpc2"
	"go.lsp.dev/protocol"

	"heapline/index"
)

// The identities of the diagnostics of what grows.
const (
	suspectCode = "heapline/leak-suspect"  // of a series of dumps
	steadyCode  = "heapline/steady-growth" // of a single dump
	suspectHelp = "https://github.com/heapline/heapline#heaplineleak-suspect"
	steadyHelp  = "https://github.com/heapline/heapline#heaplinesteady-growth"
)

// commandAddDump loads a dump together with those that are loaded, as a series.
func (s *server) commandAddDump(ctx context.Context, p *protocol.ExecuteCommandParams) (any, error) {
	at := arrivalOf(ctx)
	paths, err := loadPaths(p.Arguments)
	switch {
	case err != nil:
		return nil, err
	case len(paths) == 0:
		return nil, jsonrpc2.NewError(jsonrpc2.InvalidParams, "name the dump to add")
	}
	if d := at.state.dump; d != nil {
		paths = append(d.paths(), paths...)
	}
	return s.loadAndSum(ctx, at.state.absolutes(paths), p.WorkDoneToken)
}

// loadPaths returns the paths of a command's argument: {"paths": […]}, or what
// loadPath takes.
func loadPaths(args []protocol.LSPAny) ([]string, error) {
	var several struct {
		Paths []string `json:"paths"`
	}
	if len(args) > 0 && json.Unmarshal(args[0], &several) == nil && len(several.Paths) > 0 {
		return several.Paths, nil
	}
	path, err := loadPath(args)
	if err != nil || path == "" {
		return nil, err
	}
	return []string{path}, nil
}

// paths are those of the loaded dumps, the one that is shown last.
func (d *dump) paths() []string { return append(slices.Clone(d.earlier), d.path) }

// sources are the dumps of a load. opened is told of each file that is opened,
// changed of those that are another when they are closed.
func (j *job) sources(opened func(path string, st stamp), changed func(path string)) []index.Source {
	var list []index.Source
	for _, path := range append(slices.Clone(j.earlier), j.path) {
		size := int64(0)
		if info, err := os.Stat(path); err == nil {
			size = info.Size()
		}
		taken, _ := index.ReadTaken(path)
		list = append(list, index.Source{Path: path, Size: size, Time: taken.Time, Open: func() (io.ReadCloser, error) {
			file, st, err := openDump(path)
			if err != nil {
				return nil, err
			}
			opened(path, st)
			return &openedDump{file, st, func() { changed(path) }}, nil
		}})
	}
	return list
}

// openedDump is a dump's file that tells at its end whether it was written to
// meanwhile; a new file of its name is another.
type openedDump struct {
	*os.File
	stamp   stamp
	changed func()
}

func (d *openedDump) Close() error {
	if info, err := d.Stat(); err == nil && stampOf(info) != d.stamp {
		d.changed()
	}
	return d.File.Close()
}

// suspects are those of a dump. They are found again when others are asked for.
type suspects struct {
	snapshot *index.Snapshot
	series   *index.Series

	mu    sync.Mutex
	known bool
	least index.Thresholds // that list is of
	list  []index.Suspect
}

// from returns what grows by so much at least. An error is that of ctx.
func (x *suspects) from(ctx context.Context, least index.Thresholds) ([]index.Suspect, error) {
	if x == nil {
		return nil, nil
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.known && x.least == least {
		return x.list, nil
	}
	list, err := index.FindSuspects(ctx, x.snapshot, x.series, least)
	if err != nil {
		return nil, err
	}
	x.known, x.least, x.list = true, least, list
	return list, nil
}

// count is how many there were the last time.
func (x *suspects) count() int {
	x.mu.Lock()
	defer x.mu.Unlock()
	return len(x.list)
}

// suspectSeverity is how suspects are shown: those of a series are surer.
func (st *state) suspectSeverity() severity {
	if st.dump.series == nil {
		return st.settings.SteadyGrowthSeverity
	}
	return st.settings.LeakSuspectSeverity
}

// shownAt is the site whose line a suspect is shown on: where its own is in no
// file of the workspace, what holds it.
func (d *dump) shownAt(x index.Suspect) (site index.Site, ok bool) {
	site = d.snapshot.AllSites()[x.Site]
	if _, ok := d.files.File(site.File); ok || x.Holder == nil {
		return site, ok
	}
	return d.snapshot.SiteAt(x.Holder.File, x.Holder.Line)
}

// suspectsByFile returns the suspects of each dump path, and the sites of which
// the suspects of a series say all there is to say.
func (st *state) suspectsByFile(ctx context.Context) (byFile map[string][]index.Suspect, named map[index.SiteID]bool) {
	byFile, named = map[string][]index.Suspect{}, map[index.SiteID]bool{}
	if st.suspectSeverity() == severityOff {
		return byFile, named
	}
	list, err := st.dump.suspects.from(ctx, st.settings.thresholds())
	if err != nil {
		return byFile, named // the server ends
	}
	for _, x := range list {
		if site, ok := st.dump.shownAt(x); ok {
			file := st.dump.surest(site.File)
			byFile[file] = append(byFile[file], x)
		}
		if st.dump.series == nil {
			continue
		}
		named[x.Site] = true
		for _, id := range x.Feeders {
			named[id] = true
		}
		if x.Holder != nil {
			if site, ok := st.dump.snapshot.SiteAt(x.Holder.File, x.Holder.Line); ok {
				named[site.ID] = true
			}
		}
	}
	return byFile, named
}

// suspects returns the diagnostics of what grows in one file.
func (r *round) suspects(ctx context.Context, doc *document, list []index.Suspect) []protocol.Diagnostic {
	var items []protocol.Diagnostic
	for _, x := range list {
		site, _ := r.dump.shownAt(x)
		at, ok := r.location(doc, site.Line)
		if !ok || r.ignoresSuspect(ctx, x) {
			continue
		}
		item := protocol.Diagnostic{
			Range: at.Range, Severity: severities[r.suspectSeverity()],
			Code: protocol.String(suspectCode), CodeDescription: protocol.CodeDescription{Href: suspectHelp},
			Source:  protocol.NewOptional(diagnosticSource),
			Message: protocol.String(r.suspectMessage(ctx, x, site)), RelatedInformation: r.suspectPlaces(ctx, x),
		}
		if r.dump.series == nil {
			item.Code, item.CodeDescription.Href = protocol.String(steadyCode), steadyHelp
		}
		items = append(items, item)
	}
	return items
}

func (r *round) suspectMessage(ctx context.Context, x index.Suspect, shown index.Site) string {
	if x.Holder != nil {
		h := *x.Holder
		h.Label, h.Owner = label(h.Label), label(h.Owner)
		x.Holder = &h
	}
	placeName := func(file string, line int) string { return r.placeName(ctx, file, line) }
	text := x.Sentence(placeName)
	if site := r.dump.snapshot.AllSites()[x.Site]; site.ID != shown.ID {
		return fmt.Sprintf("What is allocated at %s piles up here. %s", placeName(site.File, site.Line), text)
	}
	return text
}

// placeName names a line of the dump by its place in the workspace, if it has one.
func (r *round) placeName(ctx context.Context, file string, line int) string {
	if name, _, ok := r.server.place(ctx, r.state, file, line); ok {
		return label(name)
	}
	return label(fmt.Sprintf("%s:%d", file, line))
}

// suspectPlaces are the lines of the workspace that hold what grows, and that
// feed it.
func (r *round) suspectPlaces(ctx context.Context, x index.Suspect) []protocol.DiagnosticRelatedInformation {
	if !r.server.caps.relatedPlaces {
		return nil
	}
	var related []protocol.DiagnosticRelatedInformation
	add := func(file string, line int, message string) {
		if doc := r.document(ctx, file); doc != nil {
			if at, ok := r.location(doc, line); ok {
				related = append(related, protocol.DiagnosticRelatedInformation{Location: at, Message: message})
			}
		}
	}
	if h := x.Holder; h != nil && h.File != "" {
		add(h.File, h.Line, (&card{}).holderName(*h)+" holds it")
	}
	for _, id := range x.Feeders {
		site := r.dump.snapshot.AllSites()[id]
		add(site.File, site.Line, fmt.Sprintf("feeds it: %s alive", index.FormatObjects(site.Objects)))
	}
	return related
}

// growthLabel says in a hint by how many objects a site grows.
func growthLabel(x *index.Series, id index.SiteID) string {
	if x == nil {
		return ""
	}
	return index.FormatGrowth(x.Growth(id).Objects.Median)
}

// growth is a site's numbers dump by dump.
func (c *card) growth(x *index.Series, id index.SiteID) {
	if x == nil {
		return
	}
	g := x.Growth(id)
	rows := [][]string{{"dump", "objects", "bytes", "new, still there", "freed"}}
	for i, count := range g.Counts {
		kept, freed := "–", "–"
		if g.Seen != nil && i > 0 {
			kept = objects(g.Seen[i].Objects)
		}
		if g.Seen != nil && i < len(g.Counts)-1 {
			freed = objects(g.Freed(i))
		}
		rows = append(rows, []string{c.name(filepath.Base(x.Dumps[i].Path)), objects(count.Objects), index.FormatBytes(count.Bytes), kept, freed})
	}
	c.table(rows, "lrrrr")
	text := fmt.Sprintf("%s %s objects, %s a dump", c.code(sparkOf(g.Counts)), rate(g.Objects.Median), signedBytes(g.Bytes.Median))
	if low, high := rate(g.Objects.Low), rate(g.Objects.High); low != high {
		text += fmt.Sprintf(" (between %s and %s objects)", low, high)
	}
	if perGC, ok := x.PerGC(id); ok && rate(perGC) != "0" {
		text += fmt.Sprintf(" · %s objects a GC", rate(perGC))
	}
	c.line("Growth", text)
}

// rate is a number of objects by which something grows: below ten, tenths matter.
func rate(n float64) string {
	if math.Abs(n) < 10 && n != math.Trunc(n) {
		return fmt.Sprintf("%.1f", n)
	}
	return objects(int64(math.Round(n)))
}

func signedBytes(n float64) string {
	if n < 0 {
		return "-" + index.FormatBytes(int64(-n))
	}
	return index.FormatBytes(int64(n))
}

// sparkOf is a bar for each dump.
func sparkOf(counts []index.Count) string {
	var gens []index.GenerationCount
	for i, count := range counts {
		gens = append(gens, index.GenerationCount{Generation: int64(i), Count: count})
	}
	return spark(gens)
}
