package lsp

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.lsp.dev/protocol"

	"heapline/index/source"
)

// What there is to say of how a dump's files were found.

// unusable says of each rule why it leads to nothing, "" for one that may lead
// somewhere.
func unusable(rules []source.Rule) []string {
	problems := make([]string, len(rules))
	for i, r := range rules {
		if left := variable.FindString(r.To); left != "" {
			problems[i] = left + " stands for nothing here"
		} else if !isDir(r.To) {
			problems[i] = "there is no such folder"
		}
	}
	return problems
}

func isDir(folder string) bool {
	info, err := os.Stat(filepath.FromSlash(folder))
	return err == nil && info.IsDir()
}

// warnMappings logs the path mappings that lead to nothing, once until they are
// others.
func (s *server) warnMappings(d *dump) {
	var problems []string
	for i, problem := range d.unusable {
		if problem != "" {
			r := d.places.rules[i]
			problems = append(problems, fmt.Sprintf("heapline.pathMappings: nothing is found by %s → %s: %s", r.From, r.To, problem))
		}
	}
	now := strings.Join(problems, "\n")
	if before, _ := s.mappingsWarned.Swap(now).(string); before != now {
		for _, problem := range problems {
			s.logf(protocol.MessageTypeWarning, "%s", problem)
		}
	}
}

// How few of a dump's program files must be here for it to be another program's,
// and how many it must name for that to be said.
const (
	fewFiles   = 5 // one in so many
	leastFiles = 10
)

// strangers says that a dump is hardly of what is in the workspace: what few
// files have the names of the dump's are then by chance those of others.
func (d *dump) strangers() string {
	program, here := 0, 0
	for _, name := range d.snapshot.Files() {
		if source.Origin(name) != source.OriginApp || !source.HasSource(name) {
			continue
		}
		program++
		if _, ok := d.files.File(name); ok || covered(d.installed, name) {
			here++
		}
	}
	if program < leastFiles || here*fewFiles >= program {
		return ""
	}
	return fmt.Sprintf("%d of the dump's %d program files are not in this workspace: is it another project's?", program-here, program)
}

// covered reports whether one of the rules leads from a dump path to somewhere.
func covered(rules []source.Rule, dumpPath string) bool {
	return slices.ContainsFunc(rules, func(r source.Rule) bool {
		_, ok := r.Apply(dumpPath)
		return ok
	})
}
