package lsp

import (
	"context"
	"os"
	"path/filepath"
	"sync"

	"go.lsp.dev/uri"
)

// closedLines are the lines of files that are not open, for links to them: a file
// may have changed on disk since the dump.
type closedLines struct {
	mu    sync.Mutex
	bases *bases // that docs are matched with
	docs  map[string]closedDoc
}

// closedDoc is a file as it was when it was last looked at.
type closedDoc struct {
	stamp stamp
	doc   *document
}

// current returns the line of a file on disk of a line of the dump; false where
// that is gone. Where the text of then is not known in time, it is the same line.
func (c *closedLines) current(ctx context.Context, d *dump, file string, line int) (int, bool) {
	doc, ok := c.document(d, file)
	if !ok {
		return line, true
	}
	matched := doc.awaited(ctx)
	c.mu.Lock()
	if kept := c.docs[file]; kept.doc == doc {
		c.docs[file] = closedDoc{kept.stamp, matched}
	}
	c.mu.Unlock()
	return matched.lineAsKnown(line)
}

// lineAsKnown returns the line of the buffer of a line in the dump's count, both
// 1-based: the same one as long as nobody knows better.
func (d *document) lineAsKnown(dumpLine int) (int, bool) {
	if d.before == nil {
		return dumpLine, true
	}
	return d.currentLine(dumpLine)
}

// document returns false for a file that cannot be read.
func (c *closedLines) document(d *dump, file string) (*document, bool) {
	info, err := os.Stat(filepath.FromSlash(file))
	if err != nil {
		return nil, false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.bases != d.bases {
		c.bases, c.docs = d.bases, map[string]closedDoc{}
	}
	kept, ok := c.docs[file]
	if ok && kept.stamp == stampOf(info) {
		return kept.doc, true
	}
	text, ok := readText(file)
	if !ok {
		return nil, false
	}
	kept = closedDoc{stampOf(info), newDocument(uri.File(filepath.FromSlash(file)), 0, text).follow(d)}
	c.docs[file] = kept
	return kept.doc, true
}
