package source

import (
	"fmt"
	"strconv"
	"strings"
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

func TestRulesAreCleaned(t *testing.T) {
	w := NewWorkspace([]string{"/w"}, []File{{Path: "/w/lib/a.rb"}}, false)
	for _, tt := range []struct{ name, from, to, dump string }{
		{"a slash at the end", "/app/", "/w/", "/app/lib/a.rb"},
		{"a dot at the end", "/app/.", "/w/.", "/app/lib/a.rb"},
		{"two slashes", "//app//", "/w//", "/app/lib/a.rb"},
		{"a detour", "/srv/../app", "/w/x/..", "/app/lib/a.rb"},
		{"a drive in another case", "C:/app", "/w", `c:\app\lib\a.rb`},
		{"both kinds of slashes", `c:\deploy/app`, "/w", `C:/deploy\app/lib\a.rb`},
		{"the root", "/", "/w", "/lib/a.rb"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := w.Map([]string{tt.dump}, []Rule{{tt.from, tt.to}}, "")
			how, by, ok := m.How(tt.dump)
			if got := outcome(m, tt.dump); got != "/w/lib/a.rb" || how != ByRule || !ok || by.Files != 1 {
				t.Errorf("got %s, by %d %v", got, how, by)
			}
		})
	}
}

// What a rule says of a file that it does not lead to is nothing, and said so.
func TestInferredRulesAreSaid(t *testing.T) {
	for _, tt := range []struct {
		name  string
		roots []string
		files []File
		dump  string
		want  Rule
	}{
		{
			"a folder above the workspace folder is the workspace folder's own",
			[]string{"/home/me/app"},
			[]File{{Path: "/home/me/app/a.rb"}},
			"/srv/app/a.rb",
			Rule{"/srv/app", "/home/me/app"},
		},
		{
			"a folder in the root of a container, beside another workspace folder",
			[]string{"/code/app", "/code/engine"},
			[]File{{Path: "/code/app/lib/a.rb"}},
			"/app/lib/a.rb",
			Rule{"/app", "/code/app"},
		},
		{
			"the root itself",
			[]string{"/code/app"},
			[]File{{Path: "/code/app/lib/a.rb"}},
			"/lib/a.rb",
			Rule{"/", "/code/app"},
		},
		{
			"a workspace folder behind a link, found by its real name",
			[]string{"/home/me/link"},
			[]File{{Path: "/home/me/link/lib/a.rb", Real: "/data/app/lib/a.rb"}},
			"/srv/app/lib/a.rb",
			Rule{"/srv/app", "/home/me/link"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := NewWorkspace(tt.roots, tt.files, false).Map([]string{tt.dump}, nil, "")
			if len(m.Inferred) != 1 || m.Inferred[0].Rule != tt.want {
				t.Errorf("got %v, want %v", m.Inferred, tt.want)
			}
		})
	}
}

// A folder that explains few files is taken for the dump's where it has the name
// and most of what is in it.
func TestASmallFolderBesideALargeOne(t *testing.T) {
	var files []File
	var app []string
	for i := range 45 {
		files = append(files, File{Path: fmt.Sprintf("/w/app/lib/m%d.rb", i)})
		app = append(app, fmt.Sprintf("/app/lib/m%d.rb", i))
	}
	for _, name := range []string{"core", "util", "more"} {
		files = append(files, File{Path: "/w/engine/lib/engine/" + name + ".rb"})
	}
	for _, tt := range []struct {
		name string
		dump []string
		want string // of the first
	}{
		{"all that it has", []string{"/opt/engine/lib/engine/core.rb", "/opt/engine/lib/engine/util.rb"}, "/w/engine/lib/engine/core.rb"},
		{
			"half of what it has",
			[]string{"/opt/engine/lib/engine/core.rb", "/opt/engine/lib/engine/util.rb", "/opt/engine/a.rb", "/opt/engine/b.rb"},
			"/w/engine/lib/engine/core.rb",
		},
		{
			"less than half",
			[]string{"/opt/engine/lib/engine/core.rb", "/opt/engine/lib/engine/util.rb", "/opt/engine/a.rb", "/opt/engine/b.rb", "/opt/engine/c.rb"},
			unmapped,
		},
		{"a single file", []string{"/opt/engine/lib/engine/core.rb"}, unmapped},
		{"a folder of another name", []string{"/opt/motor/lib/core.rb", "/opt/motor/lib/util.rb"}, unmapped},
		{
			"a gem",
			[]string{"/b/gems/x-1.0.0/engine/lib/engine/core.rb", "/b/gems/x-1.0.0/engine/lib/engine/util.rb"},
			unmapped,
		},
		{
			"two folders of its name in the dump",
			[]string{"/a/engine/lib/engine/core.rb", "/a/engine/lib/engine/util.rb", "/b/engine/lib/engine/core.rb", "/b/engine/lib/engine/util.rb"},
			ambiguous,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := NewWorkspace([]string{"/w/app", "/w/engine"}, files, false).Map(append(tt.dump, app...), nil, "")
			if got := outcome(m, tt.dump[0]); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
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

func TestClaims(t *testing.T) {
	files := []File{{Path: "/w/app/lib/a.rb"}, {Path: "/w/app/lib/b.rb"}}
	for _, tt := range []struct {
		name                        string
		dump                        []string
		mapped, unmapped, ambiguous int
		a                           string // the dump path shown in a.rb
	}{
		{
			"the path that agrees in more components has the file",
			[]string{"/opt/tool/a.rb", "/srv/app/lib/a.rb"},
			1, 1, 0, "/srv/app/lib/a.rb",
		},
		{
			"two equally good paths leave the file empty",
			[]string{"/srv/one/lib/a.rb", "/srv/two/lib/a.rb"},
			0, 0, 2, "",
		},
		{
			"an exact path and a relative one are both the file",
			[]string{"lib/a.rb", "/w/app/lib/a.rb"},
			2, 0, 0, "/w/app/lib/a.rb lib/a.rb",
		},
		{
			"a path with a detour is the path without it",
			[]string{"/srv/app/bin/../lib/a.rb", "/srv/app/lib/a.rb"},
			2, 0, 0, "/srv/app/lib/a.rb /srv/app/bin/../lib/a.rb",
		},
		{
			"a release and the link to it are one folder",
			[]string{"/srv/x/current/lib/a.rb", "/srv/x/releases/20240131/lib/a.rb"},
			2, 0, 0, "/srv/x/releases/20240131/lib/a.rb /srv/x/current/lib/a.rb",
		},
		{
			"a link that may be to one of two releases is neither",
			[]string{"/srv/x/current/lib/a.rb", "/srv/x/releases/1/lib/a.rb", "/srv/x/releases/2/lib/a.rb"},
			0, 0, 3, "",
		},
		{
			"a file that only the link names is found by it",
			[]string{"/srv/x/current/lib/a.rb", "/srv/x/releases/1/lib/b.rb"},
			2, 0, 0, "/srv/x/current/lib/a.rb",
		},
		{
			"every path is counted once",
			[]string{"/srv/app/lib/a.rb", "/srv/app/lib/b.rb", "/srv/app/lib/c.rb"},
			2, 1, 0, "/srv/app/lib/a.rb",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := NewWorkspace([]string{"/w/app"}, files, false).Map(tt.dump, nil, "")
			if m.Mapped != tt.mapped || m.Unmapped != tt.unmapped || m.Ambiguous != tt.ambiguous {
				t.Errorf("mapped %d, unmapped %d, ambiguous %d; want %d, %d, %d",
					m.Mapped, m.Unmapped, m.Ambiguous, tt.mapped, tt.unmapped, tt.ambiguous)
			}
			names, _ := m.DumpPaths("/w/app/lib/a.rb")
			if got := strings.Join(names, " "); got != tt.a {
				t.Errorf("a.rb shows %q, want %q", got, tt.a)
			}
		})
	}
}

// A large dump names thousands of files; the workspace may hold many more.
func BenchmarkMap(b *testing.B) {
	var files []File
	var dump []string
	for i := range 50_000 {
		name := "/lib/" + strconv.Itoa(i%100) + "/" + strconv.Itoa(i%2000) + "/file" + strconv.Itoa(i%5000) + ".rb"
		if i >= 5000 {
			name = "/other/" + strconv.Itoa(i) + name
		}
		files = append(files, File{Path: "/home/me/app" + name})
		dump = append(dump, "/srv/app"+name)
	}
	w := NewWorkspace([]string{"/home/me/app"}, files, false)
	for b.Loop() {
		if m := w.Map(dump[:10_000], nil, ""); m.Mapped != 10_000 {
			b.Fatalf("%d mapped, %d ambiguous", m.Mapped, m.Ambiguous)
		}
	}
}

// Whatever the names are, the work grows as they do: names that repeat all over a
// workspace (version.rb) are not all held against each other.
func TestManyFilesOfOneNameTakeLittleWork(t *testing.T) {
	linear := func(n int) int { return 3 * n }
	bounded := func(n int) int { return defaultLimits.pairs + 3*n }
	for _, tt := range []struct {
		name      string
		dump      func(i int) string
		workspace func(i int) string
		found     bool
		pairs     func(n int) int // that are looked at, at most
	}{
		{
			"in folders that are the same here",
			func(i int) string { return fmt.Sprintf("/app/d%d/m%d/version.rb", i%50, i) },
			func(i int) string { return fmt.Sprintf("/w/d%d/m%d/version.rb", i%50, i) },
			true, linear,
		},
		{
			"in folders of which none is here",
			func(i int) string { return fmt.Sprintf("/app/there%d/version.rb", i) },
			func(i int) string { return fmt.Sprintf("/w/here%d/version.rb", i) },
			false, linear,
		},
		{
			"one of them in each folder",
			func(i int) string { return fmt.Sprintf("/app/m%d/file%d.rb", i/100, i%100) },
			func(i int) string { return fmt.Sprintf("/w/n%d/file%d.rb", i, i%100) },
			false, bounded,
		},
		{
			"in folders in another order",
			func(i int) string { return fmt.Sprintf("/app/a%d/b%d/version.rb", i%97, i%89) },
			func(i int) string { return fmt.Sprintf("/w/b%d/a%d/version.rb", i%89, i%97) },
			false, bounded,
		},
		{
			"in the same folders with others beside them",
			func(i int) string {
				return fmt.Sprintf("/app/lib/x%d/%s.rb", i/3, []string{"version", "engine", "railtie"}[i%3])
			},
			func(i int) string {
				return fmt.Sprintf("/w/gems/g%d/lib/y%d/%s.rb", i/3, i/3, []string{"version", "engine", "railtie"}[i%3])
			},
			false, bounded,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, n := range []int{2000, 20_000} {
				var files []File
				var dump []string
				for i := range n {
					files, dump = append(files, File{Path: tt.workspace(i)}), append(dump, tt.dump(i))
				}
				s := newSearch(NewWorkspace([]string{"/w"}, files, false), dump, defaultLimits)
				if c, _ := s.best(0); (c != nil) != tt.found {
					t.Errorf("found %v", c)
				}
				if s.looked > tt.pairs(n) {
					t.Errorf("%d pairs looked at for %d paths", s.looked, n)
				}
			}
		})
	}
}

// Where names repeat, a dump's paths are not held against all that have theirs.
func BenchmarkMapSameNames(b *testing.B) {
	var files []File
	var dump []string
	for i := range 60_000 {
		dump = append(dump, fmt.Sprintf("/srv/app/m%d/version.rb", i))
		if i < 50_000 {
			files = append(files, File{Path: fmt.Sprintf("/home/me/app/d%d/m%d/version.rb", i%50, i)})
		}
	}
	w := NewWorkspace([]string{"/home/me/app"}, files, false)
	for b.Loop() {
		if m := w.Map(dump, nil, ""); m.Mapped+m.Unmapped+m.Ambiguous != len(dump) {
			b.Fatalf("%d mapped, %d ambiguous", m.Mapped, m.Ambiguous)
		}
	}
}
