package lsp

import (
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"heapline/index/source"
)

// What bundler has written into a workspace is read, not asked for: running it
// would run the Gemfile.

var bundlePathLine = regexp.MustCompile(`(?m)^BUNDLE_PATH: *"?([^"\r\n]+)`)

// bundlePath is where a project's own settings have bundler install gems, ""
// where they do not say.
func bundlePath(root string) string {
	config, _ := readText(path.Join(root, ".bundle/config")) // mostly there is none
	found := bundlePathLine.FindStringSubmatch(config)
	switch {
	case found == nil:
		return ""
	case filepath.IsAbs(found[1]):
		return filepath.ToSlash(found[1])
	}
	return path.Join(root, filepath.ToSlash(found[1]))
}

// pathGems are the gems that a workspace folder's Gemfile.lock has beside that
// folder: they lie here as they lay where the dump was taken.
func (d *dump) pathGems() []source.Rule {
	var rules []source.Rule
	for _, root := range d.places.roots {
		lock, _ := readText(path.Join(root, "Gemfile.lock"))
		for _, remote := range source.PathRemotes(lock) {
			if !strings.HasPrefix(remote, "../") {
				continue // in the folder, or in the same place there and here
			}
			for _, then := range d.namesOf(root) {
				rules = append(rules, source.Rule{From: path.Join(then, remote), To: path.Join(root, remote)})
			}
		}
	}
	return rules
}

// namesOf are the dump's names of a workspace folder.
func (d *dump) namesOf(root string) []string {
	rules := slices.Clone(d.places.rules)
	for _, x := range d.files.Inferred {
		rules = append(rules, x.Rule)
	}
	var names []string
	for _, rule := range rules {
		if name, ok := rule.Reverse().Apply(root); ok && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}
