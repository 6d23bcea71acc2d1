package lsp

import (
	"cmp"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"

	"heapline/index"
	"heapline/index/source"
)

// gems are the gems that a dump names, as far as they are installed here. They
// are looked up by name and version in the folders where Rubies keep theirs, and
// where the one of the PATH says that it does.
type gems struct {
	named  int           // how many the dump names
	rules  []source.Rule // their folders in the dump and here
	others []otherGem    // those that are here in another version only
}

// otherGem is a gem that is not the one of the dump.
type otherGem struct{ gem, here string }

// gemPatterns are where Rubies install gems, below the home folder where they
// are relative.
var gemPatterns = []string{
	"/usr/lib/ruby/gems/*/gems", "/usr/local/lib/ruby/gems/*/gems", "/var/lib/gems/*/gems",
	"/usr/share/rubygems-integration/*/gems", "/usr/lib/*/rubygems-integration/*/gems", "/usr/local/bundle/gems", "/usr/local/bundle/ruby/*/gems",
	"/opt/rubies/*/lib/ruby/gems/*/gems", "/opt/homebrew/lib/ruby/gems/*/gems", "/opt/homebrew/opt/ruby/lib/ruby/gems/*/gems",
	"/usr/local/rvm/gems/*/gems", ".rbenv/versions/*/lib/ruby/gems/*/gems", ".asdf/installs/ruby/*/lib/ruby/gems/*/gems",
	".local/share/mise/installs/ruby/*/lib/ruby/gems/*/gems", ".rubies/*/lib/ruby/gems/*/gems", ".rvm/gems/*/gems",
	".rvm/rubies/*/lib/ruby/gems/*/gems", ".gem/ruby/*/gems", ".local/share/gem/ruby/*/gems", ".bundle/ruby/*/gems",
}

// missing reports whether ruby might know more.
func (g gems) missing() bool { return len(g.rules) < g.named }

// gemFolders are the folders that hold gems, those of the environment and of the
// workspace first.
func gemFolders(roots []string, ruby *installation) []string {
	var patterns []string
	for _, home := range append(filepath.SplitList(os.Getenv("GEM_HOME")), filepath.SplitList(os.Getenv("GEM_PATH"))...) {
		patterns = append(patterns, filepath.Join(home, "gems"))
	}
	for _, root := range roots {
		patterns = append(patterns, path.Join(root, "vendor/bundle/ruby/*/gems"))
		if bundle := bundlePath(root); bundle != "" {
			patterns = append(patterns, path.Join(bundle, "ruby/*/gems"))
		}
	}
	if ruby != nil {
		for _, home := range ruby.gems {
			patterns = append(patterns, path.Join(home, "gems"))
		}
	}
	home, _ := os.UserHomeDir() // without one the patterns find nothing
	for _, pattern := range gemPatterns {
		if !path.IsAbs(pattern) {
			pattern = filepath.Join(home, pattern)
		}
		patterns = append(patterns, pattern)
	}
	var folders []string
	for _, pattern := range patterns {
		found, _ := filepath.Glob(pattern) // the patterns are good
		for _, folder := range found {
			folder = filepath.ToSlash(folder)
			folders = append(folders, folder, path.Join(path.Dir(folder), "bundler/gems"))
		}
	}
	return folders
}

// findGems looks for the gems of a dump's files in folders.
func findGems(files, folders []string) gems {
	named := map[string]string{} // folder in the dump → gem
	for _, file := range files {
		if dir, gem, ok := source.GemDir(file); ok {
			named[dir] = gem
		}
	}
	g := gems{named: len(named)}
	if len(named) == 0 {
		return g
	}
	here := gemsIn(folders)
	for _, dir := range slices.Sorted(maps.Keys(named)) {
		gem := named[dir]
		if folder := cmp.Or(here.folders[gem], here.folders[here.machines[source.WithoutPlatform(gem)]]); folder != "" {
			g.rules = append(g.rules, source.Rule{From: dir, To: folder})
		} else if other, ok := here.versions[unversioned(gem)]; ok {
			g.others = append(g.others, otherGem{gem, other})
		}
	}
	return g
}

// gemsHere are the gems in some folders.
type gemsHere struct {
	folders  map[string]string // of each gem
	machines map[string]string // a gem for each name and version, for whatever machine
	versions map[string]string // a gem for each name, of whatever version
}

// gemsIn lists the gems in folders, those of the first where several have one.
func gemsIn(folders []string) gemsHere {
	here := gemsHere{map[string]string{}, map[string]string{}, map[string]string{}}
	for _, folder := range folders {
		entries, _ := os.ReadDir(filepath.FromSlash(folder)) // there may be none
		for _, entry := range entries {
			gem := entry.Name()
			here.folders[gem] = cmp.Or(here.folders[gem], path.Join(folder, gem))
			same := source.WithoutPlatform(gem)
			here.machines[same] = cmp.Or(here.machines[same], gem)
			here.versions[unversioned(gem)] = gem
		}
	}
	return here
}

var gemVersion = regexp.MustCompile(`-([0-9][^-]*(-.*)?|[0-9a-f]{7,40})$`)

func unversioned(gem string) string { return gemVersion.ReplaceAllString(gem, "") }

// installed are folders of the dump with those outside of the workspace that
// have the same files.
type installed []source.Rule

// dumpPath returns the dump's name of an installed file with sites.
func (list installed) dumpPath(file string, s *index.Snapshot) (string, bool) {
	for _, rule := range list {
		if name, ok := rule.Reverse().Apply(file); ok && len(s.Sites(name)) > 0 {
			return name, true
		}
	}
	return "", false
}

// file returns the installed file of a dump path, if it is there.
func (list installed) file(dumpPath string) (string, bool) {
	for _, rule := range list {
		if file, ok := rule.Apply(dumpPath); ok && exists(filepath.FromSlash(file)) {
			return file, true
		}
	}
	return "", false
}
