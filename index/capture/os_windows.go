package capture

import "os"

// Nothing of this is reached: Options.check refuses.

func diskFree(string) (uint64, error) { return 0, errUnsupported }

func kill(int) error { return errUnsupported }

func ours(string) bool { return false }

func onlyOursToWrite(string) bool { return false }

func forward(os.Signal, chan<- struct{}) (to func(*os.Process), stop func()) {
	return func(*os.Process) {}, func() {}
}

func catchHangups() (stop func()) { return func() {} }

// DumpSignal is what asks heapline run for a dump; there is none here.
var DumpSignal os.Signal = os.Interrupt
