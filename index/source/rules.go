package source

import (
	"path"
	"strings"
)

// Rule says that a folder of the dump is a folder here: all below it is found
// there or nowhere. Paths are absolute and use slashes.
type Rule struct {
	From string `json:"from"` // as the dump names it
	To   string `json:"to"`
}

// Clean returns the rule as its folders are written without detours; those of
// Windows with slashes.
func (r Rule) Clean() Rule {
	if r.From != "" { // else it would be the folder "."
		r.From = path.Clean(slashed(r.From))
	}
	if r.To != "" {
		r.To = path.Clean(slashed(r.To))
	}
	return r
}

// Reverse leads from what is below To back to the dump's name of it.
func (r Rule) Reverse() Rule { return Rule{r.To, r.From} }

// Apply returns what a dump path is here; false for one that is not below From.
func (r Rule) Apply(dumpPath string) (string, bool) {
	rest, ok := strings.CutPrefix(dumpPath, strings.TrimSuffix(r.From, "/"))
	if !ok || rest != "" && rest[0] != '/' {
		return "", false
	}
	return path.Clean(r.To + rest), true
}

// below names the workspace folder itself where a rule leads to a folder above
// it: /srv → /home/me is /srv/app → /home/me/app.
func (r Rule) below(root string) Rule {
	rest, ok := strings.CutPrefix(root, r.To+"/")
	if !ok {
		return r
	}
	return Rule{r.From + "/" + rest, r.To + "/" + rest}
}

// slashed is a Windows path with slashes, and its drive as a capital: Ruby and
// editors write either. In other paths a backslash is a character like any.
func slashed(p string) string {
	if strings.HasPrefix(p, `\\`) || hasDrive(p) {
		p = strings.ReplaceAll(p, `\`, "/")
	}
	if hasDrive(p) {
		p = strings.ToUpper(p[:1]) + p[1:]
	}
	return p
}

// hasDrive knows C:/app and C:\app.
func hasDrive(p string) bool {
	if len(p) < 3 || p[1] != ':' || p[2] != '/' && p[2] != '\\' {
		return false
	}
	return 'a' <= p[0] && p[0] <= 'z' || 'A' <= p[0] && p[0] <= 'Z'
}

// Folder returns the folder of a dump path, that of a Windows one with slashes.
func Folder(dumpPath string) string { return path.Dir(slashed(dumpPath)) }

// IsRelative reports whether a dump path is below the folder that its process ran
// in.
func IsRelative(dumpPath string) bool { return !isAbsolute(slashed(dumpPath)) }

// isAbsolute knows Unix paths and Windows ones as Ruby writes them (C:/app).
func isAbsolute(p string) bool { return strings.HasPrefix(p, "/") || hasDrive(p) }
