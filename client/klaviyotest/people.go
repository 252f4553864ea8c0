package klaviyotest

import (
	"bytes"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// person is whom a request is about, in the account's words.
type person struct {
	id string // Klaviyo's
	// attributes are the identifiers, the names, location and properties.
	attributes map[string]any
	meta       map[string]any
}

// lookUp finds the profile of a person, by the id or by an identifier; it may be nil.
func (a *account) lookUp(who person) *profile {
	if p := a.profiles.byID[who.id]; p != nil {
		return p
	}
	p, _ := a.profiles.find(who.attributes)
	return p
}

// upsert changes the profile of a person, or makes one. It clears no identifier, and merges
// no profiles: an identifier that belongs to yet another profile stays there. It gives nil
// where there is no profile with the id, and no identifier to make one of.
func (a *account) upsert(who person, now time.Time) *profile {
	attributes := maps.Clone(who.attributes)
	for _, field := range identifierFields {
		if !given(attributes[field]) {
			delete(attributes, field)
		}
	}
	p := a.lookUp(who)
	if p == nil {
		if !slices.ContainsFunc(identifierFields, func(field string) bool { return given(attributes[field]) }) {
			return nil
		}
		p = a.newProfile(attributes, now)
		a.profiles.patch(p, who.meta)
		return p
	}
	for {
		other, field := a.profiles.conflict(attributes, p)
		if other == nil {
			break
		}
		delete(attributes, field)
	}
	a.profiles.change(p, attributes, now)
	a.profiles.patch(p, who.meta)
	return p
}

// write changes the profile of a person, or makes one. It gives the other profile, and
// changes nothing, where the identifiers belong to two.
func (a *account) write(who person, now time.Time) (p *profile, created bool, other *profile) {
	p = a.lookUp(who)
	if other, _ := a.profiles.conflict(who.attributes, p); p != nil && other != nil {
		return nil, false, other
	}
	if other := a.profiles.conflictOfPatch(who.meta, p); other != nil {
		return nil, false, other
	}
	if p == nil {
		p, created = a.newProfile(who.attributes, now), true
	} else {
		a.profiles.change(p, who.attributes, now)
	}
	a.profiles.patch(p, who.meta)
	return p, created, nil
}

func (a *account) createOrUpdateProfile(c *call) answer {
	who := personIn(c.data())
	if who.id != "" && a.profiles.byID[who.id] == nil {
		return refuse(unknownID("/data/id"))
	}
	var partly bool
	who.attributes, partly = a.withoutRefusedPhone(who.attributes)
	p, created, other := a.write(who, c.time)
	switch {
	case other != nil:
		return duplicate(other)
	case created:
		return written(c, http.StatusCreated, p, partly)
	}
	return written(c, http.StatusOK, p, partly)
}

// conflictOfPatch gives another profile than one that has an email address which a meta adds;
// it may be nil.
func (ps *profiles) conflictOfPatch(meta map[string]any, except *profile) *profile {
	for _, email := range listOf(inside(meta, "patch_identifiers", "append", "email")) {
		if other := ps.byIdentifier[newIdentifier("email", text(email))]; other != nil && other != except {
			return other
		}
	}
	return nil
}

// patchIdentifiers applies the patch_identifiers of a meta, but for an address that another
// profile has.
func (ps *profiles) patchIdentifiers(p *profile, meta map[string]any) {
	for _, email := range listOf(inside(meta, "patch_identifiers", "append", "email")) {
		identifier := newIdentifier("email", text(email))
		if ps.byIdentifier[identifier] == nil {
			ps.byIdentifier[identifier] = p
			p.furtherEmails = append(p.furtherEmails, text(email))
		}
	}
	for _, email := range listOf(inside(meta, "patch_identifiers", "unappend", "email")) {
		i := slices.IndexFunc(p.furtherEmails, func(further string) bool { return strings.EqualFold(further, text(email)) })
		if i >= 0 {
			delete(ps.byIdentifier, newIdentifier("email", p.furtherEmails[i]))
			p.furtherEmails = slices.Delete(p.furtherEmails, i, i+1)
		}
	}
}

// patch applies a meta.
func (ps *profiles) patch(p *profile, meta map[string]any) {
	ps.patchIdentifiers(p, meta)
	patches := object(meta["patch_properties"])
	for name, value := range object(patches["append"]) {
		p.properties[name] = append(listOf(p.properties[name]), listOf(value)...)
	}
	for name, value := range object(patches["unappend"]) {
		if kept, ok := p.properties[name].([]any); ok {
			p.properties[name] = slices.DeleteFunc(slices.Clone(kept), func(element any) bool {
				return slices.ContainsFunc(listOf(value), func(gone any) bool { return bytes.Equal(encode(gone), encode(element)) })
			})
		}
	}
	for _, name := range listOf(patches["unset"]) {
		delete(p.properties, text(name))
	}
}

// listOf is v if it is a list, and else a list of v.
func listOf(v any) []any {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		return slices.Clone(v)
	}
	return []any{v}
}

// mergeProfiles moves what belongs to one profile to another, which keeps what it says
// itself.
func (a *account) mergeProfiles(c *call) answer {
	into, ok := a.profiles.byID[text(c.data()["id"])]
	if !ok {
		return refuse(unknownID("/data/id"))
	}
	for i, named := range elements(inside(c.data(), "relationships", "profiles", "data")) {
		from, ok := a.profiles.byID[text(object(named)["id"])]
		if !ok || from == into {
			return refuse(unknownID(pointerTo("/data/relationships/profiles/data", i, "id")))
		}
		a.merge(into, from, c.time)
	}
	shown := c.shaping().resource(into, nil)
	shown.Attributes, shown.Relationships = nil, nil
	return document(http.StatusCreated, single{Data: shown})
}

func (a *account) merge(into, from *profile, now time.Time) {
	lists := a.listsOf(from)
	a.deleteProfile(from, now)
	missing := maps.Clone(from.fields)
	maps.DeleteFunc(missing, func(name string, _ any) bool { return given(into.fields[name]) })
	missing["location"], missing["properties"] = without(from.location, into.location), without(from.properties, into.properties)
	a.profiles.change(into, missing, now)
	for _, further := range from.furtherEmails {
		a.profiles.byIdentifier[newIdentifier("email", further)] = into
		into.furtherEmails = append(into.furtherEmails, further)
	}
	for channel, consent := range from.consents {
		if into.consents[channel] == nil {
			into.consents[channel] = consent
		}
	}
	if from.lastEvent.After(into.lastEvent) {
		into.lastEvent = from.lastEvent
	}
	for _, l := range lists {
		l.add(into, now)
	}
	for _, e := range a.events {
		if e.profileID == from.id {
			e.profileID = into.id
			a.counted[e.key()] = true
		}
	}
}

// without leaves out the names that others has.
func without(values, others map[string]any) map[string]any {
	left := maps.Clone(values)
	maps.DeleteFunc(left, func(name string, _ any) bool {
		_, ok := others[name]
		return ok
	})
	return left
}

// delete deletes the profile of a person, if there is one.
func (a *account) delete(who person, now time.Time) answer {
	if p := a.lookUp(who); p != nil {
		a.deleteProfile(p, now)
	}
	return empty(http.StatusAccepted)
}
