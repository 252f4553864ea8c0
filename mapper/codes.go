package mapper

// Code identifies the kind of an [Error] or a [Warning].
type Code string

// Error codes.
const (
	// CodeInvalidJSON is a line that isn't valid JSON, isn't valid UTF-8, or repeats a name
	// within one object. Fix or remove the line. Each event must be on one line.
	CodeInvalidJSON Code = "invalid_json"
	// CodeInvalidEvent is a line that isn't a JSON object. Remove it.
	CodeInvalidEvent Code = "invalid_event"
	// CodeMissingType is an event without a type. Check that it is a RudderStack event.
	CodeMissingType Code = "missing_type"
	// CodeMissingIdentifier is an event without an email and without a phone number, so that
	// Klaviyo can't tell whose it is. Add an email or a phone number. For events other than
	// subscriptions you can also set allowExternalIdOnly, to identify people by user id.
	CodeMissingIdentifier Code = "missing_identifier"
	// CodeMissingEventName is a track or screen event without a name. Set the name where the
	// event is created.
	CodeMissingEventName Code = "missing_event_name"
	// CodeMissingGroupID is a group event without a groupId. Set groupId to the id of a
	// Klaviyo list.
	CodeMissingGroupID Code = "missing_group_id"
	// CodeSubscribeRequired is a group event whose subscribe is neither true nor false. Set
	// it to true or false, or remove it from groups that aren't lists.
	CodeSubscribeRequired Code = "subscribe_required"
	// CodeMissingTime is a subscription in a historical import whose event has no time. Add
	// the time when consent was given, or set historicalImport to false.
	CodeMissingTime Code = "missing_time"

	// CodeMetricNameTooLong is an event name longer than Klaviyo allows. Shorten it, and
	// move the part that varies between events to a property.
	CodeMetricNameTooLong Code = "metric_name_too_long"
	// CodeTooManyProperties is an event with more properties than Klaviyo allows. Remove
	// some, nest them, or set flattenProperties to false.
	CodeTooManyProperties Code = "too_many_properties"
	// CodeStringTooLong is a string property longer than Klaviyo allows. Shorten it, or send
	// a link instead.
	CodeStringTooLong Code = "string_too_long"
	// CodeListTooLong is a list with more elements than Klaviyo allows. Shorten it.
	CodeListTooLong Code = "list_too_long"
	// CodeTooDeep is a value nested deeper than Klaviyo allows. Flatten it, or set
	// flattenProperties to true.
	CodeTooDeep Code = "too_deep"
	// CodeTooLarge is a profile or an event larger than Klaviyo allows. Remove data that
	// isn't used in Klaviyo.
	CodeTooLarge Code = "too_large"
)

// Codes of both errors and warnings.
const (
	// CodeInvalidPhone is an invalid phone number, which is kept as a property; an error if
	// nothing else identifies the person. Write it with + and the country calling code, or
	// add the person's country.
	CodeInvalidPhone Code = "invalid_phone"
	// CodeInvalidEmail is an invalid email address, which is kept as a property; an error if
	// nothing else identifies the person. Validate the address where people enter it.
	CodeInvalidEmail Code = "invalid_email"
	// CodeWrongType is a value of the wrong type; an error for type and event. Send the type
	// that the message names.
	CodeWrongType Code = "wrong_type"
	// CodeInvalidTime is a time that can't be parsed, is more than one year ahead, or is
	// earlier than the revision allows; an error if the event has no other time. Write it as
	// 2026-03-01T09:30:00Z.
	CodeInvalidTime Code = "invalid_time"
	// CodeExternalIDTooLong is a user id longer than Klaviyo allows, which becomes the
	// custom property _id; an error if nothing else identifies the person. Use a shorter id.
	CodeExternalIDTooLong Code = "external_id_too_long"
	// CodeNoConsentedChannel is a subscription or an unsubscription for which no channel has
	// its identifier; an error in a group event. Add the email or phone number that the
	// consent is for.
	CodeNoConsentedChannel Code = "no_consented_channel"
)

// Warning codes.
const (
	// CodeNotNumeric is a value that isn't a number or coordinates where one is required; it
	// is kept as a property. Send a number, without currency or separators.
	CodeNotNumeric Code = "not_numeric"
	// CodeMoneyAsText is an amount of money formatted as text, which was parsed as a number.
	// Send a number, so that it can't be misread.
	CodeMoneyAsText Code = "money_as_text"
	// CodeInvalidCurrency is a currency that isn't an ISO 4217 code; it is kept as a property,
	// and Klaviyo takes the value to be in the account's currency. Send a code, such as EUR.
	CodeInvalidCurrency Code = "invalid_currency"
	// CodeAssumedUTC is a time without a UTC offset, which is read as UTC. Add the offset,
	// such as the Z in 2026-03-01T09:30:00Z.
	CodeAssumedUTC Code = "assumed_utc"
	// CodeEmailFromUserID is a user id that is an email address, which is used as the
	// person's email because the traits have none. Send the email in the traits.
	CodeEmailFromUserID Code = "email_from_user_id"
	// CodeNotUnsubscribed is a subscribe: false that doesn't unsubscribe the person. Set
	// unsubscribe to true to unsubscribe people.
	CodeNotUnsubscribed Code = "not_unsubscribed"
	// CodeSubscribedByDefault is a reverse ETL record without subscribe, which subscribes
	// the person as in RudderStack. Map a column to subscribe to choose.
	CodeSubscribedByDefault Code = "subscribed_by_default"
	// CodeNameCollision is a trait or property that is dropped because a mapped field has
	// the same name, or a name in fieldsToUnset that isn't unset because the event sets it.
	// Rename it if you need it.
	CodeNameCollision Code = "name_collision"
	// CodeSubscribeWithoutList is a subscribe: true without a list, which subscribes nobody.
	// Send a listId, or set listId in the config.
	CodeSubscribeWithoutList Code = "subscribe_without_list"
	// CodeSubscribeElsewhere is a subscribe: true directly in the traits of an identify
	// event, which becomes a custom property and subscribes nobody. Move it to
	// traits.properties, with a listId, to subscribe the person.
	CodeSubscribeElsewhere Code = "subscribe_elsewhere"
	// CodeUnknownChannel is a consent channel other than email and sms. Remove it.
	CodeUnknownChannel Code = "unknown_channel"
	// CodeNoPlace is a value that the config's revision of the API doesn't support. Set
	// revision to a later one if you need it.
	CodeNoPlace Code = "no_place"
	// CodeChannelWithoutIdentifier is a channel that the event names but whose identifier is
	// missing; the person is subscribed to the other channel. Add the email or phone number.
	CodeChannelWithoutIdentifier Code = "channel_without_identifier"
	// CodeMoreWarnings is the number of warnings of an event after the first 100, which
	// aren't listed. Fix those that are listed, and check again.
	CodeMoreWarnings Code = "more_warnings"
)

// SkipReason is the reason why an event is skipped.
type SkipReason string

// Reasons to skip an event.
const (
	// SkipUnsupportedType is a page, an alias or any other event type that has no mapping.
	// No action is needed.
	SkipUnsupportedType SkipReason = "unsupported_type"
	// SkipFiltered is a track event that the config's event filter excludes. Change
	// eventFilteringOption or its list to send it.
	SkipFiltered SkipReason = "filtered"
	// SkipNotForKlaviyo is an event whose integrations exclude Klaviyo. Change integrations
	// where the event is created to send it.
	SkipNotForKlaviyo SkipReason = "not_for_klaviyo"
	// SkipNotASubscription is a group event that isn't a subscription, such as a company. No
	// action is needed, unless it is meant to subscribe: then set subscribe: true in its
	// traits.
	SkipNotASubscription SkipReason = "not_a_subscription"
	// SkipAnonymous is an event of a visitor without an email, a phone number or a user id.
	// No action is needed: Klaviyo can't record events of anonymous visitors.
	SkipAnonymous SkipReason = "anonymous"
	// SkipNotProfiles is an alias event in which one or both ids aren't known to be Klaviyo
	// profile ids. If they are, list both in context.externalId with the type
	// klaviyo-profileId.
	SkipNotProfiles SkipReason = "not_profiles"
)
