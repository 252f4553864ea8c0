// Package mapper turns RudderStack events into typed requests to Klaviyo.
//
// It is pure: it does no I/O, and an event becomes the same whatever came before it.
// Every trait and property of an event is mapped to a typed field or kept as a
// custom property, with its JSON value as it came; what can't be used where it
// belongs is kept with a [Warning], and what can't be sent is an [*Error] that
// names the field.
//
//   - identify becomes a profile, and perhaps a subscription or the end of one
//   - track and screen become an event
//   - group becomes a subscription or the end of one
//   - alias becomes a merge of profiles, where the config asks for it
//
// [Config.Revision] says of which revision of Klaviyo's API the requests are.
//
// Every request carries an email, a phone number or Klaviyo's own id, or, where the
// config allows that, an external id.
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

// Mapper maps events. It is safe for concurrent use.
type Mapper struct {
	cfg       Config
	revision  *revision
	whitelist map[string]bool
	blacklist map[string]bool
	// aheadAtFirst is a year after the Mapper was made. What isn't later can be sent, and
	// the clock need not be read.
	aheadAtFirst time.Time
	pool         sync.Pool // of *mapping
	phones       phoneMemory
}

// ErrNotInRevision is in the error of a Config that asks for what its revision can't do.
// Each of the two settings is right by itself.
var ErrNotInRevision = errors.New("the revision has no place for it; set revision to one that has")

// New makes a Mapper, or says which setting is wrong, by its name in JSON and without
// its value. The error wraps one that says only that.
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
		cfg.Unsubscribe = &revision.unsubscribes
	}
	return &Mapper{
		cfg:          cfg,
		revision:     revision,
		whitelist:    cfg.WhitelistedEvents.set(),
		blacklist:    cfg.BlacklistedEvents.set(),
		aheadAtFirst: yearAhead(cfg.Now),
	}, nil
}

// validate gives the revision that the config names, or says which setting is wrong.
func (c Config) validate() (*revision, error) {
	for _, channel := range c.Consent {
		if channel != ChannelEmail && channel != ChannelSMS {
			return nil, fmt.Errorf("consent: a channel is %q or %q", ChannelEmail, ChannelSMS)
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
			return nil, errors.New("metricNames: each has an eventName and a metricName")
		}
	}
	if c.DefaultCountry != "" && !phonenumbers.GetSupportedRegions()[c.DefaultCountry] {
		return nil, errors.New(`defaultCountry must be an ISO 3166-1 alpha-2 code, such as "DE"`)
	}
	r, err := revisionOf(c.Revision)
	switch {
	case err != nil:
		return nil, err
	case c.HistoricalImport && !r.has.backfill:
		return nil, fmt.Errorf("historicalImport: %w: %s", ErrNotInRevision, revisionsWith(func(has places) bool { return has.backfill }))
	case c.MergeOnAlias && !r.has.merge:
		return nil, fmt.Errorf("mergeOnAlias: %w: %s", ErrNotInRevision, revisionsWith(func(has places) bool { return has.merge }))
	}
	return r, nil
}

// Revision is the revision of Klaviyo's API that the requests are of.
func (m *Mapper) Revision() string { return m.revision.name }

// Map maps one event, which is a JSON object. An error is an [*Error]; the Result
// then still has the message id and the warnings. The requests may share memory
// with event, which must not change while they are in use.
func (m *Mapper) Map(event []byte) (Result, error) {
	w := m.begin(event)
	defer m.end(w)
	return w.run()
}

// begin takes up the work on an event, end lets go of it.
func (m *Mapper) begin(event []byte) *mapping {
	w, _ := m.pool.Get().(*mapping)
	if w == nil {
		w = new(mapping)
	}
	w.Mapper, w.event, w.mostItems = m, event, m.revision.limits.elements
	return w
}

// The memory that the next event takes over holds so many members of a part and bytes
// of items, and is for so many levels. What a larger event needed is let go.
const (
	maxPooledMembers = 4_096
	maxPooledBytes   = 1 << 20
	maxPooledLevels  = 64
)

func (m *Mapper) end(w *mapping) {
	for _, part := range w.parts {
		if cap(part) > maxPooledMembers {
			return
		}
	}
	// What was taken down refers to the event, which it would keep.
	if len(w.event) > maxPooledBytes || cap(w.items) > maxPooledBytes || cap(w.many.slots) > maxPooledBytes/4 || len(w.open) > maxPooledLevels {
		return
	}
	w.event, w.warnings, w.unused, w.trace = nil, nil, w.unused[:0], nil
	w.externalID, w.retl, w.skipped, w.leaves = nil, false, "", wordSet{}
	w.itemTexts = [rootCount]bool{}
	w.omittedWarnings, w.broken, w.taken = 0, nil, 0
	m.pool.Put(w)
}

func (m *mapping) run() (Result, error) {
	if err := m.validate(m.event); err != nil {
		return Result{}, err
	}
	if !value(bytes.TrimLeft(m.event, " \t\r\n")).isObject() {
		return Result{}, &Error{Code: CodeInvalidEvent, Message: "an event is a JSON object"}
	}
	m.id = m.messageID()
	rule := m.typeRule()
	result := Result{Type: m.eventType(rule), MessageID: m.id}
	if result.Skipped = m.skip(result.Type, rule); result.Skipped != "" {
		return result, nil
	}
	if rule == nil {
		return result, m.noType()
	}
	m.readParts()
	p, requests, err := rule.requests(m)
	result.Skipped = m.skipped
	if m.omittedWarnings > 0 {
		m.warnings = append(m.warnings, Warning{Code: CodeMoreWarnings, Message: fmt.Sprintf("%d more warnings are left out", m.omittedWarnings)})
	}
	result.Identity, result.Warnings = p.Identity, m.warnings
	if err != nil {
		return result, err
	}
	result.Requests = requests
	return result, nil
}
