package klaviyotest

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
)

// The bodies of a flat revision. An event has its profile in fields with special names, and a
// subscription has its channels in lists.

// eventFields maps special names in the profile of an event to attributes of a profile. A dot
// separates nested names.
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

// profileAttributes converts the flat profile of an event to attributes. Other names, and
// values that aren't strings, become custom properties.
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

func (a *account) createFlatEvent(c *call) response {
	attributes := c.attributes()
	n := newEvent{
		profile:    person{attributes: profileAttributes(object(attributes["profile"]))},
		metric:     text(lookUp(attributes, "metric", "name")),
		service:    text(lookUp(attributes, "metric", "service")),
		uniqueID:   text(attributes["unique_id"]),
		time:       text(attributes["time"]),
		properties: object(attributes["properties"]),
	}
	n.value, _ = attributes["value"].(json.Number)
	if !a.addEvent(n, c.time) {
		return tooManyMetrics("/data/attributes/metric/name")
	}
	return emptyResponse(http.StatusAccepted)
}

func (a *account) createFlatClientProfile(c *call) response {
	a.upsert(person{attributes: c.attributes()}, c.time)
	return emptyResponse(http.StatusAccepted)
}

func (a *account) requestFlatDeletion(c *call) response {
	return a.delete(person{id: text(c.attributes()["profile_id"]), attributes: c.attributes()}, c.time)
}

// flatChannels has the identifier that each channel needs.
var flatChannels = []struct {
	channel    Channel
	identifier string
}{
	{ChannelEmail, "email"},
	{ChannelSMS, "phone_number"},
}

// flatSubscription returns a subscription to the channels in s or, if there are none, to those
// whose identifier is set. fields are further fields of the profile, named as in events.
func flatSubscription(l *list, s, fields map[string]any, customSource string) newSubscription {
	n := newSubscription{
		person:       person{id: text(s["profile_id"]), attributes: profileAttributes(fields)},
		list:         l,
		customSource: customSource,
	}
	named := object(s["channels"])
	for _, ch := range flatChannels {
		n.person.attributes[ch.identifier] = s[ch.identifier]
		if isSet(named[string(ch.channel)]) || len(named) == 0 && isSet(s[ch.identifier]) {
			n.channels = append(n.channels, channelConsent{channel: ch.channel})
		}
	}
	return n
}

func (a *account) subscribeFlat(c *call) response {
	attributes := c.attributes()
	subscriptions := elements(attributes["subscriptions"])
	for i, s := range subscriptions {
		if id := text(object(s)["profile_id"]); id != "" && a.profiles.byID[id] == nil {
			return errorResponse(unknownID(pointer("/data/attributes/subscriptions", strconv.Itoa(i), "profile_id")))
		}
	}
	l := a.listForSubscription(text(attributes["list_id"]), c.time)
	if l == nil {
		return errorResponse(unknownID("/data/attributes/list_id"))
	}
	for _, s := range subscriptions {
		a.subscribe(flatSubscription(l, object(s), nil, text(attributes["custom_source"])), c.time)
	}
	return emptyResponse(http.StatusAccepted)
}

func (a *account) subscribeFlatClient(c *call) response {
	attributes := c.attributes()
	l := a.listForSubscription(text(attributes["list_id"]), c.time)
	if l == nil {
		return errorResponse(unknownID("/data/attributes/list_id"))
	}
	a.subscribe(flatSubscription(l, attributes, object(attributes["properties"]), text(attributes["custom_source"])), c.time)
	return emptyResponse(http.StatusAccepted)
}

// unsubscribeFlat creates profiles for unknown people, so that it can record that they
// unsubscribed.
func (a *account) unsubscribeFlat(c *call) response {
	attributes := c.attributes()
	l := a.list(text(attributes["list_id"]))
	if l == nil && !a.createMissingLists && isSet(attributes["list_id"]) {
		return errorResponse(unknownID("/data/attributes/list_id"))
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
	return emptyResponse(http.StatusAccepted)
}

func (a *account) suppressFlat(c *call) response {
	a.suppressionJob(kindSuppress, elements(c.attributes()["suppressions"]), personFromIdentifiers, c)
	return emptyResponse(http.StatusAccepted)
}

func (a *account) unsuppressFlat(c *call) response {
	a.suppressionJob(kindUnsuppress, elements(c.attributes()["suppressions"]), personFromIdentifiers, c)
	return emptyResponse(http.StatusAccepted)
}

// personFromIdentifiers returns the person with the identifiers.
func personFromIdentifiers(named map[string]any) person { return person{attributes: named} }
