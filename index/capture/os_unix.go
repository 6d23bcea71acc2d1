//go:build unix

package capture

import (
	"os"
	"os/signal"
	"slices"

	"golang.org/x/sys/unix"
)

// diskFree returns the bytes that this user may still write in a folder.
func diskFree(dir string) (uint64, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return 0, err
	}
	return uint64(s.Bavail) * uint64(s.Bsize), nil //nolint:unconvert // types differ by platform
}

func kill(pid int) error { return unix.Kill(pid, unix.SIGKILL) }

// ours reports whether a folder is this user's, and nobody else's to enter.
func ours(dir string) bool { return owned(dir, 0o077) }

// onlyOursToWrite reports whether a folder is this user's, and nobody else's to write to.
func onlyOursToWrite(dir string) bool { return owned(dir, 0o022) }

// owned reports whether a folder is this user's, without any of the bits in its mode.
func owned(dir string, without uint32) bool {
	var s unix.Stat_t
	err := unix.Lstat(dir, &s)
	return err == nil && s.Mode&unix.S_IFMT == unix.S_IFDIR && uint32(s.Mode)&without == 0 && int(s.Uid) == os.Geteuid() //nolint:unconvert // types differ by platform
}

// keyboard are the signals that a terminal sends to all processes of a job itself.
var keyboard = []os.Signal{unix.SIGINT, unix.SIGQUIT, unix.SIGTSTP, unix.SIGWINCH}

var others = []os.Signal{
	unix.SIGHUP, unix.SIGTERM, unix.SIGUSR1, unix.SIGUSR2, unix.SIGALRM, unix.SIGVTALRM, unix.SIGTTIN, unix.SIGTTOU, unix.SIGCONT, unix.SIGXCPU,
}

// forward catches signals until stop is called, and passes them on to a process
// once that is there, all but one that is kept: it goes to the channel instead.
func forward(kept os.Signal, asked chan<- struct{}) (to func(*os.Process), stop func()) {
	list, told := slices.Concat(others, keyboard), onTerminal()
	if told { // this process stops at ctrl-Z like the command
		list = slices.DeleteFunc(list, func(s os.Signal) bool { return s == unix.SIGTSTP })
	}
	list = slices.DeleteFunc(list, signal.Ignored) // by nohup; the command must find them so
	incoming, done := make(chan os.Signal, 16), make(chan struct{})
	signal.Notify(incoming, list...)
	pass := func(target *os.Process) {
		hungUp := false
		for {
			select {
			case s := <-incoming:
				switch {
				case s == kept:
					request(asked)
				case told && s == unix.SIGHUP && hungUp: // by who closes a terminal, and then by the system
				case !told || !slices.Contains(keyboard, s):
					hungUp = hungUp || s == unix.SIGHUP
					_ = target.Signal(s)
				}
			case <-done:
				return
			}
		}
	}
	return func(target *os.Process) { go pass(target) }, func() { signal.Stop(incoming); close(done) }
}

// catchHangups keeps this process alive without its terminal, until stop is called.
func catchHangups() (stop func()) {
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, unix.SIGHUP)
	return func() { signal.Stop(hangups) }
}

// onTerminal reports whether this process is in a terminal's foreground job.
func onTerminal() bool {
	tty, err := os.Open("/dev/tty")
	if err != nil {
		return false
	}
	defer tty.Close()
	group, err := unix.IoctlGetInt(int(tty.Fd()), unix.TIOCGPGRP)
	return err == nil && group == unix.Getpgrp()
}

// DumpSignal is what asks heapline run for a dump, where it is told to take one on a signal.
var DumpSignal os.Signal = unix.SIGUSR1
