// Package report writes an HTML page about a run of send, replay or plan. It is self-contained
// and has no scripts. It contains names of metrics, codes, files and places, but no personal
// data.
package report

import (
	_ "embed"
	"html/template"
	"io"
	"slices"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/internal/problem"
)

// Run is the content of a page. Empty fields aren't shown.
type Run struct {
	Command  string // send, replay or plan
	Files    []string
	Revision string // of Klaviyo's API
	Version  string // of the program
	Began    time.Time
	Took     time.Duration
	// Notice is an important remark, such as that the run is a simulation.
	Notice  string
	Stopped *Stopped

	Events int
	// Earlier is how many of the events are of earlier runs, whose problems aren't known.
	Earlier int
	// Parts are the results of the events.
	Parts   []Part
	Moments []Moment
	// Operations are the requests that were made, Planned those that would be made.
	Operations []Operation
	Planned    []Planned
	// Facts are other figures.
	Facts  []Fact
	Groups []Group

	Metrics []Counted
	Types   []Counted
}

// Stopped is why a run ended early, and how to continue.
type Stopped struct{ Message, Advice, Command string }

// Part is a number of events with the same result. Class is delivered, skipped, undelivered or
// rest.
type Part struct {
	Key, Name, Class string
	Events           int
}

// Fact is a figure. Key is its name in JSON.
type Fact struct{ Key, Name, Value, Note string }

// Operation has the requests of an operation, and the limits in use, or 0.
type Operation struct {
	Name          string
	Requests      int
	Burst, Steady int // in a second, and in a minute
	seconds       []int32
}

// Planned has the requests that an operation would need, with bounds of their number and
// duration.
type Planned struct{ Name, Requests, Time string }

// Group has the problems of a kind. Explains means that they have commands that explain them.
type Group struct {
	Key, Name, Class, About string
	Problems                []*problem.Problem
}

// Counted is a name and a number of events.
type Counted struct {
	Name   string
	Events int
}

//go:embed page.html
var pageText string

//go:embed page.css
var pageStyle string

var page = template.Must(template.New("page").Funcs(template.FuncMap{
	"count": formatCount, "counted": counted, "span": formatDuration, "share": share, "clock": formatTime, "code": breakable, "advice": problem.Advice, "add": func(a, b int) int { return a + b },
}).Parse(pageText))

// A view is the template data of a page.
type view struct {
	*Run
	Style        template.CSS
	State, Class string
	Folder       string   // of all files, if there are several
	Names        []string // of the files, in Folder
	Timeline     chart
	Calls        []calls
	Most         int // maximum number of events of a metric
}

// calls are the charts of an operation.
type calls struct {
	Operation
	Seconds, Minutes       chart
	PeakSecond, PeakMinute int
}

// shownMetrics is the maximum number of metrics on the page.
const shownMetrics = 30

// Write writes the page.
func (r *Run) Write(w io.Writer) error {
	v := view{Run: r, Style: template.CSS(pageStyle)}
	v.State, v.Class = r.state()
	v.Folder = commonFolder(r.Files)
	for _, file := range r.Files {
		v.Names = append(v.Names, within(v.Folder, file))
	}
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

// Places lists the first places of a problem, with files by their names in the folder.
func (v view) Places(p *problem.Problem) string {
	short := *p
	short.First = slices.Clone(p.First)
	for i := range short.First {
		short.First[i].File = within(v.Folder, short.First[i].File)
	}
	return short.Places()
}

// CountedEvents is the heading of numbers of events that are of this run alone if there were
// earlier ones.
func (v view) CountedEvents() string {
	if v.Earlier > 0 {
		return "Events in this run"
	}
	return "Events"
}

// state returns how the run ended, in words and as a CSS class.
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
		return "Done, except for some events", "warn"
	}
	return "Done", "good"
}

// ShownMetrics returns the first metrics.
func (r *Run) ShownMetrics() []Counted { return r.Metrics[:min(len(r.Metrics), shownMetrics)] }

// OtherMetrics returns the number of metrics that aren't shown.
func (r *Run) OtherMetrics() int { return max(0, len(r.Metrics)-shownMetrics) }
