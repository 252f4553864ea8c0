package klaviyotest

import (
	"strconv"
	"strings"
)

// showsFlat are the answers of a flat revision. Links end in a slash there, and an event
// names its metric and its profile among its attributes.
var showsFlat = shows{
	profile: showFlatProfile,
	member:  func(c *call, m *member) resource { return showFlatProfile(c, m.profile) },
	event:   showFlatEvent,
	metric:  showMetric,
	list:    showFlatList,
}

func showFlatProfile(c *call, p *profile) resource {
	attributes := p.shownAttributes("email", "phone_number", "external_id", "first_name", "last_name", "organization", "title", "image")
	attributes["location"] = only(p.location, "address1", "address2", "city", "country", "latitude", "longitude", "region", "zip", "timezone")
	subscriptions := map[string]any{"email": nil, "sms": nil}
	if email := p.consents[ChannelEmail]; email != nil {
		marketing := map[string]any{
			"consent": email.State, "method": "API", "method_detail": "", "custom_method_detail": email.CustomSource,
			"timestamp": shownTime(email.Time),
		}
		if email.Suppression != "" {
			marketing["suppressions"] = []any{map[string]any{"reason": email.Suppression, "timestamp": shownTime(email.SuppressedAt)}}
		}
		subscriptions["email"] = map[string]any{"marketing": marketing}
	}
	if sms := p.consents[ChannelSMS]; sms != nil {
		subscriptions["sms"] = map[string]any{"marketing": map[string]any{
			"consent": sms.State, "method": "API", "method_detail": sms.CustomSource, "timestamp": shownTime(sms.Time),
		}}
	}
	attributes["subscriptions"] = subscriptions
	return resource{Type: "profile", ID: p.id, Attributes: attributes, Links: c.linkOf("profiles", p.id)}
}

func showFlatEvent(c *call, e *event) resource {
	return resource{
		Type: "event",
		ID:   e.id,
		Attributes: map[string]any{
			"metric_id":        e.metric.id,
			"profile_id":       e.profileID,
			"timestamp":        strconv.FormatInt(e.time.Unix(), 10),
			"datetime":         e.time.UTC().Format("2006-01-02 15:04:05-07:00"),
			"event_properties": e.shownProperties(),
			"uuid":             e.uuid,
		},
		Links: c.linkOf("events", e.id),
	}
}

func showFlatList(c *call, l *list) resource {
	return resource{
		Type:       "list",
		ID:         l.id,
		Attributes: map[string]any{"name": l.name, "created": shownTime(l.created), "updated": shownTime(l.updated)},
		Links:      c.linkOf("lists", l.id),
	}
}

func showMetric(c *call, m *metric) resource {
	return resource{
		Type: "metric",
		ID:   m.id,
		Attributes: map[string]any{
			"name":        m.name,
			"created":     shownTime(m.created),
			"updated":     shownTime(m.created),
			"integration": map[string]any{"name": m.service, "category": "API"},
		},
		Links: c.linkOf("metrics", m.id),
	}
}

// linkOf are the links of an object, with a slash at the end where the revision's paths
// have one.
func (c *call) linkOf(collection, id string) *objectLinks {
	address := c.base() + "/api/" + collection + "/" + id
	if strings.HasSuffix(c.operation.Path, "/") {
		address += "/"
	}
	return linkTo(address)
}
