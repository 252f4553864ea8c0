package delivery

import (
	"hash/maphash"
	"strings"

	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// maxRemembered is the minimum number of identifiers that are remembered for people without
// pending events; the maximum is twice as many. They are needed since later events may name
// different identifiers of the same profile: one the email, and another the external id.
const maxRemembered = 50_000

// An id is the hash of an identifier, which limits memory. In a collision, two people wait for
// each other without need.
type id uint64

// people identifies people by their identifiers.
type people struct {
	seed maphash.Seed
	// active are the identifiers in pending events.
	active map[id]activeID
	// recent and older are other identifiers of people with several.
	recent, older map[id]*person
}

// An activeID is an identifier in pending events.
type activeID struct {
	person *person
	events int
}

// A person has a queue of events: each waits for the previous one.
type person struct {
	last *task // or nil
	// hasSeveralIDs means that there are several identifiers.
	hasSeveralIDs bool
	// mergedInto is the person that this one turned out to be, or nil.
	mergedInto *person
}

func newPeople() *people {
	return &people{
		seed:   maphash.MakeSeed(),
		active: make(map[id]activeID),
		recent: make(map[id]*person),
	}
}

// identifiers returns the ids of an identity. Kinds of identifiers don't collide.
func (p *people) identifiers(identity mapper.Identity) []id {
	var ids []id
	for _, known := range []struct{ kind, value string }{
		{"email ", strings.ToLower(identity.Email)},
		{"phone ", identity.PhoneNumber},
		{"id ", identity.ExternalID},
		{"profile ", identity.KlaviyoID},
		{"profile ", identity.MergedID},
	} {
		if known.value != "" {
			ids = append(ids, id(maphash.String(p.seed, known.kind+known.value)))
		}
	}
	return ids
}

// add appends an event to the queue of its person. If it names several people, it merges them
// and waits for the last event of each.
func (p *people) add(t *task) {
	var owner *person
	for _, id := range t.ids {
		known := p.find(id)
		if known == nil || known == owner {
			continue
		}
		if known.last != nil {
			known.last.next = t
			known.last = nil
			t.blockers++
		}
		if owner == nil {
			owner = known
		} else {
			known.mergedInto = owner
		}
	}
	if owner == nil {
		owner = &person{}
	}
	owner.last = t
	owner.hasSeveralIDs = owner.hasSeveralIDs || len(t.ids) > 1
	for _, id := range t.ids {
		p.active[id] = activeID{owner, p.active[id].events + 1}
	}
}

// remove removes an event that is done, and returns the event that no longer has to wait, or
// nil.
func (p *people) remove(t *task) *task {
	for _, id := range t.ids {
		here := p.active[id]
		owner := here.person.root()
		if owner.last == t {
			owner.last = nil
		}
		if here.events--; here.events > 0 {
			p.active[id] = here
			continue
		}
		delete(p.active, id)
		p.remember(id, owner)
	}
	if t.next == nil {
		return nil
	}
	if t.next.blockers--; t.next.blockers > 0 {
		return nil
	}
	return t.next
}

func (p *people) find(i id) *person {
	if here, ok := p.active[i]; ok {
		return here.person.root()
	}
	if known := p.recent[i]; known != nil {
		return known.root()
	}
	if known := p.older[i]; known != nil {
		return known.root()
	}
	return nil
}

func (p *people) remember(i id, owner *person) {
	if !owner.hasSeveralIDs {
		return
	}
	if len(p.recent) == maxRemembered {
		p.recent, p.older = make(map[id]*person), p.recent
	}
	p.recent[i] = owner
}

// root returns the person that this one was merged into.
func (p *person) root() *person {
	for p.mergedInto != nil {
		if p.mergedInto.mergedInto != nil {
			p.mergedInto = p.mergedInto.mergedInto // shortens the path
		}
		p = p.mergedInto
	}
	return p
}
