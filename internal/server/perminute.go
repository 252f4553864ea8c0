package server

import (
	"sync"
	"time"
)

// perMinute counts what happens to an account, so that the log tells of it once a minute: with
// a full backlog it happens a thousand times a second.
type perMinute struct {
	mu sync.Mutex
	of map[string]sinceTold
}

type sinceTold struct {
	at    time.Time
	count int
}

// tellEvery is the time between two lines of an account.
const tellEvery = time.Minute

// count counts it once more. It reports whether the log is to tell, and how often it has
// happened since the last time.
func (m *perMinute) count(account string) (n int, tell bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.of == nil {
		m.of = map[string]sinceTold{}
	}
	since := m.of[account]
	since.count++
	n, tell = since.count, time.Since(since.at) >= tellEvery
	if tell {
		since = sinceTold{at: time.Now()}
	}
	m.of[account] = since
	return n, tell
}
