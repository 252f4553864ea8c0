package command

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/internal/delivery"
	"github.com/rudderklaviyo/rudderklaviyo/internal/input"
	"github.com/rudderklaviyo/rudderklaviyo/internal/problem"
	"github.com/rudderklaviyo/rudderklaviyo/internal/transfer"
)

// sending is one run of send or replay: a transfer of what is in files.
type sending struct {
	*destination
	files    []string
	letters  string          // the file that keeps what can't be delivered, or empty
	earlier  transfer.Counts // of earlier runs
	listed   bool            // the summary alone names what fails, unless the log is asked for more
	terminal *lockedWriter   // to show on how far it is, or nil
	began    time.Time
	total    int64        // bytes of the input, or 0 where that isn't known
	from     int64        // bytes that earlier runs have read of it
	read     atomic.Int64 // bytes so far
	share    float64      // of Klaviyo's limits, which may be used
	// limitedAt is when the bar last saw a limit hold the delivery up.
	limitedAt time.Time

	report  *reporting // or nil
	notes   notes
	explain func(problem.Place) string // gives the command for it
	replay  string                     // the command that sends the dead letters again

	*transfer.Transfer
	compressed map[input.Compression]int // files
}

// newSending prepares a run over files. The file of letters keeps what can't be delivered; it
// may be empty. The caller discards the report, or ends the run.
func (p Program) newSending(cmd *cobra.Command, to *destination, settings settings, flags destinationFlags, files []string, letters string) (*sending, error) {
	s := &sending{
		destination: to, files: files, letters: letters, listed: p.lists(cmd),
		terminal: p.progressTerminal(settings), began: time.Now(), explain: p.explainLine(cmd, files),
		replay: p.replayLine(cmd, letters),
	}
	var err error
	s.report, err = openReport(cmd, flags.report, to.mapping.Revision, to.notice(), files, to.recorder)
	return s, err
}

// counted is a source that says how many bytes have been read of it.
type counted struct {
	*input.Reader
	read *atomic.Int64
}

func (c counted) Next(ctx context.Context) (input.Event, error) {
	event, err := c.Reader.Next(ctx)
	c.read.Store(c.BytesRead())
	return event, err
}

// eventOfInput is an event as it stands in the input.
func eventOfInput(event input.Event) ([]byte, error) {
	if event.TooLong {
		return nil, tooLong
	}
	return event.Text, nil
}

// run carries over what cfg adds to the destination and the files. Its error is the reason
// if not all is done.
func (s *sending) run(ctx context.Context, lines *input.Reader, flags destinationFlags, cfg transfer.Config) error {
	s.from, s.share = cfg.From.Offset, flags.quotaShare
	cfg.Source, cfg.Files, cfg.Counts = counted{lines, &s.read}, len(s.files), s.earlier
	cfg.Mapper = s.mapper
	cfg.Client, cfg.Concurrency, cfg.Bulk = s.client, flags.concurrency, delivery.Bulk(flags.bulk)
	cfg.Logger, cfg.Where, cfg.Listed = s.logger, s.where, s.listed
	s.notes = newNotes()
	cfg.Note = s.notes.add
	if s.report != nil {
		cfg.Mapped = s.report.mapped
	}
	s.Transfer = transfer.New(ctx, cfg)
	defer s.showProgress(ctx)()
	defer s.record()()
	err := s.Run()
	s.logAnswer(err)
	s.compressed = compressed(lines.Files())
	return err
}

// lists tells whether the events that fail are listed at the end alone: for a person, who has
// asked for nothing else.
func (p Program) lists(cmd *cobra.Command) bool {
	return p.StderrIsTerminal && !cmd.Flags().Changed(logLevelFlag) && !cmd.Flags().Changed(logFormatFlag)
}

// logAnswer shows the beginning of the answer that delivery stopped for, by which a
// person may know who wrote it. It may quote an event.
func (s *sending) logAnswer(reason error) {
	var e *client.Error
	if errors.As(reason, &e) && e.StatusCode != 0 {
		s.logger.Info("the last answer", "operation", e.Operation, "status", e.StatusCode, "body", e.Excerpt)
	}
}

// where says in the log where an event stands.
func (s *sending) where(at delivery.Position) []any {
	where := []any{"file", s.files[at.File], "line", at.Line}
	if at.Event > 0 {
		where = append(where, "event_number", at.Event)
	}
	return where
}

// undelivered counts the events that can't be delivered.
type undelivered struct {
	deadLettered int // that a file keeps
	failed       int // that the log alone names
}

// undelivered counts those of earlier runs too.
func (s *sending) undelivered(stats transfer.Stats) undelivered {
	u := undelivered{s.earlier.DeadLettered, s.earlier.Failed}
	if s.letters == "" {
		u.failed += stats.Undelivered
	} else {
		u.deadLettered += stats.Undelivered
	}
	return u
}

// stats are those of the run, or of none where there was nothing to do.
func (s *sending) stats() transfer.Stats {
	if s.Transfer == nil {
		return transfer.Stats{}
	}
	return s.Stats()
}

func (s *sending) summary(stop *stop) summary {
	calls, stats := s.client.Stats(), s.stats()
	undelivered := s.undelivered(stats)
	sum := summary{
		Events:         s.earlier.Events + stats.Events,
		Delivered:      s.earlier.Delivered + stats.Delivered,
		Skipped:        s.earlier.Skipped + stats.Skipped,
		DeadLettered:   undelivered.deadLettered,
		Failed:         undelivered.failed,
		Requests:       calls.Requests,
		Retries:        calls.Retries,
		RateLimited:    calls.RateLimited,
		Seconds:        float64(time.Since(s.began).Milliseconds()) / 1000,
		Earlier:        s.earlier.Events,
		Forms:          stats.Forms,
		Compressed:     s.compressed,
		Skips:          stats.Skips,
		Warnings:       stats.Warnings,
		Problems:       s.notes.problems(s.files, s.explain),
		DeadLetterFile: s.letters,
		Simulation:     s.simulation,
		Stopped:        stop,
	}
	if sum.DeadLettered > 0 && s.letters != "" {
		sum.ReplayCommand = s.replay
	}
	sum.NotDone = sum.Events - sum.Delivered - sum.Skipped - sum.DeadLettered - sum.Failed
	return sum
}
