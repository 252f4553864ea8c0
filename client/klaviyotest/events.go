package klaviyotest

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
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
	// Properties are the event's own, a JSON object.
	Properties json.RawMessage
}

// Events gives the events that counted, in the order in which they arrived.
func (k *Klaviyo) Events() []Event {
	k.mu.Lock()
	defer k.mu.Unlock()
	found := make([]Event, len(k.account.events))
	for i, e := range k.account.events {
		found[i] = Event{
			ID:         e.id,
			ProfileID:  e.profileID,
			MetricID:   e.metric.id,
			Metric:     e.metric.name,
			Service:    e.metric.service,
			UniqueID:   e.uniqueID,
			Time:       e.time,
			Value:      e.value,
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
	properties map[string]any
}

// eventKey is what two events that count differ in.
type eventKey struct{ profileID, metricID, uniqueID string }

// metric is a kind of event, by name and source.
type metric struct {
	id      string
	name    string
	service string
	created time.Time
}

// eventFields say which attribute of a profile a special name in an event's
// profile sets. A dot leads into an object.
var eventFields = map[string]string{
	"$email":        "email",
	"$phone_number": "phone_number",
	"$id":           "external_id",
	"$first_name":   "first_name",
	"$last_name":    "last_name",
	"$organization": "organization",
	"$title":        "title",
	"$image":        "image",
	"$address1":     "location.address1",
	"$address2":     "location.address2",
	"$city":         "location.city",
	"$region":       "location.region",
	"$country":      "location.country",
	"$zip":          "location.zip",
	"$timezone":     "location.timezone",
}

// profileAttributes turns the flat profile of an event into attributes. What
// can't be a field, having another name or no text, is a custom property.
func profileAttributes(flat map[string]any) map[string]any {
	attributes := make(map[string]any)
	location := make(map[string]any)
	properties := make(map[string]any)
	for name, value := range flat {
		field, special := eventFields[name]
		if _, isText := value.(string); !special || !isText && value != nil {
			properties[name] = value
		} else if inside, ok := strings.CutPrefix(field, "location."); ok {
			location[inside] = value
		} else {
			attributes[field] = value
		}
	}
	attributes["location"], attributes["properties"] = location, properties
	return attributes
}

// createEvent answers create_client_event as well.
func (a *account) createEvent(c *call) answer {
	attributes := c.attributes()
	m := a.metric(text(object(attributes["metric"])["name"]), text(object(attributes["metric"])["service"]), c.time)
	if m == nil {
		return refuse(invalid("/data/attributes/metric/name", "The account has "+strconv.Itoa(maxMetrics)+" metrics already."))
	}
	e := &event{
		metric:     m,
		uniqueID:   text(attributes["unique_id"]),
		time:       c.time,
		properties: object(attributes["properties"]),
	}
	if written, err := klaviyo.Timestamp(text(attributes["time"])).Time(); err == nil {
		e.time = written
	}
	e.value, _ = attributes["value"].(json.Number)

	p := a.upsert(profileAttributes(object(attributes["profile"])), c.time)
	e.profileID = p.id
	if e.time.After(p.lastEvent) {
		p.lastEvent = e.time
	}

	key := eventKey{p.id, m.id, e.uniqueID}
	if e.uniqueID == "" {
		key.uniqueID = strconv.FormatInt(e.time.Unix(), 10)
	}
	if !a.counted[key] {
		a.counted[key] = true
		e.id = a.newID("EVENT")
		e.uuid = fmt.Sprintf("00000000-0000-4000-8000-%012d", len(a.events)+1)
		a.events = append(a.events, e)
	}
	return empty(http.StatusAccepted)
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
	return answerPage(c, a.events, 200, func(e *event, name string) []collected {
		if name == "metrics" {
			return []collected{e.metric}
		}
		if p, ok := a.profiles.byID[e.profileID]; ok {
			return []collected{p}
		}
		return nil // it was deleted
	})
}

func (a *account) getMetrics(c *call) answer {
	return answerPage(c, a.metrics, 200, nil)
}

// resource is the event as Klaviyo shows it, with its value and unique id among
// the properties.
func (e *event) resource(base string) resource {
	properties := maps.Clone(e.properties)
	if e.value != "" {
		properties["$value"] = e.value
	}
	if e.uniqueID != "" {
		properties["$event_id"] = e.uniqueID
	}
	return resource{
		Type: "event",
		ID:   e.id,
		Attributes: map[string]any{
			"metric_id":        e.metric.id,
			"profile_id":       e.profileID,
			"timestamp":        strconv.FormatInt(e.time.Unix(), 10),
			"datetime":         e.time.UTC().Format("2006-01-02 15:04:05-07:00"),
			"event_properties": properties,
			"uuid":             e.uuid,
		},
		Links: klaviyo.ObjectLinks{Self: base + "/api/events/" + e.id + "/"},
	}
}

// field is what a filter or an order compares.
func (e *event) field(name string) any {
	switch name {
	case "metric_id":
		return e.metric.id
	case "profile_id":
		return e.profileID
	}
	return e.time
}

func (m *metric) resource(base string) resource {
	return resource{
		Type: "metric",
		ID:   m.id,
		Attributes: map[string]any{
			"name":        m.name,
			"created":     shownTime(m.created),
			"updated":     shownTime(m.created),
			"integration": map[string]any{"name": m.service, "category": "API"},
		},
		Links: klaviyo.ObjectLinks{Self: base + "/api/metrics/" + m.id + "/"},
	}
}

// field is what a filter compares.
func (m *metric) field(name string) any {
	if name == "integration.name" {
		return m.service
	}
	return "API"
}
