package source

import "strings"

// PathRemotes returns the folders of the gems that a Gemfile.lock has by path,
// as it names them: mostly relative to its own folder.
func PathRemotes(lockfile string) []string {
	var remotes []string
	inPath := false
	for line := range strings.Lines(lockfile) {
		line = strings.TrimRight(line, "\r\n")
		switch remote, is := strings.CutPrefix(line, "  remote: "); {
		case line != "" && line[0] != ' ':
			inPath = line == "PATH"
		case is && inPath:
			remotes = append(remotes, slashed(remote))
		}
	}
	return remotes
}
