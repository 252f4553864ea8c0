// Package mapper turns RudderStack events into typed requests to Klaviyo.
//
// The mapping is pure. It does no I/O, and the result for an event doesn't depend on
// earlier events.
//
// Each trait and property is mapped to a typed field or kept as a custom property with
// its JSON value unchanged. An invalid value is kept as a custom property and reported
// as a [Warning]. If an event can't be sent, the error is an [*Error] that names the field.
//
//   - identify creates or updates a profile, and can subscribe or unsubscribe the person
//   - track and screen record an event
//   - group subscribes or unsubscribes the person
//   - alias merges two profiles, if [Config.MergeOnAlias] is set
//
// Other event types are skipped. [Config.Revision] selects the revision of Klaviyo's API
// that the requests are for.
//
// Each request has an email, a phone number or a Klaviyo profile id. With
// [Config.AllowExternalIDOnly], an external id is enough for profiles and events.
package mapper

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/nyaruka/phonenumbers"
)

// Mapper maps RudderStack events to requests. It is safe for concurrent use.
type Mapper struct {
	cfg       Config
	revision  *revision
	whitelist map[string]bool
	blacklist map[string]bool
	// initialMaxTime is one year after the Mapper was created. A time up to it is valid, so
	// the clock isn't read.
	initialMaxTime time.Time
	pool           sync.Pool // of *mapping
	phoneCache     phoneCache
}

// ErrNotInRevision is wrapped by the error of [New] if the Config has a setting that its
// Revision doesn't support. The setting and the revision are each valid, but not together.
var ErrNotInRevision = errors.New("not supported by this revision; set revision to one that supports it")

// New returns a Mapper for the Config. If a setting is invalid, the error gives its JSON
// name, but not its value. The wrapped error has the same text without the prefix "mapper: ".
func New(cfg Config) (*Mapper, error) {
	if cfg.Consent == nil {
		cfg.Consent = []Channel{ChannelEmail}
	}
	if cfg.ItemFields == "" {
		cfg.ItemFields = ItemFieldsGuide
	}
	if cfg.EcommerceEvents == nil {
		cfg.EcommerceEvents = new(true)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	cfg.DefaultCountry = strings.ToUpper(strings.TrimSpace(cfg.DefaultCountry))
	revision, err := cfg.validate()
	if err != nil {
		return nil, fmt.Errorf("mapper: %w", err)
	}
	if cfg.Unsubscribe == nil {
		cfg.Unsubscribe = &revision.unsubscribeDefault
	}
	return &Mapper{
		cfg:            cfg,
		revision:       revision,
		whitelist:      cfg.WhitelistedEvents.set(),
		blacklist:      cfg.BlacklistedEvents.set(),
		initialMaxTime: maxTime(cfg.Now),
	}, nil
}

// validate returns the revision that the config names, or an error that names the
// invalid setting.
func (c Config) validate() (*revision, error) {
	for _, channel := range c.Consent {
		if channel != ChannelEmail && channel != ChannelSMS {
			return nil, fmt.Errorf("consent: each channel must be %q or %q", ChannelEmail, ChannelSMS)
		}
	}
	switch c.EventFilteringOption {
	case "", EventFilteringDisabled, EventFilteringWhitelist, EventFilteringBlacklist:
	default:
		return nil, fmt.Errorf("eventFilteringOption must be %q, %q or %q",
			EventFilteringDisabled, EventFilteringWhitelist, EventFilteringBlacklist)
	}
	if itemLabels[c.ItemFields] == nil {
		return nil, fmt.Errorf("itemFields must be %q, %q or %q", ItemFieldsGuide, ItemFieldsKlaviyo, ItemFieldsTransformer)
	}
	for _, name := range c.MetricNames {
		if trim(name.EventName) == "" || trim(name.MetricName) == "" {
			return nil, errors.New("metricNames: each entry needs an eventName and a metricName")
		}
	}
	if c.DefaultCountry != "" && !phonenumbers.GetSupportedRegions()[c.DefaultCountry] {
		return nil, errors.New(`defaultCountry must be an ISO 3166-1 alpha-2 code, such as "DE"`)
	}
	r, err := revisionOf(c.Revision)
	switch {
	case err != nil:
		return nil, err
	case c.HistoricalImport && !r.supports.backfill:
		return nil, fmt.Errorf("historicalImport: %w: %s", ErrNotInRevision, revisionsWith(func(has features) bool { return has.backfill }))
	case c.MergeOnAlias && !r.supports.merge:
		return nil, fmt.Errorf("mergeOnAlias: %w: %s", ErrNotInRevision, revisionsWith(func(has features) bool { return has.merge }))
	}
	return r, nil
}

// Revision returns the revision of Klaviyo's API that the requests are for.
func (m *Mapper) Revision() string { return m.revision.name }

// Map maps one event, which is a JSON object. A non-nil error is an [*Error]. The Result
// then still has the message id and the warnings, unless the event isn't a JSON object.
// The requests may share memory with event: don't modify it while they are in use.
func (m *Mapper) Map(event []byte) (Result, error) {
	w := m.begin(event)
	defer m.end(w)
	return w.run()
}

// begin takes a mapping from the pool for an event, and end returns it.
func (m *Mapper) begin(event []byte) *mapping {
	w, _ := m.pool.Get().(*mapping)
	if w == nil {
		w = new(mapping)
	}
	w.Mapper, w.event, w.maxItems = m, event, m.revision.limits.elements
	return w
}

// Limits of the memory that is kept for reuse by the next event: members of a part, bytes
// of items, and levels of nesting. A mapping that exceeds one of them isn't reused.
const (
	maxPooledMembers = 4_096
	maxPooledBytes   = 1 << 20
	maxPooledLevels  = 64
)

func (m *Mapper) end(w *mapping) {
	for _, part := range w.members {
		if cap(part) > maxPooledMembers {
			return
		}
	}
	// The mapping must not keep references to the event.
	if len(w.event) > maxPooledBytes || cap(w.items) > maxPooledBytes || cap(w.largeNames.slots) > maxPooledBytes/4 || len(w.openNames) > maxPooledLevels {
		return
	}
	w.event, w.warnings, w.unused, w.trace = nil, nil, w.unused[:0], nil
	w.externalID, w.retl, w.skipReason, w.identifying = nil, false, "", nameIDSet{}
	w.itemsInText = [rootCount]bool{}
	w.omittedWarnings, w.limitErr, w.textSize = 0, nil, 0
	m.pool.Put(w)
}

func (m *mapping) run() (Result, error) {
	if err := m.validate(m.event); err != nil {
		return Result{}, err
	}
	if !value(bytes.TrimLeft(m.event, " \t\r\n")).isObject() {
		return Result{}, &Error{Code: CodeInvalidEvent, Message: "not a JSON object; an event must be one"}
	}
	m.id = m.messageID()
	rule := m.typeRule()
	result := Result{Type: m.eventType(rule), MessageID: m.id}
	if result.Skipped = m.skip(result.Type, rule); result.Skipped != "" {
		return result, nil
	}
	if rule == nil {
		return result, m.missingType()
	}
	m.readParts()
	p, requests, err := rule.requests(m)
	result.Skipped = m.skipReason
	if m.omittedWarnings > 0 {
		m.warnings = append(m.warnings, Warning{Code: CodeMoreWarnings, Message: fmt.Sprintf("%d more warnings aren't listed", m.omittedWarnings)})
	}
	result.Identity, result.Warnings = p.Identity, m.warnings
	if err != nil {
		return result, err
	}
	result.Requests = requests
	return result, nil
}
