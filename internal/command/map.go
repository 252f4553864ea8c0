package command

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"runtime"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/rudderklaviyo/rudderklaviyo/internal/input"
)

func (p Program) mapCommand() *cobra.Command {
	var settings settings
	var source source
	cmd := &cobra.Command{
		Use:   "map [FILE…]",
		Short: "Show the requests that events become",
		Long: `Print the requests that events are mapped to, without sending them. Map reads
the files, or standard input if there is no file or its name is -. It prints one
JSON object for each event, in order:

  {"line":1,"message_id":"…","requests":[{"operation":"create_event",
   "method":"POST","path":"/api/events/","body":{…}}],
   "warnings":[{"code":"…","field":"…","message":"…"}]}

An event in a batch or an array also has an "event_number". An event that can't
be sent has an "error" with code, field and message. A skipped event has the
reason in "skipped". The exit status is 3 if there was an error.`,
		Example: `  rudderklaviyo map events.jsonl
  head -1 events.jsonl | rudderklaviyo map --default-country DE | jq .
  rudderklaviyo map events.jsonl |
      jq -r 'select(.error) | [.line, .error.code, .error.field] | @tsv'`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.runMap(cmd, args, settings, source)
		},
	}
	settings.register(cmd)
	settings.registerQuiet(cmd)
	addFlags(cmd, eventsGroup, source.register)
	return cmd
}

func (p Program) runMap(cmd *cobra.Command, args []string, settings settings, source source) error {
	m, err := p.loadMapper(cmd, settings)
	if err != nil {
		return err
	}
	if err := source.use(args); err != nil {
		return err
	}
	events, err := source.open(p, source.start(), settings.files()...)
	if err != nil {
		return err
	}
	defer events.Close()

	if settings.quiet || p.stdoutIsTerminal() {
		p.terminal = nil // a line would stand among the results
	}
	progress, end := p.showReading(source.files, source.start())
	defer end()
	found := input.Forms{}
	failed, at := 0, source.start()
	var writeErr error
	err = pipeline[mapped]{
		work: func(chunk *input.Chunk, result *mapped) bool { return result.mapNext(m, chunk) },
		deliver: func(result *mapped) error {
			if _, writeErr = p.Stdout.Write(result.lines); writeErr != nil {
				return writeErr
			}
			found.Add(result.found)
			failed += result.failed
			progress.events.Add(int64(result.found.Events()))
			if len(result.lines) >= largePortion {
				runtime.GC() // what so much left behind would stand beside the next
			}
			if len(result.found) > 0 {
				at = result.next
			}
			return nil
		},
		passed: progress.bytes.Store,
	}.run(cmd.Context(), events)
	switch {
	case writeErr != nil:
		return writeError(writeErr)
	case err != nil:
		return stopped(source.stoppedAt(cmd, at, err))
	}
	source.warnIfShort(p, events)
	p.logger(settings.log).Info("read", "events", found, "files", events.Files())
	if failed > 0 {
		return &exitError{statusDeadLetters, fmt.Errorf("events that can't be sent: %s; see \"error\" in the output", count(failed))}
	}
	return nil
}

// writeError is the error of a result that can't be printed. A reader that has
// seen enough, such as head, is none.
func writeError(err error) error {
	if err == nil || errors.Is(err, syscall.EPIPE) || errors.Is(err, io.ErrClosedPipe) {
		return nil
	}
	var file *fs.PathError
	if errors.As(err, &file) {
		err = file.Err // the file is that of standard output
	}
	return stopped(fmt.Errorf("write to standard output: %w", err))
}
