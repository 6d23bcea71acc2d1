package lsp

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// A link to what holds a line's objects leads to the line as it is now, also
// where nobody has the file open.
func TestAHoversLinksFollowTheLinesOfClosedFiles(t *testing.T) {
	r := newRepository(t)
	maker := write(t, r.root, "maker.rb", appText)
	holder := write(t, r.root, "holder.rb", "class Holder\n  LIST = []\nend\n")
	r.commit()
	dump := write(t, tempDir(t), "x.heap", fmt.Sprintf(`{"type":"ROOT", "root":"vm", "references":["0x10"]}
{"address":"0x10", "type":"ARRAY", "length":1, "references":["0x20"], "file":%q, "line":2, "memsize":64}
{"address":"0x20", "type":"OBJECT", "ivars":0, "file":%q, "line":3, "memsize":4000}
`, holder, maker))
	if err := os.Chtimes(dump, r.now.Add(time.Minute), r.now.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	write(t, r.root, "holder.rb", "# new\n# new\nclass Holder\n  LIST = []\nend\n")
	r.commit()
	c := start(t, r.root)
	c.open(maker, appText)
	c.load(dump)
	if got := c.hover(maker, 2); !strings.Contains(got, "holder.rb#L4") {
		t.Errorf("no link to line 4: %s", got)
	}
	write(t, r.root, "holder.rb", "# new\nclass Holder\n  LIST = []\nend\n")
	if got := c.hover(maker, 2); !strings.Contains(got, "holder.rb#L3") {
		t.Errorf("no link to line 3: %s", got)
	}
	write(t, r.root, "holder.rb", "class Holder\nend\n")
	if got := c.hover(maker, 2); strings.Contains(got, "holder.rb#") {
		t.Errorf("a link to a line that is gone: %s", got)
	}
}
