// Package plan describes what a delivery of events would do, without doing it.
package plan

import (
	"encoding/json"
	"io"

	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
	"github.com/rudderklaviyo/rudderklaviyo/internal/input"
	"github.com/rudderklaviyo/rudderklaviyo/internal/problem"
)

// Plan is what send would do. docs/plan.md documents its JSON.
type Plan struct {
	// Checkpoint is the checkpoint that the delivery continues from, if there is one.
	Checkpoint *Checkpoint `json:"checkpoint,omitempty"`

	Events int `json:"events"`
	// Unsendable is the number of events that can't be sent.
	Unsendable int `json:"unsendable"`
	// Types counts events by type.
	Types map[string]int `json:"types"`
	// Requests counts the requests of events before they are combined into calls.
	Requests map[runtime.OperationID]int `json:"requests"`
	// People is the number of people in the requests, by email, otherwise phone number,
	// otherwise external id. Above [tally.MaxExact] it is accurate to within a percent.
	People          int  `json:"people"`
	PeopleEstimated bool `json:"people_estimated"`
	// Metrics are the metrics of the events, most frequent first.
	Metrics []Metric `json:"metrics"`
	// MetricsLeftOut is the number of events of metrics beyond the first 5,000.
	MetricsLeftOut int `json:"events_of_other_metrics"`
	// SameSecond and RepeatedUniqueIDs cover at least the last 250,000 events.
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

// Explain sets the command that explains the first event of each problem.
func (p *Plan) Explain(command func(problem.Place) string) {
	for _, problems := range [][]*problem.Problem{p.Errors, p.Skipped, p.Warnings} {
		problem.Explain(problems, command)
	}
}

// Metric is a metric and the number of its events.
type Metric struct {
	Name   string `json:"name"`
	Events int    `json:"events"`
}

// WriteJSON writes the plan as one JSON object on a line.
func (p *Plan) WriteJSON(w io.Writer) error { return json.NewEncoder(w).Encode(p) }
