package lsp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// gitTime bounds every call of git, and those that find the revisions together.
const gitTime = 5 * time.Second

// git runs git in a folder, without a shell and without what a repository's
// settings may start on their own.
func git(ctx context.Context, folder string, stdin io.Reader, args ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, gitTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, "git", append([]string{
		"-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-C", filepath.FromSlash(folder), "--no-optional-locks",
	}, args...)...)
	cmd.Stdin, cmd.WaitDelay, cmd.Env = stdin, time.Second, append(gitEnvironment(os.Environ()), "LC_ALL=C")
	return cmd.Output()
}

// localVariables are those of git rev-parse --local-env-vars that name another
// repository than that of the folder: editors that git or one of its hooks has
// started have them.
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

// refusal is what to do where git refuses to look at another user's repository, as
// it does in containers that have one mounted; "" for other errors.
func refusal(err error) string {
	var failed *exec.ExitError
	if !errors.As(err, &failed) {
		return ""
	}
	_, after, refused := bytes.Cut(failed.Stderr, []byte("detected dubious ownership in repository at '"))
	folder, _, named := bytes.Cut(after, []byte("'\n"))
	if !refused || !named {
		return ""
	}
	return fmt.Sprintf("git does not look at %[1]q, which is another user's, so no line is followed through its commits; this allows it: "+
		"git config --global --add safe.directory %[1]q", folder)
}
