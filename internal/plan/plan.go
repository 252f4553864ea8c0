// Package plan tells what a delivery of events would be, from what the events become,
// without making it.
package plan

import (
	"encoding/json"
	"io"

	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
	"github.com/rudderklaviyo/rudderklaviyo/internal/input"
	"github.com/rudderklaviyo/rudderklaviyo/internal/problem"
)

// Plan is what send would do. Its JSON is what docs/plan.md promises.
type Plan struct {
	// Checkpoint is what the delivery goes on by, if there is one.
	Checkpoint *Checkpoint `json:"checkpoint,omitempty"`

	Events int `json:"events"`
	// Unsendable counts the events that can't be sent.
	Unsendable int `json:"unsendable"`
	// Types counts events by their type.
	Types map[string]int `json:"types"`
	// Requests counts what events become, before it is put together to calls.
	Requests map[runtime.OperationID]int `json:"requests"`
	// People is how many the requests are about, by email, else phone number, else
	// external id. From [tally.MaxExact] on it is within a percent of that.
	People          int  `json:"people"`
	PeopleEstimated bool `json:"people_estimated"`
	// Metrics are those that the events are of, the most frequent first.
	Metrics []Metric `json:"metrics"`
	// MetricsLeftOut counts events of metrics beyond the first 5,000.
	MetricsLeftOut int `json:"events_of_other_metrics"`
	// SameSecond and RepeatedUniqueIDs know the last 250,000 events at least.
	SameSecond        SameSecond `json:"same_second"`
	RepeatedUniqueIDs int        `json:"repeated_unique_ids"`

	Errors   []*problem.Problem `json:"errors"`
	Warnings []*problem.Problem `json:"warnings"`
	Skipped  []*problem.Problem `json:"skipped"`

	Calls      []Calls `json:"calls"`
	Seconds    Bounds  `json:"seconds"`
	QuotaShare float64 `json:"quota_share"`

	Forms      input.Forms               `json:"forms"`
	Compressed map[input.Compression]int `json:"compressed"`
}

// Explain adds to each problem the command that explains the first of its events.
func (p *Plan) Explain(command func(problem.Place) string) {
	for _, problems := range [][]*problem.Problem{p.Errors, p.Skipped, p.Warnings} {
		problem.Explain(problems, command)
	}
}

// Metric is a metric with the events of it.
type Metric struct {
	Name   string `json:"name"`
	Events int    `json:"events"`
}

// WriteJSON writes the plan for a program, as one object on a line.
func (p *Plan) WriteJSON(w io.Writer) error { return json.NewEncoder(w).Encode(p) }
