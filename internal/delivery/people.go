package delivery

import (
	"hash/maphash"
	"strings"

	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// maxTies is how many identifiers of people without undone events are remembered
// at least, to know whom they are tied to; it is at most twice as many.
//
// Ties matter beyond the events that made them: of two later events, one may
// name the email and the other the external id of the same profile.
const maxTies = 50_000

// id is an identifier's hash, which keeps memory flat whatever its length. If two
// had the same, their people would wait for each other without need.
type id uint64

// people knows who is who by their identifiers.
type people struct {
	seed maphash.Seed
	// present are those of undone events.
	present map[id]presence
	// recent and older are those of others who have several.
	recent, older map[id]*person
}

// presence is an identifier that undone events name.
type presence struct {
	person *person
	events int
}

// person is someone whose events stand in a line: each waits for the one before.
type person struct {
	last *task // or nil
	// tied tells that there are several identifiers.
	tied bool
	// into is whom this one has turned out to be, or nil.
	into *person
}

func newPeople() *people {
	return &people{
		seed:    maphash.MakeSeed(),
		present: make(map[id]presence),
		recent:  make(map[id]*person),
	}
}

// identifiers makes the identifiers of an identity distinct from each other.
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

// add puts an event at the end of its person's line. One that names several
// people makes them one, whose lines it ends all.
func (p *people) add(t *task) {
	var whole *person
	for _, id := range t.ids {
		known := p.find(id)
		if known == nil || known == whole {
			continue
		}
		if known.last != nil {
			known.last.next = t
			known.last = nil
			t.waits++
		}
		if whole == nil {
			whole = known
		} else {
			known.into = whole
		}
	}
	if whole == nil {
		whole = &person{}
	}
	whole.last = t
	whole.tied = whole.tied || len(t.ids) > 1
	for _, id := range t.ids {
		p.present[id] = presence{whole, p.present[id].events + 1}
	}
}

// remove takes out an event that is done and gives the one that need wait no
// longer, or nil.
func (p *people) remove(t *task) *task {
	for _, id := range t.ids {
		here := p.present[id]
		whole := here.person.root()
		if whole.last == t {
			whole.last = nil
		}
		if here.events--; here.events > 0 {
			p.present[id] = here
			continue
		}
		delete(p.present, id)
		p.remember(id, whole)
	}
	if t.next == nil {
		return nil
	}
	if t.next.waits--; t.next.waits > 0 {
		return nil
	}
	return t.next
}

func (p *people) find(i id) *person {
	if here, ok := p.present[i]; ok {
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

func (p *people) remember(i id, whole *person) {
	if !whole.tied {
		return
	}
	if len(p.recent) == maxTies {
		p.recent, p.older = make(map[id]*person), p.recent
	}
	p.recent[i] = whole
}

// root is the person that all have turned out to be.
func (p *person) root() *person {
	for p.into != nil {
		if p.into.into != nil {
			p.into = p.into.into // a shorter way for the next time
		}
		p = p.into
	}
	return p
}
