package command

import (
	"cmp"
	"strings"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
	"github.com/rudderklaviyo/rudderklaviyo/internal/delivery"
	"github.com/rudderklaviyo/rudderklaviyo/internal/input"
	"github.com/rudderklaviyo/rudderklaviyo/internal/tally"
	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// mappedEvent is an event with what it became, or why it can't be sent.
type mappedEvent struct {
	input.Event
	result mapper.Result
	reason *mapper.Error
}

// planning gathers what a plan tells. Of the events it keeps names of metrics and
// types, codes, places and checksums, so that memory stays flat.
type planning struct {
	files []string

	events   int
	forms    recognized
	types    map[string]int
	requests map[klaviyo.OperationID]int
	metrics  map[string]int
	others   int // events of metrics that aren't in metrics

	errors, warnings, skipped problems

	people     tally.Distinct
	moments    tally.Seen // of a metric and a person: seconds
	uniqueIDs  tally.Seen // of a metric and a person
	sameSecond sameSecond
	repeated   int // events whose unique id came before

	estimate *delivery.Estimate
}

// maxNames is how many metrics and types are counted each by its name. It is far
// beyond what an account may have.
const maxNames = 5_000

func newPlanning(files []string) *planning {
	return &planning{
		files:    files,
		forms:    recognized{},
		types:    map[string]int{},
		requests: map[klaviyo.OperationID]int{},
		metrics:  map[string]int{},
		errors:   problems{}, warnings: problems{}, skipped: problems{},
		estimate: delivery.NewEstimate(),
	}
}

func (p *planning) add(e mappedEvent) {
	p.events++
	p.forms[e.Form]++
	count(p.types, typeName(e.result.Type))
	for _, warning := range e.result.Warnings {
		p.warnings.add(string(warning.Code), p.place(e))
	}
	switch {
	case e.reason != nil:
		p.errors.add(string(e.reason.Code), p.place(e))
		return
	case e.result.Skipped != "":
		p.skipped.add(string(e.result.Skipped), p.place(e))
		return
	}
	person := personOf(e.result.Identity)
	p.people.Add(person)
	for _, request := range e.result.Requests {
		p.requests[request.Operation()]++
		if event, ok := request.(mapper.CreateEvent); ok {
			p.addEvent(person, event.Query.Data.Attributes)
		}
	}
	p.estimate.Add(delivery.Event{Text: e.Text, Identity: e.result.Identity, Requests: e.result.Requests})
}

// addEvent counts an event of a person by its metric, and looks for others that
// Klaviyo would take for the same.
func (p *planning) addEvent(person string, event klaviyo.EventCreateAttributes) {
	metric := event.Metric.Name
	if !count(p.metrics, metric) {
		p.others++
	}
	if event.UniqueID != "" && p.uniqueIDs.Add(metric, person, event.UniqueID) {
		p.repeated++
		return
	}
	at, err := time.Parse(time.RFC3339, string(event.Time))
	if err != nil {
		return // Klaviyo takes the time it comes at
	}
	if p.moments.Add(metric, person, at.UTC().Format(time.DateTime)) {
		p.sameSecond.Events++
		if event.UniqueID == "" {
			p.sameSecond.WithoutUniqueID++
		}
	}
}

// count counts by name, unless there are too many names.
func count(counts map[string]int, name string) bool {
	if _, ok := counts[name]; !ok && len(counts) == maxNames {
		return false
	}
	counts[strings.Clone(name)]++
	return true
}

// typeName names a type of event. An event that can't be read has none.
func typeName(t string) string { return cmp.Or(t, "unknown") }

// personOf names a person by the strongest identifier.
func personOf(identity mapper.Identity) string {
	switch {
	case identity.Email != "":
		return "email " + strings.ToLower(identity.Email)
	case identity.PhoneNumber != "":
		return "phone " + identity.PhoneNumber
	}
	return "id " + identity.ExternalID
}

func (p *planning) place(e mappedEvent) eventPlace {
	place := eventPlace{Line: e.Line, Event: e.Position.Event}
	if len(p.files) > 1 {
		place.File = p.files[e.File]
	}
	return place
}

// problems are the events with a code, by the code.
type problems map[string]*problem

// problem is what a plan tells of the events with a code.
type problem struct {
	Code   string       `json:"code"`
	Events int          `json:"events"`
	First  []eventPlace `json:"first"`
}

// maxPlaces is how many events of a problem are told.
const maxPlaces = 3

func (p problems) add(code string, at eventPlace) {
	if p[code] == nil {
		p[code] = &problem{Code: code}
	}
	p[code].Events++
	if n := len(p[code].First); n < maxPlaces && (n == 0 || p[code].First[n-1] != at) {
		p[code].First = append(p[code].First, at)
	}
}

// eventPlace is where an event stands. File is left out where there is only one.
type eventPlace struct {
	File  string `json:"file,omitempty"`
	Line  int    `json:"line"`
	Event int    `json:"event_number,omitempty"`
}

// sameSecond counts events that have the metric, the person and the second of another.
// Klaviyo takes those for the same that have no unique id.
type sameSecond struct {
	Events          int `json:"events"`
	WithoutUniqueID int `json:"without_unique_id"`
}
