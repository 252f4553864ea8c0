package problem

// advice is what to do about each code, as in docs/mapping.md.
var advice = map[string]string{
	"invalid_json":               "Fix or remove the line. Each event must be on one line.",
	"invalid_event":              "Remove it.",
	"missing_type":               "Check that it is a RudderStack event.",
	"missing_identifier":         "Add an email or a phone number. For events other than subscriptions you can also set allowExternalIdOnly, to identify people by user id.",
	"missing_event_name":         "Set the name where the event is created.",
	"missing_group_id":           "Set groupId to the id of a Klaviyo list.",
	"subscribe_required":         "Set it to true or false, or remove it from groups that aren't lists.",
	"missing_time":               "Add the time when consent was given, or set historicalImport to false.",
	"metric_name_too_long":       "Shorten it, and move the part that varies between events to a property.",
	"too_many_properties":        "Remove some, nest them, or set flattenProperties to false.",
	"string_too_long":            "Shorten it, or send a link instead.",
	"list_too_long":              "Shorten it.",
	"too_deep":                   "Flatten it, or set flattenProperties to true.",
	"too_large":                  "Remove data that isn't used in Klaviyo.",
	"invalid_phone":              "Write it with + and the country calling code, or add the person's country.",
	"invalid_email":              "Validate the address where people enter it.",
	"wrong_type":                 "Send the type that the message names.",
	"invalid_time":               "Write it as 2026-03-01T09:30:00Z.",
	"external_id_too_long":       "Use a shorter id.",
	"no_consented_channel":       "Add the email or phone number that the consent is for.",
	"not_numeric":                "Send a number, without currency or separators.",
	"money_as_text":              "Send a number, so that it can't be misread.",
	"invalid_currency":           "Send a code, such as EUR.",
	"assumed_utc":                "Add the offset, such as the Z in 2026-03-01T09:30:00Z.",
	"email_from_user_id":         "Send the email in the traits.",
	"not_unsubscribed":           "Set unsubscribe to true to unsubscribe people.",
	"subscribed_by_default":      "Map a column to subscribe to choose.",
	"name_collision":             "Rename it if you need it.",
	"subscribe_without_list":     "Send a listId, or set listId in the config.",
	"subscribe_elsewhere":        "Move it to traits.properties, with a listId, to subscribe the person.",
	"unknown_channel":            "Remove it.",
	"no_place":                   "Set revision to a later one if you need it.",
	"channel_without_identifier": "Add the email or phone number.",
	"more_warnings":              "Fix those that are listed, and check again.",
	"unsupported_type":           "No action is needed.",
	"filtered":                   "Change eventFilteringOption or its list to send it.",
	"not_for_klaviyo":            "Change integrations where the event is created to send it.",
	"not_a_subscription":         "No action is needed, unless it is meant to subscribe: then set subscribe: true in its traits.",
	"anonymous":                  "No action is needed: Klaviyo can't record events of anonymous visitors.",
	"not_profiles":               "If they are, list both in context.externalId with the type klaviyo-profileId.",

	// Codes of the program.
	"line_too_long": "Increase --max-line-bytes, or look for a missing newline.",
	"record_stays":  "Run with --log-level error to see why: most have no event, or are of a later revision.",

	// Codes of responses.
	"identifier_conflict": "The identifiers belong to several profiles: merge them in Klaviyo, or send one of them.",
	"conflict":            "The identifiers belong to another profile: merge the two in Klaviyo, or send one of them.",
	"rate_limited":        "Send it again later, with replay.",
	"unavailable":         "Klaviyo kept failing: send it again later, with replay.",
	"error":               "Klaviyo kept failing: send it again later, with replay.",
	"not_found":           "Check that the list or the profile in the event exists.",
	"payload_too_large":   "Remove data that isn't used in Klaviyo.",
}

// otherAdvice is the advice for Klaviyo's own codes.
const otherAdvice = "Klaviyo rejected it; the dead letter has the detail and the pointer into the request."

// Advice returns what to do about the events with a code.
func Advice(code string) string {
	if text, ok := advice[code]; ok {
		return text
	}
	return otherAdvice
}
