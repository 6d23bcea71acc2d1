package index

import (
	"fmt"
	"math"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/dustin/go-humanize/english"
)

// Sentence says for people by how much a suspect grows and what holds it.
// place names a file of the dump and a line ("lib/a.rb:4").
func (s Suspect) Sentence(place func(file string, line int) string) string {
	parts := []string{fmt.Sprintf("Grows by %s%s per %s", s.rate(), FormatBytes(int64(math.Round(s.GrowthBytes))), s.Per)}
	switch {
	case s.GrowthObjects > 0:
		parts = append(parts, FormatObjects(s.Objects)+" alive")
	case s.Anew:
		parts[0] += " in a String that is made anew each time"
	default:
		parts[0] += " without new objects"
	}
	if s.Holder != nil {
		held := "held by " + s.Holder.Label
		if s.Holder.Owner != "" && s.Holder.Owner != s.Holder.Label {
			held += " of " + s.Holder.Owner
		}
		if s.Holder.File != "" {
			held += ", " + place(s.Holder.File, s.Holder.Line)
		}
		parts = append(parts, held)
	}
	return strings.Join(parts, "; ") + "."
}

// rate is by how many objects or entries a suspect grows, as far as these are known.
func (s Suspect) rate() string {
	n, noun := s.GrowthObjects, "object"
	if s.Elements > 0 {
		n, noun = s.Elements, "element"
	}
	switch whole := int(math.Round(n)); {
	case n == 0:
		return ""
	case n < 10 && n != math.Trunc(n):
		return fmt.Sprintf("%.1f %ss, ", n, noun)
	default:
		return humanize.Comma(int64(whole)) + " " + english.PluralWord(whole, noun, "") + ", "
	}
}

// FormatGrowth writes for people by how many objects a line grows from dump to
// dump: "▲ 2,000", "▼ 10", "" for less than half an object.
func FormatGrowth(objects float64) string {
	n := int64(math.Round(objects))
	switch {
	case n > 0:
		return "▲ " + humanize.Comma(n)
	case n < 0:
		return "▼ " + humanize.Comma(-n)
	}
	return ""
}
