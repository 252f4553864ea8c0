package klaviyotest

import (
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
)

// List is a list as the account holds it.
type List struct {
	// ID is the list's id, and Name its name for people.
	ID, Name string
	// ProfileIDs are its members, in the order in which they joined.
	ProfileIDs []string
}

// AddList makes a list, as somebody at Klaviyo does. It panics if the id is
// empty or another list's.
func (k *Klaviyo) AddList(id, name string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if id == "" || k.account.list(id) != nil {
		panic("klaviyotest: AddList: the id is empty or another list's")
	}
	k.account.newList(id, name, time.Now())
}

// Lists gives the lists in the order of their creation.
func (k *Klaviyo) Lists() []List {
	k.mu.Lock()
	defer k.mu.Unlock()
	found := make([]List, len(k.account.lists))
	for i, l := range k.account.lists {
		found[i] = List{ID: l.id, Name: l.name}
		for _, p := range l.ordered {
			found[i].ProfileIDs = append(found[i].ProfileIDs, p.id)
		}
	}
	return found
}

type list struct {
	id      string
	name    string
	created time.Time
	updated time.Time
	members map[*profile]bool
	ordered []*profile // members, as they joined
}

func (a *account) newList(id, name string, now time.Time) *list {
	l := &list{id: id, name: name, created: now, updated: now, members: make(map[*profile]bool)}
	a.lists = append(a.lists, l)
	return l
}

// list finds a list; it is nil where there is none.
func (a *account) list(id string) *list {
	i := slices.IndexFunc(a.lists, func(l *list) bool { return l.id == id })
	if i < 0 {
		return nil
	}
	return a.lists[i]
}

func (l *list) add(p *profile, now time.Time) {
	if !l.members[p] {
		l.members[p] = true
		l.ordered = append(l.ordered, p)
		l.updated = now
	}
}

func (l *list) remove(p *profile, now time.Time) {
	if l.members[p] {
		delete(l.members, p)
		l.updated = now
		l.ordered = slices.DeleteFunc(l.ordered, func(other *profile) bool { return other == p })
	}
}

// resource is the list as Klaviyo shows it.
func (l *list) resource(base string) resource {
	return resource{
		Type:       "list",
		ID:         l.id,
		Attributes: map[string]any{"name": l.name, "created": shownTime(l.created), "updated": shownTime(l.updated)},
		Links:      klaviyo.ObjectLinks{Self: base + "/api/lists/" + l.id + "/"},
	}
}

// field is what a filter compares.
func (l *list) field(name string) any {
	switch name {
	case "id":
		return l.id
	case "created":
		return l.created
	case "updated":
		return l.updated
	}
	return l.name
}

func (a *account) createList(c *call) answer {
	l := a.newList(a.newID("LIST"), text(c.attributes()["name"]), c.time)
	return document(http.StatusCreated, single{Data: l.resource(c.base())})
}

func (a *account) getList(c *call) answer {
	l := a.list(c.path["id"])
	if l == nil {
		return notFound("id")
	}
	return document(http.StatusOK, single{Data: c.shaping().resource(c.base(), l, nil)})
}

func (a *account) getLists(c *call) answer {
	return answerPage(c, a.lists, 10, nil)
}

func (a *account) getListProfiles(c *call) answer {
	l := a.list(c.path["list_id"])
	if l == nil {
		return notFound("list_id")
	}
	return answerPage(c, l.ordered, 20, nil)
}

func (a *account) getProfileLists(c *call) answer {
	p, ok := a.profiles.byID[c.path["profile_id"]]
	if !ok {
		return notFound("profile_id")
	}
	lists := a.listsOf(p)
	return answerPage(c, lists, len(lists), nil)
}

// listsOf are the lists that a profile is on.
func (a *account) listsOf(p *profile) []*list {
	lists := make([]*list, 0, len(a.lists))
	for _, l := range a.lists {
		if l.members[p] {
			lists = append(lists, l)
		}
	}
	return lists
}

func (a *account) createListRelationships(c *call) answer {
	return a.changeMembers(c, (*list).add)
}

func (a *account) deleteListRelationships(c *call) answer {
	return a.changeMembers(c, (*list).remove)
}

// changeMembers changes all members that a call names, or, if there is no
// profile with one of the ids, none.
func (a *account) changeMembers(c *call, change func(*list, *profile, time.Time)) answer {
	l := a.list(c.path["id"])
	if l == nil {
		return notFound("id")
	}
	var members []*profile
	for i, identifier := range elements(object(c.value)["data"]) {
		p, ok := a.profiles.byID[text(object(identifier)["id"])]
		if !ok {
			return refuse(unknownID(pointer("/data", strconv.Itoa(i), "id")))
		}
		members = append(members, p)
	}
	for _, p := range members {
		change(l, p, c.time)
	}
	return empty(http.StatusNoContent)
}

// unknownID refuses an id in a body that is nothing's.
func unknownID(pointer string) refusal {
	return refusal{status: http.StatusNotFound, pointer: pointer, detail: "There is none with this id."}
}
