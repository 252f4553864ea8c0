package command

import (
	"sync"
	"time"
)

// notKept counts the messages of each account that weren't kept, so that the log tells of
// them each minute: with a full backlog there are thousands a second.
type notKept struct {
	mu sync.Mutex
	of map[string]notKeptSince
}

type notKeptSince struct {
	told  time.Time
	count int // since it was told
}

// tellEvery is the time between two lines of an account.
const tellEvery = time.Minute

// count counts a message, and tells whether the log is to tell of them, with their number.
func (n *notKept) count(account string) (messages int, tell bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.of == nil {
		n.of = map[string]notKeptSince{}
	}
	now := n.of[account]
	now.count++
	messages, tell = now.count, time.Since(now.told) >= tellEvery
	if tell {
		now = notKeptSince{told: time.Now()}
	}
	n.of[account] = now
	return messages, tell
}
