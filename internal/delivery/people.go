package delivery

import (
	"strings"

	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// people knows those who have undone events by each of their identifiers.
type people map[string]*person

// person is someone whose events stand in a line: each waits for the one before.
type person struct {
	last *task
	ids  []string
}

// identifiers makes the identifiers of an identity distinct from each other.
func identifiers(identity mapper.Identity) []string {
	var ids []string
	if identity.Email != "" {
		ids = append(ids, "email "+strings.ToLower(identity.Email))
	}
	if identity.PhoneNumber != "" {
		ids = append(ids, "phone "+identity.PhoneNumber)
	}
	if identity.ExternalID != "" {
		ids = append(ids, "id "+identity.ExternalID)
	}
	return ids
}

// add puts an event at the end of its person's line. One that names several
// people makes them one, whose lines it ends all.
func (p people) add(t *task) {
	whole := &person{last: t}
	for _, id := range t.ids {
		known := p[id]
		switch known {
		case whole: // seen by another identifier
		case nil:
			p[id] = whole
			whole.ids = append(whole.ids, id)
		default:
			known.last.waiting = append(known.last.waiting, t)
			t.waits++
			for _, id := range known.ids {
				p[id] = whole
			}
			whole.ids = append(whole.ids, known.ids...)
		}
	}
}

// remove takes out an event that is done and gives those that need wait no
// longer. A person without undone events is forgotten.
func (p people) remove(t *task) (ready []*task) {
	for _, next := range t.waiting {
		next.waits--
		if next.waits == 0 {
			ready = append(ready, next)
		}
	}
	for _, id := range t.ids {
		if known := p[id]; known != nil && known.last == t {
			for _, id := range known.ids {
				delete(p, id)
			}
		}
	}
	return ready
}
