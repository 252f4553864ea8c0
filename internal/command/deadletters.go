package command

import (
	"errors"
	"log/slog"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/internal/deadletter"
	"github.com/rudderklaviyo/rudderklaviyo/internal/delivery"
	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// deadLetters keeps the events that can't be delivered in a file.
type deadLetters struct {
	file  *deadletter.File // or nil
	files []string         // that the events come from
}

// openDeadLetters opens the file with a name, or none where that is empty.
func openDeadLetters(name string, files []string) (*deadLetters, error) {
	d := &deadLetters{files: files}
	if name == "" {
		return d, nil
	}
	var err error
	if d.file, err = deadletter.Open(name); err != nil {
		return nil, stopped(err)
	}
	return d, nil
}

// keep keeps an event with the reason why it can't be delivered.
func (d *deadLetters) keep(event delivery.Event, reason deadletter.Error, attempts int) error {
	if d.file == nil {
		return nil
	}
	letter := deadletter.Letter{Line: event.Line, Event: event.Text, Error: reason, Attempts: attempts}
	if len(d.files) > 1 {
		letter.File = d.files[event.File]
	}
	return d.file.Write(letter)
}

// level is that of the log's line for an event, which alone names it where there
// is no file.
func (d *deadLetters) level() slog.Level {
	if d.file == nil {
		return slog.LevelError
	}
	return slog.LevelInfo
}

func (d *deadLetters) close() error {
	if d.file == nil {
		return nil
	}
	return d.file.Close()
}

// clientCodes name the errors of the client where Klaviyo gives no code.
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

// describe gives the reason and the number of attempts behind it.
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
