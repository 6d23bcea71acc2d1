package index

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// leak is what a scenario's own comments say of one of its leaks.
type leak struct {
	made    []string // FILE:LINE, or FILE alone
	grows   bool
	holder  string
	feeders []string
}

var leakWord = regexp.MustCompile(`\b(leak\d*):(alloc|feeder|holder|grows)(?:=(\S+))?`)

// truthOf reads the words of a scenario's comments.
func truthOf(t testing.TB, name string) map[string]*leak {
	t.Helper()
	leaks := map[string]*leak{}
	scripts := []string{name + ".rb"}
	_ = filepath.WalkDir("../testdata/scenarios/"+name, func(path string, _ os.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".rb") {
			scripts = append(scripts, strings.TrimPrefix(path, "../testdata/scenarios/"))
		}
		return nil
	})
	for _, script := range scripts {
		text, err := os.ReadFile(filepath.Join("../testdata/scenarios", script))
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range strings.Split(string(text), "\n") {
			_, comment, _ := strings.Cut(line, "#")
			for _, word := range leakWord.FindAllStringSubmatch(comment, -1) {
				l := leaks[word[1]]
				if l == nil {
					l = &leak{}
					leaks[word[1]] = l
				}
				at := fmt.Sprintf("%s:%d", script, i+1)
				switch word[2] {
				case "alloc", "grows":
					if word[3] != "" {
						at = word[3]
					}
					l.made, l.grows = append(l.made, at), word[2] == "grows"
				case "holder":
					l.holder = at
				case "feeder":
					l.feeders = append(l.feeders, at)
				}
			}
		}
	}
	return leaks
}

// scenario reads the three dumps of an archive.
func scenario(t testing.TB, path string) *Series {
	t.Helper()
	var dumps []io.Reader
	for archive := tar.NewReader(bytes.NewReader(plain(t, path))); ; {
		if _, err := archive.Next(); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(archive)
		if err != nil {
			t.Fatal(err)
		}
		dumps = append(dumps, bytes.NewReader(text))
	}
	return seriesOf(t, dumps...)
}

// judged holds suspects against the truth: how many name a leak, how many name
// none, and how many leaks are not named.
func judged(x *Series, list []Suspect, truth map[string]*leak) (right, wrong, missed int, why []string) {
	open := map[string]bool{}
	for name := range truth {
		open[name] = true
	}
	at := func(file string, line int) string {
		return fmt.Sprintf("%s:%d", strings.TrimPrefix(file, "/srv/scenarios/"), line)
	}
	for _, s := range list {
		site := x.Last().AllSites()[s.Site]
		found := ""
		for name, l := range truth {
			if open[name] && (slices.Contains(l.made, at(site.File, site.Line)) || slices.Contains(l.made, site.File)) && l.grows == (s.GrowthObjects == 0) {
				if found == "" || s.Holder != nil && at(s.Holder.File, s.Holder.Line) == l.holder {
					found = name
				}
			}
		}
		if found == "" {
			wrong++
			why = append(why, "no leak: "+at(site.File, site.Line))
			continue
		}
		right++
		delete(open, found)
		l := truth[found]
		if l.holder != "" && (s.Holder == nil || at(s.Holder.File, s.Holder.Line) != l.holder) {
			why = append(why, fmt.Sprintf("%s is not held by %s: %+v", at(site.File, site.Line), l.holder, s.Holder))
		}
		for _, id := range s.Feeders {
			feeder := x.Last().AllSites()[id]
			if name := at(feeder.File, feeder.Line); !slices.Contains(l.feeders, name) && !slices.Contains(l.made, name) {
				why = append(why, "no feeder: "+name)
			}
		}
	}
	for name := range open {
		why = append(why, "missed: "+strings.Join(truth[name].made, " "))
	}
	return right, wrong, len(open), why
}

// Where a library makes what grows, the line of the program is the one that holds it.
func TestWhatGrowsInALibraryIsHeldByTheProgramsLine(t *testing.T) {
	x := scenario(t, "../testdata/scenarios/dumps/3.1.2/set_of_integers.tar.zst")
	list, err := x.Suspects(context.Background(), DefaultThresholds)
	if err != nil || len(list) != 1 {
		t.Fatalf("got %+v, %v", list, err)
	}
	if h := list[0].Holder; h == nil || h.File != "/srv/scenarios/set_of_integers.rb" || h.Line != 8 || h.Label != "Set" {
		t.Errorf("held by %+v", h)
	}
}

// From Ruby 3.4 on a dump does not show what only a finalizer holds, and from 4.0
// on not how many elements a Set has: its memory doubles now and then.
func unseen(ruby, name string) bool {
	return (name == "finalizer_capture" || name == "set_of_integers") && strings.HasPrefix(ruby, "4")
}

func TestScenarios(t *testing.T) {
	archives, err := filepath.Glob("../testdata/scenarios/dumps/*/*.tar.zst")
	if err != nil || len(archives) == 0 {
		t.Fatal("no scenarios", err)
	}
	var single struct{ right, wrong, missed int }
	for _, path := range archives {
		ruby, name := filepath.Base(filepath.Dir(path)), strings.TrimSuffix(filepath.Base(path), ".tar.zst")
		truth := truthOf(t, name)
		if unseen(ruby, name) {
			continue
		}
		t.Run(ruby+" "+name, func(t *testing.T) {
			x := scenario(t, path)
			list, err := x.Suspects(context.Background(), DefaultThresholds)
			if err != nil {
				t.Fatal(err)
			}
			if _, _, _, why := judged(x, list, truth); len(why) > 0 {
				t.Errorf("three dumps: %q", why)
			}
			list, err = x.Last().SteadyGrowth(context.Background(), DefaultThresholds)
			if err != nil {
				t.Fatal(err)
			}
			right, wrong, missed, why := judged(x, list, truth)
			if len(why) > 0 {
				t.Logf("one dump: %q", why)
			}
			single.right, single.wrong, single.missed = single.right+right, single.wrong+wrong, single.missed+missed
		})
	}
	precision := float64(single.right) / float64(max(1, single.right+single.wrong))
	recall := float64(single.right) / float64(max(1, single.right+single.missed))
	t.Logf("one dump: precision %.2f, recall %.2f", precision, recall)
	if precision < 0.9 || recall < 0.8 {
		t.Errorf("one dump: precision %.2f, recall %.2f", precision, recall)
	}
}
