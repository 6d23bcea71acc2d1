package source

import (
	"testing"
)

const (
	unmapped  = "(unmapped)"
	ambiguous = "(ambiguous)"
)

func TestFind(t *testing.T) {
	for _, tt := range []struct {
		name  string
		roots []string
		files []string
		dump  string
		want  string
	}{
		{
			"the exact path wins over everything",
			[]string{"/srv/app"},
			[]string{"/srv/app/lib/a.rb", "/srv/app/old/srv/app/lib/a.rb"},
			"/srv/app/lib/a.rb", "/srv/app/lib/a.rb",
		},
		{
			"a relative path is looked up below the root",
			[]string{"/home/me/app"},
			[]string{"/home/me/app/lib/a.rb", "/home/me/app/test/lib/a.rb"},
			"lib/a.rb", "/home/me/app/lib/a.rb",
		},
		{
			"a relative path with dots is cleaned first",
			[]string{"/home/me/app"},
			[]string{"/home/me/app/lib/a.rb"},
			"./bin/../lib/a.rb", "/home/me/app/lib/a.rb",
		},
		{
			"a path that climbs out of the workspace is not followed",
			[]string{"/home/me/app"},
			[]string{"/home/me/app/etc/hosts", "/home/me/app/lib/a.rb"},
			"../../../etc/passwd", unmapped,
		},
		{
			"a relative path below two roots is ambiguous",
			[]string{"/w/one", "/w/two"},
			[]string{"/w/one/lib/a.rb", "/w/two/lib/a.rb"},
			"lib/a.rb", ambiguous,
		},
		{
			"one root inside another names the same file once",
			[]string{"/w/one", "/w/one/lib"},
			[]string{"/w/one/lib/a.rb", "/w/one/lib/a.rb"},
			"lib/a.rb", "/w/one/lib/a.rb",
		},
		{
			"a deployed path is found by its suffix",
			[]string{"/home/me/leaky"},
			[]string{"/home/me/leaky/lib/request.rb", "/home/me/leaky/server.rb"},
			"/srv/leaky/lib/request.rb", "/home/me/leaky/lib/request.rb",
		},
		{
			"a file in the root itself is found through the root's own name",
			[]string{"/home/me/leaky"},
			[]string{"/home/me/leaky/server.rb", "/home/me/leaky/test/server.rb"},
			"/srv/leaky/server.rb", "/home/me/leaky/server.rb",
		},
		{
			"a file is found when a folder above the project is open",
			[]string{"/home/me/src"},
			[]string{"/home/me/src/testdata/leaky/lib/request.rb", "/home/me/src/other/lib/request.rb"},
			"/srv/leaky/lib/request.rb", "/home/me/src/testdata/leaky/lib/request.rb",
		},
		{
			"a file is found when only a folder inside the project is open",
			[]string{"/home/me/leaky/lib"},
			[]string{"/home/me/leaky/lib/request.rb"},
			"/srv/leaky/lib/request.rb", "/home/me/leaky/lib/request.rb",
		},
		{
			"the longer suffix decides between two files of one name",
			[]string{"/w"},
			[]string{"/w/admin/user.rb", "/w/app/models/user.rb"},
			"/srv/x/models/user.rb", "/w/app/models/user.rb",
		},
		{
			"equally long suffixes are ambiguous",
			[]string{"/w"},
			[]string{"/w/one/models/user.rb", "/w/two/models/user.rb"},
			"/srv/x/models/user.rb", ambiguous,
		},
		{
			"a third file with a longer suffix settles a tie of two",
			[]string{"/w"},
			[]string{"/w/one/user.rb", "/w/two/user.rb", "/w/x/models/user.rb"},
			"/srv/x/models/user.rb", "/w/x/models/user.rb",
		},
		{
			"suffixes end on component borders",
			[]string{"/w"},
			[]string{"/w/lib/my_request.rb"},
			"/srv/lib/request.rb", unmapped,
		},
		{
			"a gem's file is not the application's file of the same name",
			[]string{"/w"},
			[]string{"/w/app/utils.rb"},
			"/usr/lib/ruby/gems/3.4.0/gems/rack-3.1.8/lib/rack/utils.rb", unmapped,
		},
		{
			"a vendored gem is found from its versioned directory on",
			[]string{"/w"},
			[]string{"/w/vendor/bundle/ruby/3.4.0/gems/rack-3.1.8/lib/rack/utils.rb", "/w/lib/rack/utils.rb"},
			"/app/vendor/ruby/3.4.0/gems/rack-3.1.8/lib/rack/utils.rb",
			"/w/vendor/bundle/ruby/3.4.0/gems/rack-3.1.8/lib/rack/utils.rb",
		},
		{
			"the standard library is not the application",
			[]string{"/w"},
			[]string{"/w/lib/set.rb"},
			"/usr/local/lib/ruby/3.4.0/set.rb", unmapped,
		},
		{
			"an installed file that is open as itself is found by its exact path",
			[]string{"/gems/rack-3.1.8"},
			[]string{"/gems/rack-3.1.8/lib/rack/utils.rb"},
			"/gems/rack-3.1.8/lib/rack/utils.rb", "/gems/rack-3.1.8/lib/rack/utils.rb",
		},
		{
			"internal code has no file",
			[]string{"/w"},
			[]string{"/w/kernel.rb"},
			"<internal:kernel>", unmapped,
		},
		{
			"evaluated code has no file",
			[]string{"/w"},
			[]string{"/w/lib/a.rb"},
			"(eval at /w/lib/a.rb:3)", unmapped,
		},
		{
			"an empty path has no file",
			[]string{"/w"},
			[]string{"/w/lib/a.rb"},
			"", unmapped,
		},
		{
			"a script of the command line has no file",
			[]string{"/w"},
			[]string{"/w/-e"},
			"-e", unmapped,
		},
		{
			"evaluated code has not the file of its name",
			[]string{"/w"},
			[]string{"/w/(eval)"},
			"(eval)", unmapped,
		},
		{
			"internal code has not the file of its name",
			[]string{"/w"},
			[]string{"/w/<internal:kernel>"},
			"<internal:kernel>", unmapped,
		},
		{
			"a C extension of the application has no lines",
			[]string{"/srv/app"},
			[]string{"/srv/app/ext/fast.so"},
			"/srv/app/ext/fast.so", unmapped,
		},
		{
			"a Windows path with backslashes is found by its suffix",
			[]string{"/w/app"},
			[]string{"/w/app/lib/a.rb", "/w/other/lib/a.rb"},
			`C:\deploy\app\lib\a.rb`, "/w/app/lib/a.rb",
		},
		{
			"a path of a Windows share is found by its suffix",
			[]string{"/w/app"},
			[]string{"/w/app/lib/a.rb"},
			`\\server\app\lib\a.rb`, "/w/app/lib/a.rb",
		},
		{
			"a backslash in another path is a character of a name",
			[]string{"/w/app"},
			[]string{"/w/app/lib/a.rb"},
			`/srv/app/lib\a.rb`, unmapped,
		},
		{
			"a Windows path with both kinds of slashes is found by its suffix",
			[]string{"/w/app"},
			[]string{"/w/app/lib/a.rb", "/w/other/lib/a.rb"},
			`C:/deploy/app\lib\a.rb`, "/w/app/lib/a.rb",
		},
		{
			"a drive is the same in both cases",
			[]string{"C:/w/app"},
			[]string{"C:/w/app/lib/a.rb"},
			`c:\w\app\lib\a.rb`, "C:/w/app/lib/a.rb",
		},
		{
			"a file of one of several folders is found there",
			[]string{"/w/one", "/w/two"},
			[]string{"/w/one/lib/a.rb", "/w/two/lib/b.rb"},
			"/srv/app/lib/b.rb", "/w/two/lib/b.rb",
		},
		{
			"names that differ in case are different files",
			[]string{"/w/app"},
			[]string{"/w/app/lib/A.rb"},
			"/srv/app/lib/a.rb", unmapped,
		},
		{
			"a Windows path is found by its suffix",
			[]string{"/w/app"},
			[]string{"/w/app/lib/a.rb"},
			"C:/deploy/app/lib/a.rb", "/w/app/lib/a.rb",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var files []File
			for _, f := range tt.files {
				files = append(files, File{Path: f})
			}
			m := NewWorkspace(tt.roots, files, false).Map([]string{tt.dump}, nil, "")
			if got := outcome(m, tt.dump); got != tt.want {
				t.Errorf("%s: got %s, want %s", tt.dump, got, tt.want)
			}
		})
	}
}

func outcome(m *Mapping, dumpPath string) string {
	if file, ok := m.File(dumpPath); ok {
		return file
	}
	if m.Ambiguous > 0 {
		return ambiguous
	}
	return unmapped
}

func TestSymbolicLinks(t *testing.T) {
	w := NewWorkspace([]string{"/home/me/link"}, []File{
		{Path: "/home/me/link/lib/a.rb", Real: "/data/app/lib/a.rb"},
	}, false)
	for _, dumpPath := range []string{"/data/app/lib/a.rb", "/home/me/link/lib/a.rb", "/srv/app/lib/a.rb"} {
		if got := outcome(w.Map([]string{dumpPath}, nil, ""), dumpPath); got != "/home/me/link/lib/a.rb" {
			t.Errorf("%s: got %s, want the path the editor uses", dumpPath, got)
		}
	}
}

func TestFileNamesWithoutCase(t *testing.T) {
	w := NewWorkspace([]string{"/Users/Me/App"}, []File{{Path: "/Users/Me/App/Lib/A.rb"}}, true)
	rules := []Rule{{From: `C:\Deploy\App`, To: "/Users/Me/App"}}
	for _, tt := range []struct {
		name, dump string
		rules      []Rule
	}{
		{"the very path", "/users/me/app/lib/a.rb", nil},
		{"a path of another machine", "/srv/app/lib/a.rb", nil},
		{"a relative path", "lib/a.rb", nil},
		{"a path of Windows below a mapping", `c:\deploy\app\LIB\a.rb`, rules},
		{"the same with slashes", `C:/Deploy/App/lib/a.rb`, rules},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := outcome(w.Map([]string{tt.dump}, tt.rules, ""), tt.dump); got != "/Users/Me/App/Lib/A.rb" {
				t.Errorf("got %s", got)
			}
		})
	}
}

// Of several folders that have a file, the one that explains more of the dump
// has it.
func TestSeveralFolders(t *testing.T) {
	var files []File
	for _, name := range []string{"/w/app/lib/a.rb", "/w/app/lib/b.rb", "/w/decoy/lib/a.rb"} {
		files = append(files, File{Path: name})
	}
	m := NewWorkspace([]string{"/w/decoy", "/w/app"}, files, false).Map([]string{"/srv/x/lib/a.rb", "/srv/x/lib/b.rb"}, nil, "")
	if got, _ := m.File("/srv/x/lib/a.rb"); got != "/w/app/lib/a.rb" || m.Mapped != 2 {
		t.Errorf("got %s of %d files", got, m.Mapped)
	}
}
