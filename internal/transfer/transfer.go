// Package transfer delivers events from a source to Klaviyo: it maps them, sends them in order,
// stores those that can't be delivered, and tracks the progress.
//
// Commands differ in where events come from ([Source]), where dead letters are stored
// ([Letters]), and where the progress is saved ([Place]).
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

// A Source returns events in order, and [io.EOF] after the last. An event is valid until the
// next call. Next returns when ctx is done. [input.Reader] implements it.
type Source interface {
	Next(ctx context.Context) (input.Event, error)
}

// A Client sends requests. [client.Client] implements it.
type Client interface {
	delivery.Sender
	runtime.Caller
}

// Config configures a Transfer.
type Config struct {
	Source Source
	// Files is the number of files that the source reads.
	Files int
	// MayGrow means that another run may continue the last file. An incomplete last line is
	// left for it, with [ErrIncompleteLine].
	MayGrow bool
	// From is the position of the first event of the source, and Counts the result of those
	// before it.
	From   input.Position
	Counts Counts

	// Text returns the text of an event. With an error, which may be [ErrUnchanged], the event
	// can't be delivered, and the text is that of its dead letter. It may share the event's memory.
	Text   func(input.Event) ([]byte, error)
	Mapper *mapper.Mapper
	// IsRepeat, if set, reports whether the last event of Source is a duplicate, which is
	// skipped. It is called for events that would be sent and have a messageId.
	IsRepeat func() bool

	Client      Client
	Concurrency int // see [delivery.Config]
	Bulk        delivery.Bulk

	// Earlier is the run that this one continues, or nil.
	Earlier *delivery.Earlier

	// Refusals is shared by the runs of an account; nil if there were none before.
	Refusals *Refusals

	// Letters is nil if events that can't be delivered are only logged.
	Letters Letters
	// Undelivered, if set, is called with each event that is neither delivered nor skipped, in
	// the order of the source, once it and all events before it are done.
	Undelivered func(Undelivered) error
	// Place is nil if the progress isn't saved.
	Place Place
	// PlaceInterval is the maximum interval between calls of Place. The first intervals are
	// shorter.
	PlaceInterval time.Duration

	// Note, if set, is called with each event that is skipped or can't be delivered, and with
	// each warning. Calls don't overlap, but come from several goroutines.
	Note func(Note)

	// Mapped, if set, is called with the result of mapping each event that could be read, in
	// the order of the source. Its arguments are valid until it returns.
	Mapped func(event input.Event, result mapper.Result, reason *mapper.Error)

	Logger *slog.Logger
	// Listed means that events that can't be delivered are listed at the end, so that each is
	// only logged at level info.
	Listed bool
	// Where returns log attributes for the position of an event.
	Where func(delivery.Position) []any
}

// A Transfer is one run. Its methods except Run are safe for concurrent use.
type Transfer struct {
	cfg           Config
	progress      *progress
	revisionCheck *revisionCheck
	queue         *delivery.Queue

	stop context.CancelCauseFunc

	mu    sync.Mutex
	stats Stats
}

// Stats are the results of a run so far.
type Stats struct {
	Events      int // events read
	Delivered   int
	Skipped     int
	Undelivered int // dead letters and unchanged records
	Forms       input.Forms
	Skips       map[mapper.SkipReason]int
	Warnings    map[string]int // by code
}

var (
	// ErrUnchanged means that a line has no event that can be sent, and stays in the file.
	ErrUnchanged = errors.New("the line stays")

	// ErrIncompleteLine means that the last line is incomplete, and the input may grow.
	ErrIncompleteLine = errors.New("incomplete line without a newline: another program may still be writing it. " +
		"If not, end it with a newline; it then becomes a dead letter")
)

// New returns a Transfer; call Run once to run it. When ctx is done, the run stops: no requests are
// started, and those in flight finish.
func New(ctx context.Context, cfg Config) *Transfer {
	t := &Transfer{cfg: cfg, progress: newProgress(cfg.Files, cfg.From, cfg.Counts)}
	t.stats = Stats{Forms: input.Forms{}, Skips: map[mapper.SkipReason]int{}, Warnings: map[string]int{}}
	t.progress.onUndelivered, t.progress.noLetters = cfg.Undelivered, cfg.Letters == nil
	t.revisionCheck = newRevisionCheck(cfg, t.progress)
	ctx, t.stop = context.WithCancelCause(ctx)
	t.queue = delivery.Start(ctx, delivery.Config{
		Sender: observedClient{cfg.Client, t.revisionCheck}, Jobs: cfg.Client, Map: t.requests, Reject: t.reject, Warn: t.warnOfAnswer,
		Concurrency: cfg.Concurrency, Bulk: cfg.Bulk, Earlier: cfg.Earlier,
	})
	return t
}

// Run delivers all events, and saves the progress meanwhile. It returns an error if not all
// events are done.
func (t *Transfer) Run() error {
	defer t.stop(nil)
	end := t.savePlaces()
	err := t.run()
	if placeErr := end(); err == nil {
		err = placeErr
	}
	return err
}

// run reads all events and waits for their delivery.
func (t *Transfer) run() error {
	readErr := t.read()
	report := t.queue.Wait()
	if report.Err == nil {
		t.revisionCheck.accept() // too few rejections to blame the revision
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

// read reads all events. It returns early, with the reason, if delivery has stopped, a dead
// letter can't be stored, the input can't be read, or the last line is incomplete.
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
		state, err := t.process(event, t.progress.register(event))
		if err != nil {
			return err
		}
		t.progress.setState(state)
		if err := t.advance(); err != nil {
			return err
		}
	}
}

// advance stores dead letters that were held, if their cause is now known, and advances the
// progress.
func (t *Transfer) advance() error {
	if letters := t.revisionCheck.release(); len(letters) > 0 {
		if err := t.writeOff(letters); err != nil {
			return err
		}
	}
	return t.progress.advance(t.queue)
}

// process adds an event to the queue, or handles it immediately.
func (t *Transfer) process(from input.Event, at delivery.Position) (state, error) {
	if t.cfg.MayGrow && IsIncomplete(from, t.cfg.Files) {
		return queued, ErrIncompleteLine
	}
	event := delivery.Event{Position: at}
	text, err := t.cfg.Text(from)
	switch {
	case errors.Is(err, ErrUnchanged):
		t.count(func(s *Stats) {
			s.Undelivered++
			t.note(Note{Undeliverable, CodeUnchanged, position(at)})
		})
		return unchanged, nil
	case err != nil:
		event.Text = bytes.Clone(text)
		return queued, t.queue.Refuse(event, err)
	}
	isLarge := len(text) > delivery.LargeText // large events are only copied if they are sent
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
		return queued, t.reject([]delivery.Rejection{{Event: event, Reason: err}})
	case err != nil:
		return queued, t.queue.Refuse(event, err)
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
	return queued, t.queue.Add(event)
}

// SkipRepeated means that the sender has sent the event before.
const SkipRepeated mapper.SkipReason = "repeated"

// skip counts a skipped event.
func (t *Transfer) skip(at delivery.Position, reason mapper.SkipReason) {
	t.count(func(s *Stats) {
		s.Skipped++
		s.Skips[reason]++
		t.note(Note{Skipped, string(reason), position(at)})
	})
}

// requests returns the requests of an event that can be mapped.
func (t *Transfer) requests(event []byte) []mapper.Request {
	result, _ := t.cfg.Mapper.Map(event) // warnings were reported before
	return result.Requests
}

// IsIncomplete reports whether a line is the last of all files and may be incomplete.
func IsIncomplete(line input.Event, files int) bool {
	return !line.Ended && line.File == files-1 && (line.TooLong || !json.Valid(line.Text))
}

// warnOfAnswer records a warning about a response.
func (t *Transfer) warnOfAnswer(event delivery.Event, warning client.Warning) {
	t.warn(event.Position, warning.Code, warning.Message)
}

// warn counts and logs a warning.
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
