package source

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestAnIgnoreFileNamesSites(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		file       string
		line       int
		want       bool
	}{
		{"an empty file names none", "", "lib/a.rb", 1, false},
		{"a file of comments names none", "# nothing yet\n", "lib/a.rb", 1, false},
		{"a list without entries names none", "ignore:\n", "lib/a.rb", 1, false},
		{"an entry with a line names that line", "ignore:\n  - lib/a.rb:9 # why\n", "lib/a.rb", 9, true},
		{"an entry with a line names no other line", "ignore:\n  - lib/a.rb:9\n", "lib/a.rb", 10, false},
		{"an entry without a line names the whole file", "ignore:\n- lib/a.rb\n", "lib/a.rb", 10, true},
		{"an entry names no other file", "ignore:\n- lib/a.rb\n", "app/lib/a.rb", 10, false},
		{"the second entry counts like the first", "ignore:\n  # one\n  - lib/a.rb:9\n  # two\n  - lib/b.rb:2\n", "lib/b.rb", 2, true},
		{"quotes are not part of a path", `ignore: ["lib/a.rb:9", 'lib/b c.rb']`, "lib/b c.rb", 1, true},
		{"./ before a path says nothing", "ignore:\n  - ./lib/a.rb\n", "lib/a.rb", 1, true},
		{"the line ends of Windows", "ignore: # why\r\n  - lib/a.rb:9 # why\r\n", "lib/a.rb", 9, true},
		{"a byte order mark", "\ufeffignore:\n  - lib/a.rb:9\n", "lib/a.rb", 9, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g, err := ParseIgnored(tt.text)
			if err != nil || g.Names(tt.file, tt.line) != tt.want {
				t.Errorf("got %v, %v", g, err)
			}
		})
	}
}

func TestADumpsPathIsNamedByItsEnd(t *testing.T) {
	g, err := ParseIgnored("ignore:\n  - lib/a.rb:9\n  - b.rb\n")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		file string
		line int
		want bool
	}{
		{"/srv/app/lib/a.rb", 9, true},
		{"lib/a.rb", 9, true},
		{"/srv/app/lib/a.rb", 8, false},
		{"/srv/app/mylib/a.rb", 9, false},
		{"/a.rb", 9, false},
		{`C:\app\lib\a.rb`, 9, true},
		{"/srv/b.rb", 1, true},
		{"/srv/ab.rb", 1, false},
	} {
		if got := g.NamesEnd(tt.file, tt.line); got != tt.want {
			t.Errorf("%s:%d is named: %v", tt.file, tt.line, got)
		}
	}
}

func TestAnIgnoreFileThatIsWrongSaysWhereAndWhatToDo(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"bad YAML", "ignore:\n  - \"lib/a.rb\n", "2:5: this is no YAML (could not find end character of double-quoted text): correct the line"},
		{"a tab as indentation", "ignore:\r\n\t- a.rb\r\n", "2:1: this is no YAML (found character '\t' that cannot start any token): correct the line"},
		{"another key", "# é\r\nignore: # é\r\n  - a.rb\r\nexclude:\r\n  - b.rb\r\n", `4:1: unknown key "exclude": the only one is ignore, delete this one or correct it`},
		{"the key twice", "ignore:\n  - a.rb\nignore:\n  - b.rb\n", "3:1: this is no YAML (mapping key \"ignore\" already defined at [1:1]): correct the line"},
		{"a list without a key", "- a.rb\n", "1:1: the file begins with ignore:, and the entries are below it: write that"},
		{"one text instead of a list", "ignore: a.rb\n", `1:9: ignore is a list: write "- lib/audit_log.rb:9" on a line below it for each site`},
		{"an entry that is a number", "ignore:\n  - a.rb\n  - 12\n", "3:5: an entry is a text: write path or path:line, such as lib/audit_log.rb:9"},
		{"an entry with a space behind its colon", "ignore:\n  - a.rb: 9\n", "2:9: an entry is a text: write path or path:line, such as lib/audit_log.rb:9"},
		{"an entry that says nothing", "ignore:\n  -\n", "2:5: an entry is a text: write path or path:line, such as lib/audit_log.rb:9"},
		{"an alias", "ignore:\n  - &a a.rb\n  - *a\n", "2:5: an entry is a text: write path or path:line, such as lib/audit_log.rb:9"},
		{"an absolute path", "ignore:\n  - /srv/a.rb\n", `2:5: "/srv/a.rb" is an absolute path: write it as it is below this file's folder`},
		{"an absolute path of Windows", "ignore:\n  - C:/srv/a.rb\n", `2:5: "C:/srv/a.rb" is an absolute path: write it as it is below this file's folder`},
		{"backslashes", "ignore:\n  - lib\\a.rb\n", `2:5: "lib\\a.rb" has a backslash: write / between folders`},
		{"a path out of the folder", "ignore:\n  - lib/../../a.rb:9\n", `2:5: "lib/../../a.rb:9" leads out of this file's folder: name a file below it`},
		{"a folder", "ignore:\n  - lib/\n", `2:5: "lib/" is no file: write path or path:line, such as lib/audit_log.rb:9`},
		{"line 0", "ignore:\n  - a.rb:0\n", `2:5: "0" is no line of a.rb: write its number behind the colon, the first line is 1`},
		{"a line that is no number", "ignore:\n  - a.rb:9-12\n", `2:5: "9-12" is no line of a.rb: write its number behind the colon, the first line is 1`},
		{"a second document", "ignore:\n  - a.rb\n---\nignore:\n  - b.rb\n", "4:7: the file has a second document: move its entries to the first list and delete it"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := ParseIgnored(tt.text); err == nil || err.Error() != tt.want {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}

func TestAnEntryIsAddedBehindTheLast(t *testing.T) {
	for _, tt := range []struct {
		name, text, file string
		want             string
		at               int
	}{
		{"to no file", "", "lib/a.rb", ignoreHeader + "\nignore:\n  - lib/a.rb:9 # why\n", 3},
		{"to a file of comments", "# é", "lib/a.rb", "# é\nignore:\n  - lib/a.rb:9 # why\n", 3},
		{"to a list without entries", "ignore: # none\n# end\n", "lib/a.rb", "ignore: # none\n  - lib/a.rb:9 # why\n# end\n", 2},
		{
			"between comments, with the list's indentation", "# a\nignore:\n\n    -   b.rb # é\n    # c\n", "lib/a.rb",
			"# a\nignore:\n\n    -   b.rb # é\n    - lib/a.rb:9 # why\n    # c\n", 5,
		},
		{"to a list without indentation", "ignore:\n- b.rb\n", "lib/a.rb", "ignore:\n- b.rb\n- lib/a.rb:9 # why\n", 3},
		{"to a file whose last line has no end", "ignore:\n  - b.rb", "lib/a.rb", "ignore:\n  - b.rb\n  - lib/a.rb:9 # why\n", 3},
		{
			"with the line ends of Windows", "\ufeffignore: # é\r\n  - b.rb # é\r\n\r\n# c\r\n", "lib/a.rb",
			"\ufeffignore: # é\r\n  - b.rb # é\r\n  - lib/a.rb:9 # why\r\n\r\n# c\r\n", 3,
		},
		{"with a name that YAML would read otherwise", "ignore:\n  - b.rb", "# [x]: \"\u202e\x1b é.rb", "ignore:\n  - b.rb\n" + `  - "# [x]: \"` + "\u202e" + `\u001b é.rb:9" # why` + "\n", 3},
		{"behind the end of a document", "---\nignore:\n  - b.rb\n...\n", "lib/a.rb", "---\nignore:\n  - b.rb\n  - lib/a.rb:9 # why\n...\n", 4},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, at, err := AddIgnored(tt.text, tt.file, 9, "why")
			if got != tt.want || at != tt.at || err != nil {
				t.Fatalf("got  %q at %d, %v\nwant %q at %d", got, at, err, tt.want, tt.at)
			}
			if g, err := ParseIgnored(got); err != nil || !g.Names(tt.file, 9) {
				t.Errorf("read again: %v, %v", g, err)
			}
		})
	}
}

func TestAnEntryIsNotAddedToWhatIsWrittenOtherwise(t *testing.T) {
	for _, tt := range []struct{ name, text, file, want string }{
		{"in brackets", "ignore: [b.rb]\n", "lib/a.rb", "write - lib/a.rb:9 into it"},
		{"in brackets, none", "ignore: []\n", "lib/a.rb", "write - lib/a.rb:9 into it"},
		{"quoted over two lines", "ignore:\n  - \"b\n    c\"\n", "lib/a.rb", "write - lib/a.rb:9 into it"},
		{"a name that is no path here", "", `lib\a.rb`, `write - "lib\\a.rb:9" into it`},
		{"a file that is wrong", "ignored:\n", "lib/a.rb", `1:1: unknown key "ignored"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, _, err := AddIgnored(tt.text, tt.file, 9, "why")
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}

// FuzzIgnored adds an entry to any text: what was in it is still there, in its
// order, and one entry more.
func FuzzIgnored(f *testing.F) {
	for _, text := range []string{"", "ignore:\n  - a.rb:1 # why\n", "# x\r\nignore:\r\n- 'a b.rb'", "ignore: [a.rb]", "\ufeffignore:\n", "ignore:\n  - a\n\n  # end\n"} {
		f.Add(text, "lib/a.rb", 9)
	}
	f.Fuzz(func(t *testing.T, text, file string, line int) {
		if len(text) > 2000 {
			return // the parser's time grows with its square
		}
		before, err := ParseIgnored(text)
		added, _, addErr := AddIgnored(text, file, line, "why")
		if addErr != nil {
			if _, ok := errors.AsType[*IgnoreError](addErr); !ok || added != "" {
				t.Fatalf("%q: %v", added, addErr)
			}
			return
		}
		after, err2 := ParseIgnored(added)
		if err != nil || err2 != nil || len(after.sites) != len(before.sites)+1 || !slices.Equal(after.sites[:len(before.sites)], before.sites) {
			t.Fatalf("%q became %q: %v, %v", text, added, err, err2)
		}
		kept := 0
		for kept < len(text) && text[kept] == added[kept] {
			kept++
		}
		if !strings.HasSuffix(added, text[kept:]) {
			t.Fatalf("%q became %q, which is more than an insertion", text, added)
		}
	})
}
