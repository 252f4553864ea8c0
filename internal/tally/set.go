package tally

import "math/bits"

// A set is a set of keys. It takes 11 bytes for each key that it has room for, less than half
// of a map.
type set struct {
	// slots is a hash table with linear probing. The highest bits of a key determine its slot.
	// It is never full. 0 means that a slot is free.
	slots []Key
	n     int
}

// newSet returns a set with room for a number of keys.
func newSet(room int) set { return set{slots: make([]Key, room+room/3+1)} }

// slot returns the slot of the key, or the free slot for it.
func (s *set) slot(k Key) int {
	high, _ := bits.Mul64(uint64(k), uint64(len(s.slots)))
	i := int(high)
	for s.slots[i] != 0 && s.slots[i] != k {
		if i++; i == len(s.slots) {
			i = 0
		}
	}
	return i
}

// has reports whether the key is in the set. A set without room is empty.
func (s *set) has(k Key) bool {
	k = max(k, 1)
	return len(s.slots) > 0 && s.slots[s.slot(k)] == k
}

// add adds a key. There must be room, unless the key is already in the set.
func (s *set) add(k Key) {
	k = max(k, 1)
	if i := s.slot(k); s.slots[i] == 0 {
		s.slots[i] = k
		s.n++
	}
}

// clear removes all keys.
func (s *set) clear() {
	clear(s.slots)
	s.n = 0
}
