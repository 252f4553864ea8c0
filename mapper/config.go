package mapper

import (
	"encoding/json"
	"time"
)

// Config holds the settings of the mapping. The JSON names are those of RudderStack's
// Klaviyo destination; revision and the settings from defaultCountry on are specific to this
// project. The zero Config is valid.
type Config struct {
	// Revision is the revision of Klaviyo's API that the requests are for, one of
	// [Revisions]. The default is [DefaultRevision].
	Revision string `json:"revision,omitempty"`

	// ListID is the id of the list to which subscribe: true subscribes a person if the
	// event has no listId.
	ListID string `json:"listId,omitempty"`
	// Consent lists the channels of a subscription if the event names none. Nil means
	// email. Empty means no channel.
	Consent []Channel `json:"consent,omitzero"`
	// SMSConsent adds sms to Consent if true and removes it if false. Nil leaves Consent
	// unchanged.
	SMSConsent *bool `json:"smsConsent,omitempty"`
	// EnforceEmailAsPrimary identifies people only by email or phone number. The user id
	// becomes the custom property _id.
	EnforceEmailAsPrimary bool `json:"enforceEmailAsPrimary,omitempty"`
	// FlattenProperties flattens nested objects into properties with dotted names.
	FlattenProperties bool `json:"flattenProperties,omitempty"`
	// EventFilteringOption selects which of the two following lists filters track events.
	// The default is [EventFilteringDisabled].
	EventFilteringOption EventFilteringOption `json:"eventFilteringOption,omitempty"`
	// WhitelistedEvents are the only track events that are sent with
	// [EventFilteringWhitelist].
	WhitelistedEvents EventNames `json:"whitelistedEvents,omitempty"`
	// BlacklistedEvents are the track events that are skipped with
	// [EventFilteringBlacklist].
	BlacklistedEvents EventNames `json:"blacklistedEvents,omitempty"`

	// DefaultCountry is the ISO 3166-1 alpha-2 code of the country used to parse national
	// phone numbers (those without +) if the person's traits have no country. If it is
	// empty, such numbers are invalid.
	DefaultCountry string `json:"defaultCountry,omitempty"`
	// AllowExternalIDOnly allows profiles and events that have an external id but no email
	// and no phone number, for accounts that identify people by external id.
	AllowExternalIDOnly bool `json:"allowExternalIdOnly,omitempty"`
	// SendNulls sends null traits as null, which clears the profile's field. By default
	// they aren't sent.
	SendNulls bool `json:"sendNulls,omitempty"`
	// Unsubscribe makes subscribe: false unsubscribe the person. Nil means false on the
	// oldest revision and true on later ones, as in RudderStack's destination.
	Unsubscribe *bool `json:"unsubscribe,omitempty"`
	// ItemFields selects the field names of the items of e-commerce events. The default
	// is [ItemFieldsGuide].
	ItemFields ItemFields `json:"itemFields,omitempty"`
	// EcommerceEvents maps events such as Product Viewed to Klaviyo's own metrics, such as
	// Viewed Product. Nil means true.
	EcommerceEvents *bool `json:"ecommerceEvents,omitempty"`
	// MetricNames sets the metric names of individual events. The properties of these
	// events keep their names.
	MetricNames []MetricName `json:"metricNames,omitempty"`
	// OrderedProducts adds an Ordered Product event for each item of an Order Completed
	// event.
	OrderedProducts bool `json:"orderedProducts,omitempty"`
	// HistoricalImport marks events and consent as historical, so that a backfill starts
	// no flows and sends no messages. If the Revision doesn't support it, New returns
	// [ErrNotInRevision].
	HistoricalImport bool `json:"historicalImport,omitempty"`
	// MergeOnAlias merges the two profiles of an alias event if both ids are known to be
	// Klaviyo profile ids. A merge can't be undone. If the Revision doesn't support it, New
	// returns [ErrNotInRevision].
	MergeOnAlias bool `json:"mergeOnAlias,omitempty"`

	// Now returns the current time, used to reject times too far in the future. Nil means
	// time.Now.
	Now func() time.Time `json:"-"`
}

// MetricName maps an event to a Klaviyo metric. Both names are required.
type MetricName struct {
	// EventName is the name of the event. It is compared without regard to case.
	EventName string `json:"eventName"`
	// MetricName is the name of the metric in Klaviyo.
	MetricName string `json:"metricName"`
}

// EventNames is a list of names of track events. In JSON it is a list of objects, as in
// RudderStack's destination: [{"eventName": "Order Completed"}].
type EventNames []string

type eventName struct {
	EventName string `json:"eventName"`
}

// MarshalJSON encodes the names as a list of objects with an eventName.
func (n EventNames) MarshalJSON() ([]byte, error) {
	entries := make([]eventName, len(n))
	for i, name := range n {
		entries[i].EventName = name
	}
	return json.Marshal(entries)
}

// UnmarshalJSON decodes a list of objects with an eventName.
func (n *EventNames) UnmarshalJSON(data []byte) error {
	var entries []eventName
	if err := json.Unmarshal(data, &entries); err != nil {
		return err
	}
	*n = make(EventNames, len(entries))
	for i, entry := range entries {
		(*n)[i] = entry.EventName
	}
	return nil
}

// EventFilteringOption selects which list of a [Config] filters track events.
type EventFilteringOption string

// Values of EventFilteringOption: no filter, only the whitelisted events, or all but the
// blacklisted events.
const (
	EventFilteringDisabled  EventFilteringOption = "disable"
	EventFilteringWhitelist EventFilteringOption = "whitelistedEvents"
	EventFilteringBlacklist EventFilteringOption = "blacklistedEvents"
)

// Channel is a marketing channel that a person can subscribe to.
type Channel string

// The marketing channels.
const (
	ChannelEmail Channel = "email"
	ChannelSMS   Channel = "sms"
)

// ItemFields selects the field names of items in e-commerce events.
type ItemFields string

// Values of ItemFields: the names in RudderStack's guide, the names in Klaviyo's guide for
// e-commerce integrations, and the names that RudderStack's transformer sends.
const (
	ItemFieldsGuide       ItemFields = "guide"
	ItemFieldsKlaviyo     ItemFields = "klaviyo"
	ItemFieldsTransformer ItemFields = "transformer"
)
