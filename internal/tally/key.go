// Package tally counts distinct items, of which there may be more than fit into memory.
package tally

import (
	"crypto/sha256"
	"encoding/binary"
)

// Key identifies an item. Two items have the same key with a chance of one in billions, and
// then count as one.
type Key uint64

// KeyOf returns the key of the item identified by parts.
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
