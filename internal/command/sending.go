package command

import (
	"bytes"
	"context"
	"errors"
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
)

// sending is one run of send or replay.
type sending struct {
	*destination
	files []string
	// event gives the event of a line, or an error: why it can't be delivered, or
	// errStays.
	event func(input.Event) ([]byte, error)
	// keep keeps an event that can't be delivered.
	keep     func(delivery.Event, deadletter.Error, int) error
	level    slog.Level // of the log's lines for such events
	progress *progress
	earlier  checkpoint.Counts // of earlier runs

	queue      *delivery.Queue
	began      time.Time
	events     int
	forms      recognized
	compressed map[input.Compression]int // files
	skipped    int
	kept       int
	rejected   atomic.Int64

	mu       sync.Mutex
	warnings map[string]int // by code
}

// errStays is the error of a line that has no event that could be sent, and stays
// where it is.
var errStays = errors.New("the line stays")

// eventOfInput is an event as it stands in the input.
func eventOfInput(event input.Event) ([]byte, error) {
	if event.TooLong {
		return nil, tooLong
	}
	return bytes.Clone(event.Text), nil
}

// run delivers, and keeps a checkpoint if saved isn't nil. Its error is the reason
// if not all is done.
func (s *sending) run(ctx context.Context, lines *input.Reader, concurrency int, saved *checkpoints) (delivery.Report, error) {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	s.warnings, s.forms = map[string]int{}, recognized{}
	if saved != nil {
		if err := saved.write(); err != nil { // before anything is sent
			return delivery.Report{}, err
		}
	}
	s.queue = delivery.Start(ctx, delivery.Config{Sender: s.client, Reject: s.reject, Warn: s.warnOfAnswer, Concurrency: concurrency})
	if saved == nil {
		return s.finish(lines)
	}
	end := saved.keep(s.progress, s.queue, stop)
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
	err := s.progress.advance(s.queue)
	pending, _ := s.progress.rest()
	switch {
	case err != nil:
		return report, err
	case len(pending) > 0 && report.Err != nil:
		return report, report.Err
	}
	return report, readErr
}

// read takes in all events. It ends early, with the reason, when delivery has
// stopped, a dead letter can't be kept or the input can't be read.
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
		s.progress.begin(line)
		state, err := s.take(line)
		if err != nil {
			return err
		}
		s.progress.reach(state)
		if err := s.progress.advance(s.queue); err != nil {
			return err
		}
	}
}

// take gives an event to the queue, or deals with it at once.
func (s *sending) take(line input.Event) (state, error) {
	event := delivery.Event{Position: position(line.Position)}
	text, err := s.event(line)
	switch {
	case errors.Is(err, errStays):
		s.kept++
		return kept, nil
	case err != nil:
		return rejected, s.reject(event, err)
	}
	event.Text = text
	result, err := s.mapper.Map(event.Text)
	for _, warning := range result.Warnings {
		s.warn(event.Position, string(warning.Code), warning.Message, "field", warning.Field)
	}
	if err != nil {
		return rejected, s.reject(event, err)
	}
	if result.Skipped != "" {
		s.skipped++
		return skipped, nil
	}
	event.Identity, event.Requests = result.Identity, result.Requests
	return queued, s.queue.Add(event)
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

// reject keeps an event with the reason why it can't be delivered.
func (s *sending) reject(event delivery.Event, reason error) error {
	why, attempts := describe(reason)
	if err := s.keep(event, why, attempts); err != nil {
		return err
	}
	s.progress.reject(event.Position, why, attempts)
	s.rejected.Add(1)
	s.logger.Log(context.Background(), s.level, "event can't be delivered",
		slices.Concat(s.place(event.Position), []any{"code", why.Code, "field", why.Field, "message", why.Message})...)
	return nil
}

func (s *sending) summary(report delivery.Report) summary {
	stats := s.client.Stats()
	return summary{
		Events:       s.earlier.Events + s.events,
		Delivered:    s.earlier.Delivered + report.Delivered,
		Skipped:      s.earlier.Skipped + s.skipped,
		DeadLettered: s.earlier.DeadLettered + s.kept + int(s.rejected.Load()),
		Requests:     stats.Requests,
		Retries:      stats.Retries,
		RateLimited:  stats.RateLimited,
		Seconds:      time.Since(s.began).Round(time.Millisecond).Seconds(),
		earlier:      s.earlier.Events,
		Forms:        s.forms.remarkable(),
		Compressed:   s.compressed,
		warnings:     s.warnings,
	}
}

// show prints the summary.
func (p Program) show(summary summary, form string, logger *slog.Logger) error {
	if form == "json" && len(summary.warnings) > 0 {
		logger.Warn("the mapping warned; --log-level info shows the lines", "counts", summary.warnings)
	}
	return writeError(printers[form](summary, p.Stdout))
}
