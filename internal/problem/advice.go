package problem

// advice says what to do about a code, as docs/mapping.md does.
var advice = map[string]string{
	"invalid_json":               "Mend or leave out the line; an event has to be on one.",
	"invalid_event":              "Leave it out.",
	"missing_type":               "Look whether it is one of RudderStack's events.",
	"missing_identifier":         "Send one of them along, or allow the external id alone with allowExternalIdOnly.",
	"missing_event_name":         "Name it where the event is made.",
	"missing_group_id":           "Give the id of a list at Klaviyo.",
	"subscribe_required":         "Send one of them, or leave it out of groups that aren't lists.",
	"missing_time":               "Send the time at which the consent was given, or set historicalImport to false.",
	"metric_name_too_long":       "Shorten it, and keep what differs from event to event in a property.",
	"too_many_properties":        "Leave some out, nest them, or set flattenProperties to false.",
	"string_too_long":            "Shorten it, or send a link to it.",
	"list_too_long":              "Shorten it.",
	"too_deep":                   "Send it flatter, or set flattenProperties.",
	"too_large":                  "Leave out what nobody uses at Klaviyo.",
	"invalid_phone":              "Write it with + and the country's code, or send the person's country along.",
	"invalid_email":              "Check it where it is typed in.",
	"wrong_type":                 "Send the type that the message names.",
	"invalid_time":               "Write it as 2026-03-01T09:30:00Z.",
	"external_id_too_long":       "Send a shorter one.",
	"no_consented_channel":       "Send the email or the phone number that the consent is for.",
	"not_numeric":                "Send a number, without a currency or separators.",
	"money_as_text":              "Send a number, to be sure that it is the right one.",
	"assumed_utc":                "Send the offset along, such as Z in 2026-03-01T09:30:00Z.",
	"email_from_user_id":         "Send the email in the traits.",
	"not_unsubscribed":           "Set unsubscribe if it is meant to.",
	"subscribed_by_default":      "Map a column to subscribe.",
	"name_collision":             "Rename it if you need it.",
	"subscribe_without_list":     "Send a listId, or set it in the config.",
	"subscribe_elsewhere":        "Send it in traits.properties, with a listId, if it is meant to.",
	"unknown_channel":            "Leave it out.",
	"no_place":                   "Set revision to a later one if you need it.",
	"channel_without_identifier": "Send the email or the phone number along.",
	"more_warnings":              "Mend those, and look again.",
	"unsupported_type":           "There is nothing to do.",
	"filtered":                   "Change eventFilteringOption if it is wanted.",
	"not_for_klaviyo":            "Change them where the event is made if it is wanted.",
	"not_a_subscription":         "There is nothing to do, unless it is meant to: set subscribe: true in its traits.",
	"anonymous":                  "There is nothing to do: Klaviyo knows nobody who is anonymous.",
	"not_profiles":               "Name both in context.externalId, with the type klaviyo-profileId, if they are.",

	// Of the program.
	"line_too_long": "Give a higher --max-line-bytes, or look for a line end that is missing.",
	"record_stays":  "The log says why, with --log-level error: most have no event, or are of a later revision.",

	// Of what Klaviyo answers.
	"identifier_conflict": "The identifiers belong to several profiles: merge them in Klaviyo, or send one of them.",
	"conflict":            "The identifiers belong to another profile: merge the two in Klaviyo, or send one of them.",
	"rate_limited":        "Send it again later, with replay.",
	"unavailable":         "Klaviyo kept failing: send it again later, with replay.",
	"error":               "Klaviyo kept failing: send it again later, with replay.",
	"not_found":           "Look whether the list or the profile that the event names is there.",
	"payload_too_large":   "Leave out what nobody uses at Klaviyo.",
}

// otherAdvice is for the codes that are Klaviyo's own.
const otherAdvice = "Klaviyo refused it: the dead letter has its words, and the place in the request."

// Advice says what to do about the events with a code.
func Advice(code string) string {
	if text, ok := advice[code]; ok {
		return text
	}
	return otherAdvice
}
