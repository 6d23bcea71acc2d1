//go:build capture && linux

package capture

import (
	"context"
	"errors"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// large has a dump that takes a while: enough to interrupt it.
const large = `KEEP = Array.new(100_000) { |i| "kept #{i}" }
puts "ready #{Process.pid}"
$stdout.flush
sleep
`

// interrupted attaches to a large process, does something in the middle of its
// dump and returns Attach's error. Nothing may be left of the dump.
func interrupted(t *testing.T, do func(pid int)) error {
	t.Helper()
	s := start(t, RunOptions{Command: []string{"ruby", "-e", large}})
	pid := s.pid("ready")
	dir, once := t.TempDir(), false
	dumps, err := Attach(t.Context(), AttachOptions{PID: pid, Options: Options{Out: dir, Progress: func(p Progress) {
		if !once {
			do(p.PID)
		}
		once = true
	}}})
	if !once {
		t.Fatalf("it was not interrupted: %v", err)
	}
	if err == nil {
		load(t, dumps[0].Path)
		return nil
	}
	want(t, dir)
	return err
}

func TestWhatHappensInMidDumpLeavesNoHalfDump(t *testing.T) {
	t.Run("the process is killed: its forked child still knows its heap", func(t *testing.T) {
		if err := interrupted(t, func(pid int) { _ = kill(pid) }); err != nil {
			t.Error(err)
		}
	})
	t.Run("all that writes is killed", func(t *testing.T) {
		err := interrupted(t, func(pid int) {
			for _, p := range writers(t) {
				_ = kill(p)
			}
		})
		if err == nil || !strings.Contains(err.Error(), "ended before its dump was complete") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("the disk fills up", func(t *testing.T) {
		free := uint64(1 << 60)
		setFree(t, func(string) (uint64, error) { return free, nil })
		err := interrupted(t, func(int) { free = 0 })
		if err == nil || !strings.Contains(err.Error(), "nearly full") {
			t.Errorf("got %v", err)
		}
	})
}

// writers are the Ruby processes in a session of their own: those that write a dump.
func writers(t *testing.T) []int {
	t.Helper()
	listed, err := Processes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var pids []int
	here, _ := unix.Getsid(0)
	for _, p := range listed {
		if session, err := unix.Getsid(p.PID); err == nil && session != here && strings.Contains(strings.Join(p.Command, " "), "KEEP = Array") {
			pids = append(pids, p.PID)
		}
	}
	if len(pids) == 0 {
		t.Error("no process writes a dump")
	}
	return pids
}

func TestCancellingADumpLeavesNothing(t *testing.T) {
	s := start(t, RunOptions{Command: []string{"ruby", "-e", large}})
	ctx, cancel := context.WithCancel(t.Context())
	dir := t.TempDir()
	_, err := Attach(ctx, AttachOptions{PID: s.pid("ready"), Options: Options{Out: dir, Progress: func(Progress) { cancel() }}})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	want(t, dir)
}

func TestAProcessThatStandsStillIsNotWaitedFor(t *testing.T) {
	_, _, pid, _, _ := scripted(t, RunOptions{})
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = syscall.Kill(pid, syscall.SIGCONT) }()
	dir := t.TempDir()
	_, err := Attach(t.Context(), AttachOptions{PID: pid, Options: Options{Out: dir}})
	if err == nil || !strings.Contains(err.Error(), "is suspended") {
		t.Errorf("got %v", err)
	}
	want(t, dir)
}
