package index

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"

	"heapline/index/dump"
	"heapline/index/heap"
)

// problems sums up what was lost. The end of a cut-off input is listed first:
// it costs the most.
func problems(h *heap.Heap, cut error) Problems {
	p := Problems{Reasons: []Problem{}, First: []Problem{}}
	if cut != nil {
		lost := Problem{Line: h.Lines, Offset: h.Bytes, Message: cutReason(cut)}
		p.add(1, lost)
		lost.Message += fmt.Sprintf(" (%v)", cut)
		p.First = append(p.First, lost)
	}
	for reason, loss := range h.Losses {
		p.add(loss.Lines, Problem{Line: loss.First.Line, Offset: loss.First.Offset, Message: dump.Reason(reason).String()})
	}
	for _, x := range h.Problems {
		p.First = append(p.First, Problem{Line: x.Line, Offset: x.Offset, Message: x.Message})
	}
	p.lost = endLost(cut) || lostLines(h) > 0
	if h.Duplicates > 0 {
		p.add(h.Duplicates, repeat(h.Repeated[0], "a record at the address of an earlier one was left out"))
	}
	for _, x := range h.Repeated[:min(len(h.Repeated), repeatsShown)] {
		p.First = append(p.First, repeat(x, fmt.Sprintf("an earlier record has the address %#x, too: this one was left out", x.Address)))
	}
	return p
}

// endLost reports whether what ended the reading early cost records.
func endLost(cut error) bool { return cut != nil && !dump.IsBehindEnd(cut) }

func cutReason(cut error) string {
	switch {
	case !endLost(cut):
		return "what follows the compressed dump was passed over: padding, or no part of it"
	case errors.Is(cut, io.ErrUnexpectedEOF):
		return "the compressed file ends here, the rest of the dump is lost: copy it again, or take the dump again"
	}
	return "reading stopped here, the rest of the dump is lost"
}

// repeatsShown is how many records that repeat an address are listed.
const repeatsShown = 3

func repeat(x heap.Repeat, message string) Problem {
	return Problem{Line: x.Line, Offset: x.Offset, Message: message}
}

func (p *Problems) add(count int64, reason Problem) {
	if count > 0 {
		p.Count += count
		reason.Count = count
		p.Reasons = append(p.Reasons, reason)
	}
}

// Sentences say for people what could not be read and how often, and where the
// first is; "" where all could. They hold no untrusted text.
func (p Problems) Sentences() string {
	if p.Count == 0 {
		return ""
	}
	var list []string
	for _, x := range p.Reasons {
		list = append(list, x.Reason())
	}
	text := strings.Join(list, "; ") + "."
	if p.lost {
		return "Not all of the dump could be read: " + text + " What stood there is not counted, and what it kept alive counts as garbage."
	}
	return strings.ToUpper(text[:1]) + text[1:] // of ASCII
}

// Lost reports whether records were lost: others than those that repeat an address.
func (p Problems) Lost() bool { return p.lost }

// Reason is what a Problem of Reasons says: how often, what, and where the first is.
func (x Problem) Reason() string {
	if x.Count == 1 {
		return fmt.Sprintf("%s (line %d, byte %d)", x.Message, x.Line, x.Offset)
	}
	return fmt.Sprintf("%s × %s (the first: line %d, byte %d)", humanize.Comma(x.Count), x.Message, x.Line, x.Offset)
}

// fewLost is of how many lines one may be unreadable: what hangs on it counts as
// garbage, which hardly changes a comparison with other dumps.
const fewLost = 100

// incomplete says why a part of a dump is missing, in words that follow its
// name; "" where nothing shows that one is.
func incomplete(h *heap.Heap, cut error, ruby string) string {
	lost := lostLines(h)
	switch whole := h.Loaded < h.Dumps; { // then it is a later one of the file that breaks off
	case endLost(cut) && !whole:
		return "its end is missing"
	case h.Losses[dump.BrokenOff].Lines > 0 && !whole:
		return "it breaks off"
	case !rooted(h):
		return ""
	case lost*fewLost > h.Lines:
		return fmt.Sprintf("%s of its %s lines could not be read", humanize.Comma(lost), humanize.Comma(h.Lines))
	case lacksObjects(h, ruby):
		return fmt.Sprintf("at least %s of its objects are missing", humanize.Comma(h.Missing))
	case lacksVM(h):
		return "its GC roots of category vm are missing"
	}
	return ""
}

// lostLines is how many records could not be read; what is no record hides none.
func lostLines(h *heap.Heap) int64 {
	return h.Losses[dump.BrokenOff].Lines + h.Losses[dump.ZeroBytes].Lines + h.Losses[dump.NotJSON].Lines + h.Losses[dump.OutOfRange].Lines
}

// lacksVM reports whether a dump has GC roots, but not the category that every
// Ruby writes.
func lacksVM(h *heap.Heap) bool { return rooted(h) && !slices.Contains(h.Roots(), "vm") }

// How many of the objects that references lead to a whole dump may lack: those
// that other threads made while it was written, where they could, and the few
// that the dump leaves out of itself.
const (
	fewMissing        = 100 // of so many objects one
	fewMissingThreads = 50
	leastMissing      = 100 // objects
)

// lacksObjects reports whether more objects are missing than a whole dump lacks.
func lacksObjects(h *heap.Heap, ruby string) bool {
	few := int64(fewMissing)
	if ruby == "" || threadsRun(ruby) {
		few = fewMissingThreads
	}
	return h.Missing >= leastMissing && h.Missing*few > int64(h.End()-h.First())
}

// threadsRun reports whether a Ruby lets other threads run while it dumps.
func threadsRun(ruby string) bool {
	for _, version := range []string{"3.0", "3.1", "3.2", "3.3"} {
		if strings.HasPrefix(ruby, version) {
			return true
		}
	}
	return false
}
