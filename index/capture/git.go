package capture

import (
	"context"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"
)

const gitTime = 5 * time.Second

// Git runs git in a folder for a few seconds at most, without a shell and without
// what a repository's settings may start on their own, and returns what it prints.
// An *exec.ExitError has what it says in English.
func Git(ctx context.Context, folder string, stdin io.Reader, args ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, gitTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, "git", append([]string{
		"-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-C", folder, "--no-optional-locks",
	}, args...)...)
	cmd.Stdin, cmd.WaitDelay, cmd.Env = stdin, time.Second, append(gitEnvironment(os.Environ()), "LC_ALL=C")
	return cmd.Output()
}

func git(ctx context.Context, folder string, stdin io.Reader, args ...string) (string, error) {
	out, err := Git(ctx, folder, stdin, args...)
	return string(out), err
}

// localVariables are those of git rev-parse --local-env-vars that name another
// repository than that of the folder: what git or one of its hooks has started has
// them.
var localVariables = []string{
	"GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_CONFIG", "GIT_OBJECT_DIRECTORY", "GIT_DIR", "GIT_WORK_TREE", "GIT_IMPLICIT_WORK_TREE",
	"GIT_GRAFT_FILE", "GIT_INDEX_FILE", "GIT_NO_REPLACE_OBJECTS", "GIT_REPLACE_REF_BASE", "GIT_PREFIX", "GIT_INTERNAL_SUPER_PREFIX",
	"GIT_SHALLOW_FILE", "GIT_COMMON_DIR", "GIT_NAMESPACE",
}

func gitEnvironment(env []string) []string {
	return slices.DeleteFunc(env, func(entry string) bool {
		name, _, _ := strings.Cut(entry, "=")
		return slices.Contains(localVariables, name)
	})
}

// names returns those that git separates by -z.
func names(out string) []string { return strings.FieldsFunc(out, func(r rune) bool { return r == 0 }) }

// hashes returns git's name for the text of each file, "" for those that it can't
// be asked for.
func hashes(ctx context.Context, top string, files []string) map[string]string {
	found := map[string]string{}
	var asked []string
	for _, name := range files {
		if found[name] = ""; hashable(top, name) {
			asked = append(asked, name)
		}
	}
	if len(asked) == 0 {
		return found
	}
	out, err := git(ctx, top, strings.NewReader(strings.Join(asked, "\n")+"\n"), "hash-object", "--stdin-paths")
	if lines := strings.Fields(out); err == nil && len(lines) == len(asked) {
		for i, name := range asked {
			found[name] = lines[i]
		}
	}
	return found
}

// blobs returns git's name for the text that each file has in a commit; a file
// that is not in it is left out.
func blobs(ctx context.Context, top, commit string, files []string) map[string]string {
	found := map[string]string{}
	var asked []string
	var objects strings.Builder
	for _, name := range files {
		if !strings.Contains(name, "\n") {
			asked = append(asked, name)
			objects.WriteString(commit + ":" + name + "\n")
		}
	}
	if len(asked) == 0 {
		return found
	}
	out, err := git(ctx, top, strings.NewReader(objects.String()), "cat-file", "--batch-check")
	lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n") // ID blob SIZE, or: COMMIT:NAME missing
	if err != nil || len(lines) != len(asked) {
		return found
	}
	for i, name := range asked {
		if hash, rest, _ := strings.Cut(lines[i], " "); strings.HasPrefix(rest, "blob ") && !strings.HasSuffix(rest, " missing") {
			found[name] = hash
		}
	}
	return found
}
