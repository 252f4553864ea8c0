// Package report makes a page of a run of send, replay or plan: one HTML file that needs
// nothing beside it, and has no script. It names metrics, codes, files and places, and nothing
// of people.
package report

import (
	_ "embed"
	"html/template"
	"io"
	"slices"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/internal/problem"
)

// Run is what a page tells. What is empty isn't told.
type Run struct {
	Command  string // send, replay or plan
	Files    []string
	Revision string // of Klaviyo's API
	Version  string // of the program
	Began    time.Time
	Took     time.Duration
	// Notice is what has to be known of all that follows, such as that it is a simulation.
	Notice  string
	Stopped *Stopped

	Events int
	// Parts are what became of the events, or would.
	Parts   []Part
	Moments []Moment
	// Operations are the requests that were made, Planned those that would be.
	Operations []Operation
	Planned    []Planned
	// Facts are figures that stand alone.
	Facts  []Fact
	Groups []Group

	Metrics []Counted
	Types   []Counted
}

// Stopped is why a run ended early, and how to go on.
type Stopped struct{ Message, Advice, Command string }

// Part are events of which the same has become. Class is delivered, skipped, undelivered or
// rest.
type Part struct {
	Key, Name, Class string
	Events           int
}

// Fact is a figure. Key is its name in JSON.
type Fact struct{ Key, Name, Value, Note string }

// Operation are the requests of an operation, with the limits of it that were in use, 0 for
// none.
type Operation struct {
	Name          string
	Requests      int
	Burst, Steady int // in a second, and in a minute
	seconds       []int32
}

// Planned are the requests that an operation would take, with bounds of them and of the time.
type Planned struct{ Name, Requests, Time string }

// Group are the problems of a kind. Explains says that their commands do.
type Group struct {
	Key, Name, Class, About string
	Problems                []*problem.Problem
}

// Counted is a name with events.
type Counted struct {
	Name   string
	Events int
}

//go:embed page.html
var pageText string

//go:embed page.css
var pageStyle string

var page = template.Must(template.New("page").Funcs(template.FuncMap{
	"count": count, "span": span, "share": share, "clock": clock, "code": breakable, "advice": problem.Advice, "add": func(a, b int) int { return a + b },
}).Parse(pageText))

// view is the page of a run.
type view struct {
	*Run
	Style        template.CSS
	State, Class string
	Timeline     chart
	Calls        []calls
	Most         int // events of a metric
}

// calls are the drawings of an operation.
type calls struct {
	Operation
	Seconds, Minutes       chart
	PeakSecond, PeakMinute int
}

// shownMetrics is how many metrics the page names.
const shownMetrics = 30

// Write writes the page.
func (r *Run) Write(w io.Writer) error {
	v := view{Run: r, Style: template.CSS(pageStyle)}
	v.State, v.Class = r.state()
	if len(r.Moments) > 1 {
		v.Timeline = layered(r.Moments, r.Took)
	}
	for _, o := range r.Operations {
		minutes := perMinute(o.seconds)
		c := calls{Operation: o, PeakSecond: int(slices.Max(o.seconds)), PeakMinute: int(slices.Max(minutes))}
		c.Seconds, c.Minutes = columns(o.seconds, time.Second, o.Burst, r.Took), columns(minutes, time.Minute, o.Steady, r.Took)
		v.Calls = append(v.Calls, c)
	}
	for _, m := range r.Metrics {
		v.Most = max(v.Most, m.Events)
	}
	return page.Execute(w, v)
}

// state is how the run ended, in words and as a class.
func (r *Run) state() (words, class string) {
	undelivered := 0
	for _, p := range r.Parts {
		if p.Class == "undelivered" {
			undelivered += p.Events
		}
	}
	switch {
	case r.Stopped != nil:
		return "Stopped early", "bad"
	case r.Command == "plan" && undelivered > 0:
		return "Plan, with events that can’t be sent", "warn"
	case r.Command == "plan":
		return "Plan", "good"
	case undelivered > 0:
		return "Done, but for some events", "warn"
	}
	return "Done", "good"
}

// ShownMetrics are the first metrics, and OtherMetrics how many are left out.
func (r *Run) ShownMetrics() []Counted { return r.Metrics[:min(len(r.Metrics), shownMetrics)] }

// OtherMetrics counts the metrics that aren't shown.
func (r *Run) OtherMetrics() int { return max(0, len(r.Metrics)-shownMetrics) }
