package lsp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"go.lsp.dev/jsonrpc2"
	"go.lsp.dev/protocol"

	"heapline/index"
	"heapline/index/capture"
)

// takenPrefix begins the names of the folders for dumps that are taken here.
const takenPrefix = "heapline-"

var errUntrusted = jsonrpc2.NewError(jsonrpc2.Code(protocol.LSPErrorCodesRequestFailed),
	"this workspace is not trusted, so that no program is run or looked into from here: trust it first")

// process is one that can be picked, in words that are ready to show.
type process struct {
	PID        int    `json:"pid"`
	Label      string `json:"label"`  // its command
	Detail     string `json:"detail"` // pid, age and memory
	How        string `json:"how"`    // it can be attached to, or what to do about it
	Attachable bool   `json:"attachable"`
}

var waysIn = map[capture.Via]string{
	capture.ViaRun:     "started by heapline run",
	capture.ViaRbtrace: "has rbtrace loaded",
	capture.ViaNone:    "no way in: start it with heapline run, or add the gem rbtrace (heapline snippet rails shows how)",
}

// commandProcesses returns this user's Ruby processes, the largest first.
func (s *server) commandProcesses(ctx context.Context, _ *protocol.ExecuteCommandParams) (any, error) {
	if !arrivalOf(ctx).state.settings.Trusted {
		return nil, errUntrusted
	}
	found, err := capture.Processes(ctx)
	if err != nil {
		return nil, err
	}
	list := make([]process, 0, len(found))
	for _, p := range found {
		list = append(list, process{
			PID: p.PID, Label: label(strings.Join(p.Command, " ")),
			Detail: fmt.Sprintf("pid %d · started %s · %s", p.PID, humanize.Time(time.Now().Add(-p.Age)), index.FormatBytes(p.RSS)),
			How:    waysIn[p.Via], Attachable: p.Via != capture.ViaNone,
		})
	}
	return list, nil
}

// captureArguments say what to take dumps of.
type captureArguments struct {
	PID   int  `json:"pid"`
	Count int  `json:"count"` // 0 for one
	Every int  `json:"every"` // seconds
	Trace bool `json:"trace"` // switch allocation tracing on first
}

const (
	longestWait = 24 * 60 * 60 // seconds between two dumps of a series
	mostDumps   = 100          // of one
)

func parseCapture(args []protocol.LSPAny) (captureArguments, error) {
	var a captureArguments
	if len(args) == 0 || json.Unmarshal(args[0], &a) != nil || a.PID <= 0 || a.Count < 0 || a.Count > mostDumps || a.Every < 0 || a.Every > longestWait {
		return a, jsonrpc2.NewError(jsonrpc2.InvalidParams,
			`name the process to take a dump of: {"pid": 123}, for a series with "count", up to 100, and with "every", in seconds and no more than a day`)
	}
	a.Count = max(a.Count, 1)
	return a, nil
}

// captureSummary is the result of taking dumps: what loading them has found, a
// sentence for each dump, and what to know before one believes the numbers.
type captureSummary struct {
	loadSummary
	Captured []string `json:"captured"`
	Warnings []string `json:"warnings"`
}

// commandCapture takes dumps of a process and loads them.
func (s *server) commandCapture(ctx context.Context, p *protocol.ExecuteCommandParams) (any, error) {
	st := arrivalOf(ctx).state
	if !st.settings.Trusted {
		return nil, errUntrusted
	}
	args, err := parseCapture(p.Arguments)
	if err != nil {
		return nil, err
	}
	dumps, err := s.capture(ctx, st, args, p.WorkDoneToken)
	if err != nil {
		return nil, err
	}
	result := captureSummary{Warnings: []string{}}
	var paths []string
	for _, d := range dumps {
		paths = append(paths, d.Path)
		result.Captured = append(result.Captured, captured(d))
		for _, warning := range d.Warnings {
			if !slices.Contains(result.Warnings, warning) {
				result.Warnings = append(result.Warnings, warning)
			}
		}
	}
	last := len(paths) - 1
	// What was asked for since is older than these dumps.
	loaded, err := s.load(ctx, s.loads.next(), paths[last], nil, paths[:last]...)
	if err != nil {
		return nil, err
	}
	result.loadSummary = loaded.summary()
	return result, nil
}

func captured(d capture.Dump) string {
	return fmt.Sprintf("%s: %s of process %d, %s", label(filepath.Base(d.Path)), index.FormatBytes(d.Bytes), d.PID, d.Stood())
}

// capture takes dumps under a progress bar. At least one, where there is no error.
func (s *server) capture(ctx context.Context, st *state, args captureArguments, token protocol.ProgressToken) ([]capture.Dump, error) {
	folder, err := st.takingFolder()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	which := func(n int) string { return fmt.Sprintf("dump %d of %d", min(n+1, args.Count), args.Count) }
	shown := s.startProgress(ctx, token, fmt.Sprintf("Taking a heap dump of process %d", args.PID), step{message: which(0)}, func() { cancel(errNotTaken) })
	taken := 0
	dumps, err := capture.Attach(ctx, capture.AttachOptions{
		PID: args.PID, Count: args.Count, Every: time.Duration(args.Every) * time.Second, Trace: args.Trace,
		Options: capture.Options{
			Out:      folder,
			Progress: func(p capture.Progress) { shown.show(which(taken)+" · "+index.FormatBytes(p.Bytes), nil) },
			Taken: func(capture.Dump) {
				taken++
				shown.show(fmt.Sprintf("%d of %d taken, one every %d s", taken, args.Count, args.Every), nil)
			},
		},
	})
	shown.end(fmt.Sprintf("%d of %d taken", len(dumps), args.Count))
	_ = os.Remove(folder) // if nothing is in it
	switch {
	case ctx.Err() != nil:
		if err = cancelled(ctx); errors.Is(err, errStopped) { // by the request, and not by the button
			err = errNotTaken
		}
		if len(dumps) > 0 { // the client may say nothing of what was cancelled
			s.logf(protocol.MessageTypeInfo, "%d of %d heap dumps were taken before it was cancelled: they are in %s", len(dumps), args.Count, folder)
		}
	case err != nil && len(dumps) > 0:
		err = fmt.Errorf("%w (what was taken before is in %s)", err, folder)
	}
	return dumps, err
}

// errNotTaken is for the cancel button while dumps are taken.
var errNotTaken = jsonrpc2.NewError(protocol.CodeRequestCancelled, "taking heap dumps was cancelled; what was taken before stays in its folder")

// takingFolder makes a private folder for dumps that are taken: below the one of
// the settings, else in Rails' tmp, which is in nobody's repository, else with
// the system's temporary files.
func (st *state) takingFolder() (string, error) {
	parent := os.TempDir()
	for _, root := range st.roots {
		tmp := filepath.Join(filepath.FromSlash(root), "tmp")
		if info, err := os.Stat(tmp); err == nil && info.IsDir() {
			parent = tmp
			break
		}
	}
	if st.settings.DumpFolder != "" {
		parent = filepath.FromSlash(st.expandFolder(st.settings.DumpFolder))
		if err := os.MkdirAll(parent, 0o700); err != nil {
			return "", fmt.Errorf("the folder of the setting heapline.dumpFolder can't be made: %w", err)
		}
	}
	folder, err := os.MkdirTemp(parent, takenPrefix+time.Now().Format("20060102-150405-"))
	if err != nil {
		return "", fmt.Errorf("no folder for the dump can be made: %w: name another one with the setting heapline.dumpFolder", err)
	}
	return folder, nil
}
