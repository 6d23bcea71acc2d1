package heap

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// Blocks of 1 MB each: the records, then more damaged lines than make other input
// no dump, then records again.
func TestDamagedLinesBehindAGoodRecordNeverMakeItNoDump(t *testing.T) {
	record := func(i int) string {
		return fmt.Sprintf(`{"address":"0x%x", "type":"STRING", "memsize":40}`+"\n", 0x10000+40*i)
	}
	const pieces = 3 * hopeless
	var b strings.Builder
	b.WriteString(`{"type":"ROOT", "root":"vm", "references":["0x10000"]}` + "\n" + record(0))
	for i := range pieces {
		b.WriteString(record(i)[1:])
	}
	b.WriteString(record(1))
	for _, workers := range []int{1, 2, 8} {
		h, err := Read(context.Background(), strings.NewReader(b.String()), Options{Workers: workers})
		if err != nil || h.End()-h.First() != 2 || h.Problems[0].Line != 3 {
			t.Fatalf("%d workers: %v", workers, err)
		}
	}
}

func TestAFileOfAnotherKindIsNotReadToItsEnd(t *testing.T) {
	other := strings.Repeat("a line of a log\n", 50*hopeless) + `{"type":"ROOT", "root":"vm", "references":["0x10"]}` + "\n"
	for _, workers := range []int{1, 2, 8} {
		if _, err := Read(context.Background(), strings.NewReader(other), Options{Workers: workers}); !errors.Is(err, ErrNotDump) {
			t.Errorf("%d workers: %v", workers, err)
		}
	}
}
