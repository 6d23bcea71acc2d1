package dump

import (
	"bytes"
	"encoding/json"
	"strconv"
)

// MRI writes some texts as they are, without escapes: the file of an allocation
// site in every version, methods to 2.7 and (as garbage) in 3.0 and 3.1, class
// names to 3.3, the real class names of singletons in all. A quote, a backslash
// or a line end in one of them makes the line bad JSON, or good JSON that means
// something else. But what follows such a text is rigid, so it can be told
// where the text ends.

// repair returns a line whose unescaped texts are escaped, false where it is
// not one that MRI has written.
func repair(line []byte) ([]byte, bool) {
	head, site, ok := cutSite(line)
	if !ok {
		head, site = line, nil
	}
	named := repairName(head)
	if !ok && len(named) == len(head) {
		return nil, false
	}
	head = named
	fixed := append(head[:len(head):len(head)], site...)
	return fixed, json.Valid(fixed)
}

var (
	fileKey       = []byte(`, "file":"`)
	methodKey     = []byte(`, "method":"`)
	lineKey       = []byte(`, "line":`)
	generationKey = []byte(`, "generation":`)
	memsizeKey    = []byte(`, "memsize":`)
	flagsKey      = []byte(`, "flags":{`)
	nameKeys      = [][]byte{[]byte(`, "name":"`), []byte(`, "real_class_name":"`)}
)

// cutSite cuts a record before its file and returns the rest, from there on,
// with the file's and the method's text escaped. It reads from the end:
//
//	, "file":"…"[, "line":N][, "method":"…"], "generation":N[, "memsize":N][, "flags":{…}]}
func cutSite(line []byte) (head, site []byte, ok bool) {
	at := bytes.Index(line, fileKey)
	if at < 0 {
		return nil, nil, false
	}
	body := line[at+len(fileKey):]
	tail := len(body)
	if tail == 0 || body[tail-1] != '}' {
		return nil, nil, false
	}
	end := tail - 1
	if flags := bytes.LastIndex(body, flagsKey); flags >= 0 && bytes.Count(body[flags:], []byte("}")) == 2 {
		end = flags
	}
	end = cutNumber(body, end, memsizeKey)
	if cut := cutNumber(body, end, generationKey); cut < end {
		end = cut
	} else {
		return nil, nil, false
	}
	site = body[end:tail]
	if method := bytes.LastIndex(body[:end], methodKey); method >= 0 && body[end-1] == '"' && end-1 >= method+len(methodKey) {
		site = join(methodKey[:len(methodKey)-1], quoteOnce(body[method+len(methodKey):end-1]), site)
		end = method
	}
	if cut := cutNumber(body, end, lineKey); cut < end {
		site = join(body[cut:end], site)
		end = cut
	}
	if end == 0 || body[end-1] != '"' {
		return nil, nil, false
	}
	return line[:at], join(fileKey[:len(fileKey)-1], quote(body[:end-1]), site), true
}

// cutNumber returns where `key` and a number begin that end at b[:end], or end.
func cutNumber(b []byte, end int, key []byte) int {
	at := bytes.LastIndex(b[:end], key)
	if at < 0 {
		return end
	}
	if _, err := strconv.ParseUint(string(b[at+len(key):end]), 10, 64); err != nil {
		return end
	}
	return at
}

// behindName are what can follow a class's name.
var behindName = [][]byte{
	[]byte(`, "singleton":true`), []byte(`, "references":["0x`), fileKey, generationKey, memsizeKey, flagsKey,
}

// repairName escapes the name of a CLASS or MODULE record.
func repairName(head []byte) []byte {
	for _, key := range nameKeys {
		at := bytes.Index(head, key)
		if at < 0 {
			continue
		}
		body := head[at+len(key):]
		for end := 0; end < len(body); end++ {
			if body[end] == '"' && (end+1 == len(body) || body[end+1] == '}' || startsWithAny(body[end+1:], behindName)) {
				return join(head[:at+len(key)-1], quoteOnce(body[:end]), body[end+1:])
			}
		}
	}
	return head
}

// holdsRawText reports whether one of the texts that MRI does not escape begins
// in a line.
func holdsRawText(line []byte) bool {
	return bytes.Contains(line, fileKey) || bytes.Contains(line, nameKeys[0]) || bytes.Contains(line, nameKeys[1])
}

func startsWithAny(b []byte, prefixes [][]byte) bool {
	for _, p := range prefixes {
		if bytes.HasPrefix(b, p) {
			return true
		}
	}
	return false
}

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

// quoteOnce makes a JSON string of a text that may be the inside of one already.
func quoteOnce(text []byte) []byte {
	if quoted := join([]byte(`"`), text, []byte(`"`)); json.Valid(quoted) {
		return quoted
	}
	return quote(text)
}

// quote makes a JSON string of any bytes; those that are not UTF-8 stay.
func quote(text []byte) []byte {
	const hex = "0123456789abcdef"
	out := []byte{'"'}
	for _, c := range text {
		switch {
		case c == '"' || c == '\\':
			out = append(out, '\\', c)
		case c < ' ':
			out = append(out, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		default:
			out = append(out, c)
		}
	}
	return append(out, '"')
}

var recordStarts = [][]byte{[]byte(`{"address":"0x`), []byte(`{"type":"ROOT"`)}

// startsRecord reports whether a line begins as MRI begins its records.
func startsRecord(line []byte) bool { return startsWithAny(line, recordStarts) }

// How many lines a text with line ends in it may have, and how many bytes are
// looked at in search of its end: the line may be a hundred megabytes long.
const (
	joinedLines = 64
	joinedBytes = 32 << 20
)

// rejoin puts a line, which is the start of a record, together with the lines
// in rest that a text with line ends in it has torn off, and returns where rest
// goes on behind them. A line that begins as a record is one, unless whole says
// that the first line looks whole: then it may be a record that a text fakes. A
// fake one has no file of its own before the rest of the site.
func rejoin(line, rest []byte, whole bool, try func(record []byte) bool) (end int, lines int64, ok bool) {
	if !holdsRawText(line) {
		return 0, 0, false
	}
	record, read := bytes.Clone(line), 0
	for end < len(rest) && lines < joinedLines && read < joinedBytes {
		next := rest[end:]
		if n := bytes.IndexByte(next, '\n'); n >= 0 {
			next = next[:n]
			end++
		}
		if startsRecord(next) && (!whole || lines > 0 || bytes.Contains(next, fileKey)) {
			break
		}
		end += len(next)
		lines++
		record = append(append(record, '\n'), next...)
		read += len(record)
		if try(record) {
			return end, lines, true
		}
	}
	return 0, 0, false
}
