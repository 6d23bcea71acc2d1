package lsp

import (
	"cmp"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// copyLeaky copies the sample app's sources into a folder.
func copyLeaky(t *testing.T, to string) {
	t.Helper()
	for _, name := range []string{"server.rb", "lib/request.rb", "lib/audit_log.rb", "lib/lru_cache.rb", "lib/subscribers.rb"} {
		write(t, to, name, readFile(t, filepath.Join(leaky(t), name)))
	}
}

// startIn returns a client with several workspace folders.
func startIn(t *testing.T, folders ...string) *testClient {
	t.Helper()
	var list []object
	for _, folder := range folders {
		list = append(list, object{"uri": fileURI(folder), "name": filepath.Base(folder)})
	}
	return start(t, folders[0], object{"rootUri": nil, "workspaceFolders": list})
}

func TestTheDumpOfAnotherMachineIsFound(t *testing.T) {
	const request = "15,002 objects · 1.2 MB retained"
	for _, tt := range []struct {
		name    string
		folders func(t *testing.T, dir string) []string // the first has the app
	}{
		{"in the project's own folder", func(t *testing.T, _ string) []string { return []string{leaky(t)} }},
		{"in a folder with spaces and umlauts", func(t *testing.T, dir string) []string {
			folder := filepath.Join(dir, "Größe 100%", "eine Kopie")
			copyLeaky(t, folder)
			return []string{folder}
		}},
		{"as one of three folders, one of which has a file of the same name", func(t *testing.T, dir string) []string {
			app, decoy, other := filepath.Join(dir, "app"), filepath.Join(dir, "decoy"), filepath.Join(dir, "other")
			copyLeaky(t, app)
			write(t, decoy, "lib/request.rb", readFile(t, filepath.Join(leaky(t), "lib/request.rb")))
			write(t, other, "lib/other.rb", "x\n")
			return []string{app, decoy, other}
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			folders := tt.folders(t, tempDir(t))
			c := startIn(t, folders...)
			for _, folder := range folders {
				file := filepath.Join(folder, "lib/request.rb")
				if text, err := os.ReadFile(file); err == nil {
					c.open(file, string(text))
				}
			}
			c.load(filepath.Join(leaky(t), "leak-3.json.gz"))
			for i, folder := range folders {
				got := strings.Join(c.hints(filepath.Join(folder, "lib/request.rb")), "\n")
				if strings.Contains(got, request) != (i == 0) {
					t.Errorf("%s has the hints %s", folder, got)
				}
			}
		})
	}
}

func TestPathMappingsChangeAtRunTime(t *testing.T) {
	a := newApp(t)
	other := filepath.Join(tempDir(t), "other")
	elsewhere := write(t, other, "lib/cache.rb", appText)
	c := start(t, a.root)
	c.open(a.ruby, appText)
	c.open(elsewhere, appText)
	if sum := string(c.load(a.dump)); !strings.Contains(sum, `"inferred":[{"from":"/srv/app","to":"`+a.root+`","files":1}]`) {
		t.Errorf("got %s", sum)
	}
	c.await("heapline/status", contains(`"mappedFrom":"/srv/app","mappedTo":"${workspaceFolder}"`))
	c.wantHints(a.ruby, appHints...)
	mapped := func(mappings any) {
		c.notify("workspace/didChangeConfiguration", object{"settings": object{"heapline": object{"pathMappings": mappings}}})
	}
	mapped(object{"/srv/app": other})
	c.untilHints(elsewhere, appHints...)
	c.wantHints(a.ruby)
	mapped(object{"/srv": other})
	c.untilHints(elsewhere)
	c.wantHints(a.ruby)
	mapped(object{"/srv/app": "${workspaceFolder}"})
	c.untilHints(a.ruby, appHints...)
	mapped([]string{}) // what Lua makes of an empty table
	c.wantHints(a.ruby, appHints...)
	if got := c.all("window/logMessage"); len(got) > 0 {
		t.Errorf("logged %s", got)
	}
}

func TestFolders(t *testing.T) {
	t.Setenv("HOME", "/home/me")
	t.Setenv("HEAPLINE_TEST_GEMS", "/opt/gems")
	one, two := "/w/one", "/w/two"
	twins := map[string]string{"/w/a/app": "app", "/w/b/app": "app"}
	for _, tt := range []struct {
		name   string
		names  map[string]string // of the folders
		folder string
		want   string
		again  string // as it is written, "" for as it was
	}{
		{"the workspace", nil, "${workspaceFolder}", one, ""},
		{"a folder in it", nil, "${workspaceFolder}/engines/x", "/w/one/engines/x", ""},
		{"another workspace folder", nil, "${workspaceFolder:two}/lib", "/w/two/lib", ""},
		{"an absolute folder", nil, "/opt/../opt/gems", "/opt/gems", "/opt/gems"},
		{"a relative folder", nil, "engines/x", "/w/one/engines/x", "${workspaceFolder}/engines/x"},
		{"the home folder", nil, "${userHome}/gems", "/home/me/gems", "/home/me/gems"},
		{"the home folder by its short name", nil, "~", "/home/me", "/home/me"},
		{"a folder in it by its short name", nil, "~/gems", "/home/me/gems", "/home/me/gems"},
		{"a folder of the environment", nil, "${env:HEAPLINE_TEST_GEMS}/x", "/opt/gems/x", "/opt/gems/x"},
		{"a variable that is not set", nil, "${env:HEAPLINE_TEST_NONE}", "/w/one/${env:HEAPLINE_TEST_NONE}", "${workspaceFolder}/${env:HEAPLINE_TEST_NONE}"},
		{"a folder that is not there", nil, "${workspaceFolder:typo}", "/w/one/${workspaceFolder:typo}", "${workspaceFolder}/${workspaceFolder:typo}"},
		{"a folder by the client's name of it", map[string]string{one: "first", two: "second"}, "${workspaceFolder:second}", two, ""},
		{"the client's name goes before that of a path", map[string]string{one: "two", two: "one"}, "${workspaceFolder:one}", two, ""},
		{"two folders of one path's end", map[string]string{"/w/a/app": "a", "/w/b/app": "b"}, "${workspaceFolder:b}/lib", "/w/b/app/lib", ""},
		{"two folders of one name", twins, "${workspaceFolder:app}", "/w/a/app/${workspaceFolder:app}", "${workspaceFolder}/${workspaceFolder:app}"},
		{"the second of two of one name", twins, "/w/b/app/lib", "/w/b/app/lib", "/w/b/app/lib"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			st := &state{roots: []string{one, two}, names: tt.names}
			if tt.names != nil {
				st.roots = slices.Sorted(maps.Keys(tt.names))
			}
			got := st.expandFolder(tt.folder)
			if got != tt.want {
				t.Fatalf("got %s, want %s", got, tt.want)
			}
			again := st.collapseFolder(got)
			if again != cmp.Or(tt.again, tt.folder) || st.expandFolder(again) != got {
				t.Errorf("%s is set as %s, which is %s", got, again, st.expandFolder(again))
			}
		})
	}
}
