package client

import (
	"bytes"
	"encoding/binary"
	"hash/maphash"
	"strings"
	"sync"
)

// identifierFields are the attributes that no two profiles share, the strongest first.
var identifierFields = [...]string{"email", "phone_number", "external_id"}

// identifiers are a person's values of identifierFields; what isn't known is empty.
type identifiers [len(identifierFields)]string

func identifiersOf(p person) identifiers {
	return identifiers{p.email, p.phoneNumber, p.externalID}
}

// strongest is the index of the first identifier that is given, or -1.
func (ids identifiers) strongest() int {
	for i, value := range ids {
		if value != "" {
			return i
		}
	}
	return -1
}

// weakest is the index of the last identifier that is given, or -1.
func (ids identifiers) weakest() int {
	for i := len(ids) - 1; i >= 0; i-- {
		if ids[i] != "" {
			return i
		}
	}
	return -1
}

// A profileMemory knows the profile ids of those people who were written to last.
// It holds digests of their identifiers, not the identifiers. A nil one knows nobody.
type profileMemory struct {
	mu     sync.Mutex
	seed   maphash.Seed
	size   int
	people []remembered
	// indexes tell where in people a profile id is, and the owner of an identifier.
	indexes map[digest]uint32
	// hand is at the person who is forgotten next, unless looked up since it came by.
	hand int
}

// remembered is one person. It has no pointers: people take no more than it shows.
type remembered struct {
	profileID profileID
	known     [len(identifierFields)]digest
	lookedUp  bool
}

// A profileID is one of Klaviyo's, which have 26 characters. Shorter ones end in
// zeros, and longer ones aren't remembered.
type profileID [26]byte

// A digest stands for an identifier or a profile id; the zero digest for none. Nobody
// can choose identifiers of the same digest, since the seed is the memory's own; by chance
// one lookup in ten million millions finds another's.
type digest [8]byte

func newProfileMemory(people int) *profileMemory {
	if people == 0 {
		return nil
	}
	return &profileMemory{seed: maphash.MakeSeed(), size: people, indexes: make(map[digest]uint32)}
}

// lookup gives the profile of the strongest identifier that is known, and which one
// that is.
func (m *profileMemory) lookup(ids identifiers) (id string, by int) {
	if m == nil {
		return "", 0
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for i, value := range ids {
		if at, ok := m.indexes[m.digestOf(i, value)]; ok {
			m.people[at].lookedUp = true
			return m.people[at].profileID.String(), i
		}
	}
	return "", 0
}

// learn is told that a profile has identifiers, and so that no other one has.
func (m *profileMemory) learn(id string, ids identifiers) {
	if m == nil || id == "" || len(id) > len(profileID{}) {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	at := m.place(id)
	for i, value := range ids {
		d := m.digestOf(i, value)
		if d == (digest{}) {
			continue
		}
		if other, ok := m.indexes[d]; ok && other != at {
			m.remove(other)
		}
		delete(m.indexes, m.people[at].known[i])
		m.people[at].known[i] = d
		m.indexes[d] = at
	}
}

// forget is told that there is no such profile.
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

// place gives the index of a profile: its own, or a new one's, or that of somebody who
// is forgotten for it.
func (m *profileMemory) place(id string) uint32 {
	d := m.digestOfID(id)
	at, ok := m.indexes[d]
	switch {
	case ok:
		return at
	case len(m.people) < m.size:
		at = uint32(len(m.people))
		m.people = append(m.people, remembered{})
	default:
		at = m.oldest()
		m.remove(at)
	}
	copy(m.people[at].profileID[:], id)
	m.indexes[d] = at
	return at
}

// oldest gives everybody who was looked up since the last time a second chance.
func (m *profileMemory) oldest() uint32 {
	for {
		at := uint32(m.hand)
		m.hand = (m.hand + 1) % m.size
		if !m.people[at].lookedUp {
			return at
		}
		m.people[at].lookedUp = false
	}
}

// remove forgets a person, whose index stays free until the hand comes by.
func (m *profileMemory) remove(at uint32) {
	p := &m.people[at]
	delete(m.indexes, m.digestOfID(p.profileID.String()))
	for _, d := range p.known {
		delete(m.indexes, d)
	}
	*p = remembered{}
}

func (id profileID) String() string { return string(bytes.TrimRight(id[:], "\x00")) }

// digestOf gives the digest of the i-th identifier. Email addresses that differ by
// case are the same.
func (m *profileMemory) digestOf(i int, value string) digest {
	if value == "" {
		return digest{}
	}
	if identifierFields[i] == "email" {
		value = strings.ToLower(value)
	}
	return m.digestIn(identifierFields[i], value)
}

func (m *profileMemory) digestOfID(id string) digest { return m.digestIn("id", id) }

func (m *profileMemory) digestIn(field, value string) (d digest) {
	binary.NativeEndian.PutUint64(d[:], maphash.String(m.seed, field+":"+value))
	return d
}
