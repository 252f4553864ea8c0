package mapper

import (
	"bytes"
	"encoding/binary"
	"hash/maphash"
	"math/bits"
	"slices"
)

// hashName hashes the length, beginning and end of a name. Collisions can be provoked, but
// nameSet limits their cost.
func hashName(name []byte) uint64 {
	var a, b uint64
	switch n := len(name); {
	case n >= 8:
		a, b = binary.LittleEndian.Uint64(name), binary.LittleEndian.Uint64(name[n-8:])
	case n >= 4:
		a, b = uint64(binary.LittleEndian.Uint32(name)), uint64(binary.LittleEndian.Uint32(name[n-4:]))
	case n > 0:
		a, b = uint64(name[0])|uint64(name[n/2])<<8, uint64(name[n-1])
	}
	hi, lo := bits.Mul64(a^0x9e3779b97f4a7c15, bits.RotateLeft64(b, 29)^0xd6e8feb86659fd93^uint64(len(name)))
	return hi ^ lo
}

// A nameSet is a set of names. Up to fewNames names are compared one by one. More names have an
// index, so that the cost is proportional to their number.
type nameSet struct {
	bits uint64 // one bit for each hash, which identifies most new names
	list []hashedName
	// index has the positions of names in the list plus one, by a seeded hash.
	index []int32
}

type hashedName struct {
	hash uint64
	name []byte
}

// nameSeed seeds the hashes for which collisions can't be provoked.
var nameSeed = maphash.MakeSeed()

// fewNames is the number of names that are compared one by one.
const fewNames = 32

func (s *nameSet) reset() { s.bits, s.list, s.index = 0, s.list[:0], nil }

// add adds a name that isn't in the set.
func (s *nameSet) add(name []byte, hash uint64) {
	s.bits |= 1 << (hash >> 58)
	s.list = append(s.list, hashedName{hash, name})
	if len(s.list) > fewNames {
		s.addToIndex(name)
	}
}

func (s *nameSet) addToIndex(last []byte) {
	n := len(s.list)
	if 2*n <= len(s.index) {
		s.index[s.slot(last)] = int32(n)
		return
	}
	s.index = make([]int32, 4*n)
	for i := range s.list {
		s.index[s.slot(s.list[i].name)] = int32(i + 1)
	}
}

func (s *nameSet) has(name []byte, hash uint64) bool {
	return s.bits&(1<<(hash>>58)) != 0 && s.isListed(name, hash)
}

func (s *nameSet) isListed(name []byte, hash uint64) bool {
	if len(s.list) > fewNames {
		return s.index[s.slot(name)] != 0
	}
	for i := range s.list {
		if s.list[i].hash == hash && bytes.Equal(s.list[i].name, name) {
			return true
		}
	}
	return false
}

// slot returns the position in the index that has the name, or where it can be added.
func (s *nameSet) slot(name []byte) int {
	at := slotOf(maphash.Bytes(nameSeed, name), len(s.index))
	for s.index[at] != 0 && !bytes.Equal(s.list[s.index[at]-1].name, name) {
		if at++; at == len(s.index) {
			at = 0
		}
	}
	return at
}

// slotOf maps a hash to one of a number of slots.
func slotOf(hash uint64, slots int) int {
	slot, _ := bits.Mul64(hash, uint64(slots))
	return int(slot)
}

// A nameTable has the names of all large objects of an event. There may be millions, so it
// stores four bytes of each name: it can tell that a name is new, but not that it isn't.
type nameTable struct{ slots []uint32 }

// reset clears the table and makes room for the names in text.
func (t *nameTable) reset(text []byte) {
	// Each name is followed by a colon. If there are many, each takes at least five bytes with
	// its value.
	names := min(bytes.Count(text, []byte(":")), len(text)/5) + 1
	t.slots = slices.Grow(t.slots[:0], names+names/4)[:names+names/4]
	clear(t.slots)
}

// add reports whether the name is certainly new in the object that begins at an offset.
func (t *nameTable) add(name []byte, object int) bool {
	hash := maphash.Bytes(nameSeed, name) ^ uint64(object)*0x9e3779b97f4a7c15
	rest := uint32(hash) | 1 // 0 means free
	at := slotOf(hash, len(t.slots))
	for t.slots[at] != 0 {
		if t.slots[at] == rest {
			return false
		}
		if at++; at == len(t.slots) {
			at = 0
		}
	}
	t.slots[at] = rest
	return true
}

// A nameID identifies a name that rules use. 0 is any other name.
type nameID uint8

// maxNames limits the number of nameIDs, for arrays indexed by them.
const maxNames = 192

// A nameRegistry assigns nameIDs to the names that rules use, so that each name of an event is
// looked up once and not by each rule.
type nameRegistry struct {
	names  [maxNames]string
	hashes [maxNames]uint64
	count  nameID
	slots  [512]nameID // hash table with linear probing; the size is a power of two for fast division
}

// knownNames is filled when the tables of rules are initialized, and is read-only afterwards.
var knownNames nameRegistry

// add returns the nameID of a name, which it assigns if needed.
func (v *nameRegistry) add(name string) nameID {
	hash := hashName([]byte(name))
	if w := v.find([]byte(name), hash); w != 0 {
		return w
	}
	v.count++
	v.names[v.count], v.hashes[v.count] = name, hash
	slot := hash % uint64(len(v.slots))
	for v.slots[slot] != 0 {
		slot = (slot + 1) % uint64(len(v.slots))
	}
	v.slots[slot] = v.count
	return v.count
}

// find returns the nameID of a name, or 0.
func (v *nameRegistry) find(name []byte, hash uint64) nameID {
	for slot := hash % uint64(len(v.slots)); ; slot = (slot + 1) % uint64(len(v.slots)) {
		w := v.slots[slot]
		if w == 0 || v.hashes[w] == hash && v.names[w] == string(name) {
			return w
		}
	}
}

// A nameIDSet is a set of nameIDs.
type nameIDSet [maxNames]bool

func newNameIDSet(names ...string) *nameIDSet {
	var set nameIDSet
	for _, name := range names {
		set[knownNames.add(name)] = true
	}
	return &set
}
