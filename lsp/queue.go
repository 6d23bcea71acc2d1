package lsp

import (
	"errors"
	"io"
	"slices"
	"sync"
	"time"
)

// flushTime bounds how long Close waits for a client that does not read.
const flushTime = time.Second

// queueWriter makes Write return at once. jsonrpc2 writes replies from the
// read loop; a read loop that blocks on a full pipe would deadlock against a
// client that writes before it reads.
type queueWriter struct {
	out  io.WriteCloser
	done chan struct{} // closed when the writing goroutine is gone

	mu     sync.Mutex
	wake   *sync.Cond
	queue  [][]byte
	err    error
	closed bool
}

func newQueueWriter(out io.WriteCloser) *queueWriter {
	q := &queueWriter{out: out, done: make(chan struct{})}
	q.wake = sync.NewCond(&q.mu)
	go q.run()
	return q
}

// Write queues a copy of p: the framer uses p again.
func (q *queueWriter) Write(p []byte) (int, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.err != nil:
		return 0, q.err
	case q.closed:
		return 0, io.ErrClosedPipe
	}
	q.queue = append(q.queue, slices.Clone(p))
	q.wake.Signal()
	return len(p), nil
}

func (q *queueWriter) run() {
	defer close(q.done)
	for {
		batch := q.next()
		if batch == nil {
			return
		}
		for _, b := range batch {
			if _, err := q.out.Write(b); err != nil {
				q.fail(err)
				return
			}
		}
	}
}

// next waits for something to write; nil when the queue is closed and empty.
func (q *queueWriter) next() [][]byte {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.queue) == 0 && !q.closed {
		q.wake.Wait()
	}
	batch := q.queue
	q.queue = nil
	return batch
}

func (q *queueWriter) fail(err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.err, q.queue = err, nil
}

// Close writes what is queued, for at most flushTime, and closes the output.
func (q *queueWriter) Close() error {
	q.mu.Lock()
	q.closed = true
	q.wake.Signal()
	q.mu.Unlock()
	select {
	case <-q.done:
		return q.out.Close()
	case <-time.After(flushTime):
		return errors.Join(errors.New("the client did not read the last messages"), q.out.Close())
	}
}
