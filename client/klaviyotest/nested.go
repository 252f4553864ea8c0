package klaviyotest

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
)

// The bodies of a nested revision. Profiles, metrics and lists are resources with a type and
// attributes.

// parsePerson returns the person in a profile resource.
func parsePerson(profile map[string]any) person {
	attributes := maps.Clone(object(profile["attributes"]))
	who := person{id: text(profile["id"]), attributes: attributes, meta: object(profile["meta"])}
	if meta := object(attributes["meta"]); meta != nil { // some operations have it in the attributes
		who.meta = meta
	}
	delete(attributes, "meta")
	delete(attributes, "subscriptions")
	delete(attributes, "age_gated_date_of_birth")
	return who
}

// parseEvent returns the event with attributes and a profile resource.
func parseEvent(attributes, profile map[string]any) newEvent {
	metric := object(lookUp(attributes, "metric", "data", "attributes"))
	n := newEvent{
		profile:    parsePerson(profile),
		metric:     text(metric["name"]),
		service:    text(metric["service"]),
		uniqueID:   text(attributes["unique_id"]),
		time:       text(attributes["time"]),
		currency:   text(attributes["value_currency"]),
		backfill:   attributes["backfill"] == true,
		properties: object(attributes["properties"]),
	}
	n.value, _ = attributes["value"].(json.Number)
	return n
}

func (a *account) createEvent(c *call) response {
	n := parseEvent(c.attributes(), object(lookUp(c.attributes(), "profile", "data")))
	if !a.addEvent(n, c.time) {
		return tooManyMetrics("/data/attributes/metric/data/attributes/name")
	}
	return emptyResponse(http.StatusAccepted)
}

func (a *account) createClientEvent(c *call) response {
	n := parseEvent(c.attributes(), object(lookUp(c.attributes(), "profile", "data")))
	n.profile = a.withoutIdentifierChanges(n.profile)
	if !a.addEvent(n, c.time) {
		return tooManyMetrics("/data/attributes/metric/data/attributes/name")
	}
	return emptyResponse(http.StatusAccepted)
}

// bulkCreateEvents adds events. Events whose metric exceeds the maximum are lost, since the
// response doesn't wait for them.
func (a *account) bulkCreateEvents(c *call) response {
	for _, entry := range elements(lookUp(c.attributes(), "events-bulk-create", "data")) {
		attributes := object(object(entry)["attributes"])
		for _, e := range elements(lookUp(attributes, "events", "data")) {
			n := parseEvent(object(object(e)["attributes"]), object(lookUp(attributes, "profile", "data")))
			n.backfill = n.backfill || attributes["backfill"] == true
			a.addEvent(n, c.time)
		}
	}
	return emptyResponse(http.StatusAccepted)
}

// withoutIdentifierChanges returns the person in a call with the public key, which can't change
// the identifiers of an existing profile.
func (a *account) withoutIdentifierChanges(who person) person {
	p := a.lookUp(who)
	if p == nil {
		return who
	}
	who.id, who.attributes = p.id, maps.Clone(who.attributes)
	for _, field := range identifierFields {
		delete(who.attributes, field)
	}
	return who
}

func (a *account) createClientProfile(c *call) response {
	a.upsert(a.withoutIdentifierChanges(parsePerson(c.data())), c.time)
	return emptyResponse(http.StatusAccepted)
}

func (a *account) requestProfileDeletion(c *call) response {
	return a.delete(parsePerson(object(lookUp(c.attributes(), "profile", "data"))), c.time)
}

func (a *account) bulkImportProfiles(c *call) response {
	var lists []*list
	for i, named := range elements(lookUp(c.data(), "relationships", "lists", "data")) {
		l := a.listForSubscription(text(object(named)["id"]), c.time)
		if l == nil {
			return errorResponse(unknownID(pointerTo("/data/relationships/lists/data", i, "id")))
		}
		lists = append(lists, l)
	}
	profiles := elements(lookUp(c.attributes(), "profiles", "data"))
	people := make([]map[string]any, len(profiles))
	for i := range profiles {
		people[i] = object(profiles[i])
	}
	j := a.newJob(kindImport, people, c.time, func(profile map[string]any, i int, now time.Time) *failure {
		who := parsePerson(profile)
		if who.id != "" && a.profiles.byID[who.id] == nil {
			return &failure{
				code: codeNotFound, detail: "No profile has this id.",
				pointer: pointerTo("/data/attributes/profiles/data", i, "id"), payload: profile,
			}
		}
		who.attributes = withoutNulls(who.attributes)
		p, _, other := a.write(who, now)
		if other != nil {
			return &failure{
				code: codeDuplicateProfile, detail: "The identifiers belong to two profiles.",
				pointer: pointerTo("/data/attributes/profiles/data", i, "attributes"), payload: profile,
			}
		}
		for _, l := range lists {
			l.add(p, now)
		}
		return nil
	})
	j.lists = lists
	return jsonResponse(http.StatusAccepted, resourceDocument{Data: c.fieldsets().resource(j, nil)})
}

// withoutNulls removes null fields, which an import doesn't clear.
func withoutNulls(attributes map[string]any) map[string]any {
	kept := make(map[string]any, len(attributes))
	for name, value := range attributes {
		if members := object(value); members != nil && (name == "location" || name == "properties") {
			value = withoutNulls(members)
		}
		if value != nil {
			kept[name] = value
		}
	}
	return kept
}

// nestedChannels are the locations of channels in the subscriptions of a profile, and the
// identifiers that they need. Push needs tokens.
var nestedChannels = []struct {
	channel        Channel
	group, purpose string
	identifier     string
}{
	{ChannelEmail, "email", "marketing", "email"},
	{ChannelEmailOpenTracking, "email", "open_tracking", "email"},
	{ChannelSMS, "sms", "marketing", "phone_number"},
	{ChannelSMSTransactional, "sms", "transactional", "phone_number"},
	{ChannelWhatsApp, "whatsapp", "marketing", "phone_number"},
	{ChannelWhatsAppTransactional, "whatsapp", "transactional", "phone_number"},
	{ChannelWhatsAppConversational, "whatsapp", "conversational", "phone_number"},
	{ChannelPush, "push", "marketing", ""},
}

// parseSubscription returns the subscription of a profile to the channels in it or, if there
// are none, to those whose identifier is set.
func parseSubscription(profile map[string]any) newSubscription {
	n := newSubscription{person: parsePerson(profile)}
	attributes := object(profile["attributes"])
	for _, ch := range nestedChannels {
		leaf := object(lookUp(attributes, "subscriptions", ch.group, ch.purpose))
		if leaf == nil && (attributes["subscriptions"] != nil || ch.purpose != "marketing" || ch.group == "whatsapp" || !isSet(attributes[ch.identifier])) {
			continue
		}
		to := channelConsent{channel: ch.channel}
		if at, err := runtime.Timestamp(text(leaf["consented_at"])).Time(); err == nil {
			to.consentedAt = at
		}
		n.channels = append(n.channels, to)
	}
	return n
}

// relatedList returns the list in the relationships of a body. It returns nil if there is none,
// and an error response if it doesn't exist.
func (a *account) relatedList(c *call) (*list, *response) {
	id := text(lookUp(c.data(), "relationships", "list", "data", "id"))
	if id == "" {
		return nil, nil
	}
	l := a.listForSubscription(id, c.time)
	if l == nil {
		refused := errorResponse(unknownID("/data/relationships/list/data/id"))
		return nil, &refused
	}
	return l, nil
}

func (a *account) bulkSubscribe(c *call) response {
	l, refused := a.relatedList(c)
	if refused != nil {
		return *refused
	}
	profiles := elements(lookUp(c.attributes(), "profiles", "data"))
	for i, profile := range profiles {
		if id := text(object(profile)["id"]); id != "" && a.profiles.byID[id] == nil {
			return errorResponse(unknownID(pointerTo("/data/attributes/profiles/data", i, "id")))
		}
	}
	for _, profile := range profiles {
		n := parseSubscription(object(profile))
		n.list, n.customSource, n.historical = l, text(c.attributes()["custom_source"]), c.attributes()["historical_import"] == true
		a.subscribe(n, c.time)
	}
	return emptyResponse(http.StatusAccepted)
}

func (a *account) createClientSubscription(c *call) response {
	l, refused := a.relatedList(c)
	if refused != nil {
		return *refused
	}
	n := parseSubscription(object(lookUp(c.attributes(), "profile", "data")))
	n.person = a.withoutIdentifierChanges(n.person)
	n.list, n.customSource = l, text(c.attributes()["custom_source"])
	a.subscribe(n, c.time)
	return emptyResponse(http.StatusAccepted)
}

// bulkUnsubscribe removes people who are on the list from it. All others, or everybody if there
// is no list, are unsubscribed. It creates profiles for unknown people, so that it can record
// that they unsubscribed.
func (a *account) bulkUnsubscribe(c *call) response {
	l, refused := a.relatedList(c)
	if refused != nil {
		return *refused
	}
	for _, profile := range elements(lookUp(c.attributes(), "profiles", "data")) {
		n := parseSubscription(object(profile))
		p := a.upsert(n.person, c.time)
		if l != nil && l.has(p) {
			l.remove(p, c.time)
			continue
		}
		for _, to := range n.channels {
			p.unsubscribe(to.channel, c.time)
		}
	}
	return emptyResponse(http.StatusAccepted)
}

// bulkSuppression returns a handler that starts a job of a kind for the people in the body or
// on a list.
func bulkSuppression(kind string) func(*account, *call) response {
	return func(a *account, c *call) response {
		if isSet(lookUp(c.data(), "relationships", "segment", "data", "id")) {
			return errorResponse(unknownID("/data/relationships/segment/data/id")) // segments aren't supported
		}
		l, refused := a.relatedList(c)
		if refused != nil {
			return *refused
		}
		named := slices.Clone(elements(lookUp(c.attributes(), "profiles", "data")))
		if l != nil {
			for _, p := range l.ordered {
				named = append(named, map[string]any{"id": p.id})
			}
		}
		j := a.suppressionJob(kind, named, parsePerson, c)
		if l != nil {
			j.lists = []*list{l}
		}
		return jsonResponse(http.StatusAccepted, resourceDocument{Data: c.fieldsets().resource(j, nil)})
	}
}
