package source

import (
	"path"
	"regexp"
	"strings"
)

// The origins of code that is not the application's own.
const (
	OriginApp      = "(app)"
	OriginStdlib   = "(standard library)"
	OriginInternal = "(Ruby internal)" // <internal:…>, C extensions' own allocations have their .so file
	OriginEval     = "(eval)"
)

var (
	// gemDir matches a gem's directory under any Ruby: …/gems/rack-2.2.6/lib,
	// …/bundler/gems/rails-1a2b3c4d5e6f/lib. The last one in a path counts, a
	// gem can be vendored in another.
	gemDir = regexp.MustCompile(`/(?:gems|rubygems-integration/[^/]+/gems)/([^/]+-[0-9][0-9A-Za-z.]*(?:-[^/]+)?|[^/]+-[0-9a-f]{7,40})/`)
	// stdlibDir matches the library directory of any Ruby: /usr/lib/ruby/3.1.0,
	// /usr/lib/x86_64-linux-gnu/ruby/3.1.0, ~/.rbenv/versions/3.3.0/lib/ruby/3.3.0.
	stdlibDir = regexp.MustCompile(`/(?:ruby|jruby|truffleruby)/(?:[0-9]+\.[0-9]+(?:\.[0-9]+)?(?:[+-][^/]*)?|vendor_ruby|site_ruby)/`)
)

// gemsOf returns where gemDir matches. Most paths are of no gem, and told so by
// less than an expression.
func gemsOf(p string) [][]int {
	if !strings.Contains(p, "/gems/") {
		return nil
	}
	return gemDir.FindAllStringSubmatchIndex(p, -1)
}

// stdlibOf returns where stdlibDir matches.
func stdlibOf(p string) []int {
	if !strings.Contains(p, "ruby/") {
		return nil
	}
	return stdlibDir.FindStringIndex(p)
}

// GemDir returns the folder of the gem that a dump path belongs to, as the dump
// names it, and the gem with its version: "rack-2.2.6". False for other paths.
func GemDir(dumpPath string) (dir, gem string, ok bool) {
	p := slashed(dumpPath)
	at := gemsOf(p)
	if at == nil {
		return "", "", false
	}
	last := at[len(at)-1]
	return p[:last[3]], p[last[2]:last[3]], true
}

// gemPlatform matches what a gem's directory has behind its version where the gem
// was compiled for one kind of machine. That is no java: such gems have Ruby files
// of their own.
var gemPlatform = regexp.MustCompile(`-(?:(?:x86_64|x86|x64|i[3-6]86|amd64|arm[0-9a-z]*|aarch64|universal|powerpc[0-9a-z]*|ppc[0-9a-z]*|s390x?|riscv64|loongarch64|mips[0-9a-z]*)-[a-z][^/]*|mswin[^/]*|mingw[^/]*)$`)

// WithoutPlatform returns a gem with its version, as GemDir does, but for the kind
// of machine that it was compiled for: the Ruby files are the same.
func WithoutPlatform(gem string) string {
	return gemPlatform.ReplaceAllString(gem, "")
}

// StdlibDir returns the folder of the standard library that a dump path belongs
// to, as the dump names it: /usr/lib/ruby/3.1.0. False for other paths, and for
// what distributions and administrators have added.
func StdlibDir(dumpPath string) (dir string, ok bool) {
	p := slashed(dumpPath)
	at := stdlibOf(p)
	if at == nil || Origin(dumpPath) != OriginStdlib {
		return "", false
	}
	dir = p[:at[1]-1]
	return dir, !strings.HasSuffix(dir, "_ruby")
}

// Origin tells to which gem a dump path belongs ("rack-2.2.6"), or which of the
// other origins it has.
func Origin(dumpPath string) string {
	p := strings.ReplaceAll(dumpPath, `\`, "/")
	switch {
	case strings.HasPrefix(p, "<internal:"):
		return OriginInternal
	case strings.HasPrefix(p, "(eval"), strings.HasPrefix(p, "(irb"), strings.HasPrefix(p, "(erb"), p == "-e", p == "-", p == "":
		return OriginEval
	}
	if _, gem, ok := GemDir(p); ok {
		return gem
	}
	if stdlibOf(p) != nil || isLibrary(p) {
		return OriginStdlib
	}
	return OriginApp
}

// HasSource reports whether a file can have the lines of a dump path. Ruby's
// own code, evaluated code and C extensions are in none.
func HasSource(dumpPath string) bool {
	origin := Origin(dumpPath)
	return origin != OriginInternal && origin != OriginEval && !isLibrary(dumpPath)
}

// isLibrary reports whether a path is of compiled code.
func isLibrary(p string) bool {
	ext := path.Ext(p)
	return ext == ".so" || ext == ".bundle" || ext == ".dll"
}
