package lsp

import (
	"context"
	"errors"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"sync"

	"go.lsp.dev/jsonrpc2"
	"go.lsp.dev/protocol"

	"heapline/index"
	"heapline/index/source"
)

// loadSummary is the result of loading: the dump's totals and how its files
// were found in the workspace.
type loadSummary struct {
	index.Summary
	MappedFiles    int `json:"mappedFiles"`
	UnmappedFiles  int `json:"unmappedFiles"`
	AmbiguousFiles int `json:"ambiguousFiles"`
	// Inferred are the folders of the dump whose files were found elsewhere, and where.
	Inferred []source.Applied `json:"inferred"`
	Notes    []string         `json:"notes"` // sentences about the dump
	// Dumps are those of the series, oldest first, empty where there is one dump
	// only; LeftOut those of which a part is missing; Match is how the others were
	// compared; Unreliable says why no suspects are looked for.
	Dumps      []index.DumpOfSeries `json:"series"`
	LeftOut    []index.DumpOfSeries `json:"leftOut"`
	Match      string               `json:"match"`
	Suspects   int                  `json:"suspects"` // how many lines grow
	Unreliable string               `json:"unreliable,omitempty"`
	// Damage are sentences about what is missing of the dumps; empty where all is well.
	Damage []string `json:"damage"`
}

func (d *dump) summary() loadSummary {
	sum := d.snapshot.Summary()
	out := loadSummary{
		Summary: sum, MappedFiles: d.files.Mapped, UnmappedFiles: d.files.Unmapped, AmbiguousFiles: d.files.Ambiguous,
		Inferred: append([]source.Applied{}, d.files.Inferred...), Notes: d.notes(),
		Dumps: []index.DumpOfSeries{}, LeftOut: []index.DumpOfSeries{}, Suspects: d.suspects.count(), Damage: append([]string{}, d.damage()...),
	}
	if d.series != nil {
		out.Dumps, out.LeftOut = d.series.Dumps, append(out.LeftOut, d.series.LeftOut...)
		out.Match, out.Unreliable = d.series.Match, d.series.Unreliable()
	}
	return out
}

// notes are sentences about the dump.
func (d *dump) notes() []string {
	notes := append([]string{}, d.snapshot.Summary().Notes()...)
	if d.strange != "" {
		notes = append(notes, d.strange)
	}
	return notes
}

// damage says what is missing of a dump and of those that it is compared with.
func (d *dump) damage() []string {
	sum := d.snapshot.Summary()
	var list []string
	if text := sum.Problems.Sentences(); text != "" {
		list = append(list, text)
	} else if sum.Incomplete != "" {
		list = append(list, "A part of the dump is missing: "+sum.Incomplete+". What that held counts as garbage: take it again.")
	}
	if d.series == nil {
		return list
	}
	for _, earlier := range d.series.Earlier() {
		name := label(filepath.Base(earlier.Path)) + ": "
		if earlier.Incomplete != "" {
			list = append(list, name+earlier.WhyLeftOut()+".")
		} else if text := earlier.Problems.Sentences(); text != "" {
			list = append(list, name+text)
		}
	}
	if why := d.series.Unreliable(); why != "" {
		list = append(list, "No leak suspects can be told: "+why+".")
	}
	return list
}

// load reads a dump and shows it, compared with earlier ones of the same process
// where some are named. What was loaded before stays until then, and
// stays if this fails or is cancelled.
func (s *server) load(ctx context.Context, seq uint64, path string, token protocol.ProgressToken, earlier ...string) (*dump, error) {
	ctx, j, err := s.loads.begin(ctx, seq, path, earlier)
	if err != nil {
		return nil, err
	}
	s.statusChanged.raise()
	begin := step{filepath.Base(path), new(uint32(0))}
	shown := s.startProgress(ctx, token, "Loading heap dump", begin, func() { j.cancel(errStopped) })
	message := "Failed"
	defer func() { // also when reading panics
		s.loads.finish(j, nil)
		s.takeBack(j)
		shown.end(message)
		s.statusChanged.raise()
	}()
	d, err := s.read(ctx, j, shown)
	if ctx.Err() != nil {
		message = "Cancelled"
		return nil, cancelled(ctx)
	}
	if err != nil {
		return nil, err
	}
	if !s.loads.finish(j, func() { s.change(func(st *state) { st.setDump(d) }) }) {
		message = "Cancelled"
		return nil, errSuperseded
	}
	j.counted = nil
	s.known.keep(d)
	message = "Loaded " + filepath.Base(path)
	if !d.places.equal(s.state.Load().places()) {
		s.rootsChanged.raise() // while the dump was read
	}
	s.askRuby(d)
	s.readIgnored()
	s.dumpShown()
	s.background("memory", func(context.Context) { debug.FreeOSMemory() }) // what only the build needed
	return d, nil
}

func cancelled(ctx context.Context) error {
	var coded *jsonrpc2.Error
	if errors.As(context.Cause(ctx), &coded) {
		return coded
	}
	return errStopped
}

// read builds the index of a dump and finds its files in the workspace; the
// workspace is listed while the dump is read.
func (s *server) read(ctx context.Context, j *job, shown *progress) (*dump, error) {
	stamps := map[string]stamp{}
	opened := func(path string, st stamp) { stamps[path] = st }
	in, err := index.Await(ctx, func() (input, error) { return j.find(opened, s.changedMeanwhile) })
	if err != nil {
		return nil, err
	}
	places := s.state.Load().places()
	workspace := s.listInBackground(ctx, places, in.origin)
	var listed *listing
	var d *dump
	var keeping sync.WaitGroup
	snapshot, series, err := index.BuildSeries(ctx, in.sources, index.Options{
		Memory: int64(s.state.Load().settings.MaxMemory),
		Progress: func(p index.Progress) {
			j.setProgress(p)
			shown.show(progressText(p), new(percentOf(p)))
			s.statusChanged.raise()
		},
		Counted: func(first *index.Snapshot) {
			if listed == nil {
				listed = <-workspace
			}
			if listed != nil { // else ctx has ended
				path := first.Summary().Path
				st := stamps[path]
				d = s.placed(&dump{path: path, earlier: j.others(path), stamp: st, origin: originOf(path, st), snapshot: first}, places, listed)
				s.showCounts(j, d)
				counted := d
				keeping.Go(func() { counted.bases.keep(ctx, counted.sources()) })
			}
		},
	})
	keeping.Wait()
	if err != nil {
		return nil, err
	}
	if d == nil {
		return nil, ctx.Err()
	}
	whole := *d
	whole.snapshot, whole.series = snapshot, series
	whole.suspects = &suspects{snapshot: snapshot, series: series}
	_, err = whole.suspects.from(ctx, s.state.Load().settings.thresholds())
	return &whole, err
}

// input is what is there of a load's dumps before any is read.
type input struct {
	origin  origin
	sources []index.Source
}

// find looks for the dumps of a load.
func (j *job) find(opened func(path string, st stamp), changed func(path string)) (input, error) {
	file, st, err := openDump(j.path)
	if err != nil {
		return input{}, err
	}
	_ = file.Close()
	return input{originOf(j.path, st), j.sources(opened, changed)}, nil
}

func (s *server) changedMeanwhile(path string) {
	s.logf(protocol.MessageTypeWarning, "%s changed while it was read: load it again once it is written", path)
}

// others are the dumps of a load but one.
func (j *job) others(path string) []string {
	all := append(slices.Clone(j.earlier), j.path)
	return slices.DeleteFunc(all, func(p string) bool { return p == path })
}

// showCounts shows what is known in the middle of a load: how many objects are
// alive, not yet what they retain.
func (s *server) showCounts(j *job, d *dump) {
	s.loads.during(j, func() {
		first := j.counted == nil
		j.counted = d
		s.change(func(st *state) {
			if first {
				j.before = st.dump
			}
			st.setDump(d)
		})
	})
	s.hintsChanged.raise()
}

// takeBack shows again what was shown before a load that did not end well.
func (s *server) takeBack(j *job) {
	if j.counted == nil {
		return
	}
	s.change(func(st *state) {
		if st.dump == j.counted { // else unloaded, or another load was quicker
			st.setDump(j.before)
		}
	})
	s.showChanged()
}

// unload forgets the dump and all it shows, and cancels a load under way.
func (s *server) unload(seq uint64) {
	s.loads.clear(seq, func() {
		s.change(func(st *state) { st.setDump(nil) })
	})
	s.dumpShown()
}

// dumpShown makes everything on screen follow another dump, or none.
func (s *server) dumpShown() {
	s.showChanged()
	s.watchedChanged.raise()
	s.diagnostics.publish(s.base) // last: it may wait for git
}

// loadInBackground loads dumps nobody waits for. A failure is shown, and what is
// missing: who asks for a load by a command is told so by its answer.
func (s *server) loadInBackground(paths []string) {
	s.background("load", func(ctx context.Context) {
		paths = s.state.Load().absolutes(paths)
		last := len(paths) - 1
		d, err := s.load(ctx, s.loads.next(), paths[last], nil, paths[:last]...)
		var coded *jsonrpc2.Error
		switch {
		case errors.As(err, &coded):
		case err != nil:
			s.show(ctx, protocol.MessageTypeError, err.Error())
		default:
			if damage := d.damage(); len(damage) > 0 {
				s.show(ctx, protocol.MessageTypeWarning, label(filepath.Base(d.path))+": "+strings.Join(damage, " "))
			}
		}
	})
}

// show has the client show a message.
func (s *server) show(ctx context.Context, kind protocol.MessageType, text string) {
	_ = s.client.ShowMessage(ctx, &protocol.ShowMessageParams{Type: kind, Message: withoutLinks(text)})
}
