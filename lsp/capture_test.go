package lsp

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// These need no Ruby. What needs one is tested in both real editors.

func TestNothingIsRunForAWorkspaceThatIsNotTrusted(t *testing.T) {
	dir := tempDir(t)
	file := write(t, dir, "app.rb", "")
	c := start(t, dir, object{"initializationOptions": object{"trusted": false}})
	for _, call := range []object{run("processes"), run("capture", object{"pid": 1}), run("run", object{"path": file})} {
		if got := c.fail("workspace/executeCommand", call); !strings.Contains(got.Message, "not trusted") {
			t.Errorf("%v: got %+v", call, got)
		}
	}
}

func TestAFileIsRunByRubyInItsWorkspaceFolder(t *testing.T) {
	dir, other := tempDir(t), tempDir(t)
	if err := os.Mkdir(filepath.Join(dir, "tmp"), 0o700); err != nil {
		t.Fatal(err)
	}
	file, elsewhere, own := write(t, dir, "lib/app.rb", ""), write(t, other, "x.rb", ""), filepath.Join(other, "dumps")
	for _, test := range []struct {
		name     string
		settings object
		argument object
		want     string // the command behind --
		cwd      string
		below    string // where its dumps go
	}{
		{"a file", object{}, object{"path": file}, "ruby " + file, dir, filepath.Join(dir, "tmp")},
		{"a URI", object{}, object{"uri": fileURI(file)}, "ruby " + file, dir, filepath.Join(dir, "tmp")},
		{"a file outside of the workspace", object{}, object{"path": elsewhere}, "ruby " + elsewhere, other, filepath.Join(dir, "tmp")},
		{"a command", object{}, object{"command": []string{"bundle", "exec", "rspec"}}, "bundle exec rspec", dir, filepath.Join(dir, "tmp")},
		{"another Ruby", object{"rubyCommand": "bundle exec ruby"}, object{"path": file}, "bundle exec ruby " + file, dir, filepath.Join(dir, "tmp")},
		{"another folder", object{"dumpFolder": own}, object{"path": file}, "ruby " + file, dir, own},
		{"a folder of the workspace", object{"dumpFolder": "log/heaps"}, object{"path": file}, "ruby " + file, dir, filepath.Join(dir, "log/heaps")},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got program
			decode(t, start(t, dir, object{"initializationOptions": test.settings}).call("workspace/executeCommand", run("run", test.argument)), &got)
			before, after := got.Command[:5], got.Command[5:]
			if before[1] != "run" || before[2] != "--out" || before[3] != got.Folder || before[4] != "--" {
				t.Errorf("got %q", got.Command)
			}
			if strings.Join(after, " ") != test.want || got.Cwd != test.cwd || filepath.Dir(got.Folder) != test.below {
				t.Errorf("got %+v", got)
			}
			if info, err := os.Stat(got.Folder); err != nil || info.Mode().Perm() != 0o700 {
				t.Errorf("the folder is %v, %v", info, err)
			}
		})
	}
}

func TestWhatCannotBeRunOrCapturedIsRefused(t *testing.T) {
	dir := tempDir(t)
	c := start(t, dir)
	for _, test := range []struct {
		call object
		want string
	}{
		{run("run"), "name what to run"},
		{run("run", object{}), "name what to run"},
		{run("run", object{"command": []string{""}}), "name what to run"},
		{run("run", object{"path": "none.rb"}), "is no file that can be run"},
		{run("run", object{"path": dir}), "is no file that can be run"},
		{run("capture"), "name the process"},
		{run("capture", object{"pid": -1}), "name the process"},
		{run("capture", object{"pid": "1"}), "name the process"},
		{run("capture", object{"pid": 1, "every": 1 << 40}), "no more than a day"},
		{run("capture", object{"pid": 1, "count": 101}), "up to 100"},
		{run("capture", object{"pid": os.Getpid()}), "is not a Ruby process"},
		{run("capture", object{"pid": 1 << 30}), "there is no process"},
		{run("load", object{"folder": dir}), "left no heap dump"},
	} {
		if got := c.fail("workspace/executeCommand", test.call); !strings.Contains(got.Message, test.want) {
			t.Errorf("%v: got %+v", test.call, got)
		}
	}
}

func TestRefusedDumpsLeaveNoFolder(t *testing.T) {
	dir := tempDir(t)
	c := start(t, dir, object{"initializationOptions": object{"dumpFolder": dir}})
	c.fail("workspace/executeCommand", run("capture", object{"pid": os.Getpid()}))
	var got program
	decode(t, c.call("workspace/executeCommand", run("run", object{"command": []string{"true"}})), &got)
	c.fail("workspace/executeCommand", run("load", object{"folder": got.Folder}))
	if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) > 0 {
		t.Errorf("there is %q", left)
	}
}

func TestTheDumpsOfAProgramAreLoadedFromItsFolder(t *testing.T) {
	dir := tempDir(t)
	dumps := filepath.Join(dir, "tmp", takenPrefix+"1")
	put := func(number, pid int) {
		text := readFile(t, leakyDump(t, number))
		file := write(t, dumps, fmt.Sprintf("app-%d-%d.heap", pid, number), text)
		write(t, dumps, filepath.Base(file)+".meta.json", fmt.Sprintf(`{"format":1,"pid":%d}`, pid))
		age(t, file, time.Duration(10-number)*time.Minute)
	}
	put(1, 7)
	put(2, 8)
	put(3, 7)
	c := start(t, dir)
	var sum struct {
		Path   string                  `json:"path"`
		Series []struct{ Path string } `json:"series"`
	}
	decode(t, c.call("workspace/executeCommand", run("load", object{"folder": dumps})), &sum)
	var names []string
	for _, d := range sum.Series {
		names = append(names, filepath.Base(d.Path))
	}
	if !slices.Equal(names, []string{"app-7-1.heap", "app-7-3.heap"}) {
		t.Errorf("got %q", names)
	}
	decode(t, c.call("workspace/executeCommand", run("load")), &sum) // the newest that there is
	if filepath.Base(sum.Path) != "app-7-3.heap" || len(sum.Series) > 0 {
		t.Errorf("got %+v", sum)
	}
}

func TestProcessesAreListed(t *testing.T) {
	var got []process
	decode(t, start(t, tempDir(t)).call("workspace/executeCommand", run("processes")), &got)
	for _, p := range got {
		if p.PID <= 0 || p.Label == "" || !strings.Contains(p.Detail, "started") || p.How == "" {
			t.Errorf("got %+v", p)
		}
	}
}
