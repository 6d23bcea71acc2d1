package capture

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"heapline/index/dump"
)

const dumped = `{"type":"ROOT", "root":"vm", "references":["0x10"]}` + "\n"

func TestADumpHasItsNameOnlyWhenItIsWhole(t *testing.T) {
	for _, kind := range Compressions {
		t.Run("compression "+kind, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "made")
			f, err := create(dir, "app-1", kind, 0)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := f.Write([]byte(dumped)); err != nil {
				t.Fatal(err)
			}
			want(t, dir, filepath.Base(f.path)+".meta.json.part", filepath.Base(f.path)+".part")
			if err := f.commit([]byte("{}\n")); err != nil {
				t.Fatal(err)
			}
			want(t, dir, filepath.Base(f.path), filepath.Base(f.path)+".meta.json")
			if got := plain(t, f.path); got != dumped {
				t.Errorf("it holds %q", got)
			}
		})
	}
}

func TestADumpThatIsGivenUpLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	f, err := create(dir, "app-1", "zstd", 0)
	if err != nil {
		t.Fatal(err)
	}
	f.discard()
	want(t, dir)
}

func TestNoDumpTakesAnothersName(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "app-1.heap"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "app-1-2.heap.part"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := create(dir, "app-1", "", 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.discard()
	if filepath.Base(f.path) != "app-1-3.heap" {
		t.Errorf("it is called %s", f.path)
	}
}

// In a folder that others may write to, somebody may have put something where a dump is to go.
func TestWhatIsThereAlreadyIsNotWrittenTo(t *testing.T) {
	for _, name := range []string{".meta.json.part", ".part", ".meta.json", ""} {
		t.Run("app-1.heap"+name, func(t *testing.T) {
			dir, victim := t.TempDir(), filepath.Join(t.TempDir(), "victim")
			if err := os.WriteFile(victim, []byte("precious"), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(victim, filepath.Join(dir, "app-1.heap"+name)); err != nil {
				t.Fatal(err)
			}
			f, err := create(dir, "app-1", "", 0)
			if err != nil {
				t.Fatal(err)
			}
			if err := f.commit([]byte("{}")); err != nil || filepath.Base(f.path) != "app-1-2.heap" {
				t.Errorf("got %s, %v", f.path, err)
			}
			if text, err := os.ReadFile(victim); err != nil || string(text) != "precious" {
				t.Errorf("the file that the link leads to holds %q, %v", text, err)
			}
			if err := os.Remove(filepath.Join(dir, "app-1.heap"+name)); err != nil {
				t.Fatal(err)
			}
			want(t, dir, "app-1-2.heap", "app-1-2.heap.meta.json")
		})
	}
}

func TestAFullDiskIsNoticed(t *testing.T) {
	free := uint64(spare + 20<<20)
	setFree(t, func(string) (uint64, error) { return free, nil })
	if _, err := create(t.TempDir(), "app-1", "", 30<<20); err == nil || !strings.Contains(err.Error(), "nearly full, 148 MB are free and 158 MB are wanted: make room") {
		t.Errorf("before: got %v", err)
	}
	f, err := create(t.TempDir(), "app-1", "", 10<<20)
	if err != nil {
		t.Fatal(err)
	}
	defer f.discard()
	free = spare - 1
	if _, err := f.Write(make([]byte, checkEvery)); err == nil || !strings.Contains(err.Error(), "nearly full") {
		t.Errorf("while writing: got %v", err)
	}
	setFree(t, func(string) (uint64, error) { return 0, errors.New("no idea") })
	if _, err := f.Write(make([]byte, checkEvery)); err != nil {
		t.Errorf("on a disk that does not tell: got %v", err)
	}
}

func setFree(t *testing.T, f func(string) (uint64, error)) {
	old := freeSpace
	freeSpace = f
	t.Cleanup(func() { freeSpace = old })
}

// want fails unless a folder holds just these files, each private.
func want(t *testing.T, dir string, names ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, entry := range entries {
		got = append(got, entry.Name())
		if info, err := entry.Info(); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v, %v", entry.Name(), info.Mode(), err)
		}
	}
	if strings.Join(got, " ") != strings.Join(names, " ") {
		t.Errorf("the folder holds %q, not %q", got, names)
	}
}

func plain(t *testing.T, path string) string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := dump.Decompress(f)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
