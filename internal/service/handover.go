package service

import (
	"context"
	"sync"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/internal/stream"
)

// share shares the accounts with the other services of a cluster until ctx is done. What it
// returns waits for its end.
func (s *Service) share(ctx context.Context) (wait func()) {
	var group sync.WaitGroup
	if s.cfg.Engine.IsShared() {
		group.Go(func() {
			s.cfg.Engine.Announce(ctx, stream.Announcement{ID: s.cfg.ID, Lease: s.cfg.Lease, Accounts: s.fit, Seen: s.shares.see})
		})
		group.Go(func() { every(time.Second, ctx.Done(), func() { s.handOver(ctx) }) })
	}
	return group.Wait
}

// fit are the accounts that this service can deliver, as far as it knows.
func (s *Service) fit() (names []string) {
	for _, a := range s.all() {
		a.mu.Lock()
		if !a.unfit {
			names = append(names, a.name)
		}
		a.mu.Unlock()
	}
	return names
}

// owned are the accounts that this service owns, and since when.
func (s *Service) owned() map[string]time.Time {
	owned := map[string]time.Time{}
	for _, a := range s.all() {
		a.mu.Lock()
		if a.lease != nil {
			owned[a.name] = a.owned
		}
		a.mu.Unlock()
	}
	return owned
}

// handOver hands an account over that another service is to have, and waits until somebody has
// taken it: so one at a time is under way.
func (s *Service) handOver(ctx context.Context) {
	name, to := s.shares.handOver(s.owned())
	if a := s.account(name); a != nil {
		a.handOver(ctx, to)
	}
}

// handedOver is why an ownership ends.
type handedOver struct{ to string }

func (h *handedOver) Error() string { return "the account is handed over to " + h.to }

// handOver lets the account go as a stop of the service does, and waits for its next owner.
func (a *account) handOver(ctx context.Context, to string) {
	a.mu.Lock()
	lease, yield := a.lease, a.yield
	a.mu.Unlock()
	if lease == nil {
		return
	}
	a.logger.Info("account handed over", "to", to)
	yield(&handedOver{to})
	waiting, stop := context.WithCancel(ctx)
	defer stop()
	every(time.Second, waiting.Done(), func() {
		o, err := a.kept.Owner(ctx)
		switch {
		case a.hasEnded():
			stop() // the account was removed
		case err == nil && o.Epoch > lease.Epoch():
			if o.Owner != to {
				a.service.shares.avoid(to)
			}
			stop()
		}
	})
}

func (a *account) setUnfit(unfit bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.unfit = unfit
}
