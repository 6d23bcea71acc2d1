package capture

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func TestADumpIsNamedAfterWhatRan(t *testing.T) {
	for _, test := range []struct {
		name    string
		command []string
		want    string
	}{
		{"a script", []string{"ruby", "-W0", "lib/app.rb", "x"}, "app"},
		{"a program of a gem", []string{"/usr/bin/ruby3.1", "/usr/bin/rspec"}, "rspec"},
		{"a process with a title", []string{"puma: cluster worker 0: 123 [app]"}, "puma"},
		{"no script", []string{"ruby", "-e", "puts 1"}, "ruby"},
		{"no script, and a library", []string{"ruby", "-r", "json", "-I", "lib", "-e", "require 'x'"}, "ruby"},
		{"a filter", []string{"ruby", "-ne", "puts $_ if /x/"}, "ruby"},
		{"code without a space", []string{"ruby", "-eputs"}, "ruby"},
		{"a library whose name has an e in it", []string{"ruby", "-rset", "-Ilibe", "app.rb"}, "app"},
		{"a library first", []string{"ruby", "-r", "json", "-rset", "lib/app.rb"}, "app"},
		{"nothing known", nil, "ruby"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := (Process{Command: test.command}).program(); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

func TestWhatCannotBeAttachedToIsToldWhy(t *testing.T) {
	for _, test := range []struct {
		name string
		pid  int
		want string
	}{
		{"no process", 1 << 30, "there is no process 1073741824"},
		{"this one", os.Getpid(), "is not a Ruby process"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if runtime.GOOS == "windows" {
				test.want = errUnsupported.Error()
			}
			_, err := Attach(context.Background(), AttachOptions{PID: test.pid, Options: Options{Out: t.TempDir()}})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}

func TestAnUnknownCompressionIsRefused(t *testing.T) {
	_, err := Run(context.Background(), RunOptions{Command: []string{"true"}, Options: Options{Compress: "rar"}})
	if err == nil {
		t.Error("it was taken")
	}
}

func TestSocketsAreOnlyForThisUser(t *testing.T) {
	c, err := newControl()
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	info, err := os.Stat(c.dir)
	if err != nil || info.Mode().Perm() != 0o700 || !ours(c.dir) {
		t.Errorf("the folder has mode %v, %v", info.Mode(), err)
	}
	if err := os.Chmod(c.dir, 0o755); err != nil || ours(c.dir) {
		t.Errorf("a folder that others may enter is taken for ours (%v)", err)
	}
	c.close()
	if _, err := os.Stat(c.dir); err == nil {
		t.Error("it stays")
	}
}

// A socket's path has room for about a hundred bytes, and a program may change its folder.
func TestSocketsAreWhereRubyReachesThem(t *testing.T) {
	t.Setenv("XDG_RUNTIME_DIR", "")
	long := filepath.Join("/tmp", "heapline-test-"+strings.Repeat("z", 60))
	t.Cleanup(func() { _ = os.Remove(long) })
	t.Chdir(t.TempDir())
	for _, dir := range []string{long, "short"} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, tmp := range []string{long, "short", filepath.Join(t.TempDir(), "none")} {
		t.Setenv("TMPDIR", tmp)
		c, err := newControl()
		if err != nil {
			t.Fatalf("TMPDIR=%s: %v", tmp, err)
		}
		defer c.close()
		if len(filepath.Join(c.dir, longest)) > 107 || !filepath.IsAbs(c.dir) {
			t.Errorf("TMPDIR=%s: the folder is %s", tmp, c.dir)
		}
		if entries, err := os.ReadDir(c.dir); err != nil || len(entries) != 2 {
			t.Errorf("TMPDIR=%s: the folder holds %v, %v", tmp, entries, err)
		}
		if entries, err := os.ReadDir(long); err != nil || len(entries) != 0 {
			t.Errorf("what could not be used is left: %v, %v", entries, err)
		}
	}
}

func TestAFolderForDumpsIsTriedBeforeTheProgram(t *testing.T) {
	dir := t.TempDir()
	if err := tryFolder(filepath.Join(dir, "new", "folder")); err != nil {
		t.Error(err)
	}
	want(t, dir) // it is made when there is a dump
	if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	started := filepath.Join(dir, "started")
	_, err := Run(context.Background(), RunOptions{Command: []string{"touch", started}, Options: Options{Out: filepath.Join(dir, "file", "x")}})
	if err == nil || !strings.Contains(err.Error(), "the folder for dumps can't be made") {
		t.Errorf("got %v", err)
	}
	setFree(t, func(string) (uint64, error) { return 1 << 20, nil })
	_, err = Run(context.Background(), RunOptions{Command: []string{"touch", started}, Options: Options{Out: dir}})
	if err == nil || !strings.Contains(err.Error(), "nearly full") {
		t.Errorf("got %v", err)
	}
	want(t, dir, "file")
}

func TestRubyoptKeepsWhatItHad(t *testing.T) {
	c := &control{dir: "/run/x"}
	env, err := c.environment([]string{"A=b", "RUBYOPT=-w -rset"}, "/cache/capture.rb")
	if got := strings.Join(env, ","); err != nil || got != "A=b,RUBYOPT=-w -rset,RUBYOPT=-r/cache/capture.rb -w -rset,HEAPLINE_CAPTURE=/run/x" {
		t.Errorf("got %s, %v", got, err)
	}
	if _, err := c.environment(nil, "/with space/capture.rb"); err == nil {
		t.Error("a path with a space in it was taken")
	}
}

func TestACommandThatIsNotThereIsAnError(t *testing.T) {
	_, err := Run(context.Background(), RunOptions{Command: []string{filepath.Join(t.TempDir(), "none")}, Options: Options{Out: t.TempDir()}})
	if err == nil {
		t.Error("it was started")
	}
	if _, err := exec.LookPath("false"); err == nil {
		result, err := Run(context.Background(), RunOptions{Command: []string{"false"}, AtExit: true, Options: Options{Out: t.TempDir()}})
		if err != nil || result.Code != 1 || len(result.Dumps) != 0 {
			t.Errorf("a command that is no Ruby: got %+v, %v", result, err)
		}
	}
}

func TestEveryKindOfProgramHasASnippet(t *testing.T) {
	for _, kind := range Programs {
		if text, err := Snippet(kind); err != nil || !strings.Contains(text, "trace_object_allocations_start") {
			t.Errorf("%s: %q, %v", kind, text, err)
		}
	}
	if _, err := Snippet("cobol"); err == nil {
		t.Error("there is one for cobol")
	}
}

func TestTheRubyCodeStaysSmall(t *testing.T) {
	if lines := strings.Count(string(rubyCode), "\n"); lines >= 150 {
		t.Errorf("capture.rb has %d lines: people read it before they load it into a server", lines)
	}
	if code := snippetFor("/run/user/1000/heapline-1234567890"); len(code) > 230 {
		t.Errorf("rbtrace takes 256 bytes, this is %d: %s", len(code), code)
	}
}
