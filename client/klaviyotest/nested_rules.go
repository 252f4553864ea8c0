package klaviyotest

import (
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
)

// The rules of a nested revision's bodies.
var (
	upsertProfileRules = nestedProfileRules("/data")
	clientProfileRules = slices.Concat([]rule{{"/data", identified(clientIdentifiers...)}}, nestedIdentifierRules("/data"))

	bulkImportRules = slices.Concat([]rule{
		{"/data/attributes/profiles/data", maxElements(10_000)},
		{"/data/attributes/profiles/data", notEmpty},
		{"/data/attributes/profiles/data/*", maxBytes(maxProfileBody)},
	}, nestedProfileRules("/data/attributes/profiles/data/*"))

	createEventRules      = nestedEventRules("/data/attributes", "/data/attributes/profile/data")
	bulkCreateEventsRules = slices.Concat([]rule{
		{"/data/attributes/events-bulk-create/data", notEmpty},
		{"/data/attributes/events-bulk-create/data", bulkEvents},
	}, nestedEventRules(
		"/data/attributes/events-bulk-create/data/*/attributes/events/data/*/attributes",
		"/data/attributes/events-bulk-create/data/*/attributes/profile/data",
	))

	bulkSubscribeRules = slices.Concat([]rule{
		{"/data/attributes/profiles/data", maxElements(1_000)},
		{"/data/attributes/profiles/data", notEmpty},
		{"/data/attributes/profiles/data/*", identified("email", "phone_number")},
		{"/data/attributes/profiles/data/*", nestedChannelIdentifiers},
		{"/data/attributes", historicalConsents},
	}, nestedIdentifierRules("/data/attributes/profiles/data/*"))

	bulkUnsubscribeRules = slices.Concat([]rule{
		{"/data/attributes/profiles/data", maxElements(100)},
		{"/data/attributes/profiles/data", notEmpty},
		{"/data/attributes/profiles/data/*", identified("email", "phone_number")},
		{"/data/attributes/profiles/data/*", nestedChannelIdentifiers},
	}, nestedIdentifierRules("/data/attributes/profiles/data/*"))

	clientSubscriptionRules = slices.Concat([]rule{
		{"/data/relationships/list/data/id", notEmpty},
		{"/data/attributes/profile/data", identified("email", "phone_number")},
		{"/data/attributes/profile/data", nestedChannelIdentifiers},
	}, nestedIdentifierRules("/data/attributes/profile/data"))

	bulkSuppressionRules = []rule{
		{"/data", oneKindOfPeople},
		{"/data/attributes/profiles/data", maxElements(100)},
		{"/data/attributes/profiles/data", notEmpty},
		{"/data/attributes/profiles/data/*/attributes/email", email},
	}

	deletionRules = slices.Concat([]rule{
		{"/data/attributes/profile/data", identifiedOnce},
	}, nestedIdentifierRules("/data/attributes/profile/data"))

	mergeRules = []rule{{"/data/relationships/profiles/data", notEmpty}}
)

// clientIdentifiers are those that an event, or a call with the public key, can have.
var clientIdentifiers = []string{"email", "phone_number", "external_id", "anonymous_id", "_kx"}

// nestedIdentifierRules are those of a profile's identifiers.
func nestedIdentifierRules(profile string) []rule {
	return []rule{
		{profile + "/attributes/email", email},
		{profile + "/attributes/phone_number", phoneNumber},
		{profile + "/attributes/external_id", maxLength(255)},
	}
}

func nestedProfileRules(profile string) []rule {
	return append([]rule{{profile, identified("email", "phone_number", "external_id", "_kx")}}, nestedIdentifierRules(profile)...)
}

// nestedEventRules are those of an event, whose attributes stand at one place and its
// profile at another.
func nestedEventRules(event, profile string) []rule {
	return slices.Concat([]rule{
		{profile, identified(clientIdentifiers...)},
		{profile, maxBytes(95_000)},
		{event + "/metric/data/attributes/name", notEmpty},
		{event + "/metric/data/attributes/name", maxLength(127)},
		{event + "/time", eventTime(1990)},
		{event + "/unique_id", notEmpty},
		{event + "/unique_id", maxLength(255)},
		{event + "/value_currency", currency},
		{event + "/properties", maxMembers(400)},
		{event + "/properties", maxInside(100_000, 4_000, 10)},
	}, nestedIdentifierRules(profile))
}

// identified asks for an id or for one of some attributes.
func identified(fields ...string) check {
	attributes := anyOf(fields...)
	return func(at string, v any) []refusal {
		if given(object(v)["id"]) {
			return nil
		}
		return attributes(pointer(at, "attributes"), object(v)["attributes"])
	}
}

// identifiedOnce asks for exactly one of the id, the email and the phone number.
func identifiedOnce(at string, v any) []refusal {
	identifiers := map[string]any{
		"id":           object(v)["id"],
		"email":        inside(v, "attributes", "email"),
		"phone_number": inside(v, "attributes", "phone_number"),
	}
	return oneOf("id", "email", "phone_number")(at, identifiers)
}

// oneKindOfPeople asks for profiles, a list or a segment.
func oneKindOfPeople(at string, v any) []refusal {
	kinds := map[string]any{
		"profiles": inside(v, "attributes", "profiles", "data"),
		"list":     inside(v, "relationships", "list", "data"),
		"segment":  inside(v, "relationships", "segment", "data"),
	}
	return oneOf("profiles", "list", "segment")(at, kinds)
}

var iso4217 = regexp.MustCompile(`^[A-Z]{3}$`)

func currency(at string, v any) []refusal {
	if iso4217.MatchString(text(v)) {
		return nil
	}
	return []refusal{invalid(at, "The field is not the code of a currency, such as USD.")}
}

// maxBulkEvents is how many events a request can have, whosever they are.
const maxBulkEvents = 1_000

// bulkEvents counts the events of a request, and refuses a unique id that comes again with
// the same profile and metric.
func bulkEvents(at string, v any) []refusal {
	var refusals []refusal
	n := 0
	seen := make(map[[3]string]bool)
	for i, entry := range elements(v) {
		attributes := object(object(entry)["attributes"])
		who := keyOf(object(inside(attributes, "profile", "data")))
		for j, e := range elements(inside(attributes, "events", "data")) {
			n++
			event := object(object(e)["attributes"])
			key := [3]string{who, text(inside(event, "metric", "data", "attributes", "name")), text(event["unique_id"])}
			if key[2] != "" && seen[key] {
				refusals = append(refusals, invalid(
					pointerTo(at, i, "attributes", "events", "data")+pointerTo("", j, "attributes", "unique_id"),
					"The request has another event with this unique_id, metric and profile.",
				))
			}
			seen[key] = true
		}
	}
	if n > maxBulkEvents {
		refusals = append(refusals, invalid(at, fmt.Sprintf("The request has more than %d events.", maxBulkEvents)))
	}
	return refusals
}

// keyOf is the identifier that decides who a profile is.
func keyOf(profile map[string]any) string {
	if id := text(profile["id"]); id != "" {
		return id
	}
	for _, field := range identifierFields {
		if value := text(inside(profile, "attributes", field)); value != "" {
			return field + " " + newIdentifier(field, value).value
		}
	}
	return ""
}

// nestedChannelIdentifiers asks for a channel, and for the identifier that each needs unless
// Klaviyo's id says who it is.
func nestedChannelIdentifiers(at string, v any) []refusal {
	subscriptions := object(inside(v, "attributes", "subscriptions"))
	if subscriptions == nil {
		return nil
	}
	var refusals []refusal
	channels := 0
	for _, ch := range nestedChannels {
		if inside(subscriptions, ch.group, ch.purpose) == nil {
			continue
		}
		channels++
		if ch.identifier != "" && !given(object(v)["id"]) && !given(inside(v, "attributes", ch.identifier)) {
			refusals = append(refusals, invalid(pointer(at, "attributes", ch.identifier), "The channel "+ch.group+" needs this field."))
		}
	}
	if channels == 0 {
		refusals = append(refusals, invalid(pointer(at, "attributes", "subscriptions"), "There is no channel."))
	}
	return refusals
}

// historicalConsents asks for the time of each consent that was given earlier, and refuses
// that of another.
func historicalConsents(at string, v any) []refusal {
	historical := object(v)["historical_import"] == true
	var refusals []refusal
	for i, profile := range elements(inside(v, "profiles", "data")) {
		for _, ch := range nestedChannels {
			consent := object(inside(profile, "attributes", "subscriptions", ch.group, ch.purpose))
			if consent == nil || ch.channel == ChannelEmailOpenTracking {
				continue
			}
			at := pointerTo(pointer(at, "profiles", "data"), i, "attributes", "subscriptions", ch.group, ch.purpose, "consented_at")
			written := text(consent["consented_at"])
			when, err := runtime.Timestamp(written).Time()
			switch {
			case !historical && written != "":
				refusals = append(refusals, invalid(at, "Only a historical import has this field."))
			case historical && written == "":
				refusals = append(refusals, invalid(at, "A historical import needs this field."))
			case historical && (err != nil || when.After(time.Now())):
				refusals = append(refusals, invalid(at, "The time is not in the past."))
			}
		}
	}
	return refusals
}
