package capture

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	// answerTime is how long a process may take to say that it is there. Its
	// threads take turns, and a C extension can hold the lock for seconds.
	answerTime = 15 * time.Second
	// silenceTime is how long it may be silent in between: it collects garbage
	// first, and fork may have to copy the page tables of a large process.
	silenceTime = 2 * time.Minute
	lineLimit   = 16 << 20 // bytes of a line before the dump
	tailLimit   = 4 << 10  // bytes of the line after it
)

// said are the lines "key base64 base64 …" that capture.rb writes.
type said map[string][]string

func (s said) at(key string, i int) string {
	if i < len(s[key]) {
		return s[key][i]
	}
	return ""
}

func (s said) number(key string, i int) int {
	n, _ := strconv.Atoi(s.at(key, i))
	return n
}

// call is a conversation with capture.rb in a process.
type call struct {
	conn   net.Conn
	in     *bufio.Reader
	said   said
	silent time.Duration // longest silence to wait for
	uid    int           // of the process
}

func newCall(conn net.Conn) *call {
	c := &call{conn: conn, said: said{}, silent: answerTime, uid: os.Geteuid()}
	c.in = bufio.NewReaderSize(deadlined{c}, 1<<18)
	return c
}

// deadlined reads from a call's connection until it has been silent for too
// long, or the process that should speak is suspended.
type deadlined struct{ *call }

const lookEvery = time.Second // at a process that is silent

func (d deadlined) Read(p []byte) (int, error) {
	for began := time.Now(); ; {
		if err := d.conn.SetReadDeadline(time.Now().Add(min(d.silent, lookEvery))); err != nil {
			return 0, err
		}
		n, err := d.conn.Read(p)
		if n > 0 || !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(began) >= d.silent {
			return n, err
		}
		if about, err := inspect(d.speaker()); err == nil && about.stopped {
			return 0, suspended(about.PID)
		}
	}
}

// speaker is the process that should speak next, 0 where that is not known yet.
func (c *call) speaker() int {
	if writer := c.said.number("writer", 0); writer != 0 {
		return writer
	}
	return c.pid()
}

// greet waits for a process to introduce itself.
func (c *call) greet() error { return c.listen("ready") }

func (c *call) pid() int { return c.said.number("process", 0) }

// why is the reason for the call: "asked", "exit" or "attach".
func (c *call) why() string { return c.said.at("process", 1) }

func (c *call) forked() bool { return c.said.at("process", 2) == "fork" }

func (c *call) version() string { return c.said.at("process", 3) }

func (c *call) canFork() bool { return c.said.at("process", 4) == "true" }

func (c *call) ractors() int { return c.said.number("process", 5) }

// ask sends a request and waits until the dump begins.
func (c *call) ask(words ...string) error {
	if _, err := c.conn.Write([]byte(strings.Join(words, " ") + "\n")); err != nil {
		return err
	}
	c.silent = silenceTime
	return c.listen("heap")
}

// listen reads lines until one has the key.
func (c *call) listen(last string) error {
	for {
		line, err := readLine(c.in)
		if err != nil {
			return err
		}
		key, values, err := parseLine(line)
		if err != nil {
			return err
		}
		if key == "failed" && len(values) > 0 {
			return fmt.Errorf("ruby could not write it: %s", values[0])
		}
		if c.said[key] = values; key == last {
			return nil
		}
	}
}

func readLine(r *bufio.Reader) (string, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case err == nil:
			return string(line[:len(line)-1]), nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return "", err
		case len(line) > lineLimit:
			return "", errors.New("the process sent what is no answer")
		}
	}
}

func parseLine(line string) (key string, values []string, err error) {
	words := strings.Fields(line)
	if len(words) == 0 {
		return "", nil, nil
	}
	for _, word := range words[1:] {
		value, err := base64.StdEncoding.DecodeString(word)
		if err != nil {
			return "", nil, errors.New("the process sent what is no answer")
		}
		values = append(values, string(value))
	}
	return words[0], values, nil
}

// body copies the dump to w, all but the line behind it, which says whether it
// is complete.
func (c *call) body(w io.Writer) error {
	tail := &tail{w: w}
	if _, err := io.Copy(tail, c.in); err != nil {
		return err
	}
	return tail.finish()
}

// tail passes on all but the last bytes that are written to it.
type tail struct {
	w    io.Writer
	held []byte
}

func (t *tail) Write(p []byte) (int, error) {
	t.held = append(t.held, p...)
	if ready := len(t.held) - tailLimit; ready > 0 {
		if _, err := t.w.Write(t.held[:ready]); err != nil {
			return 0, err
		}
		t.held = t.held[:copy(t.held, t.held[ready:])]
	}
	return len(p), nil
}

func (t *tail) finish() error {
	rest, last := []byte(nil), bytes.TrimSuffix(t.held, []byte("\n"))
	if i := bytes.LastIndexByte(last, '\n'); i >= 0 {
		rest, last = last[:i+1], last[i+1:]
	}
	key, values, _ := parseLine(string(last))
	switch {
	case key == "failed" && len(values) > 0:
		return fmt.Errorf("ruby could not write it: %s", values[0])
	case key != "done":
		return io.ErrUnexpectedEOF
	}
	_, err := t.w.Write(rest)
	return err
}

// explain turns an error of a conversation into a developer's words.
func explain(ctx context.Context, pid int, err error) error {
	var stopped *net.OpError
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, os.ErrDeadlineExceeded):
		return silence(pid)
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("process %d does not listen any more: it has ended, or another program has taken its place", pid)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.As(err, &stopped):
		return fmt.Errorf("process %d ended before its dump was complete: it was killed (by the system for want of memory, perhaps), or it crashed", pid)
	}
	return err
}

// silence says why a process may not answer.
func silence(pid int) error {
	if p, err := inspect(pid); err == nil && p.stopped {
		return suspended(pid)
	}
	return fmt.Errorf("process %d does not answer: a C extension may hold Ruby's lock; try again, or look with gdb or strace at what it does", pid)
}

func suspended(pid int) error {
	return fmt.Errorf("process %d is suspended: let it go on with kill -CONT %d, then try again", pid, pid)
}
