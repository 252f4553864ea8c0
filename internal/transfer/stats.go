package transfer

import (
	"maps"

	"github.com/rudderklaviyo/rudderklaviyo/internal/delivery"
)

// Stats returns the results so far.
func (t *Transfer) Stats() Stats {
	delivered := t.queue.Status().Delivered
	t.mu.Lock()
	defer t.mu.Unlock()
	stats := t.stats
	stats.Delivered = delivered
	stats.Forms, stats.Skips, stats.Warnings = maps.Clone(stats.Forms), maps.Clone(stats.Skips), maps.Clone(stats.Warnings)
	return stats
}

// Status returns the current state of delivery.
func (t *Transfer) Status() delivery.Status { return t.queue.Status() }

// SetReadAhead limits the memory of pending events, like [delivery.Queue.SetReadAhead].
func (t *Transfer) SetReadAhead(bytes int) { t.queue.SetReadAhead(bytes) }
