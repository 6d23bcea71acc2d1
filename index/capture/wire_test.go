package capture

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

func TestTheLineBehindADumpSaysWhetherItIsWhole(t *testing.T) {
	long := strings.Repeat(`{"address":"0x10"}`+"\n", 1000)
	for _, test := range []struct{ name, sent, want, err string }{
		{"a whole dump", "{}\n{}\ndone\n", "{}\n{}\n", ""},
		{"one longer than what is held back", long + "done\n", long, ""},
		{"an empty one", "done\n", "", ""},
		{"one that breaks off in a line", `{"address":"0x`, "", "unexpected EOF"},
		{"one that breaks off behind a line", "{}\n", "", "unexpected EOF"},
		{"one that Ruby gave up", "{}\n{\"add\nfailed Tm9FcnJvcg==\n", "", "ruby could not write it: NoError"},
		{"one whose last string says done", `{"value":"done"}` + "\n", "", "unexpected EOF"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got bytes.Buffer
			tail := &tail{w: &got}
			_, err := io.Copy(tail, inParts{strings.NewReader(test.sent)})
			if err != nil {
				t.Fatal(err)
			}
			switch err := tail.finish(); {
			case test.err == "" && (err != nil || got.String() != test.want):
				t.Errorf("got %d bytes and %v, want %d bytes", got.Len(), err, len(test.want))
			case test.err != "" && (err == nil || err.Error() != test.err):
				t.Errorf("got %v, want %s", err, test.err)
			}
		})
	}
}

// inParts reads in small parts.
type inParts struct{ io.Reader }

func (r inParts) Read(p []byte) (int, error) { return r.Reader.Read(p[:min(len(p), 7)]) }

func TestAnswersAreRead(t *testing.T) {
	here, there := net.Pipe()
	defer here.Close()
	go func() {
		_, _ = there.Write([]byte("process MTI= ZXhpdA== Zm9yaw== My4zLjg= dHJ1ZQ== Mg==\nthreads YSBi Yw==\ntracing\nready\n"))
	}()
	c := newCall(here)
	if err := c.greet(); err != nil {
		t.Fatal(err)
	}
	if c.pid() != 12 || c.why() != "exit" || !c.forked() || c.version() != "3.3.8" || !c.canFork() || c.ractors() != 2 || c.said.at("threads", 0) != "a b" {
		t.Errorf("got %v", c.said)
	}
	if _, err := judge(c, false); err == nil || !strings.Contains(err.Error(), "Ruby 3.3.8 can hang when it dumps its heap") {
		t.Errorf("a Ractor in Ruby 3.3: got %v", err)
	}
}

func TestWhatIsNoAnswerIsRefused(t *testing.T) {
	for name, sent := range map[string]string{
		"no base64":  "process !!\n",
		"no end":     strings.Repeat("x", lineLimit+1<<20),
		"no answer":  "",
		"an apology": "failed Tm9FcnJvcg==\n",
	} {
		t.Run(name, func(t *testing.T) {
			here, there := net.Pipe()
			defer here.Close()
			go func() { _, _ = there.Write([]byte(sent)); there.Close() }()
			if err := newCall(here).greet(); err == nil {
				t.Error("it was taken for an answer")
			}
		})
	}
}

func TestSilenceHasAnEnd(t *testing.T) {
	here, there := net.Pipe()
	defer here.Close()
	defer there.Close()
	c := newCall(here)
	c.silent = time.Millisecond
	err := explain(context.Background(), 1<<30, c.greet())
	if err == nil || !strings.Contains(err.Error(), "process 1073741824 does not answer") {
		t.Errorf("got %v", err)
	}
}

func TestErrorsAreInADevelopersWords(t *testing.T) {
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	if err := explain(cancelled, 12, io.EOF); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: got %v", err)
	}
	if err := explain(context.Background(), 12, io.ErrUnexpectedEOF); err == nil || !strings.Contains(err.Error(), "process 12 ended before its dump was complete") {
		t.Errorf("ended: got %v", err)
	}
	if err := explain(context.Background(), 12, nil); err != nil {
		t.Errorf("no error: got %v", err)
	}
}

func TestWarningsNameWhatMakesADumpUncertain(t *testing.T) {
	process := func(version, forks, ractors string, threads []string, tracing ...string) *call {
		return &call{said: said{"process": {"12", "asked", "exec", version, forks, ractors}, "threads": threads, "tracing": tracing}}
	}
	for _, test := range []struct {
		name  string
		call  *call
		trace bool
		want  string
	}{
		{"a traced process that forks", process("3.1.2", "true", "1", []string{"worker"}, "9"), false, ""},
		{"threads without fork", process("3.1.2", "false", "1", []string{"a.rb:1", "b.rb:2"}, "9"), false, "there are 2: a.rb:1, b.rb:2"},
		{"threads without fork in a Ruby that stops them", process("3.4.1", "false", "1", []string{"a.rb:1"}, "9"), false, ""},
		{"no tracing", process("3.4.1", "true", "1", nil), false, "no object has a line"},
		{"tracing that the program has stopped", &call{said: said{"process": {"12", "asked", "exec", "3.4.1", "true", "1"}, "stopped": {"9"}}}, false, "the program has stopped allocation tracing"},
		{"tracing from now on", process("3.4.1", "true", "1", nil), true, "objects older than this dump have no line"},
		{"a Ractor in Ruby 4.0", process("4.0.1", "true", "2", nil, "9"), false, "counts as garbage"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := judge(test.call, test.trace)
			if text := strings.Join(got, "\n"); err != nil || (test.want == "") != (text == "") || !strings.Contains(text, test.want) {
				t.Errorf("got %q, %v, want %q", got, err, test.want)
			}
		})
	}
}
