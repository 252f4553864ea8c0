package service

import (
	"context"
	"encoding/json"
	"log/slog"
	"sync"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/internal/input"
	"github.com/rudderklaviyo/rudderklaviyo/internal/stream"
	"github.com/rudderklaviyo/rudderklaviyo/internal/transfer"
)

// placeInterval is the time between two writes of an account's place, and so how much may
// be delivered twice after a kill.
const placeInterval = time.Second

// place keeps how far an account's delivery has come, in its lease. What all of it has
// passed leaves the stream.
type place struct {
	lease   *stream.Lease
	account *stream.Account
	logger  *slog.Logger

	purging sync.Mutex
	purged  uint64 // the sequence up to which messages were removed last

	mu    sync.Mutex
	last  stream.Position
	state state
}

// state is what an owner leaves beside the position.
type state struct {
	transfer.Counts
	// Read is the last event that an owner has read: up to it events may have been sent.
	Read stream.Position `json:"read"`
}

// placeOf takes up what the last owner left.
func placeOf(lease *stream.Lease, account *stream.Account, logger *slog.Logger) (*place, error) {
	p := &place{lease: lease, account: account, logger: logger}
	saved := lease.Checkpoint()
	p.last = saved.Position
	if len(saved.Counts) == 0 {
		return p, nil
	}
	return p, json.Unmarshal(saved.Counts, &p.state)
}

// Save keeps the position in the lease, which it renews by that.
func (p *place) Save(at input.Position, counts transfer.Counts) error {
	p.mu.Lock()
	p.last, p.state.Counts = positionOf(at), counts
	p.mu.Unlock()
	if err := p.lease.Save(p.lease.Context(), p.checkpoint()); err != nil {
		return err
	}
	p.purge()
	return nil
}

// checkpoint is what is kept.
func (p *place) checkpoint() stream.Checkpoint {
	p.mu.Lock()
	defer p.mu.Unlock()
	counts, err := json.Marshal(p.state)
	if err != nil {
		panic(err) // it is made of numbers
	}
	return stream.Checkpoint{Position: p.last, Counts: counts}
}

// purgeAgain is the time between two looks at whether something is left to purge.
const purgeAgain = 10 * time.Second

// keepPurged purges until the lease ends what an owner before had no time for, and what a
// purge that failed has left: an account in which nothing comes has no other.
func (p *place) keepPurged() {
	p.purge()
	every(purgeAgain, p.lease.Context().Done(), p.purge)
}

// purge removes the messages all of whose events are done, unless another is at it.
func (p *place) purge() {
	if !p.purging.TryLock() {
		return
	}
	defer p.purging.Unlock()
	done := max(p.lease.Checkpoint().Position.Seq, 1) - 1 // as it is written
	if done == p.purged {
		return
	}
	switch err := p.account.Purge(p.lease.Context(), done); {
	case err == nil:
		p.purged = done
	case p.lease.Valid():
		p.logger.Warn("delivered events not removed", "error", err, "retry_in", purgeAgain)
	}
}

// reach notes that an event was read. It tells whether an owner had read it before.
func (p *place) reach(at stream.Position) (again bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !isBefore(p.state.Read, at) {
		return true
	}
	p.state.Read = at
	return false
}

// first is the first event that isn't done, and what became of those before.
func (p *place) first() (stream.Position, transfer.Counts) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.last, p.state.Counts
}

// release keeps the position and lets another service own the account at once, the heir before
// others.
func (p *place) release(ctx context.Context, heir string) error {
	return p.lease.Release(ctx, p.checkpoint(), heir)
}
