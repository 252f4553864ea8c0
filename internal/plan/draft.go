package plan

import (
	"cmp"
	"slices"
	"strings"

	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
	"github.com/rudderklaviyo/rudderklaviyo/internal/delivery"
	"github.com/rudderklaviyo/rudderklaviyo/internal/input"
	"github.com/rudderklaviyo/rudderklaviyo/internal/problem"
	"github.com/rudderklaviyo/rudderklaviyo/internal/tally"
	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// Event is an event and its mapping, or the reason why it can't be sent.
type Event struct {
	input.Event
	Result mapper.Result
	Reason *mapper.Error
}

// A Draft collects the figures of a plan. It keeps only names of metrics and types, codes,
// places and checksums, so that its memory is limited. It isn't safe for concurrent use.
type Draft struct {
	files      []string
	checkpoint *Checkpoint

	events   int
	forms    input.Forms
	types    map[string]int
	requests map[runtime.OperationID]int
	metrics  map[string]int
	others   int // events of metrics that aren't in metrics

	errors, warnings, skipped problem.Set

	people   tally.Distinct
	collapse deduplication
	estimate *delivery.Estimate
}

// maxCounted is the maximum number of metrics that are counted by name. It is far above
// Klaviyo's limit.
const maxCounted = 5_000

// New returns an empty Draft for files and a delivery with the Bulk.
func New(files []string, bulk delivery.Bulk) *Draft {
	return &Draft{
		files:    files,
		forms:    input.Forms{},
		types:    map[string]int{},
		requests: map[runtime.OperationID]int{},
		metrics:  map[string]int{},
		errors:   problem.Set{}, warnings: problem.Set{}, skipped: problem.Set{},
		collapse: newDeduplication(),
		estimate: delivery.NewEstimate(bulk),
	}
}

// Add adds the next event. It doesn't retain it.
func (d *Draft) Add(e Event) {
	d.events++
	d.forms[e.Form]++
	d.types[typeName(e.Result.Type)]++
	for _, warning := range e.Result.Warnings {
		d.warnings.Add(string(warning.Code), e.Position)
	}
	switch {
	case e.Reason != nil:
		d.errors.Add(string(e.Reason.Code), e.Position)
		return
	case e.Result.Skipped != "":
		d.skipped.Add(string(e.Result.Skipped), e.Position)
		return
	}
	person := personOf(e.Result.Identity)
	d.people.Add(tally.KeyOf(person))
	for _, request := range e.Result.Requests {
		d.requests[request.Operation().ID]++
		if request.Kind() == mapper.KindEvent {
			event := request.Event()
			d.countMetric(event.Metric)
			d.collapse.add(person, event)
		}
	}
	d.estimate.Add(delivery.Event{Text: e.Text, Identity: e.Result.Identity, Requests: e.Result.Requests})
}

// countMetric counts an event by its metric, unless there are too many metrics.
func (d *Draft) countMetric(name string) {
	if _, ok := d.metrics[name]; !ok {
		if len(d.metrics) == maxCounted {
			d.others++
			return
		}
		name = strings.Clone(name)
	}
	d.metrics[name]++
}

// eventTypes are RudderStack's event types.
var eventTypes = []string{"alias", "group", "identify", "page", "screen", "track"}

// typeName returns a type for display. An event that can't be parsed has none.
func typeName(t string) string {
	switch {
	case t == "":
		return "unknown"
	case !slices.Contains(eventTypes, t):
		return "other"
	}
	return t
}

// personOf returns the strongest identifier of a person.
func personOf(identity mapper.Identity) string {
	switch {
	case identity.Email != "":
		return "email " + strings.ToLower(identity.Email)
	case identity.PhoneNumber != "":
		return "phone " + identity.PhoneNumber
	case identity.ExternalID != "":
		return "id " + identity.ExternalID
	}
	return "profile " + identity.KlaviyoID
}

// Plan returns the plan for all events that were added, with a quota. compressed counts the
// compressed files.
func (d *Draft) Plan(compressed map[input.Compression]int, quota Quota) *Plan {
	plan := &Plan{
		Checkpoint:        d.checkpoint,
		Events:            d.events,
		Types:             d.types,
		Requests:          d.requests,
		Metrics:           d.sortedMetrics(),
		MetricsLeftOut:    d.others,
		SameSecond:        d.collapse.sameSecond,
		RepeatedUniqueIDs: d.collapse.repeated,
		Errors:            d.errors.Sorted(d.files),
		Warnings:          d.warnings.Sorted(d.files),
		Skipped:           d.skipped.Sorted(d.files),
		Calls:             estimateCalls(d.estimate, quota),
		QuotaShare:        quota.Share,
		Forms:             d.forms,
		Compressed:        compressed,
	}
	people, exact := d.people.Count()
	plan.People, plan.PeopleEstimated = people, !exact
	plan.Unsendable = d.errors.Events()
	for _, calls := range plan.Calls {
		plan.Seconds.Least = max(plan.Seconds.Least, calls.Seconds.Least)
		plan.Seconds.Most = max(plan.Seconds.Most, calls.Seconds.Most)
	}
	return plan
}

// sortedMetrics returns the metrics, most frequent first.
func (d *Draft) sortedMetrics() []Metric {
	sorted := make([]Metric, 0, len(d.metrics))
	for name, n := range d.metrics {
		sorted = append(sorted, Metric{name, n})
	}
	slices.SortFunc(sorted, func(a, b Metric) int {
		return cmp.Or(cmp.Compare(b.Events, a.Events), cmp.Compare(a.Name, b.Name))
	})
	return sorted
}
