package capture

import "embed"

//go:embed snippets/*.rb
var snippets embed.FS

// Programs are the kinds of programs that Snippet knows.
var Programs = []string{"rails", "sidekiq", "puma", "rack", "script"}

// Snippet returns the Ruby code to add to a program of a kind, with comments on
// where, so that it can be attached to. An unknown kind is an error of the file system's.
func Snippet(kind string) (string, error) {
	text, err := snippets.ReadFile("snippets/" + kind + ".rb")
	return string(text), err
}
