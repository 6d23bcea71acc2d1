package index

import (
	"math"

	"github.com/KimMachineGun/automemlimit/memlimit"
)

// unknownMemory is what a load may take where the machine does not say how much
// it has.
const unknownMemory = 4 << 30

// DefaultMemory returns how many bytes a load may take unless told otherwise:
// half of the machine's or, where that is less, the container's.
func DefaultMemory() int64 {
	least := uint64(math.MaxInt64)
	for _, provider := range []memlimit.Provider{memlimit.FromSystem, memlimit.FromCgroup} {
		if n, err := provider(); err == nil && n > 0 {
			least = min(least, n)
		}
	}
	if least == math.MaxInt64 {
		return unknownMemory
	}
	return int64(least / 2)
}
