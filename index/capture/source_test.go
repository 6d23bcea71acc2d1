package capture

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// repository returns a folder with a commit of app.rb and lib/a.rb.
func repository(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	put(t, dir, "app.rb", "puts 1\n")
	put(t, dir, "lib/a.rb", "A = 1\n")
	for _, args := range [][]string{
		{"init", "-q"}, {"add", "."}, {"-c", "user.name=T", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false", "commit", "-qm", "first"},
	} {
		runGit(t, dir, args...)
	}
	return dir
}

func runGit(t *testing.T, dir string, args ...string) string {
	t.Helper()
	out, err := exec.Command("git", append([]string{"-C", dir}, args...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("git %v: %v: %s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

func put(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestTheRevisionAndWhatDiffersFromItAreKnown(t *testing.T) {
	dir := repository(t)
	head := runGit(t, dir, "rev-parse", "HEAD")
	if s := sourceOf(context.Background(), filepath.Join(dir, "lib")); s.Revision != head || len(s.Dirty) != 0 {
		t.Errorf("unchanged: got %+v, want %s", s, head)
	}
	put(t, dir, "lib/a.rb", "A = 2\n")
	put(t, dir, "new.rb", "B = 1\n")
	put(t, dir, "data.bin", "no code")
	s := sourceOf(context.Background(), filepath.Join(dir, "lib"))
	want := map[string]string{"lib/a.rb": runGit(t, dir, "hash-object", "lib/a.rb"), "new.rb": runGit(t, dir, "hash-object", "new.rb")}
	if s.Revision != head || len(s.Dirty) != 2 || s.Dirty["lib/a.rb"] != want["lib/a.rb"] || s.Dirty["new.rb"] != want["new.rb"] {
		t.Errorf("changed: got %+v, want %v", s, want)
	}
	if s := sourceOf(context.Background(), t.TempDir()); s.Revision != "" {
		t.Errorf("no repository: got %+v", s)
	}
}

func TestTheEnvironmentDoesNotChooseTheRepository(t *testing.T) {
	other, dir := repository(t), repository(t)
	put(t, dir, "app.rb", "puts 2\n")
	head := commit(t, dir)
	for _, name := range []string{"GIT_DIR", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY"} {
		t.Setenv(name, filepath.Join(other, ".git"))
	}
	t.Setenv("GIT_INDEX_FILE", filepath.Join(other, ".git/index"))
	if s := sourceOf(t.Context(), dir); s.Revision != head || len(s.Dirty) > 0 {
		t.Errorf("got %+v", s)
	}
}

func TestADescriptionHasWhatReadersLookFor(t *testing.T) {
	said := said{
		"pid": {"12"}, "ruby": {"3.1.2", "x86_64-linux-gnu"}, "argv": {"app.rb", "-x"}, "cwd": {t.TempDir()},
		"gcStat": {"count", "7", "heap_live_slots", "1000"}, "tracing": {"5"}, "gemDirs": {"/gems"}, "loadPath": {"/lib"},
	}
	text, err := describe(said, Process{RSS: 4096}, time.Time{}, time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), source{})
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]any{"format": 1.0, "ruby": "3.1.2", "pid": 12.0, "gcCount": 7.0, "rss": 4096.0, "time": "2026-01-02T03:04:05Z"} {
		if got[key] != want {
			t.Errorf("%s is %v, not %v", key, got[key], want)
		}
	}
	if traced, ok := got["tracing"].(map[string]any); !ok || traced["on"] != true || traced["since"] != 5.0 {
		t.Errorf("tracing is %v", got["tracing"])
	}
	for _, test := range []struct{ words, want string }{{"", `{"on":false}`}, {"on", `{"on":true}`}, {"0", `{"on":true,"since":0}`}} {
		if text, _ := json.Marshal(tracingOf(strings.Fields(test.words))); string(text) != test.want {
			t.Errorf("tracing %q is %s, not %s", test.words, text, test.want)
		}
	}
}
