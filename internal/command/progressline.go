package command

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"time"
)

// How often a delivery shows how far it is: on a terminal, and in the log.
const (
	lineInterval = time.Second
	logInterval  = 30 * time.Second
)

// deliveryStatus is how far a delivery is, earlier runs included.
type deliveryStatus struct {
	done, delivered int
	undelivered     undelivered
	perSecond       float64 // requests of the last interval
	waits           string  // what for
	bytes           int64   // of the input that are done, about
}

// showProgress shows how far the delivery is until its result is called: on a terminal
// in one line, else in the log.
func (s *sending) showProgress(ctx context.Context) (end func()) {
	interval, show, line := logInterval, s.logStanding, newBar(s.total, s.from)
	switch {
	case s.terminal != nil:
		interval, show = lineInterval, func(now deliveryStatus) { s.terminal.showLine(line.line(now.bytes, s.held(now.bytes), now.String())) }
	case !s.logger.Enabled(ctx, slog.LevelInfo):
		return func() {}
	}
	requests := s.client.Stats().Requests
	stop := every(interval, func() {
		before := requests
		requests = s.client.Stats().Requests
		show(s.standing(float64(requests-before) / interval.Seconds()))
	})
	return func() {
		stop()
		if s.terminal != nil {
			s.terminal.clearLine()
		}
	}
}

// held is how long Klaviyo's limits hold the rest of the input up when so many bytes are done.
func (s *sending) held(done int64) held {
	if done <= s.from {
		return held{}
	}
	if s.isLimited() {
		s.limitedAt = time.Now()
	}
	factor := float64(s.total-done) / float64(done-s.from)
	return held{s.made.atLeast(factor, s.client.Limits(), s.share), time.Since(s.limitedAt) < time.Minute}
}

// progressTerminal is the terminal to show progress on, or nil.
func (p Program) progressTerminal(s settings) *lockedWriter {
	if s.quiet {
		return nil
	}
	return p.terminal
}

// every calls show at an interval until its result is called.
func every(interval time.Duration, show func()) (end func()) {
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		ticker := time.NewTicker(interval)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				show()
			case <-stop:
				return
			}
		}
	}()
	return func() {
		close(stop)
		<-stopped
	}
}

func (s *sending) standing(perSecond float64) deliveryStatus {
	status, stats := s.Status(), s.Stats()
	now := deliveryStatus{
		delivered:   s.earlier.Delivered + stats.Delivered,
		undelivered: s.undelivered(stats),
		perSecond:   perSecond,
	}
	now.done = now.delivered + now.undelivered.deadLettered + now.undelivered.failed + s.earlier.Skipped + stats.Skipped
	if done := stats.Delivered + stats.Skipped + stats.Undelivered; stats.Events > 0 {
		// Events that were read and aren't done are taken to be as long as the others.
		now.bytes = s.from + int64(float64(s.read.Load()-s.from)*float64(done)/float64(stats.Events))
	}
	switch {
	case status.Outage:
		now.waits = "Klaviyo to answer again"
	case s.isLimited():
		now.waits = "Klaviyo's limits"
	case status.Undone:
		now.waits = "answers"
	default:
		now.waits = "input"
	}
	return now
}

// isLimited tells whether an operation may make no call at the moment.
func (s *sending) isLimited() bool {
	for _, limits := range s.client.Limits() {
		if limits.Burst.Remaining == 0 || limits.Steady.Remaining == 0 || !limits.PausedUntil.IsZero() {
			return true
		}
	}
	return false
}

func (s *sending) logStanding(now deliveryStatus) {
	s.logger.Info("progress", "done", now.done, "delivered", now.delivered, "dead_lettered", now.undelivered.deadLettered, "failed", now.undelivered.failed,
		"requests_per_second", math.Round(now.perSecond*10)/10, "waits_for", now.waits)
}

func (now deliveryStatus) String() string {
	return fmt.Sprintf("events done: %s, delivered: %s, dead-lettered: %s, failed: %s; %.0f requests/s; waiting for %s",
		count(now.done), count(now.delivered), count(now.undelivered.deadLettered), count(now.undelivered.failed), now.perSecond, now.waits)
}
