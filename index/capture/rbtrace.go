package capture

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"
)

// snippetFor is what rbtrace evaluates: in 256 bytes, and in a handler of a
// signal, in which Ruby takes no lock; a thread may.
func snippetFor(dir string) string {
	return fmt.Sprintf(`d="%s";Thread.new{load d+"/capture.rb";HeaplineCapture.answer d+"/run.sock","attach"};0`, dir)
}

// rbtraceProgram is how to start rbtrace: from the bundle of the process, if that has it.
func rbtraceProgram(p Process) []string {
	if dir := cwdOf(p.PID); dir != "" {
		lock, err := os.ReadFile(filepath.Join(dir, "Gemfile.lock"))
		if _, missing := exec.LookPath("bundle"); err == nil && missing == nil && bytes.Contains(lock, []byte(" rbtrace (")) {
			return []string{"bundle", "exec", "rbtrace"}
		}
	}
	return []string{"rbtrace"}
}

// cwdOf is a process's folder, "" where that has gone, or where there is no /proc: PATH has to do.
func cwdOf(pid int) string {
	dir, err := os.Readlink(filepath.Join("/proc", strconv.Itoa(pid), "cwd"))
	if info, missing := os.Stat(dir); err != nil || missing != nil || !info.IsDir() {
		return ""
	}
	return dir
}

// throughRbtrace has a process call us.
func (t *taker) throughRbtrace(ctx context.Context, p Process, trace bool) (Dump, error) {
	control, err := newControl()
	if err != nil {
		return Dump{}, err
	}
	defer control.close()
	program, err := startRbtrace(ctx, p, snippetFor(control.dir))
	if err != nil {
		return Dump{}, err
	}
	defer func() { <-program.ended }()
	c, err := control.await(ctx, program)
	if err != nil {
		return Dump{}, explain(ctx, p.PID, err)
	}
	return t.take(ctx, c, trace)
}

// rbtrace is the program at work.
type rbtrace struct {
	pid    int // of the process that it is attached to
	output bytes.Buffer
	end    context.CancelFunc
	ended  chan struct{}
	err    error // once it has ended: how
}

func startRbtrace(ctx context.Context, p Process, code string) (*rbtrace, error) {
	words := rbtraceProgram(p)
	// It detaches from the process at its end; killed, it would leave it attached.
	inside, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*answerTime)
	cmd := exec.CommandContext(inside, words[0], append(words[1:], "-p", strconv.Itoa(p.PID), "-e", code)...)
	cmd.Dir, cmd.WaitDelay = cwdOf(p.PID), time.Second
	r := &rbtrace{pid: p.PID, end: cancel, ended: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = &r.output, &r.output
	if err := cmd.Start(); err != nil {
		cancel()
		return nil, fmt.Errorf("process %d has loaded rbtrace, but the program rbtrace can't be started: %w: gem install rbtrace", p.PID, err)
	}
	go func() {
		defer cancel()
		r.err = cmd.Wait()
		close(r.ended)
	}()
	return r, nil
}

// failure is why rbtrace ended without success, nil as long as it has not.
func (r *rbtrace) failure() error {
	select {
	case <-r.ended:
		switch {
		case bytes.Contains(r.output.Bytes(), []byte("EADDRINUSE")):
			return fmt.Errorf("another rbtrace is in process %d, perhaps that of another heapline attach: try again when it has ended", r.pid)
		case r.err != nil:
			return fmt.Errorf("rbtrace could not get into process %d; it said: %s", r.pid, bytes.TrimSpace(r.output.Bytes()))
		}
	default:
	}
	return nil
}

// watch calls off the wait for a call that will not come.
func (r *rbtrace) watch(called <-chan struct{}, off func()) {
	ended := r.ended
	for {
		select {
		case <-called:
			return
		case <-ended:
			if r.failure() != nil {
				off()
				return
			}
			ended = nil // the call may still be on its way
		case <-time.After(lookAgain):
			if gone(r.pid) != nil {
				r.end() // it would wait for the process
				off()
				return
			}
		}
	}
}

// gone is an error where a process has ended.
func gone(pid int) error {
	if _, err := inspect(pid); err != nil {
		return fmt.Errorf("process %d has ended", pid)
	}
	return nil
}

// await waits for a process to call, unless rbtrace fails before.
func (c *control) await(ctx context.Context, r *rbtrace) (*call, error) {
	_ = c.listener.SetDeadline(time.Now().Add(2 * answerTime))
	defer context.AfterFunc(ctx, func() { _ = c.listener.Close() })()
	called := make(chan struct{})
	go r.watch(called, func() { _ = c.listener.Close() })
	conn, err := c.listener.AcceptUnix()
	close(called)
	if err != nil {
		return nil, cmp.Or(gone(r.pid), r.failure(), err)
	}
	answer := newCall(conn)
	if err := errors.Join(allowed(conn), answer.greet()); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return answer, nil
}
