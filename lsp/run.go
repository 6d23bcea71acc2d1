package lsp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"go.lsp.dev/jsonrpc2"
	"go.lsp.dev/protocol"

	"heapline/index"
	"heapline/index/capture"
)

// program is what a client is to run in a terminal of its own, where the
// developer sees and stops it. Once it has ended, load takes the folder.
type program struct {
	Command []string `json:"command"`
	Cwd     string   `json:"cwd"`
	Folder  string   `json:"folder"` // that its dumps go to
}

// commandRun returns how to run a Ruby file, or a command, so that it leaves a dump.
func (s *server) commandRun(ctx context.Context, p *protocol.ExecuteCommandParams) (any, error) {
	st := arrivalOf(ctx).state
	if !st.settings.Trusted {
		return nil, errUntrusted
	}
	command, cwd, err := st.toRun(p.Arguments)
	if err != nil {
		return nil, err
	}
	heapline, err := os.Executable()
	if err != nil {
		return nil, err
	}
	folder, err := st.takingFolder()
	if err != nil {
		return nil, err
	}
	return program{append([]string{heapline, "run", "--out", folder, "--"}, command...), filepath.FromSlash(cwd), folder}, nil
}

// toRun returns the command of a run command's argument, {"command": […]} or
// what loadPath takes, and the folder to run it in.
func (st *state) toRun(args []protocol.LSPAny) (command []string, cwd string, err error) {
	var given struct {
		Command []string `json:"command"`
	}
	if len(args) > 0 && json.Unmarshal(args[0], &given) == nil && len(given.Command) > 0 && given.Command[0] != "" {
		return given.Command, st.runFolder(""), nil
	}
	file, err := loadPath(args)
	if err != nil || file == "" {
		return nil, "", jsonrpc2.NewError(jsonrpc2.InvalidParams, `name what to run: {"path": "…"}, {"uri": "file:…"} or {"command": ["…"]}`)
	}
	file = st.absolute(file)
	if info, err := os.Stat(file); err != nil || !info.Mode().IsRegular() {
		return nil, "", fmt.Errorf("%s is no file that can be run: save it first", file)
	}
	command = strings.Fields(st.settings.RubyCommand)
	if len(command) == 0 {
		command = []string{"ruby"}
	}
	return append(command, file), st.runFolder(filepath.ToSlash(file)), nil
}

// runFolder is the workspace folder that a file is in, else the file's own folder;
// of no file, the first workspace folder.
func (st *state) runFolder(file string) string {
	for _, root := range st.roots {
		if file == "" || strings.HasPrefix(file, root+"/") {
			return root
		}
	}
	if file == "" {
		return filepath.ToSlash(os.TempDir())
	}
	return path.Dir(file)
}

// takenIn returns the dumps that a program has left in its folder: of the
// process that ended last, oldest first. Where its terminal was closed, the last
// one may still be written.
func takenIn(ctx context.Context, folder string) ([]string, error) {
	if err := capture.AwaitEnd(ctx, folder); err != nil {
		return nil, err
	}
	found := dumpsIn(filepath.ToSlash(folder))
	if len(found) == 0 {
		_ = os.Remove(folder) // only if nothing is in it
		return nil, errors.New("the program left no heap dump: it was killed, it ended with exit!, or it was no Ruby program; its terminal says more")
	}
	slices.SortFunc(found, func(a, b foundDump) int { return a.Modified.Compare(b.Modified) })
	of := func(d foundDump) int { taken, _ := index.ReadTaken(d.Path); return taken.PID }
	last := of(found[len(found)-1])
	var paths []string
	for _, d := range found {
		if of(d) == last {
			paths = append(paths, d.Path)
		}
	}
	return paths, nil
}

// folderArgument returns the folder of {"folder": …}, "" where there is none.
func folderArgument(args []protocol.LSPAny) string {
	var named struct {
		Folder string `json:"folder"`
	}
	if len(args) == 0 || json.Unmarshal(args[0], &named) != nil {
		return ""
	}
	return named.Folder
}
