package mapper

import (
	"bytes"
	"encoding/binary"
	"hash/maphash"
	"math/bits"
	"slices"
)

// hashName spreads a name's length, beginning and end over 64 bits. Names that are
// made to collide cost comparisons, of which nameSet bounds the number.
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

// nameSet holds names, each once. While they are few they are compared one by one, and
// beyond that found by an index, so that its cost stays in proportion to their number.
type nameSet struct {
	bits uint64 // one for each hash; most names are known to be new by it
	list []hashedName
	// index has the places of names in the list, one more than these, by another hash.
	index []int32
}

type hashedName struct {
	hash uint64
	name []byte
}

// nameSeed is of the hashes that no event can be made to fit.
var nameSeed = maphash.MakeSeed()

// fewNames is how many names are compared one by one.
const fewNames = 32

func (s *nameSet) reset() { s.bits, s.list, s.index = 0, s.list[:0], nil }

// add takes in a name that isn't there.
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
		s.index[s.place(last)] = int32(n)
		return
	}
	s.index = make([]int32, 4*n)
	for i := range s.list {
		s.index[s.place(s.list[i].name)] = int32(i + 1)
	}
}

func (s *nameSet) has(name []byte, hash uint64) bool {
	return s.bits&(1<<(hash>>58)) != 0 && s.isListed(name, hash)
}

func (s *nameSet) isListed(name []byte, hash uint64) bool {
	if len(s.list) > fewNames {
		return s.index[s.place(name)] != 0
	}
	for i := range s.list {
		if s.list[i].hash == hash && bytes.Equal(s.list[i].name, name) {
			return true
		}
	}
	return false
}

// place is where the index has the name, or could have it.
func (s *nameSet) place(name []byte) int {
	at := slotOf(maphash.Bytes(nameSeed, name), len(s.index))
	for s.index[at] != 0 && !bytes.Equal(s.list[s.index[at]-1].name, name) {
		if at++; at == len(s.index) {
			at = 0
		}
	}
	return at
}

// slotOf spreads a hash over a number of slots.
func slotOf(hash uint64, slots int) int {
	slot, _ := bits.Mul64(hash, uint64(slots))
	return int(slot)
}

// nameTable knows the names of all objects of an event that have more than a few. There
// may be millions, so it has four bytes of each: it tells for certain that a name is new,
// and else that it may not be.
type nameTable struct{ slots []uint32 }

// reset makes room for the names of a text.
func (t *nameTable) reset(text []byte) {
	// A colon follows each, and where there are many it takes five bytes with its value.
	names := min(bytes.Count(text, []byte(":")), len(text)/5) + 1
	t.slots = slices.Grow(t.slots[:0], names+names/4)[:names+names/4]
	clear(t.slots)
}

// add says whether the name is certainly new in the object, which begins at an offset.
func (t *nameTable) add(name []byte, object int) bool {
	hash := maphash.Bytes(nameSeed, name) ^ uint64(object)*0x9e3779b97f4a7c15
	rest := uint32(hash) | 1 // 0 is free
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

// nameID numbers the names that rules use. 0 is any other name.
type nameID uint8

// maxNames limits the number of nameIDs, for arrays indexed by them.
const maxNames = 192

// vocabulary numbers the names that rules speak of, so that a name of an event is
// compared with them once and not by each rule.
type vocabulary struct {
	names  [maxNames]string
	hashes [maxNames]uint64
	count  nameID
	slots  [512]nameID // by hash; the next where one is taken. A power of two is divided by fast.
}

// knownNames is filled when the tables of rules are initialized, and is read-only afterwards.
var knownNames vocabulary

// add gives the number of a name, a new one if need be.
func (v *vocabulary) add(name string) nameID {
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

// find gives the number of a name, or 0.
func (v *vocabulary) find(name []byte, hash uint64) nameID {
	for slot := hash % uint64(len(v.slots)); ; slot = (slot + 1) % uint64(len(v.slots)) {
		w := v.slots[slot]
		if w == 0 || v.hashes[w] == hash && v.names[w] == string(name) {
			return w
		}
	}
}

// wordSet says which words belong to it.
type wordSet [maxNames]bool

func newWordSet(names ...string) *wordSet {
	var set wordSet
	for _, name := range names {
		set[knownNames.add(name)] = true
	}
	return &set
}
