package source

import (
	"slices"
	"testing"
)

func TestPathRemotes(t *testing.T) {
	for _, tt := range []struct {
		name, lockfile string
		want           []string
	}{
		{"none", "GEM\n  remote: https://rubygems.org/\n  specs:\n    rack (2.2.6)\n", nil},
		{"one beside gems of git and of a server", "GIT\n  remote: https://example.org/bar.git\n  revision: 1a2b3c4d5e6f\n  specs:\n    bar (1.0)\n\n" +
			"PATH\n  remote: ../engines/foo\n  specs:\n    foo (0.1.0)\n      rack (~> 2.2)\n\nGEM\n  remote: https://rubygems.org/\n  specs:\n", []string{"../engines/foo"}},
		{"several, with the line ends of Windows", "PATH\r\n  remote: engines/a\r\n  specs:\r\n    a (1)\r\n\r\nPATH\r\n  remote: C:\\b\r\n", []string{"engines/a", "C:/b"}},
		{"a gem of the name PATH", "GEM\n  specs:\n    PATH (1.0)\n  remote: x\n", nil},
		{"no lock file at all", "\x00PATH  remote: x", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := PathRemotes(tt.lockfile); !slices.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
