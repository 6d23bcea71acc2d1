package lsp

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"heapline/index/source"
)

// The lines of a dump are those of the source as it was when the process ran.
// Git knows that source, if anybody knows the revision: the dump's sidecar, the
// setting heapline.revision, or else, as a guess, the last commit before the dump.

// origin is what is known of where a dump was taken.
type origin struct {
	revision string    // of the source, "" where unknown
	cwd      string    // of the process: what relative paths are relative to; "" where unknown
	taken    time.Time // by the sidecar, else by the file
}

const sidecarLimit = 1 << 20 // bytes

// originOf reads DUMP.meta.json, which a capture writes beside a dump.
func originOf(dump string, st stamp) origin {
	var sidecar struct {
		Revision string    `json:"revision"`
		Cwd      string    `json:"cwd"`
		Time     time.Time `json:"time"`
	}
	if f, err := os.Open(dump + ".meta.json"); err == nil {
		defer func() { _ = f.Close() }()
		_ = json.NewDecoder(io.LimitReader(f, sidecarLimit)).Decode(&sidecar) // what it does not say stays unknown
	}
	o := origin{sidecar.Revision, sidecar.Cwd, sidecar.Time}
	if o.taken.IsZero() {
		o.taken = st.modified
	}
	return o
}

// revision is the commit of a repository that a dump's lines are counted in.
type revision struct {
	top     string // folder of the repository's files, with slashes
	commit  string
	guessed bool              // nobody named it: it is the last one before the dump
	renamed map[string]string // path in the repository now → then
}

// gitTime bounds every call of git.
const gitTime = 5 * time.Second

// git runs git in a folder, without a shell and without what a repository's
// settings may start on their own.
func git(ctx context.Context, folder string, stdin io.Reader, args ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, gitTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, "git", append([]string{
		"-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-C", filepath.FromSlash(folder), "--no-optional-locks",
	}, args...)...)
	cmd.Stdin, cmd.WaitDelay = stdin, time.Second
	return cmd.Output()
}

// findRevision returns nil where the folder is in no repository, or the
// repository does not have the commit.
func findRevision(ctx context.Context, folder, named string, taken time.Time) *revision {
	top, err := git(ctx, folder, nil, "rev-parse", "--show-toplevel")
	if err != nil {
		return nil
	}
	r := &revision{top: filepath.ToSlash(strings.TrimSpace(string(top))), guessed: named == ""}
	var commit []byte
	if r.guessed {
		commit, err = git(ctx, folder, nil, "rev-list", "-1", "--before=@"+strconv.FormatInt(taken.Unix(), 10), "HEAD")
	} else {
		commit, err = git(ctx, folder, nil, "rev-parse", "--verify", "--quiet", "--end-of-options", named+"^{commit}")
	}
	if r.commit = strings.TrimSpace(string(commit)); err != nil || r.commit == "" {
		return nil
	}
	r.renamed = renames(ctx, r.top, r.commit)
	return r
}

// renames lists the files that have another path than in a commit.
func renames(ctx context.Context, top, commit string) map[string]string {
	out, err := git(ctx, top, nil, "diff", "--name-status", "-z", "-M", "--diff-filter=R", "--no-ext-diff", "--no-textconv", commit, "--")
	renamed := map[string]string{}
	if err != nil {
		return renamed
	}
	fields := strings.Split(string(out), "\x00")
	for ; len(fields) >= 3; fields = fields[3:] { // R087, then, now
		renamed[fields[2]] = fields[1]
	}
	return renamed
}

// revisions are those of the repositories that the workspace folders are in.
func revisions(ctx context.Context, p places, o origin) []*revision {
	var list []*revision
	for _, root := range p.roots {
		r := findRevision(ctx, root, cmp.Or(o.revision, p.revision), o.taken)
		if r != nil && !slices.ContainsFunc(list, func(x *revision) bool { return x.top == r.top }) {
			list = append(list, r)
		}
	}
	return list
}

// mayDiffer reports whether a file may be another than it was when the dump was
// taken. Where the revision is a guess, one that has not been touched since is
// what the process had, committed or not.
func (l *listing) mayDiffer(file string, o origin) bool {
	for _, r := range l.revisions {
		if !r.guessed {
			return true
		}
	}
	info, err := os.Stat(filepath.FromSlash(file))
	return err == nil && info.ModTime().After(o.taken)
}

// aliases are the renamed files, as the editor names them, with the paths that
// they had.
func (r *revision) aliases(roots []string) []source.File {
	var files []source.File
	for _, root := range roots {
		real := realPath(root)
		for now, then := range r.renamed {
			now, inside := strings.CutPrefix(path.Join(r.top, now), real+"/")
			before, wasInside := strings.CutPrefix(path.Join(r.top, then), real+"/")
			if inside && wasInside {
				files = append(files, source.File{Path: path.Join(root, now), Real: path.Join(root, before)})
			}
		}
	}
	return files
}

// texts returns the lines that files of the repository had. A file that was not
// in the commit is left out.
func (r *revision) texts(ctx context.Context, files []string) map[string][]string {
	var asked []string
	var names bytes.Buffer
	for _, file := range files {
		name, ok := strings.CutPrefix(realPath(file), r.top+"/")
		if !ok || strings.Contains(name, "\n") {
			continue
		}
		if then, ok := r.renamed[name]; ok {
			name = then
		}
		asked = append(asked, file)
		fmt.Fprintf(&names, "%s:%s\n", r.commit, name)
	}
	out, err := git(ctx, r.top, &names, "cat-file", "--batch")
	if err != nil || len(asked) == 0 {
		return nil
	}
	return readBatch(bufio.NewReader(bytes.NewReader(out)), asked)
}

// readBatch reads what git cat-file --batch says of each name in turn.
func readBatch(out *bufio.Reader, asked []string) map[string][]string {
	texts := map[string][]string{}
	for _, file := range asked {
		head, err := out.ReadString('\n')
		if err != nil {
			return texts
		}
		words := strings.Fields(head) // ID blob SIZE, or: NAME missing
		if len(words) != 3 || words[1] != "blob" {
			continue
		}
		size, err := strconv.Atoi(words[2])
		if err != nil {
			return texts
		}
		text := make([]byte, size+1) // and a line end
		if _, err := io.ReadFull(out, text); err != nil {
			return texts
		}
		texts[file] = splitLines(string(text[:size]))
	}
	return texts
}
