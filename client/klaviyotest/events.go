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

// maxMetrics is how many metrics an account has at most.
const maxMetrics = 200

// Event is an event that counted. Repeats don't count: of the events with one
// profile, metric and unique id, or without a unique id of one second, the
// first does.
type Event struct {
	// ID is the event's id.
	ID string
	// ProfileID and MetricID are the ids of its profile and its metric.
	ProfileID, MetricID string
	// Metric and Service name the metric. Service is "api" by default.
	Metric, Service string
	// UniqueID is empty where the request had none.
	UniqueID string
	// Time is the request's, or else when it arrived.
	Time time.Time
	// Value and the numbers in Properties are written as they came. Value is
	// empty where the request had none.
	Value json.Number
	// Currency is that of the value, empty where the request had none.
	Currency string
	// Backfill tells that the event was to start no flow.
	Backfill bool
	// Properties are the event's own, a JSON object.
	Properties json.RawMessage
}

// Events gives the events that counted, in the order in which they arrived.
func (k *Klaviyo) Events() []Event {
	a, unlock := k.now()
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

// eventKey is what two events that count differ in.
type eventKey struct{ profileID, metricID, uniqueID string }

func (e *event) key() eventKey {
	if e.uniqueID == "" {
		return eventKey{e.profileID, e.metric.id, strconv.FormatInt(e.time.Unix(), 10)}
	}
	return eventKey{e.profileID, e.metric.id, e.uniqueID}
}

// metric is a kind of event, by name and source.
type metric struct {
	id      string
	name    string
	service string
	created time.Time
}

// newEvent is an event as a request has it.
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

// takeEvent takes an event, and tells whether the account has room for its metric. An
// event of an id that is nobody's gets lost, as at Klaviyo, if nothing else says whose it is.
func (a *account) takeEvent(n newEvent, now time.Time) bool {
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
	if !a.counted[key] {
		a.counted[key] = true
		e.id = a.newID("EVENT")
		e.uuid = fmt.Sprintf("00000000-0000-4000-8000-%012d", len(a.events)+1)
		a.events = append(a.events, e)
	}
	return true
}

// noMetric refuses a metric that the account has no room for.
func noMetric(pointer string) answer {
	return refuse(invalid(pointer, "The account has "+strconv.Itoa(maxMetrics)+" metrics already."))
}

// WithMetrics makes an account that has had events of these metrics, from the API.
func WithMetrics(names ...string) Option {
	return func(k *Klaviyo) {
		for _, name := range names {
			if k.account.metric(name, "api", time.Now()) == nil {
				panic("klaviyotest: WithMetrics: an account has " + strconv.Itoa(maxMetrics) + " metrics at most")
			}
		}
	}
}

// metric finds a metric or makes it; it is nil where the account is full.
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

func (a *account) getEvents(c *call) answer {
	return answerPage(c, a.events, 200, a.relatedToEvent)
}

func (a *account) getEvent(c *call) answer {
	id, parameter := c.pathID()
	i := slices.IndexFunc(a.events, func(e *event) bool { return e.id == id })
	if i < 0 {
		return notFound(parameter)
	}
	shaping := c.shaping()
	shown := shaping.resource(a.events[i], func(name string) []collected { return a.relatedToEvent(a.events[i], name) })
	return document(http.StatusOK, single{shown, shaping.included})
}

// relatedToEvent gives what an event belongs to. Revisions differ in whether they name
// the kind by one or by many.
func (a *account) relatedToEvent(e *event, name string) []collected {
	switch name {
	case "metric", "metrics":
		return []collected{e.metric}
	case "profile", "profiles":
		if p, ok := a.profiles.byID[e.profileID]; ok {
			return []collected{p}
		}
	}
	return nil // it was deleted, or there is none
}

func (a *account) getMetrics(c *call) answer {
	return answerPage(c, a.metrics, 200, nil)
}

func (a *account) getMetric(c *call) answer {
	id, parameter := c.pathID()
	i := slices.IndexFunc(a.metrics, func(m *metric) bool { return m.id == id })
	if i < 0 {
		return notFound(parameter)
	}
	return document(http.StatusOK, single{Data: c.shaping().resource(a.metrics[i], nil)})
}

func (e *event) shown(c *call) resource { return c.revision.shows.event(c, e) }

// shownProperties are the event's, with its value and unique id among them.
func (e *event) shownProperties() map[string]any {
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

// field is what a filter or an order compares.
func (e *event) field(name string) any {
	switch name {
	case "metric_id", "metric":
		return e.metric.id
	case "profile_id", "profile":
		return e.profileID
	}
	return e.time
}

func (m *metric) shown(c *call) resource { return c.revision.shows.metric(c, m) }

// field is what a filter compares.
func (m *metric) field(name string) any {
	if name == "integration.name" {
		return m.service
	}
	return "API"
}
