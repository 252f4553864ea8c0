package client

import (
	"bytes"
	"encoding/binary"
	"hash/maphash"
	"strings"
	"sync"
)

// identifierFields are the attributes that are unique among profiles, strongest first.
var identifierFields = [...]string{"email", "phone_number", "external_id"}

// identifiers are a person's values of identifierFields. Unknown ones are empty.
type identifiers [len(identifierFields)]string

func identifiersOf(p person) identifiers {
	return identifiers{p.email, p.phoneNumber, p.externalID}
}

// strongest returns the index of the first identifier that is set, or -1.
func (ids identifiers) strongest() int {
	for i, value := range ids {
		if value != "" {
			return i
		}
	}
	return -1
}

// weakest returns the index of the last identifier that is set, or -1.
func (ids identifiers) weakest() int {
	for i := len(ids) - 1; i >= 0; i-- {
		if ids[i] != "" {
			return i
		}
	}
	return -1
}

// A profileMemory is a cache of profile ids by identifier. It evicts entries by the clock
// algorithm. It stores digests of the identifiers, not the identifiers. A nil profileMemory is
// empty.
type profileMemory struct {
	mu      sync.Mutex
	seed    maphash.Seed
	size    int
	entries []memoryEntry
	// indexes maps the digests of profile ids and identifiers to indexes of entries.
	indexes map[digest]uint32
	// hand is the index of the entry to evict next, unless it was looked up since the hand last
	// passed.
	hand int
}

// A memoryEntry is one person. It has no pointers, so that the size of entries is fixed.
type memoryEntry struct {
	profileID profileID
	digests   [len(identifierFields)]digest
	lookedUp  bool
}

// A profileID is a Klaviyo profile id, of 26 characters. Shorter ids are padded with zeros, and
// longer ids aren't stored.
type profileID [26]byte

// A digest is the hash of an identifier or a profile id. The zero digest means none. The seed
// is random, so collisions can't be provoked. By chance, about one lookup in 10^13 finds
// another person.
type digest [8]byte

func newProfileMemory(people int) *profileMemory {
	if people == 0 {
		return nil
	}
	return &profileMemory{seed: maphash.MakeSeed(), size: people, indexes: make(map[digest]uint32)}
}

// lookup returns the profile id of the strongest known identifier, and the index of that
// identifier.
func (m *profileMemory) lookup(ids identifiers) (id string, matchedBy int) {
	if m == nil {
		return "", 0
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for i, value := range ids {
		if at, ok := m.indexes[m.digestOf(i, value)]; ok {
			m.entries[at].lookedUp = true
			return m.entries[at].profileID.String(), i
		}
	}
	return "", 0
}

// learn records that a profile has identifiers. No other profile has them then.
func (m *profileMemory) learn(id string, ids identifiers) {
	if m == nil || id == "" || len(id) > len(profileID{}) {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	at := m.indexFor(id)
	for i, value := range ids {
		d := m.digestOf(i, value)
		if d == (digest{}) {
			continue
		}
		if other, ok := m.indexes[d]; ok && other != at {
			m.remove(other)
		}
		delete(m.indexes, m.entries[at].digests[i])
		m.entries[at].digests[i] = d
		m.indexes[d] = at
	}
}

// forget removes a profile that doesn't exist.
func (m *profileMemory) forget(id string) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if at, ok := m.indexes[m.digestOfID(id)]; ok {
		m.remove(at)
	}
}

// indexFor returns the index of a profile: its existing entry, a new one, or one whose person
// is evicted.
func (m *profileMemory) indexFor(id string) uint32 {
	d := m.digestOfID(id)
	at, ok := m.indexes[d]
	switch {
	case ok:
		return at
	case len(m.entries) < m.size:
		at = uint32(len(m.entries))
		m.entries = append(m.entries, memoryEntry{})
	default:
		at = m.victim()
		m.remove(at)
	}
	copy(m.entries[at].profileID[:], id)
	m.indexes[d] = at
	return at
}

// victim returns the next entry that wasn't looked up since the hand last passed.
func (m *profileMemory) victim() uint32 {
	for {
		at := uint32(m.hand)
		m.hand = (m.hand + 1) % m.size
		if !m.entries[at].lookedUp {
			return at
		}
		m.entries[at].lookedUp = false
	}
}

// remove clears an entry. It is reused when the hand reaches it.
func (m *profileMemory) remove(at uint32) {
	p := &m.entries[at]
	delete(m.indexes, m.digestOfID(p.profileID.String()))
	for _, d := range p.digests {
		delete(m.indexes, d)
	}
	*p = memoryEntry{}
}

func (id profileID) String() string { return string(bytes.TrimRight(id[:], "\x00")) }

// digestOf returns the digest of the i-th identifier. Email addresses are compared
// case-insensitively.
func (m *profileMemory) digestOf(i int, value string) digest {
	if value == "" {
		return digest{}
	}
	if identifierFields[i] == "email" {
		value = strings.ToLower(value)
	}
	return m.hash(identifierFields[i], value)
}

func (m *profileMemory) digestOfID(id string) digest { return m.hash("id", id) }

func (m *profileMemory) hash(field, value string) (d digest) {
	binary.NativeEndian.PutUint64(d[:], maphash.String(m.seed, field+":"+value))
	return d
}
