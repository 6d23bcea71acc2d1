package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"heapline/index"
	"heapline/index/capture"
)

// captureCommands are those that take dumps.
func captureCommands() []*cobra.Command {
	return []*cobra.Command{runCommand(), seriesCommand(), attachCommand(), snippetCommand()}
}

func runCommand() *cobra.Command {
	var (
		o  capture.RunOptions
		at string
	)
	cmd := &cobra.Command{
		Use:   "run [flags] -- COMMAND…",
		Short: "Run a Ruby program and take heap dumps of it",
		Long: "Run a Ruby program (ruby app.rb, bundle exec rspec, bin/rails server, …) with allocation tracing from its\n" +
			"first line on, and take heap dumps of it. While it runs, heapline attach PID takes more.",
		Args: cobra.MinimumNArgs(1),
		PreRunE: func(*cobra.Command, []string) error {
			return errors.Join(when(at, &o), atLeast("count", o.Count, 0), oneOf("compress", o.Compress, capture.Compressions))
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Command = args
			return runAndTell(cmd, &o)
		},
	}
	captureFlags(cmd, &o.Options)
	cmd.Flags().StringVar(&at, "at", "exit", "when to take them: exit, signal (SIGUSR1 to heapline), every=30s")
	cmd.Flags().IntVar(&o.Count, "count", 0, "with signal and every: how many, 0 for any number")
	cmd.Flags().BoolVar(&o.Children, "children", false, "of forked children too")
	return cmd
}

func seriesCommand() *cobra.Command {
	o := capture.RunOptions{AtExit: true}
	cmd := &cobra.Command{
		Use:   "series [flags] -- COMMAND…",
		Short: "Run a Ruby program and take several heap dumps of it, to see what grows",
		Args:  cobra.MinimumNArgs(1),
		PreRunE: func(*cobra.Command, []string) error {
			if o.Every <= 0 || o.Count < 2 {
				return errors.New("a series takes --count of 2 or more, and --every of more than 0s")
			}
			return oneOf("compress", o.Compress, capture.Compressions)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Command = args
			return runAndTell(cmd, &o)
		},
	}
	captureFlags(cmd, &o.Options)
	cmd.Flags().DurationVar(&o.Every, "every", 30*time.Second, "time between two dumps")
	cmd.Flags().IntVar(&o.Count, "count", 3, "how many dumps; the program's end makes one more where it comes first")
	cmd.Flags().BoolVar(&o.Children, "children", false, "of forked children too")
	return cmd
}

func attachCommand() *cobra.Command {
	var (
		o    capture.AttachOptions
		plan bool
	)
	cmd := &cobra.Command{
		Use:   "attach PID",
		Short: "Take heap dumps of a Ruby process that runs already",
		Long: "Take heap dumps of a Ruby process that heapline run started, or that has loaded the gem rbtrace\n" +
			"(heapline snippet shows how).",
		Args: cobra.ExactArgs(1),
		PreRunE: func(_ *cobra.Command, args []string) error {
			if _, err := fmt.Sscanf(args[0], "%d", &o.PID); err != nil || fmt.Sprint(o.PID) != args[0] {
				return fmt.Errorf("attach takes the number of a process, not %q", args[0])
			}
			return errors.Join(atLeast("count", o.Count, 1), atLeast("every", o.Every, 0), oneOf("compress", o.Compress, capture.Compressions))
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			if plan {
				return showPlan(cmd.OutOrStdout(), o.PID)
			}
			return attachAndTell(cmd, &o)
		},
	}
	captureFlags(cmd, &o.Options)
	cmd.Flags().IntVar(&o.Count, "count", 1, "how many dumps")
	cmd.Flags().DurationVar(&o.Every, "every", time.Minute, "time between two dumps")
	cmd.Flags().BoolVar(&o.Trace, "trace", false, "switch allocation tracing on first, if it is off; it stays on")
	cmd.Flags().BoolVar(&plan, "print", false, "take no dump: print the code that the process would be given")
	return cmd
}

func attachAndTell(cmd *cobra.Command, o *capture.AttachOptions) error {
	ctx, ended := untilSignal(cmd.Context())
	w := cmd.ErrOrStderr()
	o.Out = out(o.Out)
	o.Taken = func(d capture.Dump) { tell(w, d) }
	dumps, err := capture.Attach(ctx, *o)
	tellSeries(w, dumps)
	switch s := ended(); {
	case err == nil:
		return nil
	case s != 0:
		return &exitError{128 + int(s), errors.New("stopped")}
	}
	return &exitError{1, err}
}

// untilSignal returns a context that signals end which would end this process
// with half a dump left behind, and which of them did, 0 for none.
func untilSignal(ctx context.Context) (context.Context, func() syscall.Signal) {
	ctx, cancel := context.WithCancel(ctx)
	signals := make(chan os.Signal, 1)
	for _, s := range []os.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT} {
		if !signal.Ignored(s) { // by nohup
			signal.Notify(signals, s)
		}
	}
	var ended atomic.Int32
	go func() {
		s, _ := (<-signals).(syscall.Signal)
		ended.Store(int32(s))
		cancel()
	}()
	return ctx, func() syscall.Signal { return syscall.Signal(ended.Load()) }
}

func snippetCommand() *cobra.Command {
	return &cobra.Command{
		Use: "snippet " + strings.Join(capture.Programs, "|"), Short: "Print what to add to a program so that it can be attached to",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			text, err := capture.Snippet(args[0])
			if err != nil {
				return fmt.Errorf("snippet takes one of %s, not %q", strings.Join(capture.Programs, ", "), args[0])
			}
			_, err = io.WriteString(cmd.OutOrStdout(), text)
			return err
		},
	}
}

func captureFlags(cmd *cobra.Command, o *capture.Options) {
	cmd.Flags().SetInterspersed(cmd.Name() == "attach") // what comes after the command belongs to it
	cmd.Flags().StringVar(&o.Out, "out", "", "folder for the dumps (default: tmp, where there is one, else the current one)")
	cmd.Flags().StringVar(&o.Compress, "compress", "", "gzip or zstd")
	cmd.Flags().BoolVar(&o.NoGC, "no-gc", false, "leave garbage in the dump")
}

func atLeast[T int | time.Duration](flag string, value, least T) error {
	if value < least {
		return fmt.Errorf("--%s takes %v or more, not %v", flag, least, value)
	}
	return nil
}

// when reads --at.
func when(at string, o *capture.RunOptions) error {
	every, interval := strings.CutPrefix(at, "every=")
	o.AtExit, o.OnSignal = at == "exit", at == "signal"
	if interval {
		d, err := time.ParseDuration(every)
		if o.Every = d; err == nil && d > 0 {
			return nil
		}
	}
	if o.AtExit || o.OnSignal {
		return nil
	}
	return fmt.Errorf("--at takes exit, signal or every= with a time such as 30s, not %q", at)
}

// out is the folder for dumps, where none was named: Rails' tmp is in nobody's repository.
func out(named string) string {
	if info, err := os.Stat("tmp"); named == "" && err == nil && info.IsDir() {
		return "tmp"
	}
	return named
}

func runAndTell(cmd *cobra.Command, o *capture.RunOptions) error {
	w := cmd.ErrOrStderr()
	o.Out = out(o.Out)
	o.Stdin, o.Stdout, o.Stderr = os.Stdin, os.Stdout, os.Stderr
	o.Taken = func(d capture.Dump) { tell(w, d) }
	failed := false
	o.Failed = func(_ int, err error) {
		failed = true
		if errors.Is(err, context.Canceled) {
			err = errors.New("it was stopped by a signal")
		}
		fmt.Fprintf(w, "heapline: no dump: %v\n", err)
	}
	if o.OnSignal {
		fmt.Fprintf(w, "heapline: kill -USR1 %d takes a dump\n", os.Getpid())
	}
	// ctrl-C is for the command, which decides when to end.
	result, err := capture.Run(context.WithoutCancel(cmd.Context()), *o)
	switch {
	case err != nil:
		return &exitError{notStarted(err), err}
	case len(result.Dumps) == 0 && !failed:
		fmt.Fprintln(w, "heapline: no dump was taken: no Ruby process was there to take one of (exit!, exec and kill -9 leave no time for it, and who has become another user or goes on as a daemon can't reach heapline)")
	}
	tellSeries(w, result.Dumps)
	if result.Code != 0 {
		return &exitError{code: result.Code}
	}
	return nil
}

// notStarted is the exit status for a command that was not started: a shell's,
// and for a failure of ours the one that env and timeout have.
func notStarted(err error) int {
	var path *fs.PathError
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return 127
	case errors.As(err, &path) && path.Op == "fork/exec" && errors.Is(err, fs.ErrNotExist):
		return 127
	case errors.As(err, new(*exec.Error)), path != nil && path.Op == "fork/exec":
		return 126
	}
	return 125
}

func tell(w io.Writer, d capture.Dump) {
	fmt.Fprintf(w, "heapline: %s: %s of process %d, %s\n", d.Path, index.FormatBytes(d.Bytes), d.PID, d.Stood())
	for _, warning := range d.Warnings {
		fmt.Fprintf(w, "heapline: note: %s\n", warning)
	}
}

// tellSeries says how to compare the dumps of each process that has several.
func tellSeries(w io.Writer, dumps []capture.Dump) {
	var pids []int
	of := map[int][]string{}
	for _, d := range dumps {
		if of[d.PID] == nil {
			pids = append(pids, d.PID)
		}
		of[d.PID] = append(of[d.PID], d.Path)
	}
	for _, pid := range pids {
		if len(of[pid]) > 1 {
			fmt.Fprintf(w, "heapline: what grows: heapline report %s\n", strings.Join(of[pid], " "))
		}
	}
}

func showPlan(w io.Writer, pid int) error {
	plan, err := capture.Plan(pid)
	if err != nil {
		return &exitError{1, err}
	}
	_, err = io.WriteString(w, plan)
	return err
}
