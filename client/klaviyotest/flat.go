package klaviyotest

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
)

// The bodies of a flat revision: an event names its profile by special names, and a
// subscription its channels by lists.

// eventFields say which attribute of a profile a special name in an event's
// profile sets. A dot leads into an object.
var eventFields = map[string]string{
	"$email":        "email",
	"$phone_number": "phone_number",
	"$id":           "external_id",
	"$first_name":   "first_name",
	"$last_name":    "last_name",
	"$organization": "organization",
	"$title":        "title",
	"$image":        "image",
	"$address1":     "location.address1",
	"$address2":     "location.address2",
	"$city":         "location.city",
	"$region":       "location.region",
	"$country":      "location.country",
	"$zip":          "location.zip",
	"$timezone":     "location.timezone",
}

// profileAttributes turns the flat profile of an event into attributes. What
// can't be a field, having another name or no text, is a custom property.
func profileAttributes(flat map[string]any) map[string]any {
	attributes := make(map[string]any)
	location := make(map[string]any)
	properties := make(map[string]any)
	for name, value := range flat {
		field, special := eventFields[name]
		if _, isText := value.(string); !special || !isText && value != nil {
			properties[name] = value
		} else if inside, ok := strings.CutPrefix(field, "location."); ok {
			location[inside] = value
		} else {
			attributes[field] = value
		}
	}
	attributes["location"], attributes["properties"] = location, properties
	return attributes
}

func (a *account) createFlatEvent(c *call) answer {
	attributes := c.attributes()
	n := newEvent{
		profile:    person{attributes: profileAttributes(object(attributes["profile"]))},
		metric:     text(inside(attributes, "metric", "name")),
		service:    text(inside(attributes, "metric", "service")),
		uniqueID:   text(attributes["unique_id"]),
		time:       text(attributes["time"]),
		properties: object(attributes["properties"]),
	}
	n.value, _ = attributes["value"].(json.Number)
	if !a.takeEvent(n, c.time) {
		return noMetric("/data/attributes/metric/name")
	}
	return empty(http.StatusAccepted)
}

func (a *account) createFlatClientProfile(c *call) answer {
	a.upsert(person{attributes: c.attributes()}, c.time)
	return empty(http.StatusAccepted)
}

func (a *account) requestFlatDeletion(c *call) answer {
	return a.delete(person{id: text(c.attributes()["profile_id"]), attributes: c.attributes()}, c.time)
}

// flatChannels say which identifier each channel needs.
var flatChannels = []struct {
	channel    Channel
	identifier string
}{
	{ChannelEmail, "email"},
	{ChannelSMS, "phone_number"},
}

// flatSubscription is a subscription to the channels that are named, or, where none are, to
// each whose identifier is there. fields are further fields of the profile, by the names of
// events.
func flatSubscription(l *list, s, fields map[string]any, customSource string) newSubscription {
	n := newSubscription{
		person:       person{id: text(s["profile_id"]), attributes: profileAttributes(fields)},
		list:         l,
		customSource: customSource,
	}
	named := object(s["channels"])
	for _, ch := range flatChannels {
		n.person.attributes[ch.identifier] = s[ch.identifier]
		if given(named[string(ch.channel)]) || len(named) == 0 && given(s[ch.identifier]) {
			n.channels = append(n.channels, consentTo{channel: ch.channel})
		}
	}
	return n
}

func (a *account) subscribeFlat(c *call) answer {
	attributes := c.attributes()
	subscriptions := elements(attributes["subscriptions"])
	for i, s := range subscriptions {
		if id := text(object(s)["profile_id"]); id != "" && a.profiles.byID[id] == nil {
			return refuse(unknownID(pointer("/data/attributes/subscriptions", strconv.Itoa(i), "profile_id")))
		}
	}
	l := a.subscribedList(text(attributes["list_id"]), c.time)
	if l == nil {
		return refuse(unknownID("/data/attributes/list_id"))
	}
	for _, s := range subscriptions {
		a.subscribe(flatSubscription(l, object(s), nil, text(attributes["custom_source"])), c.time)
	}
	return empty(http.StatusAccepted)
}

func (a *account) subscribeFlatClient(c *call) answer {
	attributes := c.attributes()
	l := a.subscribedList(text(attributes["list_id"]), c.time)
	if l == nil {
		return refuse(unknownID("/data/attributes/list_id"))
	}
	a.subscribe(flatSubscription(l, attributes, object(attributes["properties"]), text(attributes["custom_source"])), c.time)
	return empty(http.StatusAccepted)
}

// unsubscribeFlat makes profiles of people it doesn't know, so that their
// refusal is kept.
func (a *account) unsubscribeFlat(c *call) answer {
	attributes := c.attributes()
	l := a.list(text(attributes["list_id"]))
	if l == nil && !a.anyList && given(attributes["list_id"]) {
		return refuse(unknownID("/data/attributes/list_id"))
	}
	for _, ch := range flatChannels {
		for _, value := range elements(attributes[ch.identifier+"s"]) {
			p := a.upsert(person{attributes: map[string]any{ch.identifier: value}}, c.time)
			p.unsubscribe(ch.channel, c.time)
			if l != nil {
				l.remove(p, c.time)
			}
		}
	}
	return empty(http.StatusAccepted)
}

func (a *account) suppressFlat(c *call) answer {
	a.suppressionJob(kindSuppress, elements(c.attributes()["suppressions"]), flatPerson, c)
	return empty(http.StatusAccepted)
}

func (a *account) unsuppressFlat(c *call) answer {
	a.suppressionJob(kindUnsuppress, elements(c.attributes()["suppressions"]), flatPerson, c)
	return empty(http.StatusAccepted)
}

// flatPerson is whom an object of identifiers names.
func flatPerson(named map[string]any) person { return person{attributes: named} }
