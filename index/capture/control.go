package capture

import (
	_ "embed"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

//go:embed capture.rb
var rubyCode []byte

// variable names the folder of the sockets in the environment of what Run starts.
const variable = "HEAPLINE_CAPTURE"

// control is a folder of sockets that only this user can reach. Ruby processes
// that Run started listen at PID.exec.sock in it, their forked children at
// PID.fork.sock; run.sock is ours, for processes that end or were told to call.
type control struct {
	dir      string
	listener *net.UnixListener
	stays    bool // the folder has to outlive us, see install
}

// longest name of a socket: that of a process with the largest pid.
const longest = "4194304.exec.sock"

// controlParents are where such a folder may be, the best first. Their paths
// hold wherever a program goes.
func controlParents() []string {
	var dirs []string
	for _, dir := range []string{os.Getenv("XDG_RUNTIME_DIR"), os.TempDir(), "/tmp"} {
		abs, err := filepath.Abs(dir)
		if dir != "" && err == nil && !slices.Contains(dirs, abs) {
			dirs = append(dirs, abs)
		}
	}
	return dirs
}

// newControl makes the folder in the first place that is there, and whose path
// is short enough for sockets.
func newControl() (*control, error) {
	var refused []string
	for _, parent := range controlParents() {
		c, err := controlIn(parent)
		if err == nil {
			return c, nil
		}
		refused = append(refused, err.Error())
	}
	return nil, fmt.Errorf("no folder for sockets could be made (%s): set TMPDIR to a short path that can be written to", strings.Join(refused, "; "))
}

func controlIn(parent string) (*control, error) {
	dir, err := os.MkdirTemp(parent, "heapline-")
	if err != nil {
		return nil, err
	}
	c := &control{dir: dir}
	if err = c.open(); err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

func (c *control) open() error {
	tried, err := listenAt(filepath.Join(c.dir, longest))
	if err != nil {
		return err
	}
	_ = tried.Close()
	if c.listener, err = listenAt(c.socket()); err != nil {
		return err
	}
	return os.WriteFile(c.code(), rubyCode, 0o600)
}

func listenAt(path string) (*net.UnixListener, error) {
	return net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
}

func (c *control) socket() string { return filepath.Join(c.dir, "run.sock") }

func (c *control) code() string { return filepath.Join(c.dir, "capture.rb") }

func (c *control) close() {
	if c.listener != nil {
		_ = c.listener.Close()
	}
	if c.stays {
		_ = os.Remove(c.socket())
		return
	}
	_ = os.RemoveAll(c.dir)
}

// environment returns what a command needs in its environment to be captured,
// with what RUBYOPT has kept. Ours comes first: tracing starts before the rest.
func (c *control) environment(env []string, code string) ([]string, error) {
	if strings.ContainsAny(code, " \t\n") {
		return nil, fmt.Errorf("RUBYOPT can't name a path with a space in it (%s): set TMPDIR to a folder without one", code)
	}
	options := "-r" + code
	for _, entry := range env {
		if old, ok := strings.CutPrefix(entry, "RUBYOPT="); ok && old != "" {
			options = "-r" + code + " " + old
		}
	}
	return append(env, "RUBYOPT="+options, variable+"="+c.dir), nil
}

// listening returns the processes with a socket in a folder: pid → socket.
func listening(dir string, forked bool) map[int]string {
	kinds := []string{"exec"}
	if forked {
		kinds = append(kinds, "fork")
	}
	found := map[int]string{}
	for _, kind := range kinds {
		names, _ := filepath.Glob(filepath.Join(dir, "*."+kind+".sock"))
		for _, name := range names {
			number, _, _ := strings.Cut(filepath.Base(name), ".")
			if pid, err := strconv.Atoi(number); err == nil {
				found[pid] = name
			}
		}
	}
	return found
}

// socketOf returns where a process that Run started listens, "" where none is.
func socketOf(pid int) string {
	for _, dir := range controlFolders(pid) {
		if socket := listening(dir, true)[pid]; socket != "" && ours(dir) && answers(socket) {
			return socket
		}
	}
	return ""
}

// answers is false for what a process has left that had the same pid.
func answers(socket string) bool {
	conn, err := net.DialTimeout("unix", socket, time.Second)
	if err != nil {
		return !errors.Is(err, syscall.ECONNREFUSED)
	}
	_ = conn.Close()
	return true
}

// controlFolders are those that a process may listen in: the one that its
// environment names, where it can be read, else all that are to be found.
func controlFolders(pid int) []string {
	var dirs []string
	if dir := environmentOf(pid, variable); dir != "" {
		dirs = append(dirs, dir)
	}
	for _, parent := range controlParents() {
		found, _ := filepath.Glob(filepath.Join(parent, "heapline-*"))
		dirs = append(dirs, found...)
	}
	return dirs
}
