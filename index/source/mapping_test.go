package source

import (
	"fmt"
	"strings"
	"testing"
)

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

// What led to a file is said in folders that a setting could name.
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
