package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/internal/atomicfile"
	"github.com/rudderklaviyo/rudderklaviyo/internal/deadletter"
	"github.com/rudderklaviyo/rudderklaviyo/internal/delivery"
	"github.com/rudderklaviyo/rudderklaviyo/internal/input"
	"github.com/rudderklaviyo/rudderklaviyo/internal/transfer"
)

// recordGrowth is how many times as long as its event a record may be: one that isn't
// JSON may be six times as long in it as it was.
const recordGrowth = 7

// recordLimit is the length in bytes of the longest record that is replayed.
const recordLimit = recordGrowth * input.DefaultLimit

func (p Program) replayCommand() *cobra.Command {
	var settings settings
	var flags destinationFlags
	cmd := &cobra.Command{
		Use:   "replay FILE",
		Short: "Send dead letters again",
		Long: `Send the events in a --dead-letter file of send again, with the settings and
flags of send. Afterwards the file holds the events that failed again, with the
new reason, and those that replay didn't get to. You can replay events on a
later revision than they failed on; records of a later revision stay in the
file.

The file is replaced atomically at the end. If replay is killed, the file is
unchanged. A record without an event, whose line was too long to read, stays.`,
		Example: `  rudderklaviyo replay dead.jsonl
  rudderklaviyo replay --config destination.yaml --default-country DE dead.jsonl`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return errors.New("replay needs one FILE: that of send's --dead-letter")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.runReplay(cmd, args[0], settings, flags)
		},
	}
	settings.register(cmd)
	settings.registerQuiet(cmd)
	flags.register(cmd)
	return cmd
}

func (p Program) runReplay(cmd *cobra.Command, file string, settings settings, flags destinationFlags) error {
	to, err := p.newDestination(cmd, settings, flags)
	if err != nil {
		return err
	}
	if file == input.Stdin {
		return wrongUsage(errors.New("replay changes its file, which standard input is not: name the file"))
	}
	if err := p.checkDistinct(append(append(settings.files(), reportFiles(flags.report)...),
		usedFile{role: "the file to replay", name: file, written: true},
		usedFile{role: "the next version of the file to replay", name: atomicfile.Temporary(file), written: true},
	)...); err != nil {
		return err
	}
	s, err := p.newSending(cmd, to, settings, flags, []string{file}, file)
	if err != nil {
		return err
	}
	defer s.report.discard()
	if err := p.preflight(cmd.Context(), to, settings, flags); err != nil {
		return err
	}
	letters, err := deadletter.Rewrite(file)
	if errors.Is(err, deadletter.ErrNotRegular) {
		return wrongUsage(err)
	}
	if err != nil {
		return stopped(err)
	}
	s.total = p.totalSize(s.files)
	from := input.Config{Files: s.files, Limit: recordLimit, Verbatim: true}
	if err := checkHoldsLetters(cmd.Context(), from); err != nil {
		return errors.Join(err, letters.Discard())
	}
	lines, err := input.Open(from)
	if err != nil {
		return errors.Join(stopped(err), letters.Discard())
	}
	defer lines.Close()
	p.noticeRevision(to.mapping, flags)
	if flags.simulate.on() {
		fmt.Fprintf(p.Stderr, "%s %s stays as it is.\n", flags.simulate.notice(), input.Name(file))
	}

	defer p.announceStop(cmd.Context())()
	err = s.run(cmd.Context(), lines, flags, transfer.Config{
		From: input.Position{Line: 1}, Text: to.eventOfRecord(file), Letters: records{}, Earlier: p.earlierReplay(),
		Undelivered: func(e transfer.Undelivered) error { return s.rewrite(letters, e) },
	})
	return p.end(s, s.stopReplay(cmd, file, err, s.endReplay(letters, flags.simulate.on())), flags.output)
}

// earlierReplay is a replay of the same file that was killed or stopped. Nothing tells whether there
// was one, so each replay expects one.
func (p Program) earlierReplay() *delivery.Earlier {
	earlier := p.earlier(time.Time{})
	warn := earlier.GivenUp
	earlier.GivenUp = func(jobs []string, reason error) {
		if len(jobs) == 0 && errors.Is(reason, client.ErrUnauthorized) {
			return // a key that can't list import jobs can't have begun one, unless it was changed
		}
		warn(jobs, reason)
	}
	return earlier
}

// stopReplay is how a replay stopped, if delivery did or the file could not be replaced.
func (s *sending) stopReplay(cmd *cobra.Command, file string, err, endErr error) *stop {
	if endErr != nil {
		text := "%s stays as it was, with all events: %w"
		if errors.Is(endErr, deadletter.ErrMissedRecords) {
			text = "%s: %w"
		}
		stop := newStop(cmd.Context(), fmt.Errorf(text, input.Name(file), endErr))
		stop.Code = stopCode(transfer.ErrLetter)
		return stop
	}
	if err != nil {
		at, _ := s.First()
		stop := stopAt(cmd, at, file, err)
		stop.Advice = "The file holds what isn't done. " + stop.goOn(cmd, "To continue")
		stop.Command = commandLine(cmd, s.files)
		return stop
	}
	return nil
}

// checkHoldsLetters refuses a file that has lines but no dead letter among them.
func checkHoldsLetters(ctx context.Context, records input.Config) error {
	lines, err := input.Open(records)
	if err != nil {
		return stopped(err)
	}
	defer lines.Close()
	for some := false; ; some = true {
		line, err := lines.Next(ctx)
		switch {
		case errors.Is(err, io.EOF) && some:
			return wrongUsage(fmt.Errorf("%s is no file of dead letters, which send --dead-letter writes; to send events, use send", input.Name(records.Files[0])))
		case errors.Is(err, io.EOF), ctx.Err() != nil: // the replay itself tells that it is interrupted
			return nil
		case err != nil:
			return stopped(err)
		}
		if _, err := deadletter.Parse(line.Text); err == nil || line.TooLong { // which may be one
			return nil
		}
	}
}

// records are the dead letters of events that fail again: their records are renewed when all
// before them are done.
type records struct{}

func (records) Keep([]transfer.Letter) error { return nil }

// eventOfRecord gives the event of a record, or transfer.ErrUnchanged where there is none.
func (d *destination) eventOfRecord(file string) func(input.Event) ([]byte, error) {
	return func(line input.Event) ([]byte, error) {
		letter, err := deadletter.Parse(line.Text)
		if line.TooLong {
			err = fmt.Errorf("the record is longer than %d bytes", recordLimit)
		}
		if err == nil && letter.Event == nil {
			err = errors.New("the record is without its event, which is in the input alone")
		}
		if revision := d.mapper.Revision(); err == nil && revision < letter.Revision {
			err = fmt.Errorf("the event failed in revision %s, and %s is earlier, which may leave out a part of it: add --%s %[1]s", letter.Revision, revision, revisionFlag)
		}
		if err != nil {
			d.logger.Error("record stays", "file", file, "line", line.Line, "message", err)
			return nil, transfer.ErrUnchanged
		}
		return letter.Event, nil
	}
}

// rewrite takes over the records of events that aren't delivered.
func (s *sending) rewrite(letters *deadletter.Rewriter, e transfer.Undelivered) error {
	var err error
	if e.Reason == nil {
		err = letters.Keep(e.At.Offset, e.End)
	} else {
		err = letters.Replace(e.At.Offset, e.End, deadletter.Letter{Error: *e.Reason, Attempts: e.Attempts, Revision: s.mapper.Revision()})
	}
	if err != nil {
		return fmt.Errorf("%w: %w", transfer.ErrLetter, err)
	}
	return nil
}

// endReplay puts the new file in the old one's place, with what isn't done.
func (s *sending) endReplay(letters *deadletter.Rewriter, simulate bool) error {
	if simulate {
		return letters.Discard()
	}
	offset, behind := s.Rest()
	for _, e := range behind {
		err := letters.Keep(offset, e.At.Offset) // what stands between them
		if err == nil {
			err = s.rewrite(letters, e)
		}
		if err != nil {
			return errors.Join(err, letters.Discard())
		}
		offset = e.End
	}
	return letters.Finish(offset)
}
