package klaviyotest

import (
	"bytes"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// A person is a person in a request, in the form of the account.
type person struct {
	id string // the profile id
	// attributes are the identifiers, names, location and properties.
	attributes map[string]any
	meta       map[string]any
}

// lookUp returns the profile of a person by id or by identifier, or nil.
func (a *account) lookUp(who person) *profile {
	if p := a.profiles.byID[who.id]; p != nil {
		return p
	}
	p, _ := a.profiles.find(who.attributes)
	return p
}

// upsert updates the profile of a person, or creates one. It clears no identifiers, and merges
// no profiles: an identifier of another profile isn't moved. It returns nil if the person only
// has a profile id and no profile has that id.
func (a *account) upsert(who person, now time.Time) *profile {
	attributes := maps.Clone(who.attributes)
	for _, field := range identifierFields {
		if !isSet(attributes[field]) {
			delete(attributes, field)
		}
	}
	p := a.lookUp(who)
	if p == nil {
		if !slices.ContainsFunc(identifierFields, func(field string) bool { return isSet(attributes[field]) }) {
			return nil
		}
		p = a.newProfile(attributes, now)
		a.profiles.applyMeta(p, who.meta)
		return p
	}
	for {
		other, field := a.profiles.conflict(attributes, p)
		if other == nil {
			break
		}
		delete(attributes, field)
	}
	a.profiles.update(p, attributes, now)
	a.profiles.applyMeta(p, who.meta)
	return p
}

// write updates the profile of a person, or creates one. If the identifiers belong to two
// profiles, it changes nothing and returns the other one.
func (a *account) write(who person, now time.Time) (p *profile, created bool, other *profile) {
	p = a.lookUp(who)
	if other, _ := a.profiles.conflict(who.attributes, p); p != nil && other != nil {
		return nil, false, other
	}
	if other := a.profiles.metaConflict(who.meta, p); other != nil {
		return nil, false, other
	}
	if p == nil {
		p, created = a.newProfile(who.attributes, now), true
	} else {
		a.profiles.update(p, who.attributes, now)
	}
	a.profiles.applyMeta(p, who.meta)
	return p, created, nil
}

func (a *account) createOrUpdateProfile(c *call) response {
	who := parsePerson(c.data())
	if who.id != "" && a.profiles.byID[who.id] == nil {
		return errorResponse(unknownID("/data/id"))
	}
	var partly bool
	who.attributes, partly = a.withoutRejectedPhone(who.attributes)
	p, created, other := a.write(who, c.time)
	switch {
	case other != nil:
		return duplicateProfile(other)
	case created:
		return profileResponse(c, http.StatusCreated, p, partly)
	}
	return profileResponse(c, http.StatusOK, p, partly)
}

// metaConflict returns a profile other than except that has an email address which meta adds,
// or nil.
func (ps *profiles) metaConflict(meta map[string]any, except *profile) *profile {
	for _, email := range toList(lookUp(meta, "patch_identifiers", "append", "email")) {
		if other := ps.byIdentifier[newIdentifier("email", text(email))]; other != nil && other != except {
			return other
		}
	}
	return nil
}

// patchIdentifiers applies the patch_identifiers of meta, except addresses of other profiles.
func (ps *profiles) patchIdentifiers(p *profile, meta map[string]any) {
	for _, email := range toList(lookUp(meta, "patch_identifiers", "append", "email")) {
		identifier := newIdentifier("email", text(email))
		if ps.byIdentifier[identifier] == nil {
			ps.byIdentifier[identifier] = p
			p.furtherEmails = append(p.furtherEmails, text(email))
		}
	}
	for _, email := range toList(lookUp(meta, "patch_identifiers", "unappend", "email")) {
		i := slices.IndexFunc(p.furtherEmails, func(further string) bool { return strings.EqualFold(further, text(email)) })
		if i >= 0 {
			delete(ps.byIdentifier, newIdentifier("email", p.furtherEmails[i]))
			p.furtherEmails = slices.Delete(p.furtherEmails, i, i+1)
		}
	}
}

// applyMeta applies the patches in meta.
func (ps *profiles) applyMeta(p *profile, meta map[string]any) {
	ps.patchIdentifiers(p, meta)
	patches := object(meta["patch_properties"])
	for name, value := range object(patches["append"]) {
		p.properties[name] = append(toList(p.properties[name]), toList(value)...)
	}
	for name, value := range object(patches["unappend"]) {
		if kept, ok := p.properties[name].([]any); ok {
			p.properties[name] = slices.DeleteFunc(slices.Clone(kept), func(element any) bool {
				return slices.ContainsFunc(toList(value), func(gone any) bool { return bytes.Equal(encode(gone), encode(element)) })
			})
		}
	}
	for _, name := range toList(patches["unset"]) {
		delete(p.properties, text(name))
	}
}

// toList returns v if it is a list, otherwise a list with v.
func toList(v any) []any {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		return slices.Clone(v)
	}
	return []any{v}
}

// mergeProfiles moves the data of a profile to another one, whose own values take precedence.
func (a *account) mergeProfiles(c *call) response {
	into, ok := a.profiles.byID[text(c.data()["id"])]
	if !ok {
		return errorResponse(unknownID("/data/id"))
	}
	for i, named := range elements(lookUp(c.data(), "relationships", "profiles", "data")) {
		from, ok := a.profiles.byID[text(object(named)["id"])]
		if !ok || from == into {
			return errorResponse(unknownID(pointerTo("/data/relationships/profiles/data", i, "id")))
		}
		a.merge(into, from, c.time)
	}
	shown := c.fieldsets().resource(into, nil)
	shown.Attributes, shown.Relationships = nil, nil
	return jsonResponse(http.StatusCreated, resourceDocument{Data: shown})
}

func (a *account) merge(into, from *profile, now time.Time) {
	lists := a.listsOf(from)
	a.deleteProfile(from, now)
	missing := maps.Clone(from.fields)
	maps.DeleteFunc(missing, func(name string, _ any) bool { return isSet(into.fields[name]) })
	missing["location"], missing["properties"] = difference(from.location, into.location), difference(from.properties, into.properties)
	a.profiles.update(into, missing, now)
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
			a.seen[e.key()] = true
		}
	}
}

// difference returns the values whose names aren't in others.
func difference(values, others map[string]any) map[string]any {
	kept := maps.Clone(values)
	maps.DeleteFunc(kept, func(name string, _ any) bool {
		_, ok := others[name]
		return ok
	})
	return kept
}

// delete deletes the profile of a person, if there is one.
func (a *account) delete(who person, now time.Time) response {
	if p := a.lookUp(who); p != nil {
		a.deleteProfile(p, now)
	}
	return emptyResponse(http.StatusAccepted)
}
