package capture

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// ticks a second of the times in /proc, on every platform that Go knows.
const ticks = 100

func procFile(pid int, name string) string {
	return filepath.Join("/proc", strconv.Itoa(pid), name)
}

func allPIDs(context.Context) ([]int, error) {
	entries, err := os.ReadDir("/proc")
	var pids []int
	for _, entry := range entries {
		if pid, err := strconv.Atoi(entry.Name()); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids, err
}

// inspect returns what /proc says of a process, all but the way into it.
func inspect(pid int) (Process, error) {
	stat, err := os.ReadFile(procFile(pid, "stat"))
	_, after, ok := strings.Cut(string(stat[max(bytes.LastIndexByte(stat, ')'), 0):]), ") ") // a name may hold anything
	fields := strings.Fields(after)
	if err != nil || !ok || len(fields) < 22 || fields[0] == "Z" {
		return Process{}, fmt.Errorf("there is no process %d", pid)
	}
	p := Process{PID: pid, stopped: fields[0] == "T" || fields[0] == "t", uid: -1}
	p.parent, _ = strconv.Atoi(fields[1])
	p.Age = age(fields[19])
	pages, _ := strconv.ParseInt(fields[21], 10, 64)
	p.RSS = pages * int64(os.Getpagesize())
	var status unix.Stat_t
	if unix.Stat(procFile(pid, ""), &status) == nil {
		p.uid = int(status.Uid)
	}
	command, _ := os.ReadFile(procFile(pid, "cmdline"))
	p.Command = strings.FieldsFunc(string(command), func(r rune) bool { return r == 0 })
	p.Ruby = isRuby(pid)
	_, err = os.Readlink(procFile(pid, "exe"))
	p.hidden = errors.Is(err, os.ErrPermission)
	return p, nil
}

func age(start string) time.Duration {
	began, _ := strconv.ParseFloat(start, 64)
	uptime, _ := os.ReadFile("/proc/uptime")
	first, _, _ := strings.Cut(string(uptime), " ")
	now, _ := strconv.ParseFloat(first, 64)
	return time.Duration((now - began/ticks) * float64(time.Second)).Truncate(time.Second)
}

// isRuby goes by the executable's name, and by the library where another
// program has Ruby inside.
func isRuby(pid int) bool {
	exe, err := os.Readlink(procFile(pid, "exe"))
	if err != nil {
		return false
	}
	return rubyName.MatchString(filepath.Base(strings.TrimSuffix(exe, " (deleted)"))) || mapped(pid, "/libruby")
}

func mayHaveRbtrace(pid int) bool { return mapped(pid, "/rbtrace.so") }

// mapped reports whether a process has loaded a library.
func mapped(pid int, library string) bool {
	maps, err := os.ReadFile(procFile(pid, "maps"))
	return err == nil && bytes.Contains(maps, []byte(library))
}

// environmentOf returns a variable of a process, as it was started.
func environmentOf(pid int, name string) string {
	text, _ := os.ReadFile(procFile(pid, "environ"))
	for entry := range strings.SplitSeq(string(text), "\x00") {
		if value, ok := strings.CutPrefix(entry, name+"="); ok {
			return value
		}
	}
	return ""
}

// sameUser reports whether the process at the other end of a connection is this user's.
func sameUser(fd int) error {
	peer, err := unix.GetsockoptUcred(fd, unix.SOL_SOCKET, unix.SO_PEERCRED)
	if err != nil {
		return err
	}
	if int(peer.Uid) != os.Geteuid() {
		return errors.New("a process of another user called")
	}
	return nil
}
