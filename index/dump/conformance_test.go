package dump

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"unicode/utf8"
)

// versionDumps calls f with the plain text of the real dumps made by one of the
// scripts of testdata/versions.
func versionDumps(t *testing.T, script string, f func(name string, data []byte)) {
	t.Helper()
	paths, err := filepath.Glob("../../testdata/versions/*-" + script + ".json.gz")
	if err != nil || len(paths) == 0 {
		t.Fatal("no dumps of", script, err)
	}
	for _, path := range paths {
		file, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		plain, err := Decompress(file)
		if err != nil {
			t.Fatal(err)
		}
		var data bytes.Buffer
		if _, err := data.ReadFrom(plain); err != nil {
			t.Fatal(err)
		}
		_ = file.Close()
		f(filepath.Base(path), data.Bytes())
	}
}

// strictlyBad lists the lines, 1-based, that are no good JSON.
func strictlyBad(data []byte) map[int64]bool {
	bad := map[int64]bool{}
	n := int64(0)
	for line := range bytes.Lines(data) {
		n++
		if len(bytes.TrimSpace(line)) > 0 && !(json.Valid(line) && utf8.Valid(line)) {
			bad[n] = true
		}
	}
	return bad
}

// Every line that is no good JSON is either part of a record that was read all
// the same, or a problem; and no other line is a problem.
func TestEveryLineOfEvilDumpsIsAccountedFor(t *testing.T) {
	for _, script := range []string{"evil", "evil_long", "classes", "single"} {
		versionDumps(t, script, func(name string, data []byte) {
			bad := strictlyBad(data)
			strict := len(bad)
			s := NewScanner()
			s.Reset(data, 0)
			problems, recovered := 0, 0
			for {
				before, repaired := s.Lines(), s.Repaired()
				if !s.Next() {
					break
				}
				p := s.Problem()
				if p != nil {
					problems++
					if !bad[p.Line] && p.Reason != Foreign {
						t.Errorf("%s: line %d is good JSON and counts as a problem: %s", name, p.Line, p.Message)
					}
				}
				for n := before + 1; n <= s.Lines(); n++ {
					if !bad[n] {
						continue
					}
					delete(bad, n)
					if p == nil && s.Repaired() > repaired {
						recovered++
					} else if p == nil {
						t.Errorf("%s: line %d is bad JSON and was read without a word", name, n)
					}
				}
			}
			if len(bad) > 0 {
				t.Errorf("%s: lines %v were lost without a word", name, bad)
			}
			t.Logf("%s: %d lines are bad JSON, %d of them read all the same, %d problems, %d records repaired", name, strict, recovered, problems, s.Repaired())
		})
	}
}
