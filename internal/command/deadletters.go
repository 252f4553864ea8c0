package command

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"sync/atomic"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/internal/deadletter"
	"github.com/rudderklaviyo/rudderklaviyo/internal/delivery"
	"github.com/rudderklaviyo/rudderklaviyo/internal/input"
	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// deadLetters keeps the events that can't be delivered in a file, or names them
// in the log where there is none.
type deadLetters struct {
	file   *deadletter.File // or nil
	logger *slog.Logger
	files  []string
	count  atomic.Int64
}

// openDeadLetters opens the file with a name, or none where that is empty. It
// refuses a file that the events come from: reading it would not end.
func (p Program) openDeadLetters(name string, files []string, logger *slog.Logger) (*deadLetters, error) {
	d := &deadLetters{logger: logger, files: files}
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

// reject keeps an event with the reason why it can't be delivered.
func (d *deadLetters) reject(event delivery.Event, reason error) error {
	letter := deadletter.Letter{Line: event.Line, Event: event.Text}
	letter.Error, letter.Attempts = describe(reason)
	if len(d.files) > 1 {
		letter.File = d.files[event.File]
	}
	level := slog.LevelInfo
	if d.file == nil {
		level = slog.LevelError
	} else if err := d.file.Write(letter); err != nil {
		return err
	}
	d.count.Add(1)
	d.logger.Log(context.Background(), level, "event can't be delivered", "file", d.files[event.File], "line", letter.Line,
		"code", letter.Error.Code, "field", letter.Error.Field, "message", letter.Error.Message)
	return nil
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
