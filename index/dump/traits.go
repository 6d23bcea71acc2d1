package dump

// Traits are what the records of a dump show of the Ruby that wrote them. A
// dump names no version, but every release has added or dropped something.
type Traits uint32

const (
	sawIMemo Traits = 1 << iota
	sawIMemoType
	sawPinned
	sawCallcache
	sawSuperclass
	sawSlotSize
	sawNoSlotSize
	sawCapacityShape
	sawCallinfoMid
	sawChilled
	sawAge
	sawNoAge
	sawHeadKeys
	sawOldRoots
	sawEncodings
	sawFirstRoots
	sawVM
)

// rubies are the releases that dumps can be told from; the last stands for all
// that come later.
var rubies = []string{"2.1", "2.2", "2.3", "2.4", "2.5", "2.6", "2.7", "3.0", "3.1", "3.2", "3.3", "3.4", "4.0", "4.1"}

const (
	ruby21 = iota
	ruby22
	ruby23
	ruby24
	ruby25
	ruby26
	ruby27
	ruby30
	ruby31
	ruby32
	ruby33
	ruby34
	ruby40
	rubyNext
)

// evidence is what one trait says of the version: where it is there, and what
// follows if a whole heap has nothing of the kind.
var evidence = []struct {
	trait      Traits
	from, to   int
	absentFrom int
	absentTo   int
}{
	{sawIMemo, ruby23, rubyNext, ruby21, ruby22},
	{sawIMemoType, ruby25, rubyNext, ruby21, ruby24},
	{sawPinned, ruby27, rubyNext, ruby21, rubyNext},
	{sawCallcache, ruby30, rubyNext, ruby21, ruby27},
	{sawSuperclass, ruby31, rubyNext, ruby21, ruby30},
	{sawSlotSize, ruby32, rubyNext, ruby21, ruby31},
	{sawNoSlotSize, ruby21, ruby31, ruby21, rubyNext},
	{sawCapacityShape, ruby32, ruby32, ruby21, rubyNext},
	{sawCallinfoMid, ruby33, rubyNext, ruby21, ruby32},
	{sawChilled, ruby34, rubyNext, ruby21, rubyNext},
	{sawAge, ruby40, rubyNext, ruby21, ruby34},
	{sawNoAge, ruby21, ruby34, ruby21, rubyNext},
	{sawHeadKeys, rubyNext, rubyNext, ruby21, ruby40},
	{sawOldRoots, ruby21, ruby33, ruby34, rubyNext},
	{sawEncodings, ruby21, ruby25, ruby26, rubyNext},
	{sawFirstRoots, ruby21, ruby22, ruby23, rubyNext},
}

// wholeHeap is how many objects even the emptiest process has: in fewer, what
// is absent says nothing.
const wholeHeap = 2000

// Ruby names the version or the range of versions that the records betray, such
// as "3.3" or "2.6 to 2.7"; it is empty where they betray nothing. Objects is
// how many the dump has, whole that nothing of it is lost.
func (t Traits) Ruby(objects int64, whole bool) string {
	from, to := ruby21, rubyNext
	for _, e := range evidence {
		switch {
		case t&e.trait != 0:
			from, to = max(from, e.from), min(to, e.to)
		case whole && t&sawVM != 0 && objects >= wholeHeap:
			from, to = max(from, e.absentFrom), min(to, e.absentTo)
		}
	}
	switch {
	case from > to, from == ruby21 && to == rubyNext: // they contradict each other, or say nothing
		return ""
	case to == rubyNext:
		return rubies[from] + " or newer"
	case from == to:
		return rubies[from]
	case from == ruby21:
		return rubies[to] + " or older"
	}
	return rubies[from] + " to " + rubies[to]
}

// traitsOf returns what a good record shows.
func (r *Record) traitsOf() Traits {
	t := r.traits
	switch r.Type {
	case Root:
		return t | rootTraits[string(r.Root)]
	case Shape:
		if kind := string(r.shapeType); kind == "CAPACITY_CHANGE" || kind == "INITIAL_CAPACITY" {
			t |= sawCapacityShape
		}
		return t | sawSlotSize
	case None, Zombie, Other:
		return t
	case IMemo:
		t |= sawIMemo
		if r.IMemoType != nil {
			t |= sawIMemoType
		}
		switch string(r.IMemoType) {
		case "callcache":
			t |= sawCallcache
		case "fields":
			t |= sawAge
		case "subclasses", "cdhash":
			t |= sawHeadKeys
		}
	}
	if t&sawSlotSize == 0 {
		t |= sawNoSlotSize
	}
	return t
}

var rootTraits = map[string]Traits{
	"vm": sawVM, "finalizers": sawOldRoots, "global_list": sawOldRoots, "object_id": sawOldRoots, "encodings": sawEncodings,
	"symbols": sawFirstRoots, "parser": sawFirstRoots, "generic_ivars": sawFirstRoots, "live_method_entries": sawFirstRoots,
	"global_symbols": sawAge,
}

// other notes a key whose value is of no interest.
func (r *Record) other(key []byte) {
	switch string(key) {
	case "shape_id", "slot_size", "coderange", "variation_count":
		r.traits |= sawSlotSize
	case "superclass":
		r.traits |= sawSuperclass
	case "embedded":
		if r.Type == Object {
			r.traits |= sawCallinfoMid
		}
	case "mid", "called_id", "receiver_class":
		r.traits |= sawCallinfoMid
	case "chilled":
		r.traits |= sawChilled
	case "complex_shape", "free_immediately":
		r.traits |= sawHeadKeys
	case "frozen", "fstring", "shared", "associated", "capacity", "encoding", "broken", "default", "ivars", "too_complex_shape", "fd",
		"id", "parent_id", "depth", "edge_name", "edges":
	default:
		r.unknown = append(r.unknown, key)
	}
}

// flags are what a record's flags say.
type flags struct {
	old       bool
	protected bool
	any       bool // there are any but object_id, which MMTk writes alone
	traits    Traits
}

// set notes a flag.
func (f *flags) set(name []byte) {
	f.any = f.any || string(name) != "object_id"
	switch string(name) {
	case "old", "uncollectible":
		f.old = true
	case "wb_protected":
		f.protected = true
	case "pinned":
		f.traits |= sawPinned
	case "age":
		f.traits |= sawAge
	}
}

func (r *Record) setFlags(f flags) {
	r.Old, r.Young = f.old, f.protected && !f.old
	r.traits |= f.traits
	if f.any && f.traits&sawAge == 0 {
		r.traits |= sawNoAge
	}
}
