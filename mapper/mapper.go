// Package mapper turns RudderStack events into typed requests to Klaviyo.
//
// It is pure: it does no I/O, keeps no state between events and has no globals.
// Every trait and property of an event is mapped to a typed field or kept as a
// custom property, with its JSON value as it came; what can't be used where it
// belongs is kept with a [Warning], and what can't be sent is an [*Error] that
// names the field.
//
//   - identify becomes create_profile, and perhaps subscribe_profiles or
//     unsubscribe_profiles
//   - track and screen become create_event
//   - group becomes subscribe_profiles or unsubscribe_profiles
//
// Every request carries an email or a phone number, or, where the config allows
// that, an external id.
package mapper

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"github.com/nyaruka/phonenumbers"
)

// Mapper maps events. It is immutable and safe for concurrent use.
type Mapper struct {
	cfg       Config
	whitelist map[string]bool
	blacklist map[string]bool
}

// New makes a Mapper, or says which setting is wrong.
func New(cfg Config) (*Mapper, error) {
	if cfg.Consent == nil {
		cfg.Consent = []Channel{ChannelEmail}
	}
	if cfg.ItemFields == "" {
		cfg.ItemFields = ItemFieldsKlaviyo
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	cfg.DefaultCountry = strings.ToUpper(strings.TrimSpace(cfg.DefaultCountry))
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	return &Mapper{
		cfg:       cfg,
		whitelist: cfg.WhitelistedEvents.set(),
		blacklist: cfg.BlacklistedEvents.set(),
	}, nil
}

func (c Config) validate() error {
	for _, channel := range c.Consent {
		if channel != ChannelEmail && channel != ChannelSMS {
			return fmt.Errorf("mapper: consent: a channel is %q or %q, not %q", ChannelEmail, ChannelSMS, channel)
		}
	}
	switch c.EventFilteringOption {
	case "", EventFilteringDisabled, EventFilteringWhitelist, EventFilteringBlacklist:
	default:
		return fmt.Errorf("mapper: eventFilteringOption is %q, %q or %q, not %q",
			EventFilteringDisabled, EventFilteringWhitelist, EventFilteringBlacklist, c.EventFilteringOption)
	}
	if c.ItemFields != ItemFieldsKlaviyo && c.ItemFields != ItemFieldsTransformer {
		return fmt.Errorf("mapper: itemFields is %q or %q, not %q", ItemFieldsKlaviyo, ItemFieldsTransformer, c.ItemFields)
	}
	if c.DefaultCountry != "" && !phonenumbers.GetSupportedRegions()[c.DefaultCountry] {
		return fmt.Errorf("mapper: defaultCountry is an ISO 3166-1 alpha-2 code such as \"DE\", not %q", c.DefaultCountry)
	}
	return nil
}

// Map maps one event, which is a JSON object. An error is an [*Error]; the Result
// then still has the message id and the warnings. The requests may share memory
// with event, which must not change while they are in use.
func (m *Mapper) Map(event []byte) (Result, error) {
	if err := validate(event); err != nil {
		return Result{}, err
	}
	top := value(bytes.TrimSpace(event))
	if !top.isObject() {
		return Result{}, &Error{Code: CodeInvalidEvent, Message: "an event is a JSON object"}
	}
	w := &mapping{Mapper: m, size: len(event)}
	w.objects[rootEvent] = top.members()

	result := Result{MessageID: w.messageID()}
	eventType := w.eventType()
	if result.Skipped = w.skip(eventType); result.Skipped != "" {
		return result, nil
	}
	w.readParts()
	p, requests, err := typeRules[eventType](w)
	result.Identity, result.Warnings = p.Identity, w.warnings
	if err != nil {
		return result, err
	}
	result.Requests = requests
	return result, nil
}
