package lsp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"time"

	"heapline/index/capture"
)

// gitTime bounds the calls of git that find the revisions together.
const gitTime = 5 * time.Second

// git runs git in a folder, as capture.Git does.
func git(ctx context.Context, folder string, stdin io.Reader, args ...string) ([]byte, error) {
	return capture.Git(ctx, filepath.FromSlash(folder), stdin, args...)
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
