package command

import (
	"fmt"
	"sync/atomic"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/internal/input"
)

// reading is how far a command is that reads events and sends none.
type reading struct {
	events, bytes atomic.Int64
	total         int64 // bytes, or 0 where that isn't known
}

// showReading shows on a terminal how far the reading from a position on is, until its
// second result is called.
func (p Program) showReading(files []string, from input.Position) (progress *reading, end func()) {
	progress = new(reading)
	if p.terminal == nil {
		return progress, func() {}
	}
	progress.total = p.totalSize(files[from.File:])
	line, before := newBar(progress.total, 0), int64(0)
	stop := every(lineInterval, func() {
		events := progress.events.Load()
		text := fmt.Sprintf("events read: %s; %.0f/s", count(events), float64(events-before)/lineInterval.Seconds())
		before = events
		p.terminal.showLine(line.line(progress.bytes.Load(), held{}, text))
	})
	return progress, func() {
		stop()
		p.terminal.clearLine()
	}
}

// showWaiting shows what is waited for, and since when, until its result is called. Without a
// terminal it shows nothing.
func (l *lockedWriter) showWaiting(what string) (end func()) {
	if l == nil {
		return func() {}
	}
	began := time.Now()
	stop := every(lineInterval, func() { l.showLine(fmt.Sprintf("%s: %.0fs", what, time.Since(began).Seconds())) })
	return func() {
		stop()
		l.clearLine()
	}
}

// totalSize is how long the files are together, or 0 if one of them has no length that
// is known.
func (p Program) totalSize(files []string) (total int64) {
	for _, file := range p.inputFiles(files) {
		info := file.stat()
		if info == nil || !info.Mode().IsRegular() {
			return 0
		}
		total += info.Size()
	}
	return total
}
