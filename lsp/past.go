package lsp

import (
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"heapline/index/source"
)

// doubt is why a base may be another text than the process had.
type doubt int

const (
	sure      doubt = iota
	newer           // written after the dump was taken, and what was there before is not known
	dirty           // it had uncommitted changes, and they are not known
	meanwhile       // it changed while the process ran: which text that has is not known
	foreign         // the process had another commit than is known here
)

// past is what is known of the text that the process had of a file.
type past struct {
	object string // git's name of it; "" where it is the text on disk, as far as anybody knows
	found  doubt  // about git's text
	doubt  doubt  // about the text on disk, which counts where git has none

	// asked is set where nobody knows whether the process had git's text: it had, if
	// the text on disk is the same. Else that on disk counts where it is untouched.
	asked, untouched bool
}

// past returns what is known of a file, whose paths in a revision's repository
// are given.
func (b *bases) past(r *revision, n names, file string, now diskText) past {
	untouched := !now.modified.After(b.origin.taken)
	p := past{doubt: b.doubtOf(file, now)}
	if r == nil {
		return p
	}
	name := b.nameThen(n, file)
	if p.untouched = untouched; !r.guessed() || !untouched { // else it is the text on disk, committed or not
		p.object = r.commit + ":" + n.then
	}
	switch {
	case r.by == bySidecar, b.history.elsewhere:
		p = b.told(p, r, name, n, now)
	case name != n.then: // renamed already, and more
		p.found = p.doubt
	}
	return p
}

// doubtOf is the doubt about a text on disk of which nobody knows more than when
// it was written.
func (b *bases) doubtOf(file string, now diskText) doubt {
	switch {
	case source.Origin(file) != source.OriginApp: // what is installed is told by its version
		return sure
	case now.modified.After(b.origin.taken):
		return newer
	case !b.origin.Started.IsZero() && now.modified.After(b.origin.Started):
		return meanwhile
	}
	return sure
}

// nameThen is the path that a file had when the dump was taken: the dump tells. A
// rename that was not committed by then is not the revision's.
func (b *bases) nameThen(n names, file string) string {
	called, _ := b.files.Load().DumpPaths(file)
	is := func(name string) bool {
		return slices.ContainsFunc(called, func(c string) bool { return c == name || strings.HasSuffix(c, "/"+name) })
	}
	_, wasDirty := b.origin.Dirty[n.now]
	if is(n.then) && (!is(n.now) || len(n.then) > len(n.now)) || !is(n.then) && !is(n.now) && !wasDirty {
		return n.then
	}
	return n.now
}

// told adds what the sidecar says of a file, which was the revision's unless it
// says something else.
func (b *bases) told(p past, r *revision, name string, n names, now diskText) past {
	hash, wasDirty := b.origin.Dirty[name]
	switch {
	case wasDirty && isNameOf(hash, now.text):
		p = past{}
	case r.guessed():
		p.found, p.doubt = foreign, foreign
	case wasDirty && isHash.MatchString(hash):
		p = past{object: hash, doubt: dirty}
	case wasDirty:
		p = past{doubt: dirty}
	case b.origin.DirtyUnknown:
		p.found, p.doubt, p.asked = dirty, dirty, true
	case name != n.then: // it was not, and nobody says what it was
		p.found, p.doubt = dirty, dirty
	}
	if b.origin.ChangedUnknown || slices.Contains(b.origin.Changed, name) {
		p.found, p.doubt, p.asked = meanwhile, meanwhile, false
	}
	return p
}

// settle gives a base the text that git has.
func (p past) settle(x *base, lines []string) {
	switch same := slices.Equal(lines, x.lines); {
	case p.asked && same:
		x.doubt = sure
	case p.asked && p.untouched:
		x.doubt = p.found
	default:
		x.lines, x.doubt = lines, p.found
	}
}

var isHash = regexp.MustCompile(`^[0-9a-f]{40}$`)

// isNameOf reports whether git may call a text so: it keeps texts without the
// line ends of Windows, where it is told to.
func isNameOf(hash, text string) bool {
	return hash == blobHash(text) || hash == blobHash(strings.ReplaceAll(text, "\r\n", "\n"))
}

// blobHash is git's name of a text.
func blobHash(text string) string {
	sum := sha1.Sum(fmt.Appendf(nil, "blob %d\x00%s", len(text), text))
	return hex.EncodeToString(sum[:])
}

// decoded is a text as editors show it: without a byte order mark, and where it is
// not UTF-8, in the encoding that it most likely has.
func decoded(text string) string {
	if utf8.ValidString(text) {
		return strings.TrimPrefix(text, "\ufeff")
	}
	runes := make([]rune, len(text))
	for i := range len(text) {
		runes[i] = rune(text[i]) // ISO-8859-1
	}
	return string(runes)
}
