package klaviyotest

import (
	"net/http"
	"slices"
	"strconv"
	"time"
)

// List is a list of the account.
type List struct {
	// ID is the list's id, and Name its name.
	ID, Name string
	// ProfileIDs are the ids of its members, in the order in which they joined.
	ProfileIDs []string
}

// AddList adds a list. It panics if the id is empty or taken.
func (k *Klaviyo) AddList(id, name string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if id == "" || k.account.list(id) != nil {
		panic("klaviyotest: AddList: the id is empty or another list's")
	}
	k.account.newList(id, name, time.Now())
}

// WithDoubleOptIn adds a list with double opt-in. Subscriptions to it have the same effect as
// to other lists.
func WithDoubleOptIn(id, name string) Option {
	return func(k *Klaviyo) {
		k.AddList(id, name)
		k.account.list(id).optIn = "double_opt_in"
	}
}

// Lists returns the lists in order of creation.
func (k *Klaviyo) Lists() []List {
	a, unlock := k.lockedAccount()
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
	members map[*profile]time.Time // with the time when they joined
	ordered []*profile             // members in the order in which they joined
}

func (a *account) newList(id, name string, now time.Time) *list {
	l := &list{id: id, name: name, created: now, updated: now, optIn: "single_opt_in", members: make(map[*profile]time.Time)}
	a.lists = append(a.lists, l)
	return l
}

// list returns the list with the id, or nil.
func (a *account) list(id string) *list {
	i := slices.IndexFunc(a.lists, func(l *list) bool { return l.id == id })
	if i < 0 {
		return nil
	}
	return a.lists[i]
}

// has reports whether a profile is on the list.
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

func (l *list) toResource(c *call) resource { return c.revision.resources.list(c, l) }

// field returns the value that filters compare.
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

func (a *account) createList(c *call) response {
	l := a.newList(a.newID("LIST"), text(c.attributes()["name"]), c.time)
	if process := text(c.attributes()["opt_in_process"]); process != "" {
		l.optIn = process
	}
	return jsonResponse(http.StatusCreated, resourceDocument{Data: c.fieldsets().resource(l, nil)})
}

func (a *account) getList(c *call) response {
	id, parameter := c.pathID()
	l := a.list(id)
	if l == nil {
		return notFound(parameter)
	}
	return jsonResponse(http.StatusOK, resourceDocument{Data: c.fieldsets().resource(l, nil)})
}

func (a *account) getLists(c *call) response {
	return pageResponse(c, a.lists, 10, nil)
}

func (a *account) getListProfiles(c *call) response {
	id, parameter := c.pathID()
	l := a.list(id)
	if l == nil {
		return notFound(parameter)
	}
	members := make([]*listMember, len(l.ordered))
	for i, p := range l.ordered {
		members[i] = &listMember{p, l.members[p]}
	}
	return pageResponse(c, members, 20, nil)
}

// A listMember is a profile on a list.
type listMember struct {
	*profile
	joined time.Time
}

func (m *listMember) toResource(c *call) resource { return c.revision.resources.member(c, m) }

// field returns the value that filters and sort compare.
func (m *listMember) field(name string) any {
	if name == "joined_group_at" {
		return m.joined
	}
	return m.profile.field(name)
}

func (a *account) getProfileLists(c *call) response {
	id, parameter := c.pathID()
	p, ok := a.profiles.byID[id]
	if !ok {
		return notFound(parameter)
	}
	lists := a.listsOf(p)
	return pageResponse(c, lists, len(lists), nil)
}

// listsOf returns the lists that a profile is on.
func (a *account) listsOf(p *profile) []*list {
	lists := make([]*list, 0, len(a.lists))
	for _, l := range a.lists {
		if l.has(p) {
			lists = append(lists, l)
		}
	}
	return lists
}

func (a *account) createListRelationships(c *call) response {
	return a.changeMembers(c, (*list).add)
}

func (a *account) deleteListRelationships(c *call) response {
	return a.changeMembers(c, (*list).remove)
}

// changeMembers calls change for each profile in the body. If one of the ids is unknown, it
// changes nothing.
func (a *account) changeMembers(c *call, change func(*list, *profile, time.Time)) response {
	id, parameter := c.pathID()
	l := a.list(id)
	if l == nil {
		return notFound(parameter)
	}
	var members []*profile
	for i, identifier := range elements(object(c.value)["data"]) {
		p, ok := a.profiles.byID[text(object(identifier)["id"])]
		if !ok {
			return errorResponse(unknownID(pointer("/data", strconv.Itoa(i), "id")))
		}
		members = append(members, p)
	}
	for _, p := range members {
		change(l, p, c.time)
	}
	return emptyResponse(http.StatusNoContent)
}

// unknownID returns the error of an unknown id in the body.
func unknownID(pointer string) requestError {
	return requestError{status: http.StatusNotFound, pointer: pointer, detail: "No resource has this id."}
}
