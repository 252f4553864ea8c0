package stream

import (
	"sync"
	"time"

	"github.com/nats-io/nats.go"
)

// refusal is the last message that the backlog had no room for.
type refusal struct {
	mu    sync.Mutex
	size  int64     // what the message takes on the disk
	since time.Time // of the first refusal, zero while there is room
	count int       // of all refusals
}

// refused notes a refusal.
func (r *refusal) refused(size int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.size = size
	r.count++
	if r.since.IsZero() {
		r.since = time.Now()
	}
}

// accepted notes that there was room for a message.
func (r *refusal) accepted(size int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if size >= r.size {
		r.since = time.Time{}
	}
}

// seen is the number of refusals so far.
func (r *refusal) seen() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.count
}

// fullSince is since when there is no room for the message that was refused last, zero if there
// is. The room was read after a number of refusals: one that came later isn't judged by it.
func (r *refusal) fullSince(room int64, after int) time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.count == after && room >= r.size {
		r.since = time.Time{}
	}
	return r.since
}

// storedSize is what the server counts for a message in a file.
func storedSize(m *nats.Msg) int64 {
	const fixed = 4 + 8 + 8 + 2 + 8 // the lengths, the sequence, the time and the checksum
	size := fixed + len(m.Subject) + len(m.Data)
	if len(m.Header) > 0 {
		size += 4 + len("NATS/1.0\r\n\r\n")
		for name, values := range m.Header {
			for _, value := range values {
				size += len(name) + len(": ") + len(value) + len("\r\n")
			}
		}
	}
	return int64(size)
}
