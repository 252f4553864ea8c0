package klaviyotest

import (
	"net/http"
	"slices"
)

// nestedResources are the resources of a nested revision. Events have their metric and profile
// in relationships, and profiles include consents on request.
var nestedResources = resourceForms{
	profile: nestedProfileResource,
	member: func(c *call, m *listMember) resource {
		shown := nestedProfileResource(c, m.profile)
		shown.Attributes["joined_group_at"] = formatTime(m.joined)
		return shown
	},
	event:   nestedEventResource,
	metric:  metricResource,
	list:    nestedListResource,
	job:     jobResource,
	failure: importErrorResource,
}

func nestedProfileResource(c *call, p *profile) resource {
	attributes := p.commonAttributes("email", "phone_number", "external_id", "first_name", "last_name", "organization", "locale", "title", "image")
	attributes["location"] = pickValues(p.location, "address1", "address2", "city", "country", "latitude", "longitude", "region", "zip", "timezone", "ip")
	if slices.Contains(queryList(c.req.URL.Query(), "additional-fields[profile]"), "subscriptions") {
		attributes["subscriptions"] = consentAttributes(p)
	}
	return resource{Type: "profile", ID: p.id, Attributes: attributes, Links: c.linkOf("profiles", p.id)}
}

// canReceive has the names of the fields that say whether a channel can send. The default is
// can_receive.
var canReceive = map[Channel]string{
	ChannelEmail:            "can_receive_email_marketing",
	ChannelSMS:              "can_receive_sms_marketing",
	ChannelSMSTransactional: "can_receive_sms_transactional",
	ChannelPush:             "can_receive_push_marketing",
}

// consentAttributes returns the consents of a profile by channel and purpose.
func consentAttributes(p *profile) map[string]any {
	subscriptions := map[string]any{"email": nil, "sms": nil, "mobile_push": nil, "whatsapp": nil}
	for _, ch := range nestedChannels {
		consent := p.consents[ch.channel]
		if consent == nil {
			continue
		}
		receives, ok := canReceive[ch.channel]
		if !ok {
			receives = "can_receive"
		}
		shown := map[string]any{
			"consent":           consent.State,
			"consent_timestamp": formatTime(consent.Time),
			receives:            consent.State == consentSubscribed && consent.Suppression == "",
		}
		if ch.channel == ChannelEmail {
			shown["method"], shown["custom_method_detail"] = "API", consent.CustomSource
			suppressions := []any{}
			if consent.Suppression != "" {
				suppressions = append(suppressions, map[string]any{"reason": consent.Suppression, "timestamp": formatTime(consent.SuppressedAt)})
			}
			shown["suppression"] = suppressions
		}
		group := ch.group
		if group == "push" {
			group = "mobile_push"
		}
		channel, ok := subscriptions[group].(map[string]any)
		if !ok {
			channel = make(map[string]any)
			subscriptions[group] = channel
		}
		channel[ch.purpose] = shown
	}
	return subscriptions
}

func nestedEventResource(c *call, e *event) resource {
	return resource{
		Type: "event",
		ID:   e.id,
		Attributes: map[string]any{
			"timestamp":        e.time.Unix(),
			"datetime":         formatTime(e.time),
			"event_properties": e.responseProperties(),
			"uuid":             e.uuid,
		},
		Relationships: map[string]relationship{
			"metric":  {Data: resourceID{"metric", e.metric.id}},
			"profile": {Data: resourceID{"profile", e.profileID}},
		},
		Links: c.linkOf("events", e.id),
	}
}

func nestedListResource(c *call, l *list) resource {
	attributes := map[string]any{
		"name": l.name, "created": formatTime(l.created), "updated": formatTime(l.updated), "opt_in_process": l.optIn,
	}
	if slices.Contains(queryList(c.req.URL.Query(), "additional-fields[list]"), "profile_count") {
		attributes["profile_count"] = len(l.ordered)
	}
	return resource{Type: "list", ID: l.id, Attributes: attributes, Links: c.linkOf("lists", l.id)}
}

func jobResource(c *call, j *job) resource {
	attributes := map[string]any{
		"status":          j.Status,
		"created_at":      formatTime(j.Created),
		"total_count":     j.Total,
		"completed_count": j.Completed,
		"completed_at":    nil,
	}
	if !j.Ended.IsZero() {
		attributes["completed_at"] = formatTime(j.Ended)
	}
	collection := j.Kind + "s"
	if j.Kind == kindImport {
		attributes["failed_count"], attributes["expires_at"], attributes["started_at"] = j.Failed, formatTime(j.Expires), nil
		if !j.Started.IsZero() {
			attributes["started_at"] = formatTime(j.Started)
		}
	} else {
		attributes["skipped_count"] = j.Failed
	}
	lists := []resourceID{}
	for _, l := range j.lists {
		lists = append(lists, resourceID{"list", l.id})
	}
	return resource{
		Type: j.Kind, ID: j.ID, Attributes: attributes, Links: c.linkOf(collection, j.ID),
		Relationships: map[string]relationship{"lists": {Data: lists}},
	}
}

func importErrorResource(c *call, f *failure) resource {
	return resource{
		Type: "import-error",
		ID:   f.id,
		Attributes: map[string]any{
			"code":             f.code,
			"title":            http.StatusText(http.StatusBadRequest),
			"detail":           f.detail,
			"source":           map[string]any{"pointer": f.pointer},
			"original_payload": f.payload,
		},
		Links: c.linkOf("import-errors", f.id),
	}
}
