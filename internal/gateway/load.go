package gateway

import (
	"context"
	"sync"
)

// load bounds what is under way, altogether and for each account.
type load struct {
	maxRequests, maxBytes int

	mu       sync.Mutex
	all      usage
	of       map[string]*usage // by account; none that has nothing under way
	stopping bool
	idle     chan struct{} // closed when nothing is under way any more, once stopping
}

type usage struct{ requests, bytes int }

func newLoad(maxRequests, maxBytes int) *load {
	return &load{maxRequests: maxRequests, maxBytes: maxBytes, of: map[string]*usage{}, idle: make(chan struct{})}
}

// share is what one request takes.
type share struct {
	load    *load
	account string
	bytes   int
}

// admit lets a request in, unless there are too many. Half of them may be one account's, so
// that a flood of one leaves room to the others.
func (l *load) admit(account string) (*share, *answer) {
	l.mu.Lock()
	defer l.mu.Unlock()
	own := l.of[account]
	switch {
	case l.stopping:
		return nil, &stopping
	case l.all.requests >= l.maxRequests, own != nil && own.requests >= (l.maxRequests+1)/2:
		return nil, &busy
	case own == nil:
		own = new(usage)
		l.of[account] = own
	}
	l.all.requests++
	own.requests++
	return &share{load: l, account: account}, nil
}

// take takes more bytes, if there are as many.
func (s *share) take(bytes int) bool {
	l := s.load
	l.mu.Lock()
	defer l.mu.Unlock()
	own := l.of[s.account]
	if l.all.bytes+bytes > l.maxBytes || own.bytes+bytes > l.maxBytes/2 {
		return false
	}
	l.all.bytes += bytes
	own.bytes += bytes
	s.bytes += bytes
	return true
}

func (s *share) release() {
	l := s.load
	l.mu.Lock()
	defer l.mu.Unlock()
	own := l.of[s.account]
	l.all.requests--
	l.all.bytes -= s.bytes
	own.bytes -= s.bytes
	if own.requests--; own.requests == 0 {
		delete(l.of, s.account)
	}
	if l.stopping && l.all.requests == 0 {
		close(l.idle)
	}
}

func (l *load) isStopping() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.stopping
}

// stop lets nothing in any more, and waits until nothing is under way.
func (l *load) stop(ctx context.Context) error {
	l.mu.Lock()
	if !l.stopping {
		if l.stopping = true; l.all.requests == 0 {
			close(l.idle)
		}
	}
	l.mu.Unlock()
	select {
	case <-l.idle:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
