package tally

import "math/bits"

// set holds keys. It takes 11 bytes for each that it has room for, where a map would take
// more than twice that.
type set struct {
	// slots has each key at the place that its highest bits tell, or in the next free
	// slot behind that. It is never full. A slot of 0 is free.
	slots []Key
	n     int
}

// newSet makes a set with room for a number of keys.
func newSet(room int) set { return set{slots: make([]Key, room+room/3+1)} }

// slot is where the key is, or where it would be.
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

// has tells whether the key is in the set. One without room has none.
func (s *set) has(k Key) bool {
	k = max(k, 1)
	return len(s.slots) > 0 && s.slots[s.slot(k)] == k
}

// add puts the key into the set, for which there must be room unless it is there.
func (s *set) add(k Key) {
	k = max(k, 1)
	if i := s.slot(k); s.slots[i] == 0 {
		s.slots[i] = k
		s.n++
	}
}

// clear takes out all keys.
func (s *set) clear() {
	clear(s.slots)
	s.n = 0
}
