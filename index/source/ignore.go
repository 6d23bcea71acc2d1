package source

import (
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// IgnoreFile is the name of the file that lists the sites that are not reported.
const IgnoreFile = ".heapline.yml"

const (
	ignoreKey    = "ignore"
	ignoreHeader = "# Sites that Heapline does not report, each with the reason. Delete an entry to see it again."
	ignoreIndent = "  "
)

// Ignored are the sites that an IgnoreFile names.
type Ignored struct{ sites []ignoredSite }

type ignoredSite struct {
	path string // below the file's folder
	line int    // 1-based; 0: all of them
}

// Empty reports whether no site is ignored.
func (g Ignored) Empty() bool { return len(g.sites) == 0 }

// Names reports whether an entry names a line (1-based) of a file, which is
// given by its path below the folder of the IgnoreFile.
func (g Ignored) Names(file string, line int) bool {
	for _, s := range g.sites {
		if s.path == file && (s.line == 0 || s.line == line) {
			return true
		}
	}
	return false
}

// NamesEnd does so for a file that a dump names, wherever its folder was there:
// "/srv/app/lib/a.rb" is "lib/a.rb".
func (g Ignored) NamesEnd(file string, line int) bool {
	file = "/" + slashed(file)
	for _, s := range g.sites {
		if strings.HasSuffix(file, "/"+s.path) && (s.line == 0 || s.line == line) {
			return true
		}
	}
	return false
}

// IgnoreError says what is wrong with an IgnoreFile, where, and what to do.
type IgnoreError struct {
	Line, Column int // 1-based; columns are characters
	Message      string
}

func (e *IgnoreError) Error() string {
	return fmt.Sprintf("%d:%d: %s", e.Line, e.Column, e.Message)
}

func ignoreError(at *token.Token, format string, args ...any) *IgnoreError {
	e := &IgnoreError{1, 1, fmt.Sprintf(format, args...)}
	if at != nil {
		e.Line, e.Column = max(1, at.Position.Line), max(1, at.Position.Column)
	}
	return e
}

// ParseIgnored reads an IgnoreFile. An error is an *IgnoreError.
func ParseIgnored(text string) (Ignored, error) {
	list, err := findIgnored(text)
	if err != nil {
		return Ignored{}, err
	}
	var g Ignored
	for _, item := range list.items() {
		s, err := ignoredSiteOf(item)
		if err != nil {
			return Ignored{}, err
		}
		g.sites = append(g.sites, s)
	}
	return g, nil
}

// ignoreList is where the list is in an IgnoreFile.
type ignoreList struct {
	key  *token.Token      // nil: the file has no list
	list *ast.SequenceNode // nil: nothing is in it
}

func (l ignoreList) items() []ast.Node {
	if l.list == nil {
		return nil
	}
	return l.list.Values
}

func findIgnored(text string) (ignoreList, error) {
	body, err := parseIgnoreFile(text)
	if err != nil || body == nil {
		return ignoreList{}, err
	}
	object, ok := body.(*ast.MappingNode)
	if !ok {
		return ignoreList{}, ignoreError(body.GetToken(), "the file begins with ignore:, and the entries are below it: write that")
	}
	var found ignoreList
	for _, pair := range object.Values {
		key := pair.Key.GetToken()
		if key.Value != ignoreKey {
			return ignoreList{}, ignoreError(key, "unknown key %q: the only one is ignore, delete this one or correct it", key.Value)
		}
		found.key = key
		switch value := pair.Value.(type) {
		case *ast.NullNode:
		case *ast.SequenceNode:
			found.list = value
		default:
			return ignoreList{}, ignoreError(value.GetToken(), `ignore is a list: write "- lib/audit_log.rb:9" on a line below it for each site`)
		}
	}
	return found, nil
}

// parseIgnoreFile returns what is in the file, nil where that is nothing.
func parseIgnoreFile(text string) (ast.Node, error) {
	// The parser counts a \r\n behind a comment as two lines, and takes a byte order mark for text.
	text = strings.ReplaceAll(strings.TrimPrefix(text, "\ufeff"), "\r\n", "\n")
	file, err := parser.ParseBytes([]byte(text), 0)
	if err != nil {
		var at *token.Token
		message := err.Error()
		if e := yaml.Error(nil); errors.As(err, &e) {
			at, message = e.GetToken(), e.GetMessage()
		}
		return nil, ignoreError(at, "this is no YAML (%s): correct the line", message)
	}
	var body ast.Node
	for _, doc := range file.Docs {
		if doc.Body == nil {
			continue
		}
		if body != nil {
			return nil, ignoreError(doc.Body.GetToken(), "the file has a second document: move its entries to the first list and delete it")
		}
		body = doc.Body
	}
	return body, nil
}

func ignoredSiteOf(item ast.Node) (ignoredSite, error) {
	text, ok := item.(*ast.StringNode)
	if !ok {
		return ignoredSite{}, ignoreError(item.GetToken(), "an entry is a text: write path or path:line, such as lib/audit_log.rb:9")
	}
	wrong := func(format string, args ...any) (ignoredSite, error) {
		return ignoredSite{}, ignoreError(item.GetToken(), format, args...)
	}
	name := text.Value
	switch {
	case isAbsolute(slashed(name)):
		return wrong("%q is an absolute path: write it as it is below this file's folder", name)
	case strings.Contains(name, `\`):
		return wrong("%q has a backslash: write / between folders", name)
	}
	s := ignoredSite{path: name}
	if colon := strings.LastIndexByte(name, ':'); colon >= 0 {
		file, number := name[:colon], name[colon+1:]
		line, err := strconv.Atoi(number)
		if err != nil || line < 1 {
			return wrong("%q is no line of %s: write its number behind the colon, the first line is 1", number, file)
		}
		s = ignoredSite{file, line}
	}
	clean := path.Clean(s.path)
	switch {
	case clean == ".." || strings.HasPrefix(clean, "../"):
		return wrong("%q leads out of this file's folder: name a file below it", name)
	case clean == ".", strings.HasSuffix(s.path, "/"):
		return wrong("%q is no file: write path or path:line, such as lib/audit_log.rb:9", name)
	}
	s.path = clean
	return s, nil
}

// plainEntry are those that YAML takes as they are.
var plainEntry = regexp.MustCompile(`^[A-Za-z_.][A-Za-z0-9_./-]*:[0-9]+$`)

// AddIgnored returns the text of an IgnoreFile ("" for a new one) with an entry
// for a line of a file behind the others and a comment behind that, and the line
// (1-based) that it has. All else stays as it is, byte for byte. An error is an
// *IgnoreError.
func AddIgnored(text, file string, line int, comment string) (added string, at int, err error) {
	before, err := ParseIgnored(text)
	if err != nil {
		return "", 0, err
	}
	entry := fmt.Sprintf("%s:%d", file, line)
	if !plainEntry.MatchString(entry) {
		quoted, _ := json.Marshal(entry) // a text of JSON is one of YAML
		entry = string(quoted)
	}
	list, _ := findIgnored(text) // as before
	if list.list == nil || !list.list.IsFlowStyle {
		added, at = list.insert(text, "- "+entry+" # "+comment)
	}
	after, err := ParseIgnored(added)
	n := len(before.sites)
	if err != nil || len(after.sites) != n+1 || !slices.Equal(after.sites[:n], before.sites) || !after.Names(path.Clean(file), line) {
		return "", 0, ignoreError(list.key, "no entry can be added to a list of this form: write - %s into it", entry)
	}
	return added, at, nil
}

// insert puts an entry behind the last one, or begins the list.
func (l ignoreList) insert(text, entry string) (added string, at int) {
	end := "\n"
	if strings.Contains(text, "\r\n") {
		end = "\r\n"
	}
	switch {
	case l.list != nil:
		last := l.list.Entries[len(l.list.Entries)-1]
		indent := strings.Repeat(" ", last.Start.Position.Column-1)
		return insertLine(text, last.Value.GetToken().Position.Line, indent+entry, end)
	case l.key != nil:
		return insertLine(text, l.key.Position.Line, ignoreIndent+entry, end)
	}
	if text == "" {
		text = ignoreHeader + end
	}
	text, at = insertLine(text, strings.Count(text, "\n")+1, ignoreKey+":", end)
	return insertLine(text, at, ignoreIndent+entry, end)
}

// insertLine puts a line behind another one (1-based), or the last.
func insertLine(text string, after int, line, end string) (string, int) {
	at := 0
	for n := range after {
		next := strings.IndexByte(text[at:], '\n')
		switch {
		case next >= 0:
			at += next + 1
		case at < len(text): // the last line has no end
			return text + end + line + end, n + 2
		default:
			return text + line + end, n + 1
		}
	}
	return text[:at] + line + end + text[at:], after + 1
}
