package index

import (
	"encoding/json"
	"io"
	"strings"

	"heapline/index/dump"
)

// sniffed bounds how much of a file IsDump reads, before decompression.
const sniffed = 1 << 20

// IsDump reports whether r, compressed or not, begins with a record of a heap
// dump: with its type or its address.
func IsDump(r io.Reader) bool {
	plain, err := dump.Decompress(io.LimitReader(r, sniffed))
	if err != nil {
		return false
	}
	defer plain.Close()
	dec := json.NewDecoder(plain)
	if open, err := dec.Token(); err != nil || open != json.Delim('{') {
		return false
	}
	firstKey, first := stringPair(dec)
	secondKey, _ := stringPair(dec)
	switch firstKey {
	case "type":
		return first == "ROOT" && secondKey == "root"
	case "address":
		return strings.HasPrefix(first, "0x") && secondKey == "type"
	}
	return false
}

// stringPair reads one key of an object with its value, empty where they are
// not strings.
func stringPair(dec *json.Decoder) (key, value string) {
	k, _ := dec.Token()
	v, _ := dec.Token() // after an error there are no more tokens
	key, _ = k.(string)
	value, _ = v.(string)
	return key, value
}
