package index

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/dustin/go-humanize"
)

// Notes are sentences for people about what is special with a dump: what kind
// it is and what its numbers cannot tell, the gravest first. They hold no
// untrusted text. Problems are not among them.
func (s Summary) Notes() []string {
	var notes []string
	note := func(when bool, format string, args ...any) {
		if when {
			notes = append(notes, fmt.Sprintf(format, args...))
		}
	}
	note(s.Kind == KindSince, "Taken with since: it holds only what was allocated from a generation on, and no GC roots. "+
		"What is alive cannot be told, so every object counts as live.")
	note(s.Kind == KindObjects, "It has no GC roots: single objects (ObjectSpace.dump), or a part of a dump. "+
		"What is alive cannot be told, so every object counts as live.")
	note(s.Dumps.Count > 1, "%s", s.dumpsNote())
	note(s.noVM, "It has GC roots, but none of the category vm, which every Ruby writes: a part of the dump is missing. "+
		"What only they hold counts as garbage: take it again.")
	mostLost := s.Problems.Count > s.Objects.Objects
	note(s.untraced() && mostLost, "No object that could be read has an allocation site.")
	note(s.untraced() && !mostLost, "No object has an allocation site: the dump was taken without allocation tracing. Call "+
		"ObjectSpace.trace_object_allocations_start (require \"objspace\") before the code that allocates, then dump again.")
	note(s.Stale > 0, "%s for a site: tracing was stopped before the dump, and Ruby shows the sites of dead objects for others that "+
		"came to their place. Do not trust lines with few objects.", times(s.Stale, "object is too young", "objects are too young"))
	note(s.Survivors.Objects > 0, "Unreachable, but survived several GCs: %s, %s. Held by something the dump does not show%s, "+
		"or not yet collected because no major GC ran.",
		FormatObjects(s.Survivors.Objects), FormatBytes(s.Survivors.Bytes), s.finalizers())
	note(s.Dangling > 0, "%s", s.dangling())
	note(s.Zombies > 0, "%s dead and waiting for a finalizer: garbage.", times(s.Zombies, "object is", "objects are"))
	note(s.FreeSlots > 0, "%s left out (taken with full: true).", times(s.FreeSlots, "free slot was", "free slots were"))
	note(len(s.UnknownTypes) > 0, "Types of objects that this version of Heapline does not know, counted by name: %s.", namesNote(s.UnknownTypes))
	note(len(s.UnknownKeys) > 0, "Keys of records that this version of Heapline does not know, passed over: %s.", namesNote(s.UnknownKeys))
	note(s.Repaired > 0, "%s read all the same.", times(s.Repaired, "record that Ruby wrote as bad JSON was", "records that Ruby wrote as bad JSON were"))
	return notes
}

func (s Summary) untraced() bool { return s.Sites == 0 && s.Traced == 0 && s.Live.Objects > 0 }

func (s Summary) dumpsNote() string {
	text := fmt.Sprintf("The file holds %d dumps, one behind the other: ", s.Dumps.Count)
	if s.Dumps.Loaded == s.Dumps.Count {
		return text + "this is the last one."
	}
	return text + fmt.Sprintf("this is number %d, the last one breaks off.", s.Dumps.Loaded)
}

// finalizers says what is known to hold objects behind the roots' back. Up to
// 3.3 the finalizers are among the roots.
func (s Summary) finalizers() string {
	switch {
	case strings.HasPrefix(s.Ruby, "3.4"), strings.HasPrefix(s.Ruby, "4"), strings.HasPrefix(s.Ruby, "newer"):
		return " (a finalizer, say, which this Ruby does not list)"
	}
	return ""
}

// dangling says where references lead that lead to no object, and why, as far as
// that can be told.
func (s Summary) dangling() string {
	text := times(s.Dangling, "reference leads to an object that is not in the dump", "references lead to objects that are not in the dump")
	switch {
	case s.Kind != KindWhole:
		return text + "."
	case s.Problems.lost:
		return text + ": some of them were in what could not be read."
	case s.Incomplete != "" && s.Missing >= leastMissing:
		return fmt.Sprintf("At least %s missing, which %s to: the dump is probably cut off or has a hole. "+
			"What they held counts as garbage: take it again.",
			times(s.Missing, "object is", "objects are"), times(s.Dangling, "reference leads", "references lead"))
	case threadsRun(s.Ruby) && !strings.Contains(s.Ruby, " "): // a range tells little
		text += "; Ruby " + s.Ruby + " lets other threads run while it dumps"
		if s.Missing*fewMissing > s.Objects.Objects {
			text += ". There are so many that a part of the dump may be missing, too"
		}
	}
	return text + "."
}

// times is a number with what there are so many of.
func times(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return humanize.Comma(n) + " " + many
}

// plainName is what Ruby calls types and keys. Others are not shown.
var plainName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,31}$`)

// namesNamed is how many names a note lists.
const namesNamed = 5

func namesNote(list []NameTimes) string {
	var texts []string
	for i, x := range list {
		if i == namesNamed {
			texts = append(texts, fmt.Sprintf("%d more", len(list)-i))
			break
		}
		name := x.Name
		if !plainName.MatchString(name) {
			name = "(an odd name)"
		}
		texts = append(texts, fmt.Sprintf("%s (%s ×)", name, humanize.Comma(x.Times)))
	}
	return strings.Join(texts, ", ")
}
