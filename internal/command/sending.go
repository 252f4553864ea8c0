package command

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/internal/checkpoint"
	"github.com/rudderklaviyo/rudderklaviyo/internal/deadletter"
	"github.com/rudderklaviyo/rudderklaviyo/internal/delivery"
	"github.com/rudderklaviyo/rudderklaviyo/internal/input"
	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// sending is one run of send or replay.
type sending struct {
	*destination
	files []string
	// event gives the text of an event, or an error: why it can't be delivered, or
	// errStays. It may share the input's memory.
	event func(input.Event) ([]byte, error)
	// keep keeps events that can't be delivered, in the file letters unless that is empty.
	keep     func([]deadLetter) error
	letters  string
	mayGrow  bool          // another run reads on where the input ends
	terminal *lockedWriter // to show on how far it is, or nil
	progress *progress
	earlier  checkpoint.Counts // of earlier runs

	misread    *misread
	queue      *delivery.Queue
	began      time.Time
	events     int
	forms      input.Forms
	compressed map[input.Compression]int // files
	skipped    atomic.Int64
	kept       atomic.Int64
	rejected   atomic.Int64

	mu       sync.Mutex
	warnings map[string]int // by code
	skips    map[mapper.SkipReason]int
}

// errStays is the error of a line that has no event that could be sent, and stays
// where it is.
var errStays = errors.New("the line stays")

// errCut is the error of a last line that isn't whole while the input may grow.
var errCut = errors.New("the line has no end and isn't whole: its writer may still be at it. " +
	"If nothing more comes, end it with a newline, and it is a dead letter")

// eventOfInput is an event as it stands in the input.
func eventOfInput(event input.Event) ([]byte, error) {
	if event.TooLong {
		return nil, tooLong
	}
	return event.Text, nil
}

// run delivers, and keeps a checkpoint if saved isn't nil. Its error is the reason
// if not all is done.
func (s *sending) run(ctx context.Context, lines *input.Reader, flags destinationFlags, saved *checkpoints) (delivery.Report, error) {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	s.warnings, s.skips, s.forms, s.mayGrow = map[string]int{}, map[mapper.SkipReason]int{}, input.Forms{}, saved != nil
	s.progress.onlyFail = s.letters == ""
	if saved != nil {
		if err := saved.write(); err != nil { // before anything is sent
			return delivery.Report{}, err
		}
	}
	s.misread = &misread{revision: revisionOf(s.mapping), progress: s.progress}
	s.queue = delivery.Start(ctx, delivery.Config{
		Sender: watching{s.client, s.misread}, Jobs: s.client, Map: s.requests, Reject: s.reject, Warn: s.warnOfAnswer,
		Concurrency: flags.concurrency, Bulk: delivery.Bulk(flags.bulk),
	})
	defer s.showProgress()()
	if saved == nil {
		return s.finish(lines)
	}
	end := saved.keep(s, stop)
	report, err := s.finish(lines)
	end()
	if err != nil {
		_ = saved.save(s.progress) // the one before is as good, but for work done twice
		return report, err
	}
	return report, saved.finish(s.progress, lines.Size())
}

// finish takes in all events and waits for them. Its error is the reason if not
// all of them are done.
func (s *sending) finish(lines *input.Reader) (delivery.Report, error) {
	readErr := s.read(lines)
	s.compressed = compressed(lines.Files())
	report := s.queue.Wait()
	if report.Err == nil {
		s.misread.settle() // fewer were refused than would be the revision's fault
	}
	err := s.advance()
	switch {
	case err != nil:
		return report, err
	case report.Err != nil && !s.progress.isComplete():
		s.logAnswer(report.Err)
		return report, report.Err
	}
	return report, readErr
}

// logAnswer shows the beginning of the answer that delivery stopped for, by which a
// person may know who wrote it.
func (s *sending) logAnswer(reason error) {
	var e *client.Error
	if errors.As(reason, &e) && e.StatusCode != 0 {
		s.logger.Info("the last answer", "operation", e.Operation, "status", e.StatusCode, "body", e.Excerpt)
	}
}

// read takes in all events. It ends early, with the reason, when delivery has
// stopped, a dead letter can't be kept, the input can't be read or its last line isn't
// whole.
func (s *sending) read(lines *input.Reader) error {
	ctx := s.queue.Context()
	for {
		line, err := lines.Next(ctx)
		switch {
		case errors.Is(err, io.EOF):
			s.progress.end()
			return nil
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err != nil:
			return err
		}
		s.events++
		s.forms[line.Form]++
		state, err := s.take(line, s.progress.begin(line))
		if err != nil {
			return err
		}
		s.progress.reach(state)
		if err := s.advance(); err != nil {
			return err
		}
	}
}

// advance passes the events that are done, after those have been kept of which it was open
// whether they are at fault.
func (s *sending) advance() error {
	if letters := s.misread.release(); len(letters) > 0 {
		if err := s.writeOff(letters); err != nil {
			return err
		}
	}
	return s.progress.advance(s.queue)
}

// take gives an event to the queue, or deals with it at once.
func (s *sending) take(line input.Event, at delivery.Position) (state, error) {
	if s.mayGrow && isCut(line, s.files) {
		return given, errCut
	}
	event := delivery.Event{Position: at}
	text, err := s.event(line)
	switch {
	case errors.Is(err, errStays):
		s.kept.Add(1)
		return kept, nil
	case err != nil:
		return given, s.queue.Refuse(event, err)
	}
	isLarge := len(text) > delivery.LargeText // it is copied only to be sent
	if !isLarge {
		text = bytes.Clone(text)
	}
	event.Text = text
	result, err := s.mapper.Map(text)
	for _, warning := range result.Warnings {
		s.warn(at, string(warning.Code), warning.Message, "field", warning.Field)
	}
	switch {
	case err != nil && isLarge:
		return given, s.reject([]delivery.Rejection{{Event: event, Reason: err}})
	case err != nil:
		return given, s.queue.Refuse(event, err)
	case result.Skipped != "":
		s.skipped.Add(1)
		s.skips[result.Skipped]++
		return skipped, nil
	}
	event.Identity, event.Requests = result.Identity, result.Requests
	if isLarge {
		event.Text = bytes.Clone(text)
	}
	return given, s.queue.Add(event)
}

// requests are those of an event that can be mapped.
func (s *sending) requests(event []byte) []mapper.Request {
	result, _ := s.mapper.Map(event) // what it warns of, it has warned of before
	return result.Requests
}

// isCut tells whether a line is the last of the input, and may be a part of one.
func isCut(line input.Event, files []string) bool {
	return !line.Ended && line.File == len(files)-1 && (line.TooLong || !json.Valid(line.Text))
}

// warnOfAnswer counts what Klaviyo didn't take as it was meant.
func (s *sending) warnOfAnswer(event delivery.Event, warning client.Warning) {
	s.warn(event.Position, warning.Code, warning.Message)
}

// warn counts a warning and logs it.
func (s *sending) warn(at delivery.Position, code, message string, more ...any) {
	s.mu.Lock()
	s.warnings[code]++
	s.mu.Unlock()
	s.logger.Info("warning", slices.Concat(s.place(at), []any{"code", code, "message", message}, more)...)
}

// place is where an event stands, for the log.
func (s *sending) place(at delivery.Position) []any {
	place := []any{"file", s.files[at.File], "line", at.Line}
	if at.Event > 0 {
		place = append(place, "event_number", at.Event)
	}
	return place
}

// deadLetter is an event that can't be delivered.
type deadLetter struct {
	delivery.Event
	reason   deadletter.Error
	attempts int
	cause    error
}

// reject keeps events with the reasons why they can't be delivered, unless the revision may
// be at fault.
func (s *sending) reject(rejections []delivery.Rejection) error {
	letters := make([]deadLetter, len(rejections))
	for i, r := range rejections {
		letters[i].Event, letters[i].cause = r.Event, r.Reason
		letters[i].reason, letters[i].attempts = describe(r.Reason)
	}
	letters, err := s.misread.hold(letters)
	if err != nil {
		return err
	}
	return s.writeOff(letters)
}

// writeOff keeps events that can't be delivered.
func (s *sending) writeOff(letters []deadLetter) error {
	if len(letters) == 0 {
		return nil
	}
	if err := s.keep(letters); err != nil {
		return fmt.Errorf("%w: %w", errDeadLetter, err)
	}
	s.rejected.Add(int64(len(letters)))
	level, what := slog.LevelInfo, "event dead-lettered"
	if s.letters == "" { // the log alone names it
		level, what = slog.LevelError, "event failed"
	}
	for _, l := range letters {
		s.progress.reject(l.Position, l.reason, l.attempts)
		s.logger.Log(context.Background(), level, what,
			slices.Concat(s.place(l.Position), []any{"code", l.reason.Code, "field", l.reason.Field, "message", l.reason.Message})...)
	}
	return nil
}

// undelivered counts the events that can't be delivered.
type undelivered struct {
	deadLettered int // that a file keeps
	failed       int // that the log alone names
}

// undelivered counts those of earlier runs too.
func (s *sending) undelivered() undelivered {
	u := undelivered{s.earlier.DeadLettered, s.earlier.Failed}
	n := int(s.kept.Load() + s.rejected.Load())
	if s.letters == "" {
		u.failed += n
	} else {
		u.deadLettered += n
	}
	return u
}

func (s *sending) summary(report delivery.Report, stop *stop) summary {
	stats, undelivered := s.client.Stats(), s.undelivered()
	sum := summary{
		Events:         s.earlier.Events + s.events,
		Delivered:      s.earlier.Delivered + report.Delivered,
		Skipped:        s.earlier.Skipped + int(s.skipped.Load()),
		DeadLettered:   undelivered.deadLettered,
		Failed:         undelivered.failed,
		Requests:       stats.Requests,
		Retries:        stats.Retries,
		RateLimited:    stats.RateLimited,
		Seconds:        float64(time.Since(s.began).Milliseconds()) / 1000,
		Earlier:        s.earlier.Events,
		Forms:          s.forms,
		Compressed:     s.compressed,
		Skips:          s.skips,
		Warnings:       s.warnings,
		DeadLetterFile: s.letters,
		Stopped:        stop,
	}
	sum.NotDone = sum.Events - sum.Delivered - sum.Skipped - sum.DeadLettered - sum.Failed
	return sum
}
