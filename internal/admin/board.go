package admin

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/rudderklaviyo/rudderklaviyo/internal/service"
)

// freshFor is how long what was read of the store is shown.
const freshFor = time.Second

// readTimeout bounds how long a reading waits for a store that doesn't answer.
const readTimeout = 5 * time.Second

// board keeps what the accounts were at the last reading, so that any number of viewers
// costs the store as much as one.
type board struct {
	cfg    Config
	flight singleflight.Group

	mu   sync.Mutex
	last *reading
}

// reading is what the accounts were at a time. It isn't changed.
type reading struct {
	at       time.Time
	statuses []service.Status
	reasons  map[string]map[string]service.Reason // by account and code
}

func newBoard(cfg Config) *board { return &board{cfg: cfg} }

// now gives a reading that is less than a second old. Its error is ctx's.
func (b *board) now(ctx context.Context) (*reading, error) {
	if last := b.fresh(); last != nil {
		return last, nil
	}
	done := b.flight.DoChan("", func() (any, error) {
		if last := b.fresh(); last != nil { // of a flight that has just ended
			return last, nil
		}
		// Others wait for it, too.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), readTimeout)
		defer cancel()
		next := b.read(ctx)
		b.mu.Lock()
		defer b.mu.Unlock()
		b.last = next
		return next, nil
	})
	select {
	case result := <-done:
		return result.Val.(*reading), nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// fresh gives the last reading, or nil if it is old.
func (b *board) fresh() *reading {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.last == nil || time.Since(b.last.at) >= freshFor {
		return nil
	}
	return b.last
}

// next waits until a reading is a second old, and gives the one after it. Its error is ctx's.
func (b *board) next(ctx context.Context, after *reading) (*reading, error) {
	timer := time.NewTimer(time.Until(after.at.Add(freshFor)))
	defer timer.Stop()
	select {
	case <-timer.C:
		return b.now(ctx)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (b *board) read(ctx context.Context) *reading {
	r := &reading{statuses: b.cfg.Accounts.Status(ctx), reasons: map[string]map[string]service.Reason{}}
	for _, status := range r.statuses {
		if status.Err != nil || len(status.DeadLetters) == 0 {
			continue
		}
		reasons, err := b.cfg.Accounts.Reasons(ctx, status.Name)
		if err != nil {
			b.cfg.Log.Debug("the reasons of dead letters can't be read", "account", status.Name, "error", err)
			continue
		}
		r.reasons[status.Name] = reasons
	}
	r.at = time.Now()
	return r
}

// forget has the next viewer see what was changed.
func (b *board) forget() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.last = nil
}
