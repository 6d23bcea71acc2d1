package report

import (
	"strings"
	"testing"
)

func TestPrintable(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"plain text stays", "app/models/größe.rb", "app/models/größe.rb"},
		{"terminal escapes show", "\x1b[31mred\x07\u009b2J", `\u001b[31mred\u0007\u009b2J`},
		{"line ends and reversed text show", "a\nb\r\u202ec", `a\u000ab\u000d\u202ec`},
		{"the middle of a megabyte is left out", strings.Repeat("a", 500_000) + strings.Repeat("b", 500_000), strings.Repeat("a", 200) + "…" + strings.Repeat("b", 200)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := Printable(tt.text); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
