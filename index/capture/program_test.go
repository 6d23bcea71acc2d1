//go:build capture && linux

package capture

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// ended runs a Ruby to its end and returns what it printed.
func ended(t *testing.T, code string, args ...string) (Result, string) {
	t.Helper()
	s := start(t, RunOptions{Command: append([]string{"ruby", put(t, t.TempDir(), "app.rb", code)}, args...), AtExit: true, Options: Options{Out: t.TempDir()}})
	var lines []string
	for s.lines.Scan() {
		lines = append(lines, s.lines.Text())
		if s.lines.Text() == "END" {
			break
		}
	}
	return s.wait(), strings.Join(lines, "\n")
}

// Files that nothing refers to any more are written by a GC, which must not happen in the dump's child.
func TestADumpWritesNothingOfTheProgramsFiles(t *testing.T) {
	const code = `dir, strings = ARGV
300.times { |i| File.open("#{dir}/#{i}", "w").write("line\n") }
strings.to_i.times { "garbage, so that a GC is due before long" }
at_exit { $stdout.puts "END"; $stdout.flush }
`
	for strings := 0; strings <= 20000; strings += 5000 {
		dir := t.TempDir()
		if result, _ := ended(t, code, dir, strconv.Itoa(strings)); len(result.Dumps) != 1 || result.Dumps[0].InPlace {
			t.Errorf("got %+v", result)
		}
		writtenOnce(t, dir, 300)
	}
}

func writtenOnce(t *testing.T, dir string, least int) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) < least {
		t.Errorf("there are %d files, not %d: %v", len(entries), least, err)
	}
	for _, entry := range entries {
		if text, err := os.ReadFile(filepath.Join(dir, entry.Name())); err != nil || string(text) != "line\n" {
			t.Errorf("%s holds %q, %v", entry.Name(), text, err)
		}
	}
}

func TestAProgramThatIsAttachedToWritesItsFilesOnce(t *testing.T) {
	dir, out := t.TempDir(), t.TempDir()
	s := start(t, RunOptions{Options: Options{Out: t.TempDir()}, Command: []string{"ruby", "-e", `n = 0; going = true
trap(:TERM) { going = false }
puts "ready #{$$}"; $stdout.flush
while going do 20.times { File.open("#{ARGV[0]}/#{n += 1}", "w").write("line\n") }; 200.times { "y" * 100 } end`, dir}})
	pid := s.pid("ready")
	if dumps, err := Attach(t.Context(), AttachOptions{PID: pid, Count: 5, Options: Options{Out: out}}); err != nil || len(dumps) != 5 {
		t.Errorf("got %d dumps, %v", len(dumps), err)
	}
	if err := syscall.Kill(pid, syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	s.wait()
	writtenOnce(t, dir, 20)
}

// A master of workers that it waits for, too busy to wait for any of them in time.
const master = `$stdout.sync = true
KIDS = [fork { sleep }]
trap(:CLD) do
  while (pid = Process.wait(-1, Process::WNOHANG))
    puts "unknown child #{pid} ended with #{$?.exitstatus}" unless KIDS.include?(pid)
  end
rescue Errno::ECHILD
end
trap(:TERM) { KIDS.each { |kid| Process.kill(:KILL, kid) }; puts "END"; exit! }
puts "ready #{$$}"
n = 0
loop { "busy #{n += 1}" }
`

func TestTheDumpsChildIsNoneOfTheProgramsBusiness(t *testing.T) {
	s := start(t, RunOptions{Command: []string{"ruby", "-e", master}, Options: Options{Out: t.TempDir()}})
	pid := s.pid("ready")
	if dumps, err := Attach(t.Context(), AttachOptions{PID: pid, Count: 6, Options: Options{Out: t.TempDir()}}); err != nil || len(dumps) != 6 {
		t.Errorf("got %d dumps, %v", len(dumps), err)
	}
	if err := syscall.Kill(pid, syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if !s.lines.Scan() || s.lines.Text() != "END" {
		t.Errorf("it said %q", s.lines.Text())
	}
}

func TestAProgramIsAsWithoutUs(t *testing.T) {
	for _, test := range []struct{ name, code, want string }{
		{"it hooks forks", `$stdout.sync = true; KIDS = []
module Hook; def _fork = super.tap { |pid| pid == 0 ? puts("a child") : KIDS << pid }; end
Process.singleton_class.prepend(Hook)
Process.wait(fork { exit! })
p KIDS.size
at_exit { puts "END" }`, "a child\n1\nEND"},
		{"it has other classes for files", `module Fake; class File; end; class Dir; end; end
Object.class_eval { remove_const(:Dir); remove_const(:File); const_set(:Dir, Fake::Dir); const_set(:File, Fake::File) }
Process.wait(fork { puts "child works"; $stdout.flush; exit! 3 })
puts $?.exitstatus, "END"`, "child works\n3\nEND"},
		{"it stubs what we need", `class << File; def socket?(*) = raise("unexpected"); def unlink(*) = raise("unexpected"); end
class UNIXSocket; def initialize(*) = raise("unexpected"); end
class << Thread; def new(*) = raise("unexpected"); end
Process.wait(fork { puts "child works"; $stdout.flush; exit! 3 })
puts $?.exitstatus, "END"`, "child works\n3\nEND"},
		{"it looks at its threads", `p ThreadGroup::Default.list.size, Thread.list.size
puts "END"`, "1\n1\nEND"},
		{"a deadlock of threads", `begin
  Thread.new { Thread.stop }.join
rescue Exception => e
  p e.class
end
puts "END"`, "fatal\nEND"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if _, got := ended(t, test.code); got != test.want {
				t.Errorf("it said %q, not %q", got, test.want)
			}
		})
	}
}

// What waits for a signal is no deadlock for Ruby, as long as another thread ran when it began to wait.
func TestWaitingForASignalIsNoDeadlock(t *testing.T) {
	s := start(t, RunOptions{Options: Options{Out: t.TempDir()}, Command: []string{"ruby", "-e", `$stdout.sync = true
queue = Queue.new
trap(:TERM) { queue << 1 }
Thread.new { sleep 0.2; puts "ready #{$$}" }
spawn("sleep 4; echo waited") # as long as it takes to take this for one
queue.pop
exit 7`}})
	pid := s.pid("ready")
	s.until("waited")
	if err := syscall.Kill(pid, syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if got := s.wait(); got.Code != 7 {
		t.Errorf("it ended with %d", got.Code)
	}
}

func TestAProcessThatGoesOnIsToldOf(t *testing.T) {
	var told []string
	s := start(t, RunOptions{
		Options: Options{Out: t.TempDir(), Failed: func(_ int, err error) { told = append(told, err.Error()) }}, AtExit: true, Children: true,
		Command: []string{"ruby", "-e", `$stdout.sync = true
reader, writer = IO.pipe
fork { writer.puts; puts "child #{$$}"; sleep }
reader.gets`},
	})
	child := s.pid("child")
	defer func() { _ = kill(child) }()
	s.wait()
	if len(told) != 1 || !strings.Contains(told[0], "goes on") {
		t.Errorf("it told %q", told)
	}
	_, err := Attach(t.Context(), AttachOptions{PID: child, Options: Options{Out: t.TempDir()}})
	if err == nil || !strings.Contains(err.Error(), "the heapline run that started it has ended") {
		t.Errorf("got %v", err)
	}
}

func TestAProcessThatEndsIsNotWaitedFor(t *testing.T) {
	fake := put(t, t.TempDir(), "rbtrace", "#!/bin/sh\nkill -KILL $2\nexec sleep 60\n")
	if err := os.Chmod(fake, 0o700); err != nil {
		t.Fatal(err)
	}
	pid := plainRuby(t, `require "rbtrace"; puts "started"; sleep`)
	t.Setenv("PATH", filepath.Dir(fake)+":"+os.Getenv("PATH"))
	began := time.Now()
	_, err := Attach(t.Context(), AttachOptions{PID: pid, Options: Options{Out: t.TempDir()}})
	if err == nil || !strings.Contains(err.Error(), "has ended") || time.Since(began) > answerTime {
		t.Errorf("got %v after %v", err, time.Since(began))
	}
}

func TestTwoAtOnceWithRbtraceAreTooMany(t *testing.T) {
	pid := plainRuby(t, `require "rbtrace"; puts "started"; loop { sleep 1 }`)
	first, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: fmt.Sprintf("/tmp/rbtrace-%d.sock", pid)}) // as rbtrace does
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	_, err = Attach(t.Context(), AttachOptions{PID: pid, Options: Options{Out: t.TempDir()}})
	if err == nil || !strings.Contains(err.Error(), "another rbtrace is in process") {
		t.Errorf("got %v", err)
	}
}

func TestAProcessWhoseFolderHasGoneIsAttachedTo(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "release")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	pid := plainRuby(t, `require "rbtrace"; Dir.chdir("`+dir+`"); Dir.rmdir("`+dir+`"); puts "started"; loop { sleep 1 }`)
	if _, err := Attach(t.Context(), AttachOptions{PID: pid, Options: Options{Out: t.TempDir()}}); err != nil {
		t.Error(err)
	}
}

func TestRootReachesAProcessThatIsAnotherUsersNow(t *testing.T) {
	user := 65534
	if os.Geteuid() != 0 {
		user = os.Geteuid() // only root can become another
	}
	s := start(t, RunOptions{Options: Options{Out: t.TempDir()}, Command: []string{"ruby", "-e", `$stdout.sync = true
Process::UID.change_privilege(` + strconv.Itoa(user) + `)
puts "ready #{$$}"
sleep`}})
	pid := s.pid("ready")
	if _, err := Attach(t.Context(), AttachOptions{PID: pid, Options: Options{Out: t.TempDir()}}); err != nil {
		t.Error(err)
	}
}
