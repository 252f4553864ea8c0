package service

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/internal/stream"
	"github.com/rudderklaviyo/rudderklaviyo/internal/transfer"
)

// statusTimeout bounds how long a status waits for the store.
const statusTimeout = 5 * time.Second

// statusesAtOnce is how many accounts are read of the store at the same time: with hundreds, one
// after the other would take seconds.
const statusesAtOnce = 16

// foreignFor is how long what was read of an account is shown that another service delivers. Else
// each service of a cluster would ask for all accounts, each second.
const foreignFor = 5 * time.Second

// Status is how an account is at the moment. It has no personal data and no key.
type Status struct {
	Name     string
	Revision string // of Klaviyo's API
	// Owner is the id of the service that delivers the account, empty if none does. Owned
	// says that it is this one; what is said of the delivery below is known to it alone.
	Owner string
	Owned bool
	// Pause is set as soon as Klaviyo doesn't respond, and for every other reason once delivery
	// has stopped.
	Pause *Pause

	// Backlog is what is kept and not yet done, a message as a whole.
	Backlog    stream.Backlog
	MaxBacklog int64
	// OldestUndone is the age of the oldest event of it.
	OldestUndone time.Duration

	// Delivered counts since the service began, Counts since the account began.
	Delivered int
	Counts    transfer.Counts
	// In and Out are events in each of the last seconds, the oldest first: those that this
	// service has acknowledged, and delivered.
	In, Out []int64

	Quotas []Quota
	// DeadLetters counts those that are kept, by code.
	DeadLetters map[string]int
	// Err is why the store doesn't tell of the backlog and the dead letters, or nil. If it isn't,
	// they are those of StoreRead, when the store told of them last, zero if it hasn't yet.
	Err       error
	StoreRead time.Time
}

// InPerSecond and OutPerSecond are the means of the last ten seconds.
func (s Status) InPerSecond() float64 { return perSecond(s.In) }

// OutPerSecond is that of Out.
func (s Status) OutPerSecond() float64 { return perSecond(s.Out) }

// DeadLetterCount counts the dead letters of all codes.
func (s Status) DeadLetterCount() (n int) {
	for _, count := range s.DeadLetters {
		n += count
	}
	return n
}

// Quota is what is left of a limit of Klaviyo's.
type Quota struct {
	// Operation is the id of a call, such as create_event.
	Operation string
	// Window is burst (a second), steady (a minute) or daily.
	Window           string
	Limit, Remaining int
	// Reset is when all of it is there again, zero if it is.
	Reset time.Time
}

// Status gives that of each account, in the order of their names.
func (s *Service) Status(ctx context.Context) []Status {
	accounts := s.all()
	all := make([]Status, len(accounts))
	var group errgroup.Group
	group.SetLimit(statusesAtOnce)
	for i, a := range accounts {
		group.Go(func() error {
			all[i] = a.status(ctx)
			return nil
		})
	}
	_ = group.Wait() // a status has its own error
	return all
}

func (a *account) status(ctx context.Context) Status {
	s := Status{Name: a.name, In: a.in.seconds(), Out: a.out.seconds()}
	a.mu.Lock()
	to, place := a.to, a.place
	s.Revision, s.MaxBacklog = to.mapper.Revision(), a.limits.MaxBacklog
	s.Delivered = a.before
	if a.run != nil {
		s.Delivered += a.run.Stats().Delivered
	}
	switch {
	case a.pause != nil:
		pause := *a.pause
		s.Pause = &pause
	case !a.outage.IsZero(): // its delivery waits as long as one that has stopped
		s.Pause = &Pause{Reason: outageCode, Message: "Klaviyo doesn't respond", Advice: pausings[outageCode].advice, Since: a.outage, Next: time.Now()}
	}
	a.mu.Unlock()

	in := a.stored.get(place == nil)
	if in == nil {
		in = a.readStored(ctx)
		a.stored.set(in)
	}
	s.Owner, s.Backlog, s.DeadLetters, s.StoreRead, s.Err = in.owner, in.backlog, in.letters, in.at, in.err
	if !s.Backlog.Oldest.IsZero() {
		s.OldestUndone = max(0, time.Since(s.Backlog.Oldest))
	}
	if place != nil {
		s.Owned, s.Owner = true, a.service.cfg.ID
		_, s.Counts = place.first()
		s.Quotas = to.quotas()
	}
	return s
}

// stored is what the store tells of an account. It isn't changed.
type stored struct {
	at      time.Time
	owner   string // another service
	backlog stream.Backlog
	letters map[string]int
	err     error
}

// readStored asks the store. What it doesn't tell now is as it told last.
func (a *account) readStored(ctx context.Context) *stored {
	in, err := a.askStore(ctx)
	if err == nil {
		return in
	}
	known := a.stored.known()
	known.owner, known.err = "", err
	if !known.at.IsZero() {
		known.err = fmt.Errorf("%w; last read at %s", err, known.at.UTC().Format(time.RFC3339))
	}
	return &known
}

// askStore doesn't ask a store that is known to be unavailable: each who looks would wait for
// nothing.
func (a *account) askStore(ctx context.Context) (*stored, error) {
	if err := a.service.cfg.Engine.Available(); err != nil {
		return nil, err
	}
	in := &stored{at: time.Now()}
	owner, err := a.kept.Owner(ctx)
	if err != nil {
		return nil, err
	}
	// What this service wrote of itself says nothing while it has no lease: it was lost.
	if owner.Owner != a.service.cfg.ID {
		in.owner = owner.Owner
	}
	if in.backlog, err = a.kept.Backlog(ctx); err != nil {
		return nil, err
	}
	in.letters, err = a.kept.LetterCounts(ctx)
	return in, err
}

// lastStored remembers what the store has told.
type lastStored struct {
	mu   sync.Mutex
	last *stored
}

// get gives what is remembered, or nil if it has to be read: what this service delivers, what
// nobody does, what wasn't told, and what is old.
func (l *lastStored) get(isForeign bool) *stored {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !isForeign || l.last == nil || l.last.owner == "" || l.last.err != nil || time.Since(l.last.at) >= foreignFor {
		return nil
	}
	return l.last
}

// known is the last that was remembered.
func (l *lastStored) known() stored {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.last == nil {
		return stored{}
	}
	return *l.last
}

func (l *lastStored) set(in *stored) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last = in
}

// quotas are what is left of the limits of the operations that were called.
func (t *target) quotas() []Quota {
	var all []Quota
	for endpoint, limits := range t.client.Limits() {
		operation := t.operation(endpoint)
		for _, w := range []struct {
			name string
			client.Window
		}{{"burst", limits.Burst}, {"steady", limits.Steady}, {"daily", limits.Daily}} {
			if w.Limit > 0 {
				all = append(all, Quota{Operation: operation, Window: w.name, Limit: w.Limit, Remaining: w.Remaining, Reset: w.Reset})
			}
		}
	}
	slices.SortFunc(all, func(a, b Quota) int {
		return cmp.Or(cmp.Compare(a.Operation, b.Operation), cmp.Compare(a.Window, b.Window))
	})
	return all
}
