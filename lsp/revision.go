package lsp

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"maps"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"heapline/index/source"
)

// The lines of a dump are those of the source as it was when the process ran.
// Git knows that source, if anybody knows the revision: the dump's sidecar, the
// setting heapline.revision, or else, as a guess, what was checked out then.

// revision is the commit of a repository that a dump's lines are counted in.
type revision struct {
	top     string // folder of the repository's files, with slashes
	commit  string
	by      authority
	renamed map[string]string // path in the repository now → then
	head    head
}

// authority is who says that a revision is the dump's.
type authority int

const (
	bySidecar  authority = iota
	bySetting            // heapline.revision
	checkedOut           // the repository's own log of what was checked out when the dump was taken
	committed            // nobody: it is the last commit before the dump
)

func (r *revision) guessed() bool { return r.by == checkedOut || r.by == committed }

// repositoryOf returns the top folder of the repository that a folder is in.
func repositoryOf(ctx context.Context, folder string) (top string, h head, err error) {
	out, err := git(ctx, folder, nil, "rev-parse", "--show-toplevel", "--absolute-git-dir")
	if err != nil {
		return "", head{}, err
	}
	top, dir, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	return filepath.ToSlash(top), headOf(filepath.ToSlash(dir)), nil
}

// commitsOf returns the commits that names stand for in a repository, "" for a
// name that it does not know.
func commitsOf(ctx context.Context, top string, names ...string) ([]string, error) {
	commits := make([]string, len(names))
	var asked strings.Builder
	for _, name := range names {
		if strings.ContainsAny(name, "\n\x00") {
			name = ""
		}
		asked.WriteString(name + "^{commit}\n")
	}
	out, err := git(ctx, top, strings.NewReader(asked.String()), "cat-file", "--batch-check")
	if err != nil {
		return nil, err
	}
	answers := splitLines(string(out)) // ID commit SIZE, or: NAME missing
	for i := range min(len(commits), len(answers)) {
		if words := strings.Fields(answers[i]); len(words) == 3 && words[1] == "commit" {
			commits[i] = words[0]
		}
	}
	return commits, nil
}

// guess returns the commit that a process of some time had, if it ran here. The
// dates of commits are the lesser witness: a pull brings older ones than what was
// checked out, and a rebase or an amended commit leaves that behind.
func guess(ctx context.Context, top string, at time.Time) (commit string, by authority) {
	if commit = checkedOutAt(ctx, top, at); commit != "" {
		return commit, checkedOut
	}
	out, err := git(ctx, top, nil, "rev-list", "-1", "--before=@"+strconv.FormatInt(at.Unix(), 10), "HEAD")
	if err != nil {
		return "", committed
	}
	return strings.TrimSpace(string(out)), committed
}

// checkedOutAt returns what HEAD was at a time, "" where its log begins later, as
// that of a clone does.
func checkedOutAt(ctx context.Context, top string, at time.Time) string {
	out, err := git(ctx, top, nil, "log", "--walk-reflogs", "--no-show-signature", "--date=unix", "--format=%gd %H", "HEAD", "--")
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(out)) { // HEAD@{1700000000} COMMIT, the newest first
		entry, commit, _ := strings.Cut(strings.TrimSpace(line), " ")
		since, err := strconv.ParseInt(strings.Trim(entry, "HEAD@{}"), 10, 64)
		if err == nil && since <= at.Unix() {
			return commit
		}
	}
	return ""
}

// sameAs reports whether two revisions find the same texts.
func (r *revision) sameAs(q *revision) bool {
	return r.top == q.top && r.commit == q.commit && r.by == q.by && maps.Equal(r.renamed, q.renamed)
}

// head is what changes in a repository's own folder whenever another commit is
// checked out or made.
type head struct {
	folder string
	stamps [2]stamp // of headFiles, empty for one that is not there
}

var headFiles = [...]string{"HEAD", "logs/HEAD"}

func headOf(folder string) head {
	h := head{folder: folder}
	for i, name := range headFiles {
		if info, err := os.Stat(filepath.FromSlash(path.Join(folder, name))); err == nil {
			h.stamps[i] = stampOf(info)
		}
	}
	return h
}

func (h head) moved() bool { return headOf(h.folder) != h }

// renames lists the files that have another path than in a commit.
func renames(ctx context.Context, top, commit string) map[string]string {
	out, err := git(ctx, top, nil, "diff", "--name-status", "-z", "-M", "--diff-filter=R", "--no-ext-diff", "--no-textconv", "--cached", commit, "--")
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

// names are the paths of a file in a repository: that of today, and the one that
// the revision has it by.
type names struct{ now, then string }

// names returns false for a file that is not below the repository's top.
func (r *revision) names(real string) (n names, ok bool) {
	n.now, ok = strings.CutPrefix(real, r.top+"/")
	n.then = n.now
	if then, renamed := r.renamed[n.now]; renamed {
		n.then = then
	}
	return n, ok && !strings.Contains(n.now+n.then, "\n")
}

// question is what git is asked for.
type question struct {
	of   *base
	past past
}

// answer gives the bases that are asked for the texts that git has of them.
func (r *revision) answer(ctx context.Context, questions []question) {
	var names bytes.Buffer
	for _, q := range questions {
		names.WriteString(q.past.object + "\n")
	}
	out, err := git(ctx, r.top, &names, "cat-file", "--batch")
	if err != nil {
		return
	}
	readBatch(bufio.NewReader(bytes.NewReader(out)), len(questions), func(i int, text string) {
		questions[i].past.settle(questions[i].of, splitLines(decoded(text)))
	})
}

// readBatch reads what git cat-file --batch says of so many names in turn.
func readBatch(out *bufio.Reader, count int, found func(i int, text string)) {
	for i := range count {
		head, err := out.ReadString('\n')
		if err != nil {
			return
		}
		words := strings.Fields(head) // ID blob SIZE, or: NAME missing
		if len(words) != 3 || words[1] != "blob" {
			continue
		}
		size, err := strconv.Atoi(words[2])
		if err != nil {
			return
		}
		text := make([]byte, size+1) // and a line end
		if _, err := io.ReadFull(out, text); err != nil {
			return
		}
		found(i, string(text[:size]))
	}
}
