package klaviyotest

import (
	"net/http"
	"slices"
	"strconv"
	"time"
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

// WithDoubleOptIn adds a list that people join once they have answered an email. What a
// subscription does is the same as with another list.
func WithDoubleOptIn(id, name string) Option {
	return func(k *Klaviyo) {
		k.AddList(id, name)
		k.account.list(id).optIn = "double_opt_in"
	}
}

// Lists gives the lists in the order of their creation.
func (k *Klaviyo) Lists() []List {
	a, unlock := k.now()
	defer unlock()
	found := make([]List, len(a.lists))
	for i, l := range a.lists {
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
	optIn   string
	members map[*profile]time.Time // and when they joined
	ordered []*profile             // members, as they joined
}

func (a *account) newList(id, name string, now time.Time) *list {
	l := &list{id: id, name: name, created: now, updated: now, optIn: "single_opt_in", members: make(map[*profile]time.Time)}
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

// has tells whether a profile is on the list.
func (l *list) has(p *profile) bool {
	_, ok := l.members[p]
	return ok
}

func (l *list) add(p *profile, now time.Time) {
	if !l.has(p) {
		l.members[p] = now
		l.ordered = append(l.ordered, p)
		l.updated = now
	}
}

func (l *list) remove(p *profile, now time.Time) {
	if l.has(p) {
		delete(l.members, p)
		l.updated = now
		l.ordered = slices.DeleteFunc(l.ordered, func(other *profile) bool { return other == p })
	}
}

func (l *list) shown(c *call) resource { return c.revision.shows.list(c, l) }

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
	if process := text(c.attributes()["opt_in_process"]); process != "" {
		l.optIn = process
	}
	return document(http.StatusCreated, single{Data: c.shaping().resource(l, nil)})
}

func (a *account) getList(c *call) answer {
	id, parameter := c.pathID()
	l := a.list(id)
	if l == nil {
		return notFound(parameter)
	}
	return document(http.StatusOK, single{Data: c.shaping().resource(l, nil)})
}

func (a *account) getLists(c *call) answer {
	return answerPage(c, a.lists, 10, nil)
}

func (a *account) getListProfiles(c *call) answer {
	id, parameter := c.pathID()
	l := a.list(id)
	if l == nil {
		return notFound(parameter)
	}
	members := make([]*member, len(l.ordered))
	for i, p := range l.ordered {
		members[i] = &member{p, l.members[p]}
	}
	return answerPage(c, members, 20, nil)
}

// member is a profile on a list.
type member struct {
	*profile
	joined time.Time
}

func (m *member) shown(c *call) resource { return c.revision.shows.member(c, m) }

// field is what a filter or an order compares.
func (m *member) field(name string) any {
	if name == "joined_group_at" {
		return m.joined
	}
	return m.profile.field(name)
}

func (a *account) getProfileLists(c *call) answer {
	id, parameter := c.pathID()
	p, ok := a.profiles.byID[id]
	if !ok {
		return notFound(parameter)
	}
	lists := a.listsOf(p)
	return answerPage(c, lists, len(lists), nil)
}

// listsOf are the lists that a profile is on.
func (a *account) listsOf(p *profile) []*list {
	lists := make([]*list, 0, len(a.lists))
	for _, l := range a.lists {
		if l.has(p) {
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
	id, parameter := c.pathID()
	l := a.list(id)
	if l == nil {
		return notFound(parameter)
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
