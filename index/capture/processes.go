package capture

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Process is a process of this machine.
type Process struct {
	PID     int
	Command []string // as it was started, or what it has renamed itself to
	Age     time.Duration
	RSS     int64 // bytes
	Ruby    bool  // whether it is a Ruby
	Via     Via   // how it can be attached to

	uid     int
	stopped bool // by SIGSTOP, a debugger or ctrl-Z
}

// Via is a way into a process.
type Via string

// The ways into a process.
const (
	ViaRun     Via = "run"     // heapline run started it
	ViaRbtrace Via = "rbtrace" // it has the gem rbtrace loaded
	ViaNone    Via = ""        // none: its program has to be changed first
)

// Processes returns this user's Ruby processes, the largest first.
func Processes(ctx context.Context) ([]Process, error) {
	pids, err := allPIDs(ctx)
	if err != nil {
		return nil, fmt.Errorf("the processes can't be listed: %w", err)
	}
	var found []Process
	for _, pid := range pids {
		if p, err := inspect(pid); err == nil && p.Ruby && p.uid == os.Geteuid() && pid != os.Getpid() {
			p.Via = wayInto(p)
			found = append(found, p)
		}
	}
	slices.SortFunc(found, func(a, b Process) int { return cmp.Or(cmp.Compare(b.RSS, a.RSS), a.PID-b.PID) })
	return found, ctx.Err()
}

func wayInto(p Process) Via {
	switch {
	case socketOf(p.PID) != "":
		return ViaRun
	case mayHaveRbtrace(p.PID):
		return ViaRbtrace
	}
	return ViaNone
}

var rubyName = regexp.MustCompile(`^(ruby|truffleruby|jruby)[0-9.]*$`)

// program is a short name for what a process runs: the script's, else Ruby's.
func (p Process) program() string {
	if len(p.Command) == 0 {
		return "ruby"
	}
	words := strings.Fields(strings.Join(p.Command, " "))
	if len(words) > 1 && rubyName.MatchString(filepath.Base(words[0])) {
		if words[1] == "-e" {
			return "ruby"
		}
		words = slices.DeleteFunc(words[1:], func(word string) bool { return strings.HasPrefix(word, "-") })
	}
	if len(words) == 0 {
		return "ruby"
	}
	return strings.TrimSuffix(filepath.Base(strings.TrimSuffix(words[0], ":")), ".rb")
}
