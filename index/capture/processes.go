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
	parent  int  // pid
	stopped bool // by SIGSTOP, a debugger or ctrl-Z
	hidden  bool // from this user, so that Ruby is not known
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

// lookAgain is the time between two looks at whether a process still runs.
const lookAgain = 100 * time.Millisecond

// AwaitEnd waits until no heapline run is left that was told to write its dumps
// to a folder: one whose terminal was closed still writes them. An error is that
// of ctx, or says that processes can't be listed.
func AwaitEnd(ctx context.Context, out string) error {
	for {
		pids, err := allPIDs(ctx)
		if err != nil {
			return fmt.Errorf("the processes can't be listed: %w", err)
		}
		if !slices.ContainsFunc(pids, func(pid int) bool {
			p, err := inspect(pid)
			return err == nil && p.uid == os.Geteuid() && slices.Contains(p.Command, out)
		}) {
			return ctx.Err()
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(lookAgain):
		}
	}
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

// inlineCode is an option that code follows, by itself or among others: -e, -ne, -lane.
var inlineCode = regexp.MustCompile(`^-[acdlnpsSvw]*e`)

var rubyName = regexp.MustCompile(`^(ruby|truffleruby|jruby)[0-9.]*$`)

// withoutOptions are the words of a Ruby's command line from its script on; none
// where the program is one of -e.
func withoutOptions(words []string) []string {
	for i := 0; i < len(words); i++ {
		switch word := words[i]; {
		case inlineCode.MatchString(word):
			return nil
		case slices.Contains([]string{"-r", "-I", "-C", "-E", "-x"}, word):
			i++ // and what it is about
		case !strings.HasPrefix(word, "-"):
			return words[i:]
		}
	}
	return nil
}

// program is a short name for what a process runs: the script's, else Ruby's.
func (p Process) program() string {
	if len(p.Command) == 0 {
		return "ruby"
	}
	words := strings.Fields(strings.Join(p.Command, " "))
	if len(words) > 1 && rubyName.MatchString(filepath.Base(words[0])) {
		words = withoutOptions(words[1:])
	}
	if len(words) == 0 {
		return "ruby"
	}
	return strings.TrimSuffix(filepath.Base(strings.TrimSuffix(words[0], ":")), ".rb")
}
