package command

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/internal/deadletter"
	"github.com/rudderklaviyo/rudderklaviyo/internal/delivery"
	"github.com/rudderklaviyo/rudderklaviyo/internal/input"
	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// deadLetters keeps the events that can't be delivered in a file.
type deadLetters struct {
	file  *deadletter.File // or nil
	files []string         // that the events come from
}

// openDeadLetters opens the file with a name, or none where that is empty. It
// refuses a file that the events come from, since reading it would not end, and
// that of the checkpoint.
func (p Program) openDeadLetters(name string, files []string, checkpoint string) (*deadLetters, error) {
	d := &deadLetters{files: files}
	if name == "" {
		return d, nil
	}
	file, err := deadletter.Open(name)
	if err != nil {
		return nil, stopped(err)
	}
	for _, info := range p.stat(files) {
		if info.Mode().IsRegular() && file.Is(info) {
			file.Close()
			return nil, wrongUsage(fmt.Errorf("--dead-letter: %s is the input", name))
		}
	}
	if info, err := os.Stat(checkpoint); err == nil && file.Is(info) {
		file.Close()
		return nil, wrongUsage(fmt.Errorf("--dead-letter: %s is the checkpoint", name))
	}
	d.file = file
	return d, nil
}

// stat describes those files that can be described.
func (p Program) stat(files []string) (infos []fs.FileInfo) {
	for _, file := range files {
		info, err := os.Stat(file)
		if stdin, ok := p.Stdin.(*os.File); ok && file == input.Stdin {
			info, err = stdin.Stat()
		}
		if err == nil {
			infos = append(infos, info)
		}
	}
	return infos
}

// keep keeps an event with the reason why it can't be delivered.
func (d *deadLetters) keep(event delivery.Event, reason deadletter.Error, attempts int) error {
	if d.file == nil {
		return nil
	}
	letter := deadletter.Letter{Line: event.Line, Number: event.Position.Event, Event: event.Text, Error: reason, Attempts: attempts}
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
