package index

import "context"

// Await runs do, which may wait in the system for ever (on a network drive that
// does not answer, say), and returns what it does, or ctx's error as soon as ctx
// ends: do then goes on by itself, and nobody sees what comes of it.
func Await[T any](ctx context.Context, do func() (T, error)) (T, error) {
	if ctx.Done() == nil {
		return do()
	}
	done := make(chan outcome[T], 1)
	go func() {
		var o outcome[T]
		defer func() {
			o.panicked = recover()
			done <- o
		}()
		o.value, o.err = do()
	}()
	select {
	case o := <-done:
		if o.panicked != nil {
			panic(o.panicked) // where it can be made an error of the load
		}
		return o.value, o.err
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}

type outcome[T any] struct {
	value    T
	err      error
	panicked any
}
