package delivery

import "container/list"

// Limits of the memory for pending events, in bytes. They are enough for events of one
// operation to wait many minutes for its quota while others continue.
const (
	maxBytes = 16_000_000
	// maxBulkBytes is the limit once there are events that can be sent in bulk. It has room for
	// maxEventsAhead small events: those of ten imports of ten thousand, which the quota of a
	// second allows. For large events it is three times [maxBulkInFlight].
	maxBulkBytes = maxEventsAhead * (taskBytes + 100)
	// maxKeptBytes is the limit for events whose requests are kept. The requests of other
	// events are rebuilt when their turn comes.
	maxKeptBytes = LargeText
	// taskBytes is the memory of a pending event besides its text.
	taskBytes = 600
)

// LargeText is the minimum length, in bytes, of texts whose requests are not kept, so that the
// memory of the requests passed to [Queue.Add] can be reused.
const LargeText = 1_000_000

// maxEventsAhead is how many events the input may be read ahead of the first pending event. It
// limits what another run repeats.
const maxEventsAhead = 100_000

// A backlog holds the pending events in the order of the input. Other events aren't kept in
// memory.
type backlog struct {
	pending       list.List // of *task
	bytes         int
	keptBytes     int // of the events whose requests are kept
	added         int // number of events added so far
	maxBytes      int // limit of bytes if greater than the default
	maxConfigured int // limit of bytes from the Config, or 0
}

func (b *backlog) hasRoom(t *task) bool {
	first := b.pending.Front()
	if first == nil {
		return true
	}
	room := max(maxBytes, b.maxBytes)
	if b.maxConfigured > 0 {
		room = min(room, b.maxConfigured)
	}
	return b.bytes+t.bytes() <= room && t.position.Number-first.Value.(*task).position.Number < maxEventsAhead
}

func (b *backlog) add(t *task) {
	t.number = b.added
	t.element = b.pending.PushBack(t)
	b.added++
	b.bytes += t.bytes()
	if b.keptBytes+t.bytes() <= maxKeptBytes {
		t.keepRequests = true
		b.keptBytes += t.bytes()
	}
}

func (b *backlog) remove(t *task) {
	b.pending.Remove(t.element)
	b.bytes -= t.bytes()
	if t.keepRequests {
		b.keptBytes -= t.bytes()
	}
}

func (b *backlog) isEmpty() bool { return b.pending.Len() == 0 }

// first returns the position of the first pending event.
func (b *backlog) first() (Position, bool) {
	first := b.pending.Front()
	if first == nil {
		return Position{}, false
	}
	return first.Value.(*task).position, true
}

func (t *task) bytes() int { return taskBytes + len(t.text) }
