package transfer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/internal/deadletter"
	"github.com/rudderklaviyo/rudderklaviyo/internal/delivery"
	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// Letters stores events that can't be delivered. They are done when Keep returns nil. An error
// ends the run, with [ErrLetter].
type Letters interface {
	Keep([]Letter) error
}

// ErrLetter means that a dead letter couldn't be stored.
var ErrLetter = errors.New("store a dead letter")

// Letter is an event that can't be delivered.
type Letter struct {
	delivery.Event
	Reason deadletter.Error
	// Attempts is the number of requests sent for the call that failed. It is 0 if none was
	// sent.
	Attempts int

	cause error
}

// reject stores events that can't be delivered, unless the revision may be at fault.
func (t *Transfer) reject(rejections []delivery.Rejection) error {
	letters := make([]Letter, len(rejections))
	for i, r := range rejections {
		letters[i].Event, letters[i].cause = r.Event, r.Reason
		letters[i].Reason, letters[i].Attempts = describe(r.Reason)
	}
	letters, err := t.revisionCheck.filter(letters)
	if err != nil {
		return err
	}
	return t.writeOff(letters)
}

// writeOff stores events that can't be delivered.
func (t *Transfer) writeOff(letters []Letter) error {
	if len(letters) == 0 {
		return nil
	}
	level, what := slog.LevelError, "event failed" // not stored
	if t.cfg.Letters != nil {
		if err := t.cfg.Letters.Keep(letters); err != nil {
			return fmt.Errorf("%w: %w", ErrLetter, err)
		}
		level, what = slog.LevelInfo, "event dead-lettered"
	} else if t.cfg.Listed {
		level = slog.LevelInfo
	}
	t.count(func(s *Stats) {
		s.Undelivered += len(letters)
		for _, l := range letters {
			t.note(Note{Undeliverable, l.Reason.Code, position(l.Position)})
		}
	})
	for _, l := range letters {
		t.progress.reject(l.Position, l.Reason, l.Attempts)
		t.cfg.Logger.Log(context.Background(), level, what,
			slices.Concat(t.cfg.Where(l.Position), []any{"code", l.Reason.Code, "field", l.Reason.Field, "message", l.Reason.Message})...)
	}
	return nil
}

// clientCodes are the codes of client errors without a code from Klaviyo.
var clientCodes = []struct {
	err  error
	code string
}{
	{client.ErrMissingIdentifier, "missing_identifier"},
	{client.ErrConflict, "conflict"},
	{client.ErrNotFound, "not_found"},
	{client.ErrInvalidRequest, "invalid_request"},
	{client.ErrRateLimited, "rate_limited"},
	{client.ErrUnavailable, "unavailable"},
}

// describe returns the reason and the number of attempts.
func describe(reason error) (deadletter.Error, int) {
	var mapping *mapper.Error
	if errors.As(reason, &mapping) {
		return deadletter.Error{Code: string(mapping.Code), Field: mapping.Field, Message: mapping.Message}, 0
	}
	letter := deadletter.Error{Code: "unknown", Message: reason.Error()}
	for _, known := range clientCodes {
		if errors.Is(reason, known.err) {
			letter.Code = known.code
		}
	}
	var api *client.Error
	if !errors.As(reason, &api) {
		return letter, 0
	}
	if api.Code != "" {
		letter.Code = api.Code
	}
	letter.Status, letter.Detail, letter.Pointer = api.StatusCode, api.Detail, api.Pointer
	return letter, api.Attempts
}
