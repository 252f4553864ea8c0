package command

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/internal/delivery"
	"github.com/rudderklaviyo/rudderklaviyo/internal/input"
	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// sending is one run of send.
type sending struct {
	mapper *mapper.Mapper
	client *client.Client
	queue  *delivery.Queue
	dead   *deadLetters
	logger *slog.Logger

	began    time.Time
	next     delivery.Position // of the first line that isn't dealt with
	events   int
	skipped  int
	warnings map[mapper.Code]int
}

// read takes in all events. It ends early, with the reason, when delivery has
// stopped, a dead letter can't be kept or the input can't be read.
func (s *sending) read(lines *input.Reader) error {
	ctx := s.queue.Context()
	for {
		line, err := lines.Next(ctx)
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err != nil:
			return err
		}
		s.next = delivery.Position{File: line.File, Line: line.Number}
		s.events++
		if err := s.take(line); err != nil {
			return err
		}
		s.next.Line++
	}
}

// take gives an event to the queue, or deals with it at once.
func (s *sending) take(line input.Line) error {
	event := delivery.Event{Position: s.next, Text: bytes.Clone(line.Text)}
	if line.TooLong {
		return s.dead.reject(event, tooLong)
	}
	result, err := s.mapper.Map(event.Text)
	for _, warning := range result.Warnings {
		s.warnings[warning.Code]++
		s.logger.Info("warning", "file", s.dead.files[line.File], "line", line.Number,
			"code", warning.Code, "field", warning.Field, "message", warning.Message)
	}
	if err != nil {
		return s.dead.reject(event, err)
	}
	if result.Skipped != "" {
		s.skipped++
		return nil
	}
	event.Identity, event.Requests = result.Identity, result.Requests
	return s.queue.Add(event)
}

func (s *sending) summary(report delivery.Report) summary {
	stats := s.client.Stats()
	return summary{
		Events:       s.events,
		Delivered:    report.Delivered,
		Skipped:      s.skipped,
		DeadLettered: int(s.dead.count.Load()),
		Requests:     stats.Requests,
		Retries:      stats.Retries,
		RateLimited:  stats.RateLimited,
		Seconds:      time.Since(s.began).Round(time.Millisecond).Seconds(),
		warnings:     s.warnings,
	}
}
