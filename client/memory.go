package client

import (
	"crypto/sha256"
	"strings"
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
)

// identifierFields are the attributes that no two profiles share, the strongest first.
var identifierFields = [...]string{"email", "phone_number", "external_id"}

// identifiers are a person's values of identifierFields; what isn't known is empty.
type identifiers [len(identifierFields)]string

func identifiersOf(a klaviyo.ProfileCreateAttributes) identifiers {
	return identifiers{a.Email, a.PhoneNumber, a.ExternalID}
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
	mu sync.Mutex
	// people are the identifiers by profile id, profiles the profile ids by identifier.
	people   *simplelru.LRU[string, [len(identifierFields)]digest]
	profiles map[digest]string
}

// A digest stands for an identifier; the zero digest for none.
type digest [16]byte

func newProfileMemory(people int) *profileMemory {
	if people == 0 {
		return nil
	}
	m := &profileMemory{profiles: make(map[digest]string)}
	// The error is that of a size below 1.
	m.people, _ = simplelru.NewLRU(people, func(id string, known [len(identifierFields)]digest) {
		for _, d := range known {
			delete(m.profiles, d)
		}
	})
	return m
}

// lookup gives the profile of the strongest identifier that is known, and which one
// that is.
func (m *profileMemory) lookup(ids identifiers) (profileID string, by int) {
	if m == nil {
		return "", 0
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for i, value := range ids {
		if id, ok := m.profiles[digestOf(i, value)]; ok {
			m.people.Get(id) // so that it is forgotten last
			return id, i
		}
	}
	return "", 0
}

// learn is told that a profile has identifiers, and so that no other one has.
func (m *profileMemory) learn(profileID string, ids identifiers) {
	if m == nil || profileID == "" {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	known, _ := m.people.Peek(profileID)
	for i, value := range ids {
		d := digestOf(i, value)
		if d == (digest{}) {
			continue
		}
		if other, ok := m.profiles[d]; ok && other != profileID {
			m.people.Remove(other)
		}
		delete(m.profiles, known[i])
		known[i] = d
		m.profiles[d] = profileID
	}
	m.people.Add(profileID, known)
}

// forget is told that there is no such profile.
func (m *profileMemory) forget(profileID string) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.people.Remove(profileID)
}

// digestOf gives the digest of the i-th identifier. Email addresses that differ by
// case are the same.
func digestOf(i int, value string) (d digest) {
	if value == "" {
		return digest{}
	}
	if identifierFields[i] == "email" {
		value = strings.ToLower(value)
	}
	sum := sha256.Sum256([]byte(identifierFields[i] + ":" + value))
	copy(d[:], sum[:])
	return d
}
