// Package doctor says whether a delivery to an account would work, before anything is sent.
//
// [Look] reads what the account shows, by calls that write nothing. The checks are functions
// of that and of the settings, and a check that can't be made hides no other.
package doctor

import (
	"encoding/json"
	"io"
)

// Outcome is how a check ended.
type Outcome string

// The outcomes, from good to bad.
const (
	OK      Outcome = "ok"
	Warning Outcome = "warning" // a delivery works, but perhaps not as it is meant; or it can't be told
	Failure Outcome = "failure" // a delivery would not work
)

// Finding is what a check found.
type Finding struct {
	Check   string  `json:"check"`
	Outcome Outcome `json:"outcome"`
	// Text says what was found, and Advice what to do about it; that is empty where there
	// is nothing to do. Neither has a key or personal data.
	Text   string `json:"text"`
	Advice string `json:"advice,omitempty"`

	// passes says of a failure that it may pass by itself, so that a delivery waits for that.
	passes bool
}

func ok(text string) Finding { return Finding{Outcome: OK, Text: text} }
func warning(text, advice string) Finding {
	return Finding{Outcome: Warning, Text: text, Advice: advice}
}
func failure(text, advice string) Finding {
	return Finding{Outcome: Failure, Text: text, Advice: advice}
}

// check is a row of the checks. What it finds has no name yet.
type check struct {
	name string
	run  func(*Facts) []Finding
	// first says that a delivery is not to begin where the check fails.
	first bool
}

// checks are all of them, in the order in which they are shown.
var checks = []check{
	{name: "config", run: checkSettings},
	{name: "events", run: checkEvents},
	{name: "key", run: checkKey, first: true},
	{name: "scopes", run: checkScopes},
	{name: "revision", run: checkRevision, first: true},
	{name: "lists", run: checkLists, first: true},
	{name: "sms", run: checkSMS},
	{name: "metrics", run: checkMetrics},
	{name: "metric names", run: checkMetricNames},
	{name: "item fields", run: checkItemFields},
	{name: "limits", run: checkLimits},
	{name: "clock", run: checkClock},
}

// Report is what all checks found.
type Report struct {
	Findings []Finding `json:"findings"`
}

// Examine makes all checks.
func Examine(f *Facts) Report { return examine(f, func(check) bool { return true }) }

// Obstacles are the failures that a delivery would meet at once, and that don't pass by
// themselves.
func Obstacles(f *Facts) []Finding {
	var obstacles []Finding
	for _, finding := range examine(f, func(c check) bool { return c.first }).Findings {
		if finding.Outcome == Failure && !finding.passes {
			obstacles = append(obstacles, finding)
		}
	}
	return obstacles
}

func examine(f *Facts, picked func(check) bool) Report {
	report := Report{Findings: []Finding{}}
	for _, c := range checks {
		if !picked(c) {
			continue
		}
		for _, finding := range c.run(f) {
			finding.Check = c.name
			report.Findings = append(report.Findings, finding)
		}
	}
	return report
}

// Count is how many findings have an outcome.
func (r Report) Count(outcome Outcome) (n int) {
	for _, finding := range r.Findings {
		if finding.Outcome == outcome {
			n++
		}
	}
	return n
}

// WriteJSON writes the report for a program, as one object on a line.
func (r Report) WriteJSON(w io.Writer) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false) // a command is there to be copied
	return encoder.Encode(r)
}
