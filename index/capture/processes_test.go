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
