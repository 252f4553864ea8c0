package command

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
	"github.com/rudderklaviyo/rudderklaviyo/internal/delivery"
	"github.com/rudderklaviyo/rudderklaviyo/internal/input"
)

// plan is what send would do.
type plan struct {
	Events int `json:"events"`
	// Unsendable counts the events that can't be sent.
	Unsendable int `json:"unsendable"`
	// Types counts events by their type.
	Types map[string]int `json:"types"`
	// Requests counts what events become, before it is put together to calls.
	Requests map[klaviyo.OperationID]int `json:"requests"`
	// People is how many the requests are about, by email, else phone number, else
	// external id. From 100,000 on it is within a percent of that.
	People          int  `json:"people"`
	PeopleEstimated bool `json:"people_estimated"`
	// Metrics are those that the events are of, the most frequent first.
	Metrics []metric `json:"metrics"`
	// MetricsLeftOut counts events of metrics beyond the first 5,000.
	MetricsLeftOut int `json:"events_of_other_metrics"`
	// SameSecond and RepeatedUniqueIDs know the last 250,000 events at least.
	SameSecond        sameSecond `json:"same_second"`
	RepeatedUniqueIDs int        `json:"repeated_unique_ids"`

	Errors   []*problem `json:"errors"`
	Warnings []*problem `json:"warnings"`
	Skipped  []*problem `json:"skipped"`

	Calls      []plannedCalls `json:"calls"`
	Seconds    bounds         `json:"seconds"`
	QuotaShare float64        `json:"quota_share"`

	Forms      recognized                `json:"forms"`
	Compressed map[input.Compression]int `json:"compressed"`
}

type metric struct {
	Name   string `json:"name"`
	Events int    `json:"events"`
}

// bounds are the least and the most that a figure can be.
type bounds struct {
	Least int `json:"least"`
	Most  int `json:"most"`
}

// plannedCalls are the calls of an operation. The operations have quotas of their
// own, so that what takes longest decides.
type plannedCalls struct {
	Operation klaviyo.OperationID `json:"operation"`
	Calls     bounds              `json:"calls"`
	Seconds   bounds              `json:"seconds"`
}

// plan makes a plan of all that was added.
func (p *planning) plan(files map[input.Compression]int, quotaShare float64) *plan {
	plan := &plan{
		Events:            p.events,
		Types:             p.types,
		Requests:          p.requests,
		MetricsLeftOut:    p.others,
		SameSecond:        p.sameSecond,
		RepeatedUniqueIDs: p.repeated,
		Errors:            p.errors.sorted(),
		Warnings:          p.warnings.sorted(),
		Skipped:           p.skipped.sorted(),
		QuotaShare:        quotaShare,
		Forms:             p.forms,
		Compressed:        compressed(files),
	}
	people, exact := p.people.Count()
	plan.People, plan.PeopleEstimated = people, !exact
	for _, problem := range plan.Errors {
		plan.Unsendable += problem.Events
	}
	plan.Metrics = make([]metric, 0, len(p.metrics))
	for name, n := range p.metrics {
		plan.Metrics = append(plan.Metrics, metric{name, n})
	}
	slices.SortFunc(plan.Metrics, func(a, b metric) int {
		return cmp.Or(cmp.Compare(b.Events, a.Events), cmp.Compare(a.Name, b.Name))
	})

	plan.Calls = []plannedCalls{}
	calls := p.estimate.Calls()
	for _, id := range slices.Sorted(maps.Keys(calls)) {
		op, _ := klaviyo.LookupOperation(id)
		c := plannedCalls{Operation: id, Calls: bounds{calls[id].Fewest, calls[id].Most}}
		c.Seconds = bounds{
			int(delivery.Duration(op, c.Calls.Least, quotaShare) / time.Second),
			int(delivery.Duration(op, c.Calls.Most, quotaShare) / time.Second),
		}
		plan.Calls = append(plan.Calls, c)
		plan.Seconds.Least = max(plan.Seconds.Least, c.Seconds.Least)
		plan.Seconds.Most = max(plan.Seconds.Most, c.Seconds.Most)
	}
	return plan
}

// sorted gives the most frequent first.
func (p problems) sorted() []*problem {
	sorted := make([]*problem, 0, len(p))
	for _, problem := range p {
		sorted = append(sorted, problem)
	}
	slices.SortFunc(sorted, func(a, b *problem) int {
		return cmp.Or(cmp.Compare(b.Events, a.Events), cmp.Compare(a.Code, b.Code))
	})
	return sorted
}
