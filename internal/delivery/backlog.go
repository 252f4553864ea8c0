package delivery

import "container/list"

// What may be taken in and not be done, in bytes of memory. It is enough to have
// many minutes' quota of one operation wait while the others go on, and keeps
// memory flat.
const (
	maxBytes = 16_000_000
	// maxGatherable holds once there are events that can go in bulk. There is room for as many
	// small ones as may be ahead: those of ten imports of ten thousand, which a second's quota
	// allows. Of large ones it is thrice what may be under way ([maxGathered]).
	maxGatherable = maxAhead * (taskBytes + 100)
	// maxKept is of the events whose requests are kept. Those of others are made
	// again when their turn comes.
	maxKept = LargeText
	// taskBytes is what an event that waits takes beside its text.
	taskBytes = 600
)

// LargeText is the length in bytes from which on the requests of a text are not kept,
// so that those that [Queue.Add] is given may share memory that is used again.
const LargeText = 1_000_000

// maxAhead is how far the input may be read ahead of the first event that isn't
// done, in events. It bounds what another run repeats.
const maxAhead = 100_000

// backlog holds the events that are taken in and not done, in the order of the
// input. Of the others nothing stays in memory.
type backlog struct {
	undone list.List // of *task
	bytes  int
	kept   int // bytes of the events whose requests are kept
	taken  int // events taken in so far
	most   int // bytes that there may be
	bound  int // of most, or 0
}

func (b *backlog) hasRoom(t *task) bool {
	first := b.undone.Front()
	if first == nil {
		return true
	}
	room := max(maxBytes, b.most)
	if b.bound > 0 {
		room = min(room, b.bound)
	}
	return b.bytes+t.bytes() <= room && t.position.Number-first.Value.(*task).position.Number < maxAhead
}

func (b *backlog) add(t *task) {
	t.number = b.taken
	t.place = b.undone.PushBack(t)
	b.taken++
	b.bytes += t.bytes()
	if b.kept+t.bytes() <= maxKept {
		t.kept = true
		b.kept += t.bytes()
	}
}

func (b *backlog) remove(t *task) {
	b.undone.Remove(t.place)
	b.bytes -= t.bytes()
	if t.kept {
		b.kept -= t.bytes()
	}
}

func (b *backlog) isEmpty() bool { return b.undone.Len() == 0 }

// first is the place of the first event.
func (b *backlog) first() (Position, bool) {
	first := b.undone.Front()
	if first == nil {
		return Position{}, false
	}
	return first.Value.(*task).position, true
}

func (t *task) bytes() int { return taskBytes + len(t.text) }
