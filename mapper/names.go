package mapper

import (
	"bytes"
	"encoding/binary"
	"hash/maphash"
	"math/bits"
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

// nameSet holds names: in a list while they are few, in a map beyond, so that its
// cost stays in proportion to their number. The map has no names, which may take as much
// as the event, but 64 bits of each under a seed that nobody knows: that two of 300,000
// names have the same happens once in 400 million such events.
type nameSet struct {
	bits uint64 // one for each hash; most names are known to be new by it
	few  []hashedName
	many map[uint64]struct{}
}

type hashedName struct {
	hash uint64
	name []byte
}

// nameSeed is of nameSet's maps.
var nameSeed = maphash.MakeSeed()

// fewNames is how many names are compared one by one.
const fewNames = 32

func (s *nameSet) reset() { s.bits, s.few, s.many = 0, s.few[:0], nil }

// add says whether the name is new.
func (s *nameSet) add(name []byte, hash uint64) bool {
	if s.has(name, hash) {
		return false
	}
	s.bits |= 1 << (hash >> 58)
	switch {
	case s.many != nil:
		s.many[maphash.Bytes(nameSeed, name)] = struct{}{}
	case len(s.few) == fewNames:
		s.many = make(map[uint64]struct{}, 4*fewNames)
		for _, known := range s.few {
			s.many[maphash.Bytes(nameSeed, known.name)] = struct{}{}
		}
		s.many[maphash.Bytes(nameSeed, name)] = struct{}{}
	default:
		s.few = append(s.few, hashedName{hash, name})
	}
	return true
}

func (s *nameSet) has(name []byte, hash uint64) bool {
	if s.bits&(1<<(hash>>58)) == 0 {
		return false
	}
	if s.many != nil {
		_, ok := s.many[maphash.Bytes(nameSeed, name)]
		return ok
	}
	for i := range s.few {
		if s.few[i].hash == hash && bytes.Equal(s.few[i].name, name) {
			return true
		}
	}
	return false
}

// word is a name that rules speak of, as a small number; 0 is every other name.
type word uint8

// maxWords bounds the vocabulary of the rules, for arrays that words index.
const maxWords = 128

// vocabulary numbers the names that rules speak of, so that a name of an event is
// compared with them once and not by each rule.
type vocabulary struct {
	names  [maxWords]string
	hashes [maxWords]uint64
	count  word
	slots  [4 * maxWords]word // by hash; the next where one is taken
}

// words is filled while the tables of the rules are made, and not after.
var words vocabulary

// add gives the number of a name, a new one if need be.
func (v *vocabulary) add(name string) word {
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
func (v *vocabulary) find(name []byte, hash uint64) word {
	for slot := hash % uint64(len(v.slots)); ; slot = (slot + 1) % uint64(len(v.slots)) {
		w := v.slots[slot]
		if w == 0 || v.hashes[w] == hash && v.names[w] == string(name) {
			return w
		}
	}
}

// wordSet says which words belong to it.
type wordSet [maxWords]bool

func newWordSet(names ...string) *wordSet {
	var set wordSet
	for _, name := range names {
		set[words.add(name)] = true
	}
	return &set
}
