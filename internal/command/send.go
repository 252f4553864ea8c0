package command

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/rudderklaviyo/rudderklaviyo/internal/checkpoint"
	"github.com/rudderklaviyo/rudderklaviyo/internal/delivery"
	"github.com/rudderklaviyo/rudderklaviyo/internal/input"
	"github.com/rudderklaviyo/rudderklaviyo/internal/transfer"
)

// sendFlags are the flags of send, besides the settings.
type sendFlags struct {
	destinationFlags
	deadLetter   string
	noDeadLetter bool
	checkpoint   string
	newKey       bool
}

const (
	deadLetterFlag   = "dead-letter"
	noDeadLetterFlag = "no-dead-letter"
	checkpointFlag   = "checkpoint"
	newKeyFlag       = "new-key"
)

func (f *sendFlags) register(cmd *cobra.Command, noEffect ...string) {
	f.destinationFlags.register(cmd, noEffect...)
	addFlags(cmd, resultsGroup, f.registerResults, noEffect...)
}

func (f *sendFlags) registerResults(flags *pflag.FlagSet) {
	flags.StringVar(&f.deadLetter, deadLetterFlag, "", "`file` to append events to that can't be delivered, with the reason")
	flags.BoolVar(&f.noDeadLetter, noDeadLetterFlag, false, "only log the events that fail, also with --checkpoint")
	flags.StringVar(&f.checkpoint, checkpointFlag, "", "`file` to store the progress in, so that the same command resumes where it stopped")
	flags.BoolVar(&f.newKey, newKeyFlag, false, "accept a checkpoint that was made with an earlier key of the same account")
}

// checkTogether refuses flags that mean nothing together or without each other.
func (f *sendFlags) checkTogether(cmd *cobra.Command) error {
	if err := checkExclusive(cmd, [2]string{checkpointFlag, fromLineFlag}, [2]string{checkpointFlag, fromEventFlag},
		[2]string{deadLetterFlag, noDeadLetterFlag}); err != nil {
		return err
	}
	if f.newKey && f.checkpoint == "" {
		return wrongUsage(fmt.Errorf("--%s is about the key of a checkpoint: give --%s too", newKeyFlag, checkpointFlag))
	}
	if f.deadLetter == input.Stdin || f.checkpoint == input.Stdin {
		return wrongUsage(fmt.Errorf("--%s and --%s are files that are read again, which - is not: name a file", deadLetterFlag, checkpointFlag))
	}
	return nil
}

// checkKept refuses a checkpoint that passes events which nothing keeps, unless that is meant.
func (f *sendFlags) checkKept() error {
	if f.checkpoint != "" && f.deadLetter == "" && !f.noDeadLetter {
		return wrongUsage(fmt.Errorf("--%s continues after events that failed, and nothing stores them: give --%s FILE too, or --%s if you keep the input and the log is enough",
			checkpointFlag, deadLetterFlag, noDeadLetterFlag))
	}
	return nil
}

// keyToCheck is the key that a checkpoint must have been made with, or empty if it may
// have been made with any.
func (f *sendFlags) keyToCheck(key string) string {
	if f.newKey {
		return ""
	}
	return key
}

func (p Program) sendCommand() *cobra.Command {
	var settings settings
	var source source
	var flags sendFlags
	cmd := &cobra.Command{
		Use:   "send [FILE…]",
		Short: "Send events to Klaviyo",
		Long: `Deliver events to Klaviyo and print a summary. Send reads the files, or standard
input if there is no file or its name is -.

The events of each person are sent in order. Send keeps to Klaviyo's rate limits
and retries temporary failures. An event that can't be delivered is written to
the --dead-letter file, one JSON object per line:

  {"line":1,"event":{…},"error":{"code":"…","field":"…","message":"…",
   "status":400,"detail":"…","pointer":"…"},"attempts":1,"revision":"…"}

Without that flag, such an event counts as failed and appears only in the log.

If the key is rejected, Klaviyo can't be reached or the command is interrupted,
send stops and prints how to continue. Events already delivered after that line
are then sent again; Klaviyo counts each messageId once.

With --checkpoint, running the same command again resumes where it stopped, even
if it was killed. It requires --dead-letter or --no-dead-letter. The files, the
account and the mapping must be the same, but the last file may have grown, and
the revision may be later. An incomplete last line is left for the next run.`,
		Example: `  rudderklaviyo send --simulate events.jsonl
  rudderklaviyo send --config destination.yaml \
      --dead-letter dead.jsonl events.jsonl
  rudderklaviyo send --output json events.jsonl.gz
  rudderklaviyo send --checkpoint progress.json \
      --dead-letter dead.jsonl jan.jsonl feb.jsonl`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.runSend(cmd, args, settings, source, flags)
		},
	}
	settings.register(cmd)
	settings.registerQuiet(cmd)
	addFlags(cmd, eventsGroup, source.register)
	flags.register(cmd)
	return cmd
}

func (p Program) runSend(cmd *cobra.Command, args []string, settings settings, source source, flags sendFlags) error {
	if err := flags.checkTogether(cmd); err != nil {
		return err
	}
	if err := flags.checkKept(); err != nil {
		return err
	}
	to, err := p.newDestination(cmd, settings, flags.destinationFlags)
	if err != nil {
		return err
	}
	if err := source.use(args); err != nil {
		return err
	}
	if err := p.checkDistinct(p.deliveryFiles(settings, flags, source.files)...); err != nil {
		return err
	}
	s, err := p.newSending(cmd, to, settings, flags.destinationFlags, source.files, flags.deadLetter)
	if err != nil {
		return err
	}
	defer s.report.discard()
	from, stoppedAt := source.start(), source.stoppedAt
	var saved *checkpoints // or nil
	if flags.checkpoint != "" {
		if saved, err = p.resumeSend(s, flags); err != nil {
			return err
		}
		defer saved.file.Close()
		if saved.last.Done {
			fmt.Fprintf(p.Stderr, "Nothing to send: %s says that the input is complete.\n", input.Name(flags.checkpoint))
			s.report = nil // an earlier run's says more
			return p.end(s, nil, flags.output)
		}
		from, stoppedAt = saved.last.At, source.stoppedWithCheckpoint
	}

	if err := p.preflight(cmd.Context(), to, settings, flags.destinationFlags); err != nil {
		return err
	}
	s.total = p.totalSize(source.files[from.File:])
	lines, err := source.open(p, from)
	if err != nil {
		return err
	}
	defer lines.Close()
	dead, err := openDeadLetters(flags.deadLetter, source.files, to.mapper.Revision())
	if err != nil {
		return err
	}
	if saved != nil && saved.found {
		if err := dead.recognise(cmd.Context(), from, source.maxLine); err != nil {
			return errors.Join(err, dead.close())
		}
	}
	p.noticeSend(to, flags)

	defer p.announceStop(cmd.Context())()
	err = s.send(cmd.Context(), lines, flags.destinationFlags, transfer.Config{
		From: from, Text: eventOfInput, Letters: dead.kept(), Earlier: p.earlierRun(cmd, saved),
	}, saved)
	if err == nil {
		source.warnIfShort(p, lines)
	}
	closeErr := dead.close()
	var stop *stop
	switch {
	case err != nil:
		stop = stoppedAt(cmd, s.firstUndone(from), err)
	case closeErr != nil:
		stop = newStop(cmd.Context(), fmt.Errorf("%w: %w", transfer.ErrLetter, closeErr))
	}
	return p.end(s, stop, flags.output)
}

// noticeSend says what has to be known of the run before it begins.
func (p Program) noticeSend(to *destination, flags sendFlags) {
	p.noticeRevision(to.mapping, flags.destinationFlags)
	switch {
	case flags.simulate.on():
		fmt.Fprintln(p.Stderr, flags.simulate.notice())
	case flags.deadLetter == "" && !flags.noDeadLetter:
		fmt.Fprintf(p.Stderr, "There is no --%s FILE: events that fail are only logged. --%s says that this is meant.\n", deadLetterFlag, noDeadLetterFlag)
	}
}

// send runs, and keeps a checkpoint if saved isn't nil.
func (s *sending) send(ctx context.Context, lines *input.Reader, flags destinationFlags, cfg transfer.Config, saved *checkpoints) error {
	if saved == nil {
		return s.run(ctx, lines, flags, cfg)
	}
	if err := saved.write(); err != nil { // before anything is sent
		return err
	}
	cfg.MayGrow, cfg.Place, cfg.PlaceInterval = true, saved, saved.interval
	if err := s.run(ctx, lines, flags, cfg); err != nil {
		return err
	}
	return saved.finish(lines.Size())
}

// firstUndone is the first event that isn't done of a run that was to begin at a position.
func (s *sending) firstUndone(from input.Position) input.Position {
	if s.Transfer == nil {
		return from
	}
	at, _ := s.First()
	return at
}

// resumeSend opens the checkpoint and tells where send goes on.
func (p Program) resumeSend(s *sending, flags sendFlags) (*checkpoints, error) {
	settings, err := checkpoint.DescribeSettings(flags.server(), s.key, s.mapping)
	if err != nil {
		return nil, stopped(err)
	}
	saved, err := p.openCheckpoints(flags.checkpoint, s.files, settings, flags.keyToCheck(s.key))
	if err != nil {
		return nil, err
	}
	s.earlier = saved.last.Counts
	if at := saved.last.At; saved.found && !saved.last.Done {
		fmt.Fprintf(p.Stderr, "Resuming at %s of %s (from %s).\n", place(at), input.Name(s.files[at.File]), input.Name(flags.checkpoint))
	}
	return saved, nil
}

// earlierRun is the run that send goes on from, or nil if there is none.
func (p Program) earlierRun(cmd *cobra.Command, saved *checkpoints) *delivery.Earlier {
	switch {
	case saved != nil && saved.goesOn:
		return p.earlier(saved.last.Begun)
	case cmd.Flags().Changed(fromLineFlag):
		return p.earlier(time.Time{}) // the one that gave the line, whenever that was
	}
	return nil
}

// earlier is a run before this one, which began at a time.
func (p Program) earlier(began time.Time) *delivery.Earlier {
	return &delivery.Earlier{
		Began: began,
		Awaited: func(jobs []string) {
			fmt.Fprintf(p.Stderr, "Profiles wait for the import jobs that an earlier run, or another program, has begun: %s. Older values would come back if these ended later.\n",
				someOf(jobs))
		},
		GivenUp: func(jobs []string, reason error) {
			fmt.Fprintf(p.Stderr, "Warning: import jobs of an earlier run aren't waited for%s: %v. If one ends later, older values of its profiles come back.\n",
				someOf(jobs), reason)
		},
	}
}

// maxNamed is how many jobs a message names.
const maxNamed = 5

// someOf names jobs.
func someOf(jobs []string) string {
	if more := len(jobs) - maxNamed; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(jobs[:maxNamed], ", "), more)
	}
	return strings.Join(jobs, ", ")
}

// announceStop tells a person who interrupts the command that it heard. Its
// result is called at the end.
func (p Program) announceStop(ctx context.Context) func() {
	return onStop(ctx, func() {
		fmt.Fprintln(p.Stderr, "Stopping: finishing the requests in progress. Interrupt again to end at once.")
	})
}

// onStop says something when ctx is done. What it returns waits for that.
func onStop(ctx context.Context, say func()) func() {
	said := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(said)
		say()
	})
	return func() {
		if !stop() {
			<-said
		}
	}
}
