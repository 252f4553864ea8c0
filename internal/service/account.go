package service

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/internal/delivery"
	"github.com/rudderklaviyo/rudderklaviyo/internal/stream"
	"github.com/rudderklaviyo/rudderklaviyo/internal/transfer"
)

// account is one of the service's accounts. While the service owns it, it delivers what is
// in its stream.
type account struct {
	service *Service
	name    string
	kept    *stream.Account
	logger  *slog.Logger
	metrics accountMetrics
	in, out rate
	reasons reasons
	stored  lastStored

	stop context.CancelFunc
	done chan struct{} // closed while nothing of it is under way
	wake chan struct{} // has a value when a pause is to end at once

	mu     sync.Mutex
	to     *target
	limits stream.Limits
	renew  context.CancelCauseFunc // ends the delivery that is under way, to begin another
	lease  *stream.Lease           // or nil
	owned  time.Time               // when the lease began
	yield  context.CancelCauseFunc // ends the lease, to hand the account over
	place  *place                  // of the lease
	run    *transfer.Transfer      // or nil
	before int                     // events that earlier runs of this process have delivered
	pause  *Pause
	// outage is when Klaviyo was first seen not to respond, zero while it does. Delivery waits,
	// and pauses if it lasts.
	outage time.Time
	// pausedAt is the place at which delivery has stopped: the pause is over once it has gone on.
	pausedAt stream.Position
	// unfit says that this service can't deliver the account as it is set up here, which
	// another may.
	unfit bool
}

// deliverAll owns the account whenever it can, and delivers what it owns, until ctx is done.
func (a *account) deliverAll(ctx context.Context) {
	defer close(a.done)
	for ctx.Err() == nil {
		lease, err := a.kept.Own(ctx, a.claim())
		if err != nil {
			if ctx.Err() == nil {
				a.logger.Error("takeover failed", "error", err, "retry_in", untilMended)
				a.setUnfit(true)
				a.waitFor(ctx, untilMended)
			}
			continue
		}
		a.setUnfit(false)
		if heir := lease.Heir(); heir != "" && heir != a.service.cfg.ID {
			a.logger.Warn("account not taken over", "service", heir)
			a.service.shares.avoid(heir)
		}
		a.own(ctx, lease)
	}
}

func (a *account) hasEnded() bool {
	select {
	case <-a.done:
		return true
	default:
		return false
	}
}

// own delivers until the lease ends, ctx is done or the account is handed over. Then it releases
// the account.
func (a *account) own(ctx context.Context, lease *stream.Lease) {
	ctx, yield := context.WithCancelCause(ctx)
	defer yield(nil)
	a.logger.Info("account owned", "epoch", lease.Epoch())
	a.metrics.ownershipChanges.Inc()
	place, err := placeOf(lease, a.kept, a.logger)
	if err != nil {
		a.logger.Error("event counts not read", "error", err, "advice", "nothing to do: the counts on the page begin at 0")
	}
	a.mu.Lock()
	a.lease, a.place, a.owned, a.yield = lease, place, time.Now(), yield
	a.mu.Unlock()
	go place.keepPurged()
	for ctx.Err() == nil && lease.Valid() {
		err := a.deliver(ctx, lease, place)
		switch {
		case ctx.Err() != nil, !lease.Valid(), errors.Is(err, errRenewed):
		default:
			a.pauseFor(ctx, lease, place, err)
		}
	}
	a.mu.Lock()
	a.lease, a.place, a.yield, a.pause = nil, nil, nil, nil
	a.mu.Unlock()
	if !lease.Valid() {
		a.logger.Warn("account lost", "reason", lossOf(context.Cause(lease.Context())))
		return
	}
	release, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseTimeout)
	defer cancel()
	heir := a.service.shares.heir(a.name)
	if handed := (*handedOver)(nil); errors.As(context.Cause(ctx), &handed) {
		heir = handed.to
	}
	if err := place.release(release, heir); err != nil {
		a.logger.Warn("account not released", "error", err, "advice", "nothing to do: another service takes it over when the lease ends")
	}
}

// lossOf says why a lease is over, beside a message that says that it is.
func lossOf(cause error) string {
	if lost := (*stream.LostError)(nil); errors.As(cause, &lost) {
		return lost.Reason
	}
	return cause.Error()
}

// releaseTimeout bounds how long a stop waits for the store.
const releaseTimeout = 10 * time.Second

// errRenewed ends a delivery whose settings have changed.
var errRenewed = errors.New("the settings have changed")

// deliver delivers from the account's place on. It ends with the lease, with ctx, when the
// settings change, or with the reason why delivery can't go on.
func (a *account) deliver(ctx context.Context, lease *stream.Lease, place *place) error {
	owned, stop := context.WithCancelCause(lease.Context())
	defer stop(nil)
	defer context.AfterFunc(ctx, func() { stop(context.Cause(ctx)) })()
	at, counts := place.first()

	a.mu.Lock()
	to := a.to
	select {
	case <-a.wake: // of a change before
	default:
	}
	a.renew = stop
	to.fence.open(lease)
	a.mu.Unlock()

	source := newSource(a.kept, at, func(at stream.Position) {
		if place.reach(at) {
			a.metrics.redelivered.Inc()
		}
	})
	defer source.close()
	run := transfer.New(owned, transfer.Config{
		Source: source, From: inputPosition(at), Counts: counts, Text: source.text,
		Mapper: to.mapper, Client: to.client, Concurrency: a.service.cfg.Concurrency, Bulk: a.service.cfg.Bulk,
		Letters: &letters{ctx: lease.Context(), account: a.kept, revision: to.mapper.Revision(), kept: func(at stream.Position, code string) {
			source.repeats.forget(at)
			a.metrics.deadLetters.WithLabelValues(code).Inc()
		}},
		IsRepeat: func() bool {
			again := source.isRepeat()
			if again {
				a.metrics.repeated.Inc()
			}
			return again
		},
		Place: place, PlaceInterval: placeInterval,
		Earlier: a.earlier(), Refusals: &to.refusals,
		Logger: a.logger, Where: whereInStream,
	})
	a.mu.Lock()
	a.run = run
	a.mu.Unlock()
	run.SetReadAhead(a.service.readAhead()) // a reload that comes now sets it, too
	err := run.Run()
	a.mu.Lock()
	defer a.mu.Unlock()
	a.before += run.Stats().Delivered
	a.run, a.renew = nil, nil
	if cause := context.Cause(owned); cause != nil && errors.Is(cause, errRenewed) {
		return errRenewed
	}
	return err
}

// earlier is a delivery before this one, whichever server's, which may have left import jobs.
func (a *account) earlier() *delivery.Earlier {
	return &delivery.Earlier{
		Awaited: func(jobs []string) {
			a.logger.Info("waiting for import jobs", "jobs", jobs)
		},
		GivenUp: func(jobs []string, reason error) {
			a.logger.Warn("import jobs given up", "jobs", jobs, "reason", reason, "advice", "nothing to do: a job that ends later may restore older values of its profiles")
		},
	}
}

// whereInStream says in the log where an event stands.
func whereInStream(at delivery.Position) []any {
	return []any{"sequence", at.Line, "event_number", at.Event}
}

// pauseFor waits after a delivery that stopped for a reason, until it is tried again or the
// lease is over.
func (a *account) pauseFor(ctx context.Context, lease *stream.Lease, place *place, reason error) {
	owned, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(lease.Context(), cancel)()
	now := time.Now()
	at, _ := place.first()
	a.mu.Lock()
	since := now
	if a.pause != nil && a.pause.Reason == codeOf(reason) {
		since = a.pause.Since
	}
	a.pause, a.pausedAt = newPause(reason, since, now), at
	pause := *a.pause
	a.unfit = a.unfit || pausings[pause.Reason].isOfService
	a.mu.Unlock()
	if since == now {
		a.logger.Error("delivery paused", "reason", pause.Reason, "message", pause.Message, "advice", pause.Advice)
	}
	a.waitFor(owned, pause.Next.Sub(now))
}

// waitFor waits, or less if the settings change or ctx is done.
func (a *account) waitFor(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-a.wake:
	case <-ctx.Done():
	}
}

// use has the account deliver by other settings from now on, or from its next try.
func (a *account) use(to *target) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.to = to
	if a.renew != nil {
		a.renew(errRenewed)
	}
}

// retry ends a pause.
func (a *account) retry() {
	select {
	case a.wake <- struct{}{}:
	default:
	}
}

// tick is called each second.
func (a *account) tick() {
	a.mu.Lock()
	delivered := a.before
	if a.run != nil {
		delivered += a.run.Stats().Delivered
		if at, _ := a.place.first(); a.pause != nil && at != a.pausedAt {
			a.logger.Info("delivery resumed", "paused_for", time.Since(a.pause.Since).Round(time.Second))
			a.pause, a.unfit = nil, false
		}
	}
	switch outage := a.run != nil && a.run.Status().Outage; {
	case !outage:
		a.outage = time.Time{}
	case a.outage.IsZero():
		a.outage = time.Now()
	}
	a.mu.Unlock()
	a.out.set(delivered)
	a.out.tick()
	a.in.tick()
}
