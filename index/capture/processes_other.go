//go:build !linux

package capture

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

func ps(ctx context.Context, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	out, err := exec.CommandContext(ctx, "ps", args...).Output()
	return string(out), err
}

func allPIDs(ctx context.Context) ([]int, error) {
	out, err := ps(ctx, "-axo", "pid=")
	var pids []int
	for _, word := range strings.Fields(out) {
		if pid, err := strconv.Atoi(word); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids, err
}

// inspect returns what ps says of a process, all but the way into it.
func inspect(pid int) (Process, error) {
	out, err := ps(context.Background(), "-o", "ppid=,uid=,rss=,state=,etime=,command=", "-p", strconv.Itoa(pid))
	fields := strings.Fields(out)
	if err != nil || len(fields) < 6 || strings.HasPrefix(fields[3], "Z") {
		return Process{}, fmt.Errorf("there is no process %d", pid)
	}
	p := Process{PID: pid, stopped: strings.HasPrefix(fields[3], "T"), Age: elapsed(fields[4]), Command: fields[5:]}
	p.parent, _ = strconv.Atoi(fields[0])
	p.uid, _ = strconv.Atoi(fields[1])
	kilobytes, _ := strconv.ParseInt(fields[2], 10, 64)
	p.RSS = kilobytes << 10
	exe, _ := ps(context.Background(), "-o", "comm=", "-p", strconv.Itoa(pid))
	p.Ruby = rubyName.MatchString(filepath.Base(strings.TrimSpace(exe))) || socketOf(pid) != ""
	return p, nil
}

// elapsed reads [[days-]hours:]minutes:seconds.
func elapsed(text string) time.Duration {
	days, rest, ok := strings.Cut(text, "-")
	if !ok {
		days, rest = "0", text
	}
	total, _ := strconv.Atoi(days)
	parts := strings.Split(rest, ":")
	if len(parts) == 2 {
		parts = append([]string{"0"}, parts...)
	}
	for i, part := range parts {
		n, _ := strconv.Atoi(part)
		total = total*[]int{24, 60, 60}[i] + n
	}
	return time.Duration(total) * time.Second
}

// mayHaveRbtrace can't be told here without trying.
func mayHaveRbtrace(int) bool {
	_, err := exec.LookPath("rbtrace")
	return err == nil
}

// environmentOf is not to be had here.
func environmentOf(int, string) string { return "" }

// sameUser relies on the folder of the socket, which only this user can enter.
func sameUser(int) error { return nil }
