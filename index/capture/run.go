package capture

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// RunOptions say what to start and when to take dumps of it.
type RunOptions struct {
	Options
	Command               []string // and its arguments
	Stdin, Stdout, Stderr *os.File // of the command; nil for none

	AtExit   bool          // as each Ruby process ends
	Every    time.Duration // at intervals, 0 for not
	OnSignal bool          // when this process gets DumpSignal, which is then not passed on
	Count    int           // take this many (of each process) and no more, 0 for any number
	Children bool          // of forked children as well, not only of processes that began as a Ruby of their own
}

// Result is how a command ended.
type Result struct {
	Code  int // exit status, 128 + n where signal n ended it
	Dumps []Dump
}

// Run starts a command with allocation tracing in every Ruby of it, and takes
// dumps. The command has this process's group and terminal; signals to this
// process are passed on. An error means that the command was not started; a dump
// that fails is told to Failed. Cancelling ctx ends the command with SIGTERM.
func Run(ctx context.Context, o RunOptions) (Result, error) {
	r := &runner{o: o, taker: taker{Options: o.Options}, asked: make(chan struct{}, 1)}
	if err := r.prepare(); err != nil {
		return Result{}, err
	}
	if len(o.Command) == 0 {
		return Result{}, errors.New("there is no command to run")
	}
	r.Taken = r.keep
	control, err := newControl()
	if err != nil {
		return Result{}, err
	}
	r.control = control
	defer control.close()
	return r.run(ctx)
}

type runner struct {
	taker
	o       RunOptions
	control *control
	calls   sync.WaitGroup
	asked   chan struct{} // a dump, by a signal

	state  sync.Mutex
	dumps  []Dump
	rounds int // of dumps at intervals and by signals
}

func (r *runner) keep(d Dump) {
	r.dumps = append(r.dumps, d)
	if r.o.Taken != nil {
		r.o.Taken(d)
	}
}

func (r *runner) run(ctx context.Context) (Result, error) {
	cmd, err := r.command(ctx)
	if err != nil {
		return Result{}, err
	}
	var kept os.Signal
	if r.o.OnSignal {
		kept = DumpSignal
	}
	dumping, stop := context.WithCancel(ctx)
	defer stop()
	accepting := make(chan struct{})
	go func() { defer close(accepting); r.accept(dumping) }()
	to, unhook := forward(kept, r.asked)
	r.noteSource(ctx)
	if err := cmd.Start(); err != nil {
		unhook()
		return Result{}, err
	}
	to(cmd.Process)
	defer catchHangups()() // a terminal that closes takes the command with it, not its dump
	ended, ticking := make(chan struct{}), make(chan struct{})
	go func() { defer close(ticking); r.tick(dumping, ended) }()
	_ = cmd.Wait() // how it ended is in its state
	close(ended)
	unhook()
	r.drain(stop, accepting, ticking)
	r.outlived()
	return Result{exitCode(cmd.ProcessState), r.dumps}, nil
}

// drain waits for the dumps under way. Now that the command has ended, a signal
// means them.
func (r *runner) drain(stop context.CancelFunc, goroutines ...chan struct{}) {
	signals, unhook := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer unhook()
	defer context.AfterFunc(signals, stop)()
	_ = r.control.listener.Close()
	for _, ended := range goroutines {
		<-ended
	}
	r.calls.Wait()
}

// outlived tells of processes that still run: their end comes too late.
func (r *runner) outlived() {
	if !r.o.AtExit || r.complete() {
		return
	}
	for pid, socket := range listening(r.control.dir, r.o.Children) {
		if gone(pid) == nil && answers(socket) {
			r.failed(pid, fmt.Errorf("process %d goes on, now that the command has ended: no dump is taken of it any more", pid))
		}
	}
}

func (r *runner) command(ctx context.Context) (*exec.Cmd, error) {
	cmd := exec.CommandContext(ctx, r.o.Command[0], r.o.Command[1:]...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	if r.o.Stdin != nil {
		cmd.Stdin = r.o.Stdin
	}
	if r.o.Stdout != nil {
		cmd.Stdout = r.o.Stdout
	}
	if r.o.Stderr != nil {
		cmd.Stderr = r.o.Stderr
	}
	var err error
	cmd.Env, err = r.control.environment(os.Environ(), r.control.install())
	return cmd, err
}

// install returns where Rubies find capture.rb: in a file that stays, since a
// daemon of the command outlives us, and starts Rubies with our RUBYOPT.
func (c *control) install() string {
	// Where there is no home, or RUBYOPT can't name it, with the temporary files: not in a folder of each run that stays.
	folders := []string{filepath.Join(filepath.Dir(c.dir), fmt.Sprintf("heapline-code-%d", os.Geteuid()))}
	if cache, err := os.UserCacheDir(); err == nil {
		folders = slices.Insert(folders, 0, filepath.Join(cache, "heapline"))
	}
	for _, dir := range folders {
		path := filepath.Join(dir, fmt.Sprintf("capture-%.8x.rb", sha256.Sum256(rubyCode)))
		if !strings.ContainsAny(path, " \t\n") && installed(path) {
			return path
		}
	}
	c.stays = true
	return c.code()
}

// installed writes capture.rb where only this user can have written.
func installed(path string) bool {
	dir := filepath.Dir(path)
	if os.MkdirAll(dir, 0o700) != nil || !onlyOursToWrite(dir) {
		return false
	}
	if there, err := os.ReadFile(path); err == nil && bytes.Equal(there, rubyCode) {
		return true
	}
	return os.WriteFile(path+".part", rubyCode, 0o600) == nil && os.Rename(path+".part", path) == nil
}

// accept answers processes that call as they end.
func (r *runner) accept(ctx context.Context) {
	for {
		conn, err := r.control.listener.AcceptUnix()
		if err != nil {
			return
		}
		r.calls.Go(func() {
			defer conn.Close()
			if allowed(conn) == nil {
				r.called(ctx, newCall(conn))
			}
		})
	}
}

// allowed refuses processes of other users.
func allowed(conn *net.UnixConn) error {
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	refused := raw.Control(func(fd uintptr) { err = sameUser(int(fd)) })
	return errors.Join(refused, err)
}

func (r *runner) called(ctx context.Context, c *call) {
	if c.greet() != nil || !r.wanted(c) {
		return // closing tells it that nothing is wanted
	}
	if _, err := r.take(ctx, c, false); err != nil {
		r.failed(c.pid(), err)
	}
}

func (r *runner) wanted(c *call) bool {
	return r.o.AtExit && (r.o.Children || !c.forked()) && !r.complete()
}

// complete reports whether there are as many dumps as were asked for.
func (r *runner) complete() bool {
	r.state.Lock()
	defer r.state.Unlock()
	return r.o.Count > 0 && r.rounds >= r.o.Count
}

// tick takes dumps at intervals and by signals, until the command has ended.
func (r *runner) tick(ctx context.Context, ended <-chan struct{}) {
	var ticks <-chan time.Time
	if r.o.Every > 0 {
		ticker := time.NewTicker(r.o.Every)
		defer ticker.Stop()
		ticks = ticker.C
	}
	for !r.complete() {
		asked := false
		select {
		case <-ended:
			return
		case <-ticks:
		case <-r.asked:
			asked = true
		}
		if !r.round(ctx) && asked { // Ruby is still starting
			time.AfterFunc(lookAgain, func() { request(r.asked) })
		}
	}
}

// request asks for a dump, unless one is asked for already.
func request(asked chan<- struct{}) {
	select {
	case asked <- struct{}{}:
	default:
	}
}

// round takes a dump of every process that listens. It counts from its start:
// a process that ends meanwhile is not to be asked for one too many. It returns
// whether there was any process.
func (r *runner) round(ctx context.Context) bool {
	r.count(1)
	took, failed := false, false
	for pid, socket := range listening(r.control.dir, r.o.Children) {
		c, err := dial(pid, socket)
		if err == nil {
			_, err = r.take(ctx, c, false)
		}
		switch {
		case err == nil:
			took = true
		case errors.Is(err, syscall.ECONNREFUSED): // it has ended
		default:
			failed = true
			r.failed(pid, err)
		}
	}
	if !took {
		r.count(-1)
	}
	return took || failed
}

func (r *runner) count(rounds int) {
	r.state.Lock()
	defer r.state.Unlock()
	r.rounds += rounds
}

// dial calls a process that listens, and waits for it to introduce itself.
func dial(pid int, socket string) (*call, error) {
	conn, err := net.DialTimeout("unix", socket, answerTime)
	if err != nil {
		return nil, err
	}
	c := newCall(conn)
	c.said["process"] = []string{strconv.Itoa(pid)} // until it says so itself
	if err := c.greet(); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return c, nil
}

func exitCode(state *os.ProcessState) int {
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal())
	}
	return state.ExitCode()
}
