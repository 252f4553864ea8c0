package transfer

import (
	"maps"

	"github.com/rudderklaviyo/rudderklaviyo/internal/delivery"
)

// Stats says what became of the events of this run so far.
func (t *Transfer) Stats() Stats {
	delivered := t.queue.Status().Delivered
	t.mu.Lock()
	defer t.mu.Unlock()
	stats := t.stats
	stats.Delivered = delivered
	stats.Forms, stats.Skips, stats.Warnings = maps.Clone(stats.Forms), maps.Clone(stats.Skips), maps.Clone(stats.Warnings)
	return stats
}

// Status is what the delivery does at the moment.
func (t *Transfer) Status() delivery.Status { return t.queue.Status() }

// SetReadAhead bounds the memory of events that aren't done, as [delivery.Queue.SetReadAhead]
// does.
func (t *Transfer) SetReadAhead(bytes int) { t.queue.SetReadAhead(bytes) }
