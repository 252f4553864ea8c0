package klaviyotest

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
)

// The bodies of a nested revision: profiles, metrics and lists stand in them as resources,
// with a type and attributes of their own.

// personIn is whom a resource names.
func personIn(profile map[string]any) person {
	attributes := maps.Clone(object(profile["attributes"]))
	who := person{id: text(profile["id"]), attributes: attributes, meta: object(profile["meta"])}
	if meta := object(attributes["meta"]); meta != nil { // where it stands inside
		who.meta = meta
	}
	delete(attributes, "meta")
	delete(attributes, "subscriptions")
	delete(attributes, "age_gated_date_of_birth")
	return who
}

// eventIn is the event with attributes, of a profile.
func eventIn(attributes, profile map[string]any) newEvent {
	metric := object(inside(attributes, "metric", "data", "attributes"))
	n := newEvent{
		profile:    personIn(profile),
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

func (a *account) createEvent(c *call) answer {
	n := eventIn(c.attributes(), object(inside(c.attributes(), "profile", "data")))
	if !a.takeEvent(n, c.time) {
		return noMetric("/data/attributes/metric/data/attributes/name")
	}
	return empty(http.StatusAccepted)
}

func (a *account) createClientEvent(c *call) answer {
	n := eventIn(c.attributes(), object(inside(c.attributes(), "profile", "data")))
	n.profile = a.asClient(n.profile)
	if !a.takeEvent(n, c.time) {
		return noMetric("/data/attributes/metric/data/attributes/name")
	}
	return empty(http.StatusAccepted)
}

// bulkCreateEvents takes events that passed every check. One whose metric the account has no
// room for gets lost, since the answer came before.
func (a *account) bulkCreateEvents(c *call) answer {
	for _, entry := range elements(inside(c.attributes(), "events-bulk-create", "data")) {
		attributes := object(object(entry)["attributes"])
		for _, e := range elements(inside(attributes, "events", "data")) {
			n := eventIn(object(object(e)["attributes"]), object(inside(attributes, "profile", "data")))
			n.backfill = n.backfill || attributes["backfill"] == true
			a.takeEvent(n, c.time)
		}
	}
	return empty(http.StatusAccepted)
}

// asClient is a person in a call with the public key, which changes no identifier of a
// profile that there is.
func (a *account) asClient(who person) person {
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

func (a *account) createClientProfile(c *call) answer {
	a.upsert(a.asClient(personIn(c.data())), c.time)
	return empty(http.StatusAccepted)
}

func (a *account) requestProfileDeletion(c *call) answer {
	return a.delete(personIn(object(inside(c.attributes(), "profile", "data"))), c.time)
}

func (a *account) bulkImportProfiles(c *call) answer {
	var lists []*list
	for i, named := range elements(inside(c.data(), "relationships", "lists", "data")) {
		l := a.subscribedList(text(object(named)["id"]), c.time)
		if l == nil {
			return refuse(unknownID(pointerTo("/data/relationships/lists/data", i, "id")))
		}
		lists = append(lists, l)
	}
	profiles := elements(inside(c.attributes(), "profiles", "data"))
	people := make([]map[string]any, len(profiles))
	for i := range profiles {
		people[i] = object(profiles[i])
	}
	j := a.newJob(kindImport, people, c.time, func(profile map[string]any, i int, now time.Time) *failure {
		who := personIn(profile)
		if who.id != "" && a.profiles.byID[who.id] == nil {
			return &failure{
				code: codeNotFound, detail: "There is no profile with this id.",
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
	return document(http.StatusAccepted, single{Data: c.shaping().resource(j, nil)})
}

// withoutNulls leaves out the fields that are null, which an import doesn't clear.
func withoutNulls(attributes map[string]any) map[string]any {
	left := make(map[string]any, len(attributes))
	for name, value := range attributes {
		if members := object(value); members != nil && (name == "location" || name == "properties") {
			value = withoutNulls(members)
		}
		if value != nil {
			left[name] = value
		}
	}
	return left
}

// nestedChannels say where a profile's subscriptions name each channel, and which
// identifier it needs. Those of push are tokens.
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

// subscriptionIn is the subscription of a profile to the channels that it names or, where
// it names none, to each whose identifier is there.
func subscriptionIn(profile map[string]any) newSubscription {
	n := newSubscription{person: personIn(profile)}
	attributes := object(profile["attributes"])
	for _, ch := range nestedChannels {
		leaf := object(inside(attributes, "subscriptions", ch.group, ch.purpose))
		if leaf == nil && (attributes["subscriptions"] != nil || ch.purpose != "marketing" || ch.group == "whatsapp" || !given(attributes[ch.identifier])) {
			continue
		}
		to := consentTo{channel: ch.channel}
		if at, err := runtime.Timestamp(text(leaf["consented_at"])).Time(); err == nil {
			to.consentedAt = at
		}
		n.channels = append(n.channels, to)
	}
	return n
}

// listNamed finds the list that a body names, if it names one, or refuses one that isn't
// there.
func (a *account) listNamed(c *call) (*list, *answer) {
	id := text(inside(c.data(), "relationships", "list", "data", "id"))
	if id == "" {
		return nil, nil
	}
	l := a.subscribedList(id, c.time)
	if l == nil {
		refused := refuse(unknownID("/data/relationships/list/data/id"))
		return nil, &refused
	}
	return l, nil
}

func (a *account) bulkSubscribe(c *call) answer {
	l, refused := a.listNamed(c)
	if refused != nil {
		return *refused
	}
	profiles := elements(inside(c.attributes(), "profiles", "data"))
	for i, profile := range profiles {
		if id := text(object(profile)["id"]); id != "" && a.profiles.byID[id] == nil {
			return refuse(unknownID(pointerTo("/data/attributes/profiles/data", i, "id")))
		}
	}
	for _, profile := range profiles {
		n := subscriptionIn(object(profile))
		n.list, n.customSource, n.historical = l, text(c.attributes()["custom_source"]), c.attributes()["historical_import"] == true
		a.subscribe(n, c.time)
	}
	return empty(http.StatusAccepted)
}

func (a *account) createClientSubscription(c *call) answer {
	l, refused := a.listNamed(c)
	if refused != nil {
		return *refused
	}
	n := subscriptionIn(object(inside(c.attributes(), "profile", "data")))
	n.person = a.asClient(n.person)
	n.list, n.customSource = l, text(c.attributes()["custom_source"])
	a.subscribe(n, c.time)
	return empty(http.StatusAccepted)
}

// bulkUnsubscribe takes those who are on the list that is named from it. Others, and all
// where no list is named, no longer consent at all. It makes profiles of people it doesn't
// know, so that their refusal is kept.
func (a *account) bulkUnsubscribe(c *call) answer {
	l, refused := a.listNamed(c)
	if refused != nil {
		return *refused
	}
	for _, profile := range elements(inside(c.attributes(), "profiles", "data")) {
		n := subscriptionIn(object(profile))
		p := a.upsert(n.person, c.time)
		if l != nil && l.has(p) {
			l.remove(p, c.time)
			continue
		}
		for _, to := range n.channels {
			p.unsubscribe(to.channel, c.time)
		}
	}
	return empty(http.StatusAccepted)
}

// bulkSuppression answers with a job of a kind for the people that a body names, or for
// those of a list.
func bulkSuppression(kind string) func(*account, *call) answer {
	return func(a *account, c *call) answer {
		if given(inside(c.data(), "relationships", "segment", "data", "id")) {
			return refuse(unknownID("/data/relationships/segment/data/id")) // there are none
		}
		l, refused := a.listNamed(c)
		if refused != nil {
			return *refused
		}
		named := slices.Clone(elements(inside(c.attributes(), "profiles", "data")))
		if l != nil {
			for _, p := range l.ordered {
				named = append(named, map[string]any{"id": p.id})
			}
		}
		j := a.suppressionJob(kind, named, personIn, c)
		if l != nil {
			j.lists = []*list{l}
		}
		return document(http.StatusAccepted, single{Data: c.shaping().resource(j, nil)})
	}
}
