package capture

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"
)

// AttachOptions say which process to take dumps of.
type AttachOptions struct {
	Options
	PID   int
	Count int           // dumps, at least 1
	Every time.Duration // from the start of one to that of the next
	Trace bool          // switch allocation tracing on first, where it is off
}

// Attach takes dumps of a process that runs already. With an error it returns
// those that it has taken before. Errors say what to do, and come within a time limit.
func Attach(ctx context.Context, o AttachOptions) ([]Dump, error) {
	t := &taker{Options: o.Options}
	if err := t.prepare(); err != nil {
		return nil, err
	}
	var dumps []Dump
	for len(dumps) < max(o.Count, 1) {
		next := time.NewTimer(o.Every)
		d, err := t.attach(ctx, o.PID, o.Trace)
		if err != nil {
			return dumps, err
		}
		if dumps = append(dumps, d); len(dumps) >= o.Count {
			break
		}
		select {
		case <-next.C:
		case <-ctx.Done():
			return dumps, ctx.Err()
		}
	}
	return dumps, nil
}

// attachable returns the process of a pid, or why it can't be attached to.
func attachable(pid int) (Process, error) {
	p, err := inspect(pid)
	switch {
	case err != nil:
		return p, fmt.Errorf("%w: list the processes with ps aux | grep ruby", err)
	case p.uid != os.Geteuid() && (os.Geteuid() != 0 || socketOf(pid) == ""): // root started it, and it has become another user's
		return p, fmt.Errorf("process %d is another user's: run heapline as that user, with sudo -u", pid)
	case p.hidden:
		return p, fmt.Errorf("process %d has changed its user, so that only root can look into it: run heapline as root, with sudo", pid)
	case !p.Ruby:
		return p, fmt.Errorf("process %d (%s) is not a Ruby process", pid, p.program())
	case p.stopped:
		return p, suspended(pid)
	}
	p.Via = wayInto(p)
	if p.Via == ViaNone {
		return p, fmt.Errorf("process %d (%s) has no way in: %s, and it has not loaded rbtrace; "+
			"start it with heapline run -- %s, or add the gem rbtrace to it (heapline snippet puma, sidekiq, rails or rack shows where)",
			pid, p.program(), notListening(pid), strings.Join(p.Command, " "))
	}
	return p, nil
}

// notListening says why a process has no socket.
func notListening(pid int) string {
	dir := environmentOf(pid, variable)
	if dir == "" {
		return "it was not started by heapline run"
	}
	run := (&control{dir: dir}).socket()
	if _, err := os.Stat(run); err != nil || !answers(run) {
		return "the heapline run that started it has ended, and went with its command"
	}
	return "heapline run started it, but it does not listen"
}

func (t *taker) attach(ctx context.Context, pid int, trace bool) (Dump, error) {
	p, err := attachable(pid)
	if err != nil {
		return Dump{}, err
	}
	if p.Via == ViaRbtrace {
		return t.throughRbtrace(ctx, p, trace)
	}
	c, err := dial(pid, socketOf(pid))
	if err != nil {
		return Dump{}, explain(ctx, pid, err)
	}
	c.uid = p.uid
	return t.take(ctx, c, trace)
}

// Plan returns what Attach would do in a process, with all the code that it
// would have it evaluate.
func Plan(pid int) (string, error) {
	p, err := attachable(pid)
	if err != nil {
		return "", err
	}
	if p.Via == ViaRun {
		return fmt.Sprintf("# heapline run has loaded its code into process %d already; it would be asked for a dump through\n# %s\n", pid, socketOf(pid)), nil
	}
	program := strings.Join(rbtraceProgram(p), " ")
	return fmt.Sprintf("# %s -p %d -e CODE, with this code and a folder that only you can enter:\n%s\n\n# capture.rb in it:\n%s",
		program, pid, snippetFor("/FOLDER"), rubyCode), nil
}
