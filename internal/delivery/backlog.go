package delivery

import "container/list"

// What may be taken in and not be done. It is enough to have a minute's quota of
// the operation that is the last to come at hand, so that a person with many
// events, or a kind of event, leaves work for the others. It keeps memory flat.
const (
	maxEvents = 4_000
	maxBytes  = 4_000_000
)

// maxAhead is how far the events that are done may run ahead of the first one
// that isn't. It bounds what another run repeats.
const maxAhead = 100_000

// backlog holds the events that are taken in and not done, in the order of the
// input. Of the others nothing stays in memory.
type backlog struct {
	undone list.List // of *task
	bytes  int       // of their texts
	taken  int       // events taken in so far
}

func (b *backlog) hasRoom(t *task) bool {
	first := b.undone.Front()
	if first == nil {
		return true
	}
	return b.undone.Len() < maxEvents &&
		b.bytes+len(t.event.Text) <= maxBytes &&
		b.taken-first.Value.(*task).number < maxAhead
}

func (b *backlog) add(t *task) {
	t.number = b.taken
	t.place = b.undone.PushBack(t)
	b.taken++
	b.bytes += len(t.event.Text)
}

func (b *backlog) remove(t *task) {
	b.undone.Remove(t.place)
	b.bytes -= len(t.event.Text)
}

func (b *backlog) isEmpty() bool { return b.undone.Len() == 0 }

// first is the place of the first event.
func (b *backlog) first() (Position, bool) {
	first := b.undone.Front()
	if first == nil {
		return Position{}, false
	}
	return first.Value.(*task).event.Position, true
}
