package command

import (
	"cmp"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/rudderklaviyo/rudderklaviyo/internal/atomicfile"
	"github.com/rudderklaviyo/rudderklaviyo/internal/delivery"
	"github.com/rudderklaviyo/rudderklaviyo/internal/input"
	"github.com/rudderklaviyo/rudderklaviyo/internal/plan"
	"github.com/rudderklaviyo/rudderklaviyo/internal/report"
	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

const reportFlag = "report"

// reportFiles gives the files that a report is written to.
func reportFiles(name string) []usedFile {
	if name == "" {
		return nil
	}
	return []usedFile{
		{role: "the file of --report", name: name, written: true},
		{role: "the next version of the report", name: atomicfile.Temporary(name), written: true},
	}
}

// reporting makes the page of a run. A nil one makes none.
type reporting struct {
	name     string
	file     *atomicfile.File
	run      report.Run
	recorder *report.Recorder
	draft    *plan.Draft // of the events that were read
}

// openReport begins the file with a name, or none where that is empty, before anything is
// sent in vain.
func openReport(cmd *cobra.Command, name, revision, notice string, files []string, recorder *report.Recorder) (*reporting, error) {
	if name == "" {
		return nil, nil
	}
	if name == input.Stdin {
		return nil, wrongUsage(fmt.Errorf("--%s is a file: name one", reportFlag))
	}
	file, err := atomicfile.Create(name, 0o600)
	if err != nil {
		return nil, stopped(fmt.Errorf("--%s: %w", reportFlag, err))
	}
	r := &reporting{name: name, file: file, recorder: recorder, draft: plan.New(files, delivery.BulkAuto)}
	r.run = report.Run{Command: cmd.Name(), Revision: cmp.Or(revision, mapper.DefaultRevision()), Version: thisBuild().Version, Began: time.Now(), Notice: notice}
	for _, file := range files {
		r.run.Files = append(r.run.Files, input.Name(file))
	}
	return r, nil
}

// discard leaves the old file, where the command ends before there is anything to tell.
func (r *reporting) discard() {
	if r != nil && r.file != nil {
		_ = r.file.Discard() // which has nothing in it
	}
}

// write puts the page in its place.
func (r *reporting) write() error {
	file := r.file
	r.file = nil
	err := r.run.Write(file)
	if err == nil {
		err = file.Commit()
	} else {
		_ = file.Discard() // the first error tells more
	}
	if err != nil {
		return stopped(fmt.Errorf("--%s: %w", reportFlag, err))
	}
	return nil
}

// mapped counts an event that a delivery has read.
func (r *reporting) mapped(event input.Event, result mapper.Result, reason *mapper.Error) {
	r.draft.Add(plan.Event{Event: event, Result: result, Reason: reason})
}

// record keeps how far the delivery is, until its result is called.
func (s *sending) record() (end func()) {
	if s.report == nil {
		return func() {}
	}
	reach := func() {
		stats := s.Stats()
		s.report.recorder.Record(report.Moment{At: time.Since(s.began), Delivered: stats.Delivered, Skipped: stats.Skipped, Undelivered: stats.Undelivered})
		if s.simulation == simulationFast {
			return // which has none
		}
		for endpoint, limits := range s.client.Limits() {
			s.report.recorder.Limits(endpoint, limits.Burst.Limit, limits.Steady.Limit)
		}
	}
	reach()
	stop := every(recordInterval, reach)
	return func() {
		stop()
		reach()
	}
}

// recordInterval is the time between two looks at how far a delivery is.
const recordInterval = time.Second / 2

// ofSummary takes over the figures of a delivery.
func (r *reporting) ofSummary(sum summary) {
	r.run.Took = time.Since(r.run.Began)
	r.run.Events, r.run.Earlier = sum.Events, sum.Earlier
	r.run.Parts = []report.Part{{Key: "delivered", Name: "Delivered", Class: "delivered", Events: sum.Delivered}, {Key: "skipped", Name: "Skipped", Class: "skipped", Events: sum.Skipped}}
	if sum.DeadLettered > 0 || sum.DeadLetterFile != "" {
		r.run.Parts = append(r.run.Parts, report.Part{Key: "dead_lettered", Name: "Dead-lettered", Class: "undelivered", Events: sum.DeadLettered})
	}
	if sum.Failed > 0 || sum.DeadLetterFile == "" {
		r.run.Parts = append(r.run.Parts, report.Part{Key: "failed", Name: "Failed", Class: "undelivered", Events: sum.Failed})
	}
	if sum.NotDone > 0 {
		r.run.Parts = append(r.run.Parts, report.Part{Key: "not_done", Name: "Not done", Class: "rest", Events: sum.NotDone})
	}
	if s := sum.Stopped; s != nil {
		text := &stop{Message: s.Message, File: s.File, Line: s.Line, Event: s.Event}
		r.run.Stopped = &report.Stopped{Message: text.Error(), Advice: s.Advice, Command: s.Command}
	}
	r.run.Moments, r.run.Operations = r.recorder.Moments(), r.recorder.Operations()
	counted := r.draft.Plan(nil, plan.Quota{Share: 1})
	r.ofPeople(counted)
	number := func(key, name string, n int64) {
		r.run.Facts = append(r.run.Facts, report.Fact{Key: key, Name: name, Value: count(n)})
	}
	number("requests", "Requests", sum.Requests)
	number("retries", "Retries", sum.Retries)
	number("rate_limited", "Answered 429", sum.RateLimited)
	r.run.Facts = append(r.run.Facts, report.Fact{Key: "seconds", Name: "Seconds", Value: fmt.Sprintf("%.1f", sum.Seconds)})
	if done := sum.Events - sum.Earlier - sum.NotDone; sum.NotDone > 0 && done > 0 && sum.Seconds > 10 {
		left := time.Duration(sum.Seconds / float64(done) * float64(sum.NotDone) * float64(time.Second))
		r.run.Facts = append(r.run.Facts, report.Fact{Name: "Left", Value: "about " + left.Round(time.Second).String(), Note: "at this pace, of what was read"})
	}
	if sum.Earlier > 0 {
		number("earlier_events", "Events of earlier runs", int64(sum.Earlier))
	}
	if sum.Problems != nil {
		about := "They weren’t delivered, and only the log names them."
		if sum.DeadLetterFile != "" {
			about = "They are in " + input.Name(sum.DeadLetterFile) + ": fix the cause, and send them again with replay."
		}
		r.ofProblems(*sum.Problems, about)
	}
}

// ofPlan takes over the figures of a plan.
func (r *reporting) ofPlan(p *plan.Plan) {
	r.run.Took = time.Since(r.run.Began)
	r.run.Events = p.Events
	skipped := 0
	for _, s := range p.Skipped {
		skipped += s.Events
	}
	r.run.Parts = []report.Part{
		{Key: "sendable", Name: "Can be sent", Class: "delivered", Events: p.Events - p.Unsendable - skipped},
		{Key: "skipped", Name: "Skipped", Class: "skipped", Events: skipped},
		{Key: "unsendable", Name: "Can’t be sent", Class: "undelivered", Events: p.Unsendable},
	}
	if p.Checkpoint != nil {
		r.run.Notice = p.Checkpoint.String()
	}
	r.ofPeople(p)
	r.run.Facts = append(r.run.Facts, report.Fact{Name: "Time at Klaviyo’s limits", Value: p.Seconds.Duration()})
	for _, c := range p.Calls {
		r.run.Planned = append(r.run.Planned, report.Planned{Name: string(c.Operation), Requests: c.Calls.String(), Time: c.Seconds.Duration()})
	}
	r.ofProblems(problems{p.Errors, p.Skipped, p.Warnings}, "Send doesn’t deliver them, and makes dead letters of them with --dead-letter.")
}

// ofPeople takes over whom and what the events are about.
func (r *reporting) ofPeople(p *plan.Plan) {
	people := report.Fact{Key: "people", Name: "People", Value: count(p.People)}
	if p.PeopleEstimated {
		people.Note = "about, within a percent"
	}
	r.run.Facts = append(r.run.Facts, people)
	for _, m := range p.Metrics {
		r.run.Metrics = append(r.run.Metrics, report.Counted(m))
	}
	for _, t := range p.TypesByCount() {
		r.run.Types = append(r.run.Types, report.Counted{Name: t, Events: p.Types[t]})
	}
}

func (r *reporting) ofProblems(p problems, aboutErrors string) {
	errorsAre := "Not delivered"
	if r.run.Command == "plan" {
		errorsAre = "Can’t be sent"
	}
	r.run.Groups = []report.Group{
		{Key: "errors", Name: errorsAre, Class: "undelivered", About: aboutErrors, Problems: p.Errors},
		{Key: "warnings", Name: "Warnings", Class: "rest", About: "These are sent, but not entirely as intended.", Problems: p.Warnings},
		{Key: "skips", Name: "Skipped", Class: "skipped", About: "These aren’t for Klaviyo.", Problems: p.Skipped},
	}
}
