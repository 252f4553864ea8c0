package delivery

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// identified is an event with two requests that names identifiers.
func identified(line int, identity mapper.Identity) Event {
	return Event{Position: Position{Line: line, Number: line}, Identity: identity, Requests: []mapper.Request{
		track("", fmt.Sprint(line, "a")), track("", fmt.Sprint(line, "b")),
	}}
}

// An email and an external id stay one person's when the event that tied them is
// long done.
func TestConnectedIdentifiersAreRemembered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{delay: time.Second}
		q := Start(t.Context(), Config{Sender: s})
		add := func(line int, identity mapper.Identity) {
			if err := q.Add(identified(line, identity)); err != nil {
				t.Fatal(err)
			}
		}
		add(1, mapper.Identity{Email: "a@x", ExternalID: "1"})
		add(2, mapper.Identity{ExternalID: "1", PhoneNumber: "+1"})
		time.Sleep(time.Hour)
		add(3, mapper.Identity{PhoneNumber: "+1"})
		add(4, mapper.Identity{Email: "A@x"})
		q.Wait()
		wantRequests(t, s, "event 1a", "event 1b", "event 2a", "event 2b", "event 3a", "event 3b", "event 4a", "event 4b")
	})
}

// Whoever comes, with however many identifiers, memory stays flat.
func TestRememberedIdentifiersAreBounded(t *testing.T) {
	identities := map[string]func(i int) mapper.Identity{
		"many people": func(i int) mapper.Identity {
			return mapper.Identity{Email: fmt.Sprint(i), ExternalID: fmt.Sprint(i), PhoneNumber: fmt.Sprint(i)}
		},
		"people tied in a chain": func(i int) mapper.Identity {
			return mapper.Identity{Email: fmt.Sprint(i), ExternalID: fmt.Sprint(i / 2), PhoneNumber: fmt.Sprint((i + 1) / 2)}
		},
		"an external id of all":      func(i int) mapper.Identity { return mapper.Identity{Email: fmt.Sprint(i), ExternalID: "0"} },
		"people with one, forgotten": func(i int) mapper.Identity { return mapper.Identity{Email: fmt.Sprint(i)} },
	}
	for name, identity := range identities {
		t.Run(name, func(t *testing.T) {
			p := newPeople()
			for i := range 4 * maxRemembered {
				task := &task{ids: p.identifiers(identity(i))}
				p.add(task)
				if next := p.remove(task); next != nil {
					t.Fatal("an event waits for one that is done")
				}
			}
			known := len(p.recent) + len(p.older)
			if len(p.active) > 0 || known > 2*maxRemembered || name != "people with one, forgotten" && known < maxRemembered {
				t.Errorf("%d present, %d remembered", len(p.active), known)
			}
			if name == "people with one, forgotten" && known > 0 {
				t.Errorf("%d remembered", known)
			}
		})
	}
}
