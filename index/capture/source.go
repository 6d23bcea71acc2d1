package capture

import (
	"context"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// source is the state of the code in git, empty where it is in none.
type source struct {
	Revision string            `json:"revision,omitempty"`
	Dirty    map[string]string `json:"dirty,omitempty"` // path below the repository's top → what git hash-object says of it
}

const (
	gitTime    = 5 * time.Second
	dirtyLimit = 1000    // files
	dirtySize  = 2 << 20 // bytes of a file: code is smaller
)

// codeExtensions are of files that lines of a dump may be in.
var codeExtensions = []string{"", ".rb", ".rake", ".ru", ".erb", ".gemspec", ".haml", ".slim", ".jbuilder", ".rabl", ".builder"}

func sourceOf(ctx context.Context, dir string) source {
	var s source
	revision, err := git(ctx, dir, nil, "rev-parse", "--verify", "--quiet", "HEAD")
	if err != nil {
		return s
	}
	top, err := git(ctx, dir, nil, "rev-parse", "--show-toplevel")
	if err != nil {
		return s
	}
	s.Revision = strings.TrimSpace(revision)
	s.Dirty = dirty(ctx, strings.TrimSuffix(top, "\n"))
	return s
}

// dirty returns the code that is not the revision's, with git's name for each file's text.
func dirty(ctx context.Context, top string) map[string]string {
	changed, err := git(ctx, top, nil, "diff", "--name-only", "-z", "--no-ext-diff", "--no-textconv", "--no-renames", "HEAD", "--")
	if err != nil {
		return nil
	}
	added, _ := git(ctx, top, nil, "ls-files", "--others", "--exclude-standard", "-z") // without it, those that git knows
	files := slices.DeleteFunc(strings.Split(changed+added, "\x00"), func(name string) bool { return !isCode(top, name) })
	if len(files) == 0 || len(files) > dirtyLimit {
		return nil
	}
	out, err := git(ctx, top, strings.NewReader(strings.Join(files, "\n")+"\n"), "hash-object", "--stdin-paths")
	hashes := strings.Fields(out)
	if err != nil || len(hashes) != len(files) {
		return nil
	}
	found := map[string]string{}
	for i, name := range files {
		found[name] = hashes[i]
	}
	return found
}

func isCode(top, name string) bool {
	if !slices.Contains(codeExtensions, path.Ext(name)) || strings.ContainsAny(name, "\n\"") {
		return false
	}
	info, err := os.Lstat(filepath.Join(top, filepath.FromSlash(name)))
	return err == nil && info.Mode().IsRegular() && info.Size() <= dirtySize
}

// git runs git in a folder, without a shell and without the hooks that a
// repository's settings may name.
func git(ctx context.Context, dir string, stdin io.Reader, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, gitTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, "git", append([]string{
		"-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-C", dir, "--no-optional-locks",
	}, args...)...)
	cmd.Stdin, cmd.WaitDelay = stdin, time.Second
	out, err := cmd.Output()
	return string(out), err
}
