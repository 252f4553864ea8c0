package command

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
	"github.com/rudderklaviyo/rudderklaviyo/internal/input"
	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

func (p Program) mapCommand() *cobra.Command {
	var settings settings
	var source source
	cmd := &cobra.Command{
		Use:   "map [FILE…]",
		Short: "Show the requests that events become",
		Long: `Map shows the requests that events become, and sends nothing. It reads the files,
or standard input where there is none or the name is -, and prints a JSON object
for each event, in order:

  {"line":1,"message_id":"…","requests":[{"operation":"create_event","method":"POST",
   "path":"/api/events/","body":{…}}],"warnings":[{"code":"…","field":"…","message":"…"}]}

An event that can't be sent has an "error" with code, field and message, and one
that isn't for Klaviyo has the reason in "skipped". The exit status is 3 if there
was an error.`,
		Example: `  rudderklaviyo map events.jsonl
  head -1 events.jsonl | rudderklaviyo map --default-country DE | jq .
  rudderklaviyo map events.jsonl | jq -r 'select(.error) | [.line, .error.code, .error.field] | @tsv'`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.runMap(cmd, args, settings, source)
		},
	}
	settings.register(cmd.Flags())
	source.register(cmd.Flags())
	return cmd
}

// mapped is what map prints of an event.
type mapped struct {
	Line      int               `json:"line"`
	MessageID string            `json:"message_id,omitempty"`
	Requests  []call            `json:"requests"`
	Warnings  []mapper.Warning  `json:"warnings,omitempty"`
	Error     *mapper.Error     `json:"error,omitempty"`
	Skipped   mapper.SkipReason `json:"skipped,omitempty"`
}

// call is a request as it goes over the wire.
type call struct {
	Operation klaviyo.OperationID `json:"operation"`
	Method    string              `json:"method"`
	Path      string              `json:"path"`
	Body      any                 `json:"body"`
}

func (p Program) runMap(cmd *cobra.Command, args []string, settings settings, source source) error {
	cfg, err := p.load(cmd, settings, p.logger(settings))
	if err != nil {
		return err
	}
	m, err := newMapper(cfg)
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(p.Stdout, 64<<10)
	// What is printed doesn't wait for input that is slow to come.
	if err := source.use(args); err != nil {
		return err
	}
	lines, err := source.open(p, source.start(), func() { _ = out.Flush() })
	if err != nil {
		return err
	}
	defer lines.Close()

	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	errorLines, at := 0, source.start()
	for {
		line, err := lines.Next(cmd.Context())
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			_ = out.Flush()
			return source.stoppedAt(cmd, at, err)
		}
		result := mapLine(m, line)
		if result.Error != nil {
			errorLines++
		}
		if err := encoder.Encode(result); err != nil {
			return writeError(err)
		}
		at = next(line)
	}
	if err := out.Flush(); err != nil {
		return writeError(err)
	}
	if errorLines > 0 {
		return &exitError{statusDeadLetters, fmt.Errorf("events that can't be sent: %d; see \"error\" in the output", errorLines)}
	}
	return nil
}

func mapLine(m *mapper.Mapper, line input.Line) mapped {
	shown := mapped{Line: line.Line, Requests: []call{}}
	if line.TooLong {
		shown.Error = tooLong
		return shown
	}
	result, err := m.Map(line.Text)
	shown.MessageID, shown.Warnings, shown.Skipped = result.MessageID, result.Warnings, result.Skipped
	if err != nil {
		errors.As(err, &shown.Error)
		return shown
	}
	for _, request := range result.Requests {
		op, _ := klaviyo.LookupOperation(request.Operation())
		shown.Requests = append(shown.Requests, call{op.ID, op.Method, op.Path, request.Body()})
	}
	return shown
}

// writeError is the error of a result that can't be printed. A reader that has
// seen enough, such as head, is none.
func writeError(err error) error {
	if err == nil || errors.Is(err, syscall.EPIPE) || errors.Is(err, io.ErrClosedPipe) {
		return nil
	}
	return stopped(fmt.Errorf("write to standard output: %w", err))
}
