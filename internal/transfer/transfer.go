// Package transfer carries events from a source to Klaviyo: it maps them, has them
// delivered in order, has those kept that can't be delivered, and knows how far it is.
//
// What differs between the commands that send is where events come from ([Source]), where
// dead letters go ([Letters]) and where the place is kept ([Place]).
package transfer

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
	"github.com/rudderklaviyo/rudderklaviyo/internal/delivery"
	"github.com/rudderklaviyo/rudderklaviyo/internal/input"
	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// Source gives events in their order, and [io.EOF] after the last. What it gives is valid
// until its next call. It gives up when ctx is done. An [input.Reader] is one.
type Source interface {
	Next(ctx context.Context) (input.Event, error)
}

// Client makes requests: a [client.Client].
type Client interface {
	delivery.Sender
	runtime.Caller
}

// Config says what to carry where.
type Config struct {
	Source Source
	// Files is how many files the source reads.
	Files int
	// MayGrow says that the last file may be read on by another run: a last line that isn't
	// whole is left to it, with [ErrIncompleteLine].
	MayGrow bool
	// From is the first event that the source gives, and Counts what became of those before.
	From   input.Position
	Counts Counts

	// Text gives the text of an event, or an error: why it can't be delivered, or
	// [ErrStays]. It may share the event's memory.
	Text   func(input.Event) ([]byte, error)
	Mapper *mapper.Mapper
	// IsRepeat, if set, is asked of the event that Source has just given, if it is to be sent
	// and has a messageId: one that was given before is skipped.
	IsRepeat func() bool

	Client      Client
	Concurrency int // see [delivery.Config]
	Bulk        delivery.Bulk

	// Earlier is the run that this one goes on from, nil if there is none.
	Earlier *delivery.Earlier

	// Refusals is what the account's runs before this one share with it, nil if there were none.
	Refusals *Refusals

	// Letters is nil where the log alone names the events that can't be delivered.
	Letters Letters
	// Undelivered, if set, is told of each event that isn't delivered or skipped, in the
	// order of the source, once it and all before it are done.
	Undelivered func(Undelivered) error
	// Place is nil where the place isn't kept.
	Place Place
	// PlaceInterval is the time between two calls of Place. The first are closer together.
	PlaceInterval time.Duration

	// Note, if set, is told of each event that is skipped or can't be delivered, and of each
	// warning. It is called by several goroutines, never by two at once.
	Note func(Note)

	// Mapped, if set, is told what each event has become that could be read, in the order of
	// the source. What it is given is valid until it returns.
	Mapped func(event input.Event, result mapper.Result, reason *mapper.Error)

	Logger *slog.Logger
	// Listed says that the events that can't be delivered are listed at the end, so that the
	// log names each at the level info only.
	Listed bool
	// Where says in the log where an event stands.
	Where func(delivery.Position) []any
}

// Transfer is one run. Its methods but Run are safe for concurrent use.
type Transfer struct {
	cfg      Config
	progress *progress
	misread  *misread
	queue    *delivery.Queue

	stop context.CancelCauseFunc

	mu    sync.Mutex
	stats Stats
}

// Stats says what became of the events of a run so far.
type Stats struct {
	Events      int // that were read
	Delivered   int
	Skipped     int
	Undelivered int // dead letters, and records that stay
	Forms       input.Forms
	Skips       map[mapper.SkipReason]int
	Warnings    map[string]int // by code
}

var (
	// ErrStays is the error of a line that has no event which could be sent, and stays where
	// it is.
	ErrStays = errors.New("the line stays")

	// ErrIncompleteLine is the error of a last line that isn't whole while the input may grow.
	ErrIncompleteLine = errors.New("the line has no end and isn't whole: its writer may still be at it. " +
		"If nothing more comes, end it with a newline, and it is a dead letter")
)

// Start begins a run, which Run carries out. When ctx is done it stops: no request is begun,
// and those on their way are waited for.
func Start(ctx context.Context, cfg Config) *Transfer {
	t := &Transfer{cfg: cfg, progress: newProgress(cfg.Files, cfg.From, cfg.Counts)}
	t.stats = Stats{Forms: input.Forms{}, Skips: map[mapper.SkipReason]int{}, Warnings: map[string]int{}}
	t.progress.passed, t.progress.onlyFail = cfg.Undelivered, cfg.Letters == nil
	t.misread = newMisread(cfg, t.progress)
	ctx, t.stop = context.WithCancelCause(ctx)
	t.queue = delivery.Start(ctx, delivery.Config{
		Sender: observedClient{cfg.Client, t.misread}, Jobs: cfg.Client, Map: t.requests, Reject: t.reject, Warn: t.warnOfAnswer,
		Concurrency: cfg.Concurrency, Bulk: cfg.Bulk, Earlier: cfg.Earlier,
	})
	return t
}

// Run carries all events over, and keeps the place meanwhile. Its error is the reason if not
// all is done.
func (t *Transfer) Run() error {
	defer t.stop(nil)
	end := t.keepPlace()
	err := t.finish()
	if placeErr := end(); err == nil {
		err = placeErr
	}
	return err
}

// finish takes in all events and waits for them.
func (t *Transfer) finish() error {
	readErr := t.read()
	report := t.queue.Wait()
	if report.Err == nil {
		t.misread.settle() // fewer were refused than would be the revision's fault
	}
	err := t.advance()
	switch {
	case err != nil:
		return err
	case report.Err != nil && !t.progress.isComplete():
		return report.Err
	}
	return readErr
}

// read takes in all events. It ends early, with the reason, when delivery has
// stopped, a dead letter can't be kept, the input can't be read or its last line isn't
// whole.
func (t *Transfer) read() error {
	ctx := t.queue.Context()
	for {
		event, err := t.cfg.Source.Next(ctx)
		switch {
		case errors.Is(err, io.EOF):
			t.progress.end()
			return nil
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err != nil:
			return err
		}
		t.count(func(s *Stats) {
			s.Events++
			s.Forms[event.Form]++
		})
		state, err := t.take(event, t.progress.begin(event))
		if err != nil {
			return err
		}
		t.progress.reach(state)
		if err := t.advance(); err != nil {
			return err
		}
	}
}

// advance passes the events that are done, after those have been kept of which it was open
// whether they are at fault.
func (t *Transfer) advance() error {
	if letters := t.misread.release(); len(letters) > 0 {
		if err := t.writeOff(letters); err != nil {
			return err
		}
	}
	return t.progress.advance(t.queue)
}

// take gives an event to the queue, or deals with it at once.
func (t *Transfer) take(from input.Event, at delivery.Position) (state, error) {
	if t.cfg.MayGrow && IsIncomplete(from, t.cfg.Files) {
		return given, ErrIncompleteLine
	}
	event := delivery.Event{Position: at}
	text, err := t.cfg.Text(from)
	switch {
	case errors.Is(err, ErrStays):
		t.count(func(s *Stats) {
			s.Undelivered++
			t.note(Note{Undeliverable, CodeStays, position(at)})
		})
		return kept, nil
	case err != nil:
		return given, t.queue.Refuse(event, err)
	}
	isLarge := len(text) > delivery.LargeText // it is copied only to be sent
	if !isLarge {
		text = bytes.Clone(text)
	}
	event.Text = text
	result, err := t.cfg.Mapper.Map(text)
	if t.cfg.Mapped != nil {
		var reason *mapper.Error
		errors.As(err, &reason)
		t.cfg.Mapped(from, result, reason)
	}
	for _, warning := range result.Warnings {
		t.warn(at, string(warning.Code), warning.Message, "field", warning.Field)
	}
	switch {
	case err != nil && isLarge:
		return given, t.reject([]delivery.Rejection{{Event: event, Reason: err}})
	case err != nil:
		return given, t.queue.Refuse(event, err)
	case result.Skipped != "":
		t.skip(at, result.Skipped)
		return skipped, nil
	}
	if t.cfg.IsRepeat != nil && result.MessageID != "" && t.cfg.IsRepeat() {
		t.skip(at, SkipRepeated)
		return skipped, nil
	}
	event.Identity, event.Requests = result.Identity, result.Requests
	if isLarge {
		event.Text = bytes.Clone(text)
	}
	return given, t.queue.Add(event)
}

// SkipRepeated is an event that its sender has sent before.
const SkipRepeated mapper.SkipReason = "repeated"

// skip counts an event that isn't sent.
func (t *Transfer) skip(at delivery.Position, reason mapper.SkipReason) {
	t.count(func(s *Stats) {
		s.Skipped++
		s.Skips[reason]++
		t.note(Note{Skipped, string(reason), position(at)})
	})
}

// requests are those of an event that can be mapped.
func (t *Transfer) requests(event []byte) []mapper.Request {
	result, _ := t.cfg.Mapper.Map(event) // what it warns of, it has warned of before
	return result.Requests
}

// IsIncomplete tells whether a line is the last of so many files, and may be a part of one.
func IsIncomplete(line input.Event, files int) bool {
	return !line.Ended && line.File == files-1 && (line.TooLong || !json.Valid(line.Text))
}

// warnOfAnswer counts what Klaviyo didn't take as it was meant.
func (t *Transfer) warnOfAnswer(event delivery.Event, warning client.Warning) {
	t.warn(event.Position, warning.Code, warning.Message)
}

// warn counts a warning and logs it.
func (t *Transfer) warn(at delivery.Position, code, message string, more ...any) {
	t.count(func(s *Stats) {
		s.Warnings[code]++
		t.note(Note{Warned, code, position(at)})
	})
	t.cfg.Logger.Info("warning", slices.Concat(t.cfg.Where(at), []any{"code", code, "message", message}, more)...)
}

func (t *Transfer) count(change func(*Stats)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	change(&t.stats)
}
