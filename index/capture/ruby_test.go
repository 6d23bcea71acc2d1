//go:build capture && linux

package capture

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"heapline/index"
)

// These tests need Ruby, and those of servers_test.go its servers: .ci/test.sh capture installs them.

// started is a command under Run, its output coming in by lines.
type started struct {
	t      *testing.T
	lines  *bufio.Scanner
	cancel context.CancelFunc
	ended  chan struct{}
	result Result
	err    error
}

// start runs a command until it ends or the test does.
func start(t *testing.T, o RunOptions) *started {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	s := &started{t: t, lines: bufio.NewScanner(r), cancel: cancel, ended: make(chan struct{})}
	o.Stdout, o.Stderr = w, os.Stderr
	if o.Failed == nil {
		o.Failed = func(pid int, err error) { t.Errorf("process %d: %v", pid, err) }
	}
	go func() {
		defer close(s.ended)
		defer w.Close()
		s.result, s.err = Run(ctx, o)
	}()
	t.Cleanup(func() { cancel(); <-s.ended; r.Close() })
	return s
}

// until waits for a line that begins so, and returns the rest of it.
func (s *started) until(prefix string) string {
	s.t.Helper()
	for s.lines.Scan() {
		if _, rest, ok := strings.Cut(s.lines.Text(), prefix); ok {
			return strings.TrimSpace(rest)
		}
	}
	s.t.Fatalf("the command never said %q", prefix)
	return ""
}

// pid waits for a line that ends in a pid.
func (s *started) pid(prefix string) int {
	s.t.Helper()
	return said{"": {strings.Trim(s.until(prefix), "() ")}}.number("", 0)
}

// wait lets the command end by itself.
func (s *started) wait() Result {
	s.t.Helper()
	<-s.ended
	if s.err != nil {
		s.t.Fatal(s.err)
	}
	return s.result
}

// load reads a dump after a look at its mode and description.
func load(t *testing.T, path string) (*index.Snapshot, description) {
	t.Helper()
	for _, name := range []string{path, path + ".meta.json"} {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o600 {
			t.Fatalf("%s: %v, %v", name, info, err)
		}
	}
	text, err := os.ReadFile(path + ".meta.json")
	if err != nil {
		t.Fatal(err)
	}
	var d description
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	s, err := index.Build(t.Context(), f, index.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if problems := s.Summary().Problems; problems.Count > 0 {
		t.Errorf("%s has unreadable lines: %+v", path, problems)
	}
	return s, d
}

// live returns how many objects of a line live.
func live(t *testing.T, s *index.Snapshot, file string, line int) int {
	t.Helper()
	site, _ := s.SiteAt(file, line)
	return int(site.Objects)
}

func atLeast(t *testing.T, what string, got, want int) {
	t.Helper()
	if got < want {
		t.Errorf("%s: %d objects live, not %d", what, got, want)
	}
}

const script = `LEAK = []
1000.times { |i| LEAK << "leaked #{i}" }
local = Array.new(500) { "of the main program" }
thread = Thread.new { held = Array.new(400) { "of another thread" }; Thread.stop; held }
child = fork { own = Array.new(300) { "of a child" }; puts "child #{Process.pid}"; $stdout.flush; sleep; own }
END { Process.kill(:TERM, child) if child }
puts "ready #{Process.pid}"
$stdout.flush
$stdin.read
exit 3
`

// scripted starts the script above with something to wait for; end ends it.
func scripted(t *testing.T, o RunOptions) (s *started, file string, pid, child int, end func()) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close(); w.Close() })
	file = put(t, t.TempDir(), "app.rb", script)
	o.Stdin, o.Command = r, []string{"ruby", file}
	s = start(t, o)
	for pid == 0 || child == 0 {
		if line := s.until(""); strings.HasPrefix(line, "ready") {
			pid = said{"": strings.Fields(line)}.number("", 1)
		} else {
			child = said{"": strings.Fields(line)}.number("", 1)
		}
	}
	return s, file, pid, child, func() { w.Close() }
}

func TestAScriptIsCapturedAtItsEnd(t *testing.T) {
	for _, kind := range Compressions {
		t.Run("compression "+kind, func(t *testing.T) {
			repo := repository(t)
			file := put(t, repo, "leak.rb", "LEAK = []\n1000.times { |i| LEAK << \"leaked #{i}\" }\nputs ARGV\nexit 3\n")
			t.Chdir(repo)
			var out strings.Builder
			s := start(t, RunOptions{Command: []string{"ruby", file, "-a", "b c"}, AtExit: true, Options: Options{Out: t.TempDir(), Compress: kind}})
			for s.lines.Scan() {
				out.WriteString(s.lines.Text() + "\n")
				if out.String() == "-a\nb c\n" {
					break
				}
			}
			result := s.wait()
			if result.Code != 3 || len(result.Dumps) != 1 {
				t.Fatalf("got %+v", result)
			}
			snapshot, d := load(t, result.Dumps[0].Path)
			atLeast(t, "line 2", live(t, snapshot, file, 2), 1000)
			if d.Argv[0] != file || d.Argv[2] != "b c" || d.Cwd != repo || d.PID != result.Dumps[0].PID || !d.Tracing.On || d.RSS < 1<<20 || d.GCCount == 0 {
				t.Errorf("it is described as %+v", d)
			}
			if d.Revision != runGit(t, repo, "rev-parse", "HEAD") || d.Dirty["leak.rb"] != runGit(t, repo, "hash-object", "leak.rb") {
				t.Errorf("its source is described as %+v", d.source)
			}
		})
	}
}

// What Ruby has loaded is not what the file has in it by the time of the dump.
func TestCodeThatIsEditedWhileItRunsIsInDoubt(t *testing.T) {
	repo := repository(t)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	put(t, repo, "app.rb", "require_relative 'lib/a'\nputs \"ready #{Process.pid}\"\n$stdout.flush\n$stdin.read\n")
	head := commit(t, repo)
	aged(t, repo)
	t.Chdir(repo)
	s := start(t, RunOptions{Command: []string{"ruby", "app.rb"}, Stdin: r, AtExit: true, Options: Options{Out: t.TempDir()}})
	pid := s.pid("ready")
	put(t, repo, "lib/a.rb", "# new\nA = 1\n")
	attached, err := Attach(t.Context(), AttachOptions{Options: Options{Out: t.TempDir()}, PID: pid})
	if err != nil {
		t.Fatal(err)
	}
	w.Close()
	ended := s.wait().Dumps
	if len(ended) != 1 || len(attached) != 1 {
		t.Fatalf("got %+v and %+v", ended, attached)
	}
	for path, dirty := range map[string]string{ended[0].Path: "", attached[0].Path: runGit(t, repo, "hash-object", "lib/a.rb")} {
		if _, d := load(t, path); d.Revision != head || !slices.Equal(d.Changed, []string{"lib/a.rb"}) || d.Dirty["lib/a.rb"] != dirty {
			t.Errorf("its source is described as %+v", d.source)
		}
		if _, d := load(t, path); d.Started.IsZero() || !writtenAfter(repo, "lib/a.rb", d.Started) || writtenAfter(repo, "app.rb", d.Started) {
			t.Errorf("it began at %v", d.Started)
		}
	}
}

func TestTheEndOfACommandPassesThrough(t *testing.T) {
	for _, test := range []struct {
		name, code string
		want       int
		dumps      int
	}{
		{"it is done", "", 0, 1},
		{"it exits", "exit 7", 7, 1},
		{"an exception", "$stderr = File.open(File::NULL, 'w'); raise 'oops'", 1, 1},
		{"an at_exit hook decides", "at_exit { exit 9 }", 9, 1},
		{"a signal", "Process.kill(:TERM, $$); sleep", 128 + 15, 1},
		{"kill -9", "Process.kill(:KILL, $$); sleep", 128 + 9, 0},
		{"it leaves without goodbye", "exit! 5", 5, 0},
		{"it becomes another program", "exec 'ruby', '-e', 'exit 4'", 4, 1},
		{"its thread waits for all others", "Thread.new { }; (Thread.list - [Thread.current]).each(&:join)", 0, 1},
		{"it has no other thread", "exit Thread.list.size", 1, 1},
		{"its child ends first", "fork { }; Process.wait", 0, 1},
		{"a deadlock", "$stderr = File.open(File::NULL, 'w'); Queue.new.pop", 1, 1},
		{"its output is closed", "$stdout.close; exit 3", 3, 1},
		{"nobody reads its output", "r, w = IO.pipe; r.close; $stdout.reopen(w); $stdout.sync = false; print 'lost'; exit 3", 3, 1},
		{"its folder is gone", "Dir.mkdir(ARGV[0]); Dir.chdir(ARGV[0]); Dir.rmdir(ARGV[0]); exit 3", 3, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			result, err := Run(t.Context(), RunOptions{Command: []string{"ruby", "-we", test.code, filepath.Join(t.TempDir(), "gone")}, AtExit: true, Options: Options{Out: t.TempDir()}})
			if err != nil || result.Code != test.want || len(result.Dumps) != test.dumps {
				t.Errorf("got %+v, %v", result, err)
			}
		})
	}
}

func TestRubyoptStillCounts(t *testing.T) {
	t.Setenv("RUBYOPT", "-W0 -rtime")
	result, err := Run(t.Context(), RunOptions{
		Command: []string{"ruby", "-e", `exit(Time.respond_to?(:rfc2822) && $VERBOSE.nil?)`}, Options: Options{Out: t.TempDir()},
	})
	if err != nil || result.Code != 0 {
		t.Errorf("got %+v, %v", result, err)
	}
}

func TestALiveProcessAndItsChildAreToldApart(t *testing.T) {
	s, file, pid, child, end := scripted(t, RunOptions{})
	listed, err := Processes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ways := map[int]Via{}
	for _, p := range listed {
		ways[p.PID] = p.Via
	}
	if ways[pid] != ViaRun || ways[child] != ViaRun {
		t.Errorf("the processes are listed as %v", listed)
	}
	for _, test := range []struct {
		name                       string
		pid                        int
		main, thread, childObjects int
	}{
		{"the process", pid, 500, 400, 0},
		{"its child", child, 500, 0, 300}, // Ruby ends other threads in a child
	} {
		t.Run(test.name, func(t *testing.T) {
			dumps, err := Attach(t.Context(), AttachOptions{PID: test.pid, Options: Options{Out: t.TempDir()}})
			if err != nil {
				t.Fatal(err)
			}
			snapshot, d := load(t, dumps[0].Path)
			if d.PID != test.pid || dumps[0].InPlace || dumps[0].Pause <= 0 {
				t.Errorf("got %+v of process %d", dumps[0], d.PID)
			}
			atLeast(t, "a constant", live(t, snapshot, file, 2), 1000)
			atLeast(t, "a variable of the main program", live(t, snapshot, file, 3), test.main)
			atLeast(t, "a variable of a thread", live(t, snapshot, file, 4), test.thread)
			atLeast(t, "a variable of the child", live(t, snapshot, file, 5), test.childObjects)
		})
	}
	end()
	if got := s.wait(); got.Code != 3 {
		t.Errorf("the command ended with %d", got.Code)
	}
}

func TestASeriesIsTakenOverTime(t *testing.T) {
	var s *started
	done := make(chan struct{})
	taken := 0
	s, _, pid, _, end := scripted(t, RunOptions{Every: 10 * time.Millisecond, Count: 3, AtExit: true, Options: Options{
		Out: t.TempDir(), Taken: func(Dump) {
			if taken++; taken == 3 {
				close(done)
			}
		},
	}})
	<-done
	end()
	if got := s.wait(); len(got.Dumps) != 3 || got.Dumps[2].PID != pid || got.Dumps[0].Path == got.Dumps[1].Path {
		t.Errorf("got %+v", got)
	}
}

// A child that is forked while the process answers has the connection too, and must not keep it open.
func TestAProcessThatForksWhileItIsDumpedIsAnsweredFor(t *testing.T) {
	dir := t.TempDir()
	dumped := filepath.Join(dir, "dumped")
	code := `children = []
until File.exist?(ARGV[0]) || children.size == 300
  children << fork { sleep }
  sleep 0.001
end
children.each { |child| Process.kill(:TERM, child) }`
	taken := 0
	result, err := Run(t.Context(), RunOptions{Command: []string{"ruby", put(t, dir, "app.rb", code), dumped}, Every: 10 * time.Millisecond, Count: 2, Options: Options{
		Out: dir, Failed: func(pid int, err error) { t.Errorf("process %d: %v", pid, err) },
		Taken: func(Dump) {
			if taken++; taken == 2 {
				put(t, dir, "dumped", "")
			}
		},
	}})
	if err != nil || result.Code != 0 || len(result.Dumps) != 2 {
		t.Errorf("got %+v, %v", result, err)
	}
}

func TestAShortProgramsSeriesEndsWithIt(t *testing.T) {
	result, err := Run(t.Context(), RunOptions{Command: []string{"ruby", "-e", ""}, Every: time.Hour, Count: 3, AtExit: true, Options: Options{Out: t.TempDir()}})
	if err != nil || len(result.Dumps) != 1 {
		t.Errorf("got %+v, %v", result, err)
	}
}

func TestASignalAsksForADump(t *testing.T) {
	taken := make(chan Dump, 1)
	_, _, pid, _, _ := scripted(t, RunOptions{OnSignal: true, Options: Options{Out: t.TempDir(), Taken: func(d Dump) { taken <- d }}})
	if err := syscall.Kill(os.Getpid(), DumpSignal.(syscall.Signal)); err != nil {
		t.Fatal(err)
	}
	if d := <-taken; d.PID != pid {
		t.Errorf("got %+v", d)
	}
}

func TestASignalThatComesBeforeRubyIsKept(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close(); w.Close() })
	taken := make(chan Dump, 1)
	s := start(t, RunOptions{
		Stdin: r, OnSignal: true, Options: Options{Out: t.TempDir(), Taken: func(d Dump) { taken <- d }},
		Command: []string{"sh", "-c", `echo ready; read go; exec ruby -e '$stdin.read'`},
	})
	s.until("ready")
	if err := syscall.Kill(os.Getpid(), DumpSignal.(syscall.Signal)); err != nil {
		t.Fatal(err)
	}
	if _, err := w.WriteString("go\n"); err != nil {
		t.Fatal(err)
	}
	<-taken
	w.Close()
	s.wait()
}

func TestNoRunLeavesAFolder(t *testing.T) {
	t.Setenv("HOME", filepath.Join(t.TempDir(), "a home with a space in it"))
	t.Setenv("XDG_CACHE_HOME", "")
	t.Setenv("XDG_RUNTIME_DIR", "")
	tmp, err := os.MkdirTemp("/tmp", "heapline-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(tmp) })
	t.Setenv("TMPDIR", tmp)
	for range 2 {
		result, err := Run(t.Context(), RunOptions{Command: []string{"ruby", "-e", "0"}, AtExit: true, Options: Options{Out: t.TempDir()}})
		if err != nil || len(result.Dumps) != 1 {
			t.Errorf("got %+v, %v", result, err)
		}
	}
	if left, err := filepath.Glob(filepath.Join(tmp, "*")); err != nil || len(left) != 1 || filepath.Base(left[0]) != fmt.Sprintf("heapline-code-%d", os.Geteuid()) {
		t.Errorf("there are %q, %v", left, err)
	}
}

func TestSignalsArePassedOn(t *testing.T) {
	s := start(t, RunOptions{Command: []string{"ruby", "-e", `trap(:USR2) { exit 6 }; puts "ready"; $stdout.flush; sleep`}, Options: Options{Out: t.TempDir()}})
	s.until("ready")
	if err := syscall.Kill(os.Getpid(), syscall.SIGUSR2); err != nil {
		t.Fatal(err)
	}
	if got := s.wait(); got.Code != 6 {
		t.Errorf("the command ended with %d", got.Code)
	}
}

func TestARubyWithoutAWayInIsToldWhatToAdd(t *testing.T) {
	t.Setenv(variable, "")
	cmd := plainRuby(t, `puts "started"; sleep`)
	_, err := Attach(t.Context(), AttachOptions{PID: cmd, Options: Options{Out: t.TempDir()}})
	if err == nil || !strings.Contains(err.Error(), "has no way in") || !strings.Contains(err.Error(), "heapline snippet") {
		t.Errorf("got %v", err)
	}
}

// A heapline run that is killed leaves its folder, and pids are used again.
func TestTheSocketOfADeadProcessIsNoWayIn(t *testing.T) {
	t.Setenv(variable, "")
	pid := plainRuby(t, `puts "started"; sleep`)
	control, err := newControl()
	if err != nil {
		t.Fatal(err)
	}
	defer control.close()
	left, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(control.dir, fmt.Sprintf("%d.exec.sock", pid))})
	if err != nil {
		t.Fatal(err)
	}
	left.SetUnlinkOnClose(false)
	left.Close()
	_, err = Attach(t.Context(), AttachOptions{PID: pid, Options: Options{Out: t.TempDir()}})
	if err == nil || !strings.Contains(err.Error(), "has no way in") {
		t.Errorf("got %v", err)
	}
}

func TestASuiteOfRspecIsCaptured(t *testing.T) {
	dir := t.TempDir()
	spec := put(t, dir, "spec/leak_spec.rb", `class Leaky
  ALL = []
  def self.add(n)
    n.times { |i| ALL << "spec #{i}" }
  end
end
RSpec.describe Leaky do
  it("adds") { Leaky.add(700); expect(Leaky::ALL.size).to eq 700 }
  it("fails") { expect(1).to eq 2 }
end
`)
	t.Chdir(dir)
	result, err := Run(t.Context(), RunOptions{Command: []string{"rspec"}, AtExit: true, Options: Options{Out: t.TempDir()}})
	if err != nil || result.Code != 1 || len(result.Dumps) != 1 {
		t.Fatalf("got %+v, %v", result, err)
	}
	if base := filepath.Base(result.Dumps[0].Path); !strings.HasPrefix(base, "rspec-") {
		t.Errorf("the dump is called %s", base)
	}
	snapshot, _ := load(t, result.Dumps[0].Path)
	atLeast(t, "line 4", live(t, snapshot, spec, 4), 700)
}
