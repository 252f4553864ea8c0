package mapper

// Code names the kind of an error or a warning.
type Code string

// Codes of errors.
const (
	// CodeInvalidJSON is a line that is no JSON value, isn't UTF-8, or has a name twice in
	// one object. Mend or leave out the line; an event has to be on one.
	CodeInvalidJSON Code = "invalid_json"
	// CodeInvalidEvent is a value that is no object. Leave it out.
	CodeInvalidEvent Code = "invalid_event"
	// CodeMissingType is an object without a type. Look whether it is one of RudderStack's
	// events.
	CodeMissingType Code = "missing_type"
	// CodeMissingIdentifier is an event of nobody whom Klaviyo could know: it has no email
	// and no phone number. Send one of them along, or allow the external id alone with
	// allowExternalIdOnly.
	CodeMissingIdentifier Code = "missing_identifier"
	// CodeMissingEventName is a track or a screen without a name. Name it where the event
	// is made.
	CodeMissingEventName Code = "missing_event_name"
	// CodeMissingGroupID is a group without a groupId. Give the id of a list at Klaviyo.
	CodeMissingGroupID Code = "missing_group_id"
	// CodeSubscribeRequired is a group whose subscribe is neither true nor false. Send one of
	// them, or leave it out of groups that aren't lists.
	CodeSubscribeRequired Code = "subscribe_required"
	// CodeMissingTime is a subscription that is imported, of an event without a time. Send
	// the time at which the consent was given, or set historicalImport to false.
	CodeMissingTime Code = "missing_time"

	// CodeMetricNameTooLong is a name of an event that is over Klaviyo's limit. Shorten it,
	// and keep what differs from event to event in a property.
	CodeMetricNameTooLong Code = "metric_name_too_long"
	// CodeTooManyProperties is an event with more properties than Klaviyo takes. Leave some
	// out, nest them, or set flattenProperties to false.
	CodeTooManyProperties Code = "too_many_properties"
	// CodeStringTooLong is a string in the properties that is over Klaviyo's limit. Shorten
	// it, or send a link to it.
	CodeStringTooLong Code = "string_too_long"
	// CodeListTooLong is a list with more elements than Klaviyo takes. Shorten it.
	CodeListTooLong Code = "list_too_long"
	// CodeTooDeep is a value that is nested deeper than Klaviyo takes. Send it flatter, or
	// set flattenProperties.
	CodeTooDeep Code = "too_deep"
	// CodeTooLarge is a profile or an event that is larger than Klaviyo takes. Leave out
	// what nobody uses at Klaviyo.
	CodeTooLarge Code = "too_large"
)

// Codes of errors and of warnings.
const (
	// CodeInvalidPhone is an invalid phone number, which stays a property; an error where
	// nothing else identifies the person. Write it with + and the country's code, or send
	// the person's country along.
	CodeInvalidPhone Code = "invalid_phone"
	// CodeInvalidEmail is an invalid email address, which stays a property; an error where
	// nothing else identifies the person. Check it where it is typed in.
	CodeInvalidEmail Code = "invalid_email"
	// CodeWrongType is a value of another type than is needed there; an error in type and
	// in event. Send the type that the message names.
	CodeWrongType Code = "wrong_type"
	// CodeInvalidTime is a time that can't be read, or that Klaviyo doesn't take: up to the
	// year 2000, or more than a year ahead; an error where the event has no other. Write it as
	// 2026-03-01T09:30:00Z.
	CodeInvalidTime Code = "invalid_time"
	// CodeExternalIDTooLong is a user id that is over Klaviyo's limit and becomes the custom
	// property _id; an error where nothing else identifies the person. Send a shorter one.
	CodeExternalIDTooLong Code = "external_id_too_long"
	// CodeNoConsentedChannel is a subscription without a channel whose identifier is there;
	// an error in a group. Send the email or the phone number that the consent is for.
	CodeNoConsentedChannel Code = "no_consented_channel"
)

// Codes of warnings.
const (
	// CodeNotNumeric is a value where a number is needed, or a latitude and a longitude; it
	// stays a property. Send a number, without a currency or separators.
	CodeNotNumeric Code = "not_numeric"
	// CodeMoneyAsText is money that is written for people, and was read as a number. Send a
	// number, to be sure that it is the right one.
	CodeMoneyAsText Code = "money_as_text"
	// CodeAssumedUTC is a time without an offset, which is taken to be in UTC. Send the offset
	// along, such as Z in 2026-03-01T09:30:00Z.
	CodeAssumedUTC Code = "assumed_utc"
	// CodeEmailFromUserID is a user id that is an email address, and was taken for the person's
	// since the traits have none. Send the email in the traits.
	CodeEmailFromUserID Code = "email_from_user_id"
	// CodeNotUnsubscribed is a subscribe: false that unsubscribes nobody. Set unsubscribe if it
	// is meant to.
	CodeNotUnsubscribed Code = "not_unsubscribed"
	// CodeSubscribedByDefault is a record of a warehouse that says nothing of subscribing, and
	// subscribes the person as RudderStack has it. Map a column to subscribe.
	CodeSubscribedByDefault Code = "subscribed_by_default"
	// CodeNameCollision is a trait or a property that is dropped, for a mapped one has its
	// name. Rename it if you need it.
	CodeNameCollision Code = "name_collision"
	// CodeSubscribeWithoutList is a subscribe: true without a list, so that nobody is
	// subscribed. Send a listId, or set it in the config.
	CodeSubscribeWithoutList Code = "subscribe_without_list"
	// CodeSubscribeElsewhere is a subscribe: true among the traits of an identify, which becomes a
	// property and subscribes nobody. Send it in traits.properties, with a listId, if it is meant to.
	CodeSubscribeElsewhere Code = "subscribe_elsewhere"
	// CodeUnknownChannel is a channel of consent that is neither email nor sms. Leave it
	// out.
	CodeUnknownChannel Code = "unknown_channel"
	// CodeNoPlace is a value that requests of the config's revision have no place for. Set
	// revision to a later one if you need it.
	CodeNoPlace Code = "no_place"
	// CodeChannelWithoutIdentifier is a channel that the event names beside another, but
	// whose identifier isn't there; the person is subscribed to the other. Send the email or
	// the phone number along.
	CodeChannelWithoutIdentifier Code = "channel_without_identifier"
	// CodeMoreWarnings is all warnings of an event beyond the first 100. Mend those, and look
	// again.
	CodeMoreWarnings Code = "more_warnings"
)

// SkipReason says why an event is not for Klaviyo.
type SkipReason string

// The reasons for skipping an event.
const (
	// SkipUnsupportedType is a page, an alias or any other type without a mapping. There is
	// nothing to do.
	SkipUnsupportedType SkipReason = "unsupported_type"
	// SkipFiltered is a track event that the config's filter excludes. Change
	// eventFilteringOption if it is wanted.
	SkipFiltered SkipReason = "filtered"
	// SkipNotForKlaviyo is an event whose integrations exclude Klaviyo. Change them where
	// the event is made if it is wanted.
	SkipNotForKlaviyo SkipReason = "not_for_klaviyo"
	// SkipNotASubscription is a group that subscribes nobody, such as a company. There is
	// nothing to do, unless it is meant to: set subscribe: true in its traits.
	SkipNotASubscription SkipReason = "not_a_subscription"
	// SkipAnonymous is an event of a visitor without an email, a phone number or a user id.
	// There is nothing to do: Klaviyo knows nobody who is anonymous.
	SkipAnonymous SkipReason = "anonymous"
	// SkipNotProfiles is an alias whose two ids aren't both known to be Klaviyo's own. Name
	// both in context.externalId, with the type klaviyo-profileId, if they are.
	SkipNotProfiles SkipReason = "not_profiles"
)
