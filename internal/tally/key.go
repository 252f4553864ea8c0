// Package tally counts different things of which there may be more than fit into
// memory.
package tally

import (
	"crypto/sha256"
	"encoding/binary"
)

// Key stands for a thing. Two things with the same key, one chance in billions,
// count as one.
type Key uint64

// KeyOf gives the key of the thing that the parts name.
func KeyOf(parts ...string) Key {
	var room [256]byte
	text := room[:0]
	for _, part := range parts {
		text = binary.LittleEndian.AppendUint64(text, uint64(len(part)))
		text = append(text, part...)
	}
	sum := sha256.Sum256(text)
	return Key(binary.LittleEndian.Uint64(sum[:]))
}
