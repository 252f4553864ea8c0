package klaviyotest

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
)

// maxMetrics is the maximum number of metrics of an account.
const maxMetrics = 200

// Event is an event that was recorded. Duplicates aren't recorded: events with the same
// profile, metric and unique id or, without a unique id, the same profile, metric and second.
type Event struct {
	// ID is the event's id.
	ID string
	// ProfileID and MetricID are the ids of its profile and its metric.
	ProfileID, MetricID string
	// Metric and Service name the metric. Service is "api" by default.
	Metric, Service string
	// UniqueID is empty if the request has none.
	UniqueID string
	// Time is the time in the request. The default is the time of arrival.
	Time time.Time
	// Value is the value of the event, or empty. Numbers in Value and Properties have the
	// digits of the request.
	Value json.Number
	// Currency is the currency of Value. It is empty if the request has none.
	Currency string
	// Backfill means that the event must not trigger flows.
	Backfill bool
	// Properties is a JSON object.
	Properties json.RawMessage
}

// Events returns the recorded events in order of arrival.
func (k *Klaviyo) Events() []Event {
	a, unlock := k.lockedAccount()
	defer unlock()
	found := make([]Event, len(a.events))
	for i, e := range a.events {
		found[i] = Event{
			ID:         e.id,
			ProfileID:  e.profileID,
			MetricID:   e.metric.id,
			Metric:     e.metric.name,
			Service:    e.metric.service,
			UniqueID:   e.uniqueID,
			Time:       e.time,
			Value:      e.value,
			Currency:   e.currency,
			Backfill:   e.backfill,
			Properties: encode(e.properties),
		}
	}
	return found
}

type event struct {
	id         string
	uuid       string
	profileID  string
	metric     *metric
	uniqueID   string
	time       time.Time
	value      json.Number
	currency   string
	backfill   bool
	properties map[string]any
}

// An eventKey identifies an event for deduplication.
type eventKey struct{ profileID, metricID, uniqueID string }

func (e *event) key() eventKey {
	if e.uniqueID == "" {
		return eventKey{e.profileID, e.metric.id, strconv.FormatInt(e.time.Unix(), 10)}
	}
	return eventKey{e.profileID, e.metric.id, e.uniqueID}
}

// A metric is a kind of event, identified by name and service.
type metric struct {
	id      string
	name    string
	service string
	created time.Time
}

// A newEvent is an event in a request.
type newEvent struct {
	profile         person
	metric, service string
	uniqueID        string
	time            string
	value           json.Number
	currency        string
	backfill        bool
	properties      map[string]any
}

// addEvent records an event. It reports false if the account has too many metrics. As at
// Klaviyo, an event is lost if it only has a profile id and no profile has that id.
func (a *account) addEvent(n newEvent, now time.Time) bool {
	m := a.metric(n.metric, n.service, now)
	if m == nil {
		return false
	}
	p := a.upsert(n.profile, now)
	if p == nil {
		return true
	}
	e := &event{
		profileID: p.id, metric: m, uniqueID: n.uniqueID, time: now, value: n.value, currency: n.currency,
		backfill: n.backfill, properties: n.properties,
	}
	if written, err := runtime.Timestamp(n.time).Time(); err == nil {
		e.time = written
	}
	if e.time.After(p.lastEvent) {
		p.lastEvent = e.time
	}
	key := e.key()
	if !a.seen[key] {
		a.seen[key] = true
		e.id = a.newID("EVENT")
		e.uuid = fmt.Sprintf("00000000-0000-4000-8000-%012d", len(a.events)+1)
		a.events = append(a.events, e)
	}
	return true
}

// tooManyMetrics returns the error response for a new metric that exceeds the maximum.
func tooManyMetrics(pointer string) response {
	return errorResponse(invalidField(pointer, "The account has "+strconv.Itoa(maxMetrics)+" metrics already."))
}

// WithMetrics adds metrics with the service "api", as earlier events would.
func WithMetrics(names ...string) Option {
	return func(k *Klaviyo) {
		for _, name := range names {
			if k.account.metric(name, "api", time.Now()) == nil {
				panic("klaviyotest: WithMetrics: an account has " + strconv.Itoa(maxMetrics) + " metrics at most")
			}
		}
	}
}

// metric returns the metric, which it creates if needed. It returns nil if the account has the
// maximum number of metrics.
func (a *account) metric(name, service string, now time.Time) *metric {
	if service == "" {
		service = "api"
	}
	for _, m := range a.metrics {
		if m.name == name && m.service == service {
			return m
		}
	}
	if len(a.metrics) == maxMetrics {
		return nil
	}
	m := &metric{id: a.newID("METRIC"), name: name, service: service, created: now}
	a.metrics = append(a.metrics, m)
	return m
}

func (a *account) getEvents(c *call) response {
	return pageResponse(c, a.events, 200, a.relatedToEvent)
}

func (a *account) getEvent(c *call) response {
	id, parameter := c.pathID()
	i := slices.IndexFunc(a.events, func(e *event) bool { return e.id == id })
	if i < 0 {
		return notFound(parameter)
	}
	shaping := c.fieldsets()
	shown := shaping.resource(a.events[i], func(name string) []collectionItem { return a.relatedToEvent(a.events[i], name) })
	return jsonResponse(http.StatusOK, resourceDocument{shown, shaping.included})
}

// relatedToEvent returns the resources related to an event. The names of the relationships
// differ between revisions.
func (a *account) relatedToEvent(e *event, name string) []collectionItem {
	switch name {
	case "metric", "metrics":
		return []collectionItem{e.metric}
	case "profile", "profiles":
		if p, ok := a.profiles.byID[e.profileID]; ok {
			return []collectionItem{p}
		}
	}
	return nil // the profile was deleted
}

func (a *account) getMetrics(c *call) response {
	return pageResponse(c, a.metrics, 200, nil)
}

func (a *account) getMetric(c *call) response {
	id, parameter := c.pathID()
	i := slices.IndexFunc(a.metrics, func(m *metric) bool { return m.id == id })
	if i < 0 {
		return notFound(parameter)
	}
	return jsonResponse(http.StatusOK, resourceDocument{Data: c.fieldsets().resource(a.metrics[i], nil)})
}

func (e *event) toResource(c *call) resource { return c.revision.resources.event(c, e) }

// responseProperties returns the properties with the value and the unique id, as in responses.
func (e *event) responseProperties() map[string]any {
	properties := maps.Clone(e.properties)
	if properties == nil {
		properties = make(map[string]any)
	}
	if e.value != "" {
		properties["$value"] = e.value
	}
	if e.currency != "" {
		properties["$value_currency"] = e.currency
	}
	if e.uniqueID != "" {
		properties["$event_id"] = e.uniqueID
	}
	return properties
}

// field returns the value that filters and sort compare.
func (e *event) field(name string) any {
	switch name {
	case "metric_id", "metric":
		return e.metric.id
	case "profile_id", "profile":
		return e.profileID
	}
	return e.time
}

func (m *metric) toResource(c *call) resource { return c.revision.resources.metric(c, m) }

// field returns the value that filters compare.
func (m *metric) field(name string) any {
	if name == "integration.name" {
		return m.service
	}
	return "API"
}
