package klaviyotest

import (
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
)

// Rules for the bodies of a nested revision.
var (
	upsertProfileRules = nestedProfileRules("/data")
	clientProfileRules = slices.Concat([]rule{{"/data", hasIdentifier(clientIdentifiers...)}}, nestedIdentifierRules("/data"))

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
		{"/data/attributes/profiles/data/*", hasIdentifier("email", "phone_number")},
		{"/data/attributes/profiles/data/*", nestedChannelIdentifiers},
		{"/data/attributes", historicalConsents},
	}, nestedIdentifierRules("/data/attributes/profiles/data/*"))

	bulkUnsubscribeRules = slices.Concat([]rule{
		{"/data/attributes/profiles/data", maxElements(100)},
		{"/data/attributes/profiles/data", notEmpty},
		{"/data/attributes/profiles/data/*", hasIdentifier("email", "phone_number")},
		{"/data/attributes/profiles/data/*", nestedChannelIdentifiers},
	}, nestedIdentifierRules("/data/attributes/profiles/data/*"))

	clientSubscriptionRules = slices.Concat([]rule{
		{"/data/relationships/list/data/id", notEmpty},
		{"/data/attributes/profile/data", hasIdentifier("email", "phone_number")},
		{"/data/attributes/profile/data", nestedChannelIdentifiers},
	}, nestedIdentifierRules("/data/attributes/profile/data"))

	bulkSuppressionRules = []rule{
		{"/data", oneKindOfPeople},
		{"/data/attributes/profiles/data", maxElements(100)},
		{"/data/attributes/profiles/data", notEmpty},
		{"/data/attributes/profiles/data/*/attributes/email", email},
	}

	deletionRules = slices.Concat([]rule{
		{"/data/attributes/profile/data", hasOneIdentifier},
	}, nestedIdentifierRules("/data/attributes/profile/data"))

	mergeRules = []rule{{"/data/relationships/profiles/data", notEmpty}}
)

// clientIdentifiers are the identifiers of an event or a call with the public key.
var clientIdentifiers = []string{"email", "phone_number", "external_id", "anonymous_id", "_kx"}

// nestedIdentifierRules returns the rules for the identifiers of a profile.
func nestedIdentifierRules(profile string) []rule {
	return []rule{
		{profile + "/attributes/email", email},
		{profile + "/attributes/phone_number", phoneNumber},
		{profile + "/attributes/external_id", maxLength(255)},
	}
}

func nestedProfileRules(profile string) []rule {
	return append([]rule{{profile, hasIdentifier("email", "phone_number", "external_id", "_kx")}}, nestedIdentifierRules(profile)...)
}

// nestedEventRules returns the rules for an event with attributes at one location and a profile
// at another.
func nestedEventRules(event, profile string) []rule {
	return slices.Concat([]rule{
		{profile, hasIdentifier(clientIdentifiers...)},
		{profile, maxBytes(95_000)},
		{event + "/metric/data/attributes/name", notEmpty},
		{event + "/metric/data/attributes/name", maxLength(127)},
		{event + "/time", eventTime(1990)},
		{event + "/unique_id", notEmpty},
		{event + "/unique_id", maxLength(255)},
		{event + "/value_currency", currency},
		{event + "/properties", maxMembers(400)},
		{event + "/properties", maxNested(100_000, 4_000, 10)},
	}, nestedIdentifierRules(profile))
}

// hasIdentifier requires an id or one of the attributes.
func hasIdentifier(fields ...string) check {
	attributes := anyOf(fields...)
	return func(at string, v any) []requestError {
		if isSet(object(v)["id"]) {
			return nil
		}
		return attributes(pointer(at, "attributes"), object(v)["attributes"])
	}
}

// hasOneIdentifier requires exactly one of id, email and phone number.
func hasOneIdentifier(at string, v any) []requestError {
	identifiers := map[string]any{
		"id":           object(v)["id"],
		"email":        lookUp(v, "attributes", "email"),
		"phone_number": lookUp(v, "attributes", "phone_number"),
	}
	return oneOf("id", "email", "phone_number")(at, identifiers)
}

// oneKindOfPeople requires profiles, a list or a segment.
func oneKindOfPeople(at string, v any) []requestError {
	kinds := map[string]any{
		"profiles": lookUp(v, "attributes", "profiles", "data"),
		"list":     lookUp(v, "relationships", "list", "data"),
		"segment":  lookUp(v, "relationships", "segment", "data"),
	}
	return oneOf("profiles", "list", "segment")(at, kinds)
}

var iso4217 = regexp.MustCompile(`^[A-Z]{3}$`)

func currency(at string, v any) []requestError {
	if iso4217.MatchString(text(v)) {
		return nil
	}
	return []requestError{invalidField(at, "The field is not the code of a currency, such as USD.")}
}

// maxBulkEvents is the maximum number of events in a request.
const maxBulkEvents = 1_000

// bulkEvents limits the number of events in a request, and rejects duplicates.
func bulkEvents(at string, v any) []requestError {
	var errs []requestError
	n := 0
	seen := make(map[[3]string]bool)
	for i, entry := range elements(v) {
		attributes := object(object(entry)["attributes"])
		who := profileKey(object(lookUp(attributes, "profile", "data")))
		for j, e := range elements(lookUp(attributes, "events", "data")) {
			n++
			event := object(object(e)["attributes"])
			key := [3]string{who, text(lookUp(event, "metric", "data", "attributes", "name")), text(event["unique_id"])}
			if key[2] != "" && seen[key] {
				errs = append(errs, invalidField(
					pointerTo(at, i, "attributes", "events", "data")+pointerTo("", j, "attributes", "unique_id"),
					"The request has another event with this unique_id, metric and profile.",
				))
			}
			seen[key] = true
		}
	}
	if n > maxBulkEvents {
		errs = append(errs, invalidField(at, fmt.Sprintf("The request has more than %d events.", maxBulkEvents)))
	}
	return errs
}

// profileKey returns the identifier that determines which profile is meant.
func profileKey(profile map[string]any) string {
	if id := text(profile["id"]); id != "" {
		return id
	}
	for _, field := range identifierFields {
		if value := text(lookUp(profile, "attributes", field)); value != "" {
			return field + " " + newIdentifier(field, value).value
		}
	}
	return ""
}

// nestedChannelIdentifiers requires at least one channel and, without a profile id, the
// identifier of each channel.
func nestedChannelIdentifiers(at string, v any) []requestError {
	subscriptions := object(lookUp(v, "attributes", "subscriptions"))
	if subscriptions == nil {
		return nil
	}
	var errs []requestError
	channels := 0
	for _, ch := range nestedChannels {
		if lookUp(subscriptions, ch.group, ch.purpose) == nil {
			continue
		}
		channels++
		if ch.identifier != "" && !isSet(object(v)["id"]) && !isSet(lookUp(v, "attributes", ch.identifier)) {
			errs = append(errs, invalidField(pointer(at, "attributes", ch.identifier), "The channel "+ch.group+" needs this field."))
		}
	}
	if channels == 0 {
		errs = append(errs, invalidField(pointer(at, "attributes", "subscriptions"), "The subscription has no channel."))
	}
	return errs
}

// historicalConsents requires a past consented_at in a historical import, and rejects it
// elsewhere.
func historicalConsents(at string, v any) []requestError {
	historical := object(v)["historical_import"] == true
	var errs []requestError
	for i, profile := range elements(lookUp(v, "profiles", "data")) {
		for _, ch := range nestedChannels {
			consent := object(lookUp(profile, "attributes", "subscriptions", ch.group, ch.purpose))
			if consent == nil || ch.channel == ChannelEmailOpenTracking {
				continue
			}
			at := pointerTo(pointer(at, "profiles", "data"), i, "attributes", "subscriptions", ch.group, ch.purpose, "consented_at")
			written := text(consent["consented_at"])
			when, err := runtime.Timestamp(written).Time()
			switch {
			case !historical && written != "":
				errs = append(errs, invalidField(at, "Only a historical import has this field."))
			case historical && written == "":
				errs = append(errs, invalidField(at, "A historical import needs this field."))
			case historical && (err != nil || when.After(time.Now())):
				errs = append(errs, invalidField(at, "The time is not in the past."))
			}
		}
	}
	return errs
}
