package mapper

import (
	"encoding/json"
	"time"
)

// Config is what a RudderStack destination says of the mapping. Its JSON names
// are those of the destination's form; defaultCountry and what follows it are
// this project's own. The zero Config is usable.
type Config struct {
	// Revision is the revision of Klaviyo's API that requests are of, one of
	// [Revisions]. Empty is [DefaultRevision].
	Revision string `json:"revision,omitempty"`

	// ListID is the list that an event's subscribe flag subscribes to, where
	// the event names none.
	ListID string `json:"listId,omitempty"`
	// Consent is the set of channels a subscription counts for where the event
	// names none. Nil is email alone; empty is none.
	Consent []Channel `json:"consent,omitzero"`
	// SMSConsent adds sms to Consent or removes it; nil leaves Consent as it is.
	SMSConsent *bool `json:"smsConsent,omitempty"`
	// EnforceEmailAsPrimary identifies people by email or phone number alone and
	// keeps the user id as the custom property _id.
	EnforceEmailAsPrimary bool `json:"enforceEmailAsPrimary,omitempty"`
	// FlattenProperties turns nested objects into dotted keys.
	FlattenProperties bool `json:"flattenProperties,omitempty"`
	// EventFilteringOption says which of the two lists of events holds. The
	// default is EventFilteringDisabled.
	EventFilteringOption EventFilteringOption `json:"eventFilteringOption,omitempty"`
	// WhitelistedEvents are the only track events that pass, with
	// EventFilteringWhitelist.
	WhitelistedEvents EventNames `json:"whitelistedEvents,omitempty"`
	// BlacklistedEvents are the track events that don't pass, with
	// EventFilteringBlacklist.
	BlacklistedEvents EventNames `json:"blacklistedEvents,omitempty"`

	// DefaultCountry is the ISO 3166-1 alpha-2 code of the country in whose way phone
	// numbers without + are read, of people whose traits name no country. Without one
	// such a number is invalid.
	DefaultCountry string `json:"defaultCountry,omitempty"`
	// AllowExternalIDOnly lets requests through that have neither email nor
	// phone number but an external id, for accounts that identify people by it.
	AllowExternalIDOnly bool `json:"allowExternalIdOnly,omitempty"`
	// SendNulls sends null traits as null, which clears the profile's field.
	SendNulls bool `json:"sendNulls,omitempty"`
	// Unsubscribe makes subscribe: false unsubscribe a person. Nil is what RudderStack's
	// own destination does on the Revision: false on the oldest, true on later ones.
	Unsubscribe *bool `json:"unsubscribe,omitempty"`
	// ItemFields chooses the names of the fields of an e-commerce event's items.
	// The default is ItemFieldsGuide.
	ItemFields ItemFields `json:"itemFields,omitempty"`
	// EcommerceEvents makes events such as Product Viewed those of Klaviyo's own metrics. Nil
	// is true.
	EcommerceEvents *bool `json:"ecommerceEvents,omitempty"`
	// MetricNames name the metrics of events. An event that is named so keeps the names of its
	// properties.
	MetricNames []MetricName `json:"metricNames,omitempty"`
	// OrderedProducts adds an event Ordered Product for each item of an Order Completed.
	OrderedProducts bool `json:"orderedProducts,omitempty"`
	// HistoricalImport sends events and consent as a record of the past, for a backfill
	// that is to start no flow and send no mail. A Revision without a place for that is
	// [ErrNotInRevision].
	HistoricalImport bool `json:"historicalImport,omitempty"`
	// MergeOnAlias merges the profiles of an alias, where both of its ids are known to be
	// Klaviyo's own, which can't be undone. A Revision without a place for that is
	// [ErrNotInRevision].
	MergeOnAlias bool `json:"mergeOnAlias,omitempty"`

	// Now is the clock that a time in the future is held against; nil is time.Now.
	Now func() time.Time `json:"-"`
}

// MetricName is the name that an event's metric has at Klaviyo. Neither may be blank.
type MetricName struct {
	// EventName is the event's name, in any case.
	EventName string `json:"eventName"`
	// MetricName is the metric's.
	MetricName string `json:"metricName"`
}

// EventNames are names of track events. In JSON each stands in an object of its own,
// as in a destination's form: [{"eventName": "Order Completed"}].
type EventNames []string

type eventName struct {
	EventName string `json:"eventName"`
}

// MarshalJSON writes the names as a destination's form has them.
func (n EventNames) MarshalJSON() ([]byte, error) {
	entries := make([]eventName, len(n))
	for i, name := range n {
		entries[i].EventName = name
	}
	return json.Marshal(entries)
}

// UnmarshalJSON reads the names of a destination's form.
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

// EventFilteringOption says which of the lists of a Config filters track events.
type EventFilteringOption string

// The values of EventFilteringOption.
const (
	EventFilteringDisabled  EventFilteringOption = "disable"
	EventFilteringWhitelist EventFilteringOption = "whitelistedEvents"
	EventFilteringBlacklist EventFilteringOption = "blacklistedEvents"
)

// Channel is a way of marketing that a person consents to.
type Channel string

// The channels that people subscribe to.
const (
	ChannelEmail Channel = "email"
	ChannelSMS   Channel = "sms"
)

// ItemFields names a set of names for the fields of items.
type ItemFields string

// The values of ItemFields: the names of RudderStack's guide, those of Klaviyo's guide for
// shops, and those that RudderStack's transformer sends.
const (
	ItemFieldsGuide       ItemFields = "guide"
	ItemFieldsKlaviyo     ItemFields = "klaviyo"
	ItemFieldsTransformer ItemFields = "transformer"
)
