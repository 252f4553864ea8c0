package klaviyotest

import (
	"strconv"
	"strings"
)

// flatResources are the resources of a flat revision. Links end in a slash, and events have
// their metric and profile in attributes.
var flatResources = resourceForms{
	profile: flatProfileResource,
	member:  func(c *call, m *listMember) resource { return flatProfileResource(c, m.profile) },
	event:   flatEventResource,
	metric:  metricResource,
	list:    flatListResource,
}

func flatProfileResource(c *call, p *profile) resource {
	attributes := p.commonAttributes("email", "phone_number", "external_id", "first_name", "last_name", "organization", "title", "image")
	attributes["location"] = pickValues(p.location, "address1", "address2", "city", "country", "latitude", "longitude", "region", "zip", "timezone")
	subscriptions := map[string]any{"email": nil, "sms": nil}
	if email := p.consents[ChannelEmail]; email != nil {
		marketing := map[string]any{
			"consent": email.State, "method": "API", "method_detail": "", "custom_method_detail": email.CustomSource,
			"timestamp": formatTime(email.Time),
		}
		if email.Suppression != "" {
			marketing["suppressions"] = []any{map[string]any{"reason": email.Suppression, "timestamp": formatTime(email.SuppressedAt)}}
		}
		subscriptions["email"] = map[string]any{"marketing": marketing}
	}
	if sms := p.consents[ChannelSMS]; sms != nil {
		subscriptions["sms"] = map[string]any{"marketing": map[string]any{
			"consent": sms.State, "method": "API", "method_detail": sms.CustomSource, "timestamp": formatTime(sms.Time),
		}}
	}
	attributes["subscriptions"] = subscriptions
	return resource{Type: "profile", ID: p.id, Attributes: attributes, Links: c.linkOf("profiles", p.id)}
}

func flatEventResource(c *call, e *event) resource {
	return resource{
		Type: "event",
		ID:   e.id,
		Attributes: map[string]any{
			"metric_id":        e.metric.id,
			"profile_id":       e.profileID,
			"timestamp":        strconv.FormatInt(e.time.Unix(), 10),
			"datetime":         e.time.UTC().Format("2006-01-02 15:04:05-07:00"),
			"event_properties": e.responseProperties(),
			"uuid":             e.uuid,
		},
		Links: c.linkOf("events", e.id),
	}
}

func flatListResource(c *call, l *list) resource {
	return resource{
		Type:       "list",
		ID:         l.id,
		Attributes: map[string]any{"name": l.name, "created": formatTime(l.created), "updated": formatTime(l.updated)},
		Links:      c.linkOf("lists", l.id),
	}
}

func metricResource(c *call, m *metric) resource {
	return resource{
		Type: "metric",
		ID:   m.id,
		Attributes: map[string]any{
			"name":        m.name,
			"created":     formatTime(m.created),
			"updated":     formatTime(m.created),
			"integration": map[string]any{"name": m.service, "category": "API"},
		},
		Links: c.linkOf("metrics", m.id),
	}
}

// linkOf returns the links of an object. URLs end in a slash if the revision's paths do.
func (c *call) linkOf(collection, id string) *objectLinks {
	address := c.base() + "/api/" + collection + "/" + id
	if strings.HasSuffix(c.operation.Path, "/") {
		address += "/"
	}
	return selfLink(address)
}
