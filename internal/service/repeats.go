package service

import (
	"crypto/sha256"
	"sort"
	"sync"

	"github.com/rudderklaviyo/rudderklaviyo/internal/stream"
)

// rememberedEvents is how many events a delivery remembers, which takes 3 MB at the most. It
// delivers as many in nine minutes one by one, and in 13 seconds in bulk.
const rememberedEvents = 1 << 15

// repeats recognizes an event that a sender has sent again, because it got no answer, though the
// first was kept. Delivered behind later ones it would put older values into a profile.
//
// It remembers the events of one delivery, each of which is read once: an event that is read
// again after a restart is never taken for a repeat of itself.
type repeats struct {
	mu    sync.Mutex
	known map[digest]struct{}
	// order has the events in the order of the stream. Once it is full the oldest, at next,
	// makes room.
	order []remembered
	next  int
}

type digest [16]byte

type remembered struct {
	at stream.Position
	of digest
}

// add remembers an event. It reports whether one with the same bytes is remembered.
func (r *repeats) add(at stream.Position, text []byte) (again bool) {
	sum := sha256.Sum256(text)
	event := remembered{at: at, of: digest(sum[:len(digest{})])}
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, again := r.known[event.of]; again {
		return true
	}
	if r.known == nil {
		r.known = make(map[digest]struct{})
	}
	r.known[event.of] = struct{}{}
	if len(r.order) < rememberedEvents {
		r.order = append(r.order, event)
		return false
	}
	delete(r.known, r.order[r.next].of)
	r.order[r.next] = event
	r.next = (r.next + 1) % len(r.order)
	return false
}

// forget forgets an event that couldn't be delivered, so that its sender can try it again.
func (r *repeats) forget(at stream.Position) {
	r.mu.Lock()
	defer r.mu.Unlock()
	place := func(i int) *remembered { return &r.order[(r.next+i)%len(r.order)] }
	i := sort.Search(len(r.order), func(i int) bool { return !isBefore(place(i).at, at) })
	if i < len(r.order) && place(i).at == at {
		delete(r.known, place(i).of)
		place(i).of = digest{} // the digest may come again, with a place of its own
	}
}
