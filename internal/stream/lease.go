package stream

import (
	"context"
	"errors"
	"sync"
	"time"
)

// LeastLease is the shortest lease on a cluster: an election takes up to 9 seconds, and
// three quarters of a lease have to outlast it.
const LeastLease = 12 * time.Second

// Claim says who wants to own an account, and how.
type Claim struct {
	// Owner names the process; no other may have the name at the same time.
	Owner string
	// Lease is how long an account stays with an owner that is silent. On a cluster it is
	// at least [LeastLease].
	Lease time.Duration
	// Leaves, if it isn't nil, tells whether an account is left to others that has been free
	// for a time. It is asked at each look at such an account, with its value.
	Leaves func(o Ownership, free time.Duration) bool
	// Renewed, if it isn't nil, is told how long each renewal took that succeeded.
	Renewed func(took time.Duration)
}

// Lease is an account's ownership. It is renewed each sixth of its length until it is
// released or lost. It is safe for concurrent use, but for Release.
type Lease struct {
	account *Account
	claim   Claim
	heir    string // whom the owner before had left the account to

	ctx    context.Context
	cancel context.CancelCauseFunc
	done   chan struct{} // closed when renewing has ended

	writing  chan struct{} // has a value while nobody writes
	revision uint64        // of the value that was last written; for who writes

	mu     sync.Mutex
	value  Ownership // as it was last written
	begun  time.Time // when that began
	expiry *time.Timer
}

// Own waits until the account is free and owns it. An account is free if it is new, has
// been released, or if its value hasn't changed for the length of the lease by this
// machine's own clock. One that this process has lost is free for it at once. The store inside
// the process needs no waiting: its data folder belongs to one process, so an owner before is
// gone.
func (a *Account) Own(ctx context.Context, claim Claim) (*Lease, error) {
	if claim.Owner == "" || claim.Lease <= 0 {
		return nil, setup(nil, "a lease needs an owner's name and a length")
	}
	if a.engine.host == nil && claim.Lease < LeastLease {
		return nil, setup(nil, "a lease of %v is too short on a cluster, where an election of a leader takes up to 9s: it has to have %v or more", claim.Lease, LeastLease)
	}
	return a.own(ctx, claim)
}

func (a *Account) own(ctx context.Context, claim Claim) (*Lease, error) {
	var (
		watched watch
		free    time.Time // since when it is free, zero if it isn't
	)
	for {
		wait := min(claim.Lease/12, time.Second)
		value, revision, err := a.ownership(ctx)
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case a.engine.ctx.Err() != nil:
			return nil, unavailable(errClosed)
		case errors.Is(err, ErrSetup):
			return nil, err
		case err == nil:
			now := time.Now()
			if watched.see(revision, now) {
				free = time.Time{}
			}
			if a.isFree(value, revision, now.Sub(watched.since), claim) {
				if free.IsZero() {
					free = now
				}
				if claim.Leaves == nil || a.isOurs(value) || !claim.Leaves(value, now.Sub(free)) {
					lease, err := a.take(ctx, claim, value, revision)
					if !errors.Is(err, errChanged) && !errors.Is(err, ErrUnavailable) {
						return lease, err
					}
				}
			}
		}
		a.engine.pause(ctx, wait)
	}
}

// watch tells since when a value is unchanged. A read may be of a server that is behind the others,
// and the next one of another again: a revision that comes back is no change.
type watch struct {
	latest, behind uint64    // revisions: the highest, and the last lower one
	since          time.Time // of the last change that was seen, zero before the first read
}

// see notes what was read. It tells whether that is a change.
func (w *watch) see(revision uint64, now time.Time) bool {
	switch {
	case w.since.IsZero() || revision > w.latest:
		*w = watch{latest: revision, since: now}
	case revision < w.latest && revision != w.behind: // the bucket may have been restored, and an owner be at it
		w.behind, w.since = revision, now
	default:
		return false
	}
	return true
}

// isOurs tells whether this process has written the value, in a lease that it has lost or in a
// claim whose answer was lost. While it has the account, take finds that out.
func (a *Account) isOurs(value Ownership) bool {
	return value.Owner != "" && value.Process == a.engine.process
}

// isFree tells whether an account may be taken whose value has been the same for a time.
func (a *Account) isFree(value Ownership, revision uint64, unchanged time.Duration, claim Claim) bool {
	if revision == 0 || value.Owner == "" || a.isOurs(value) || a.engine.host != nil {
		return true
	}
	return unchanged >= max(claim.Lease, value.Lease)
}

// take writes the claim. Of several that try it one succeeds.
func (a *Account) take(ctx context.Context, claim Claim, value Ownership, revision uint64) (*Lease, error) {
	if !a.engine.hold(a.name) {
		return nil, errChanged // by this process
	}
	if err := a.checkStream(ctx, &value); err != nil {
		a.engine.letGo(a.name)
		return nil, err
	}
	begun, heir := time.Now(), value.Heir
	value.Owner, value.Process, value.Lease, value.Heir = claim.Owner, a.engine.process, claim.Lease, ""
	value.Epoch++
	request, cancel := a.engine.within(ctx, claim.Lease/4)
	defer cancel()
	revision, err := a.replace(request, value, revision)
	if err != nil {
		a.engine.letGo(a.name)
		return nil, err
	}
	l := &Lease{account: a, claim: claim, heir: heir, value: value, revision: revision, begun: begun, done: make(chan struct{}), writing: make(chan struct{}, 1)}
	l.ctx, l.cancel = context.WithCancelCause(a.engine.ctx)
	l.writing <- struct{}{}
	l.mu.Lock()
	l.expiry = time.AfterFunc(claim.Lease*3/4-time.Since(begun), l.expire)
	l.mu.Unlock()
	go l.renew()
	return l, nil
}

// checkStream begins at the beginning where the stream isn't the one that the position is of:
// it has been made anew, and what is in it now must not be passed over.
func (a *Account) checkStream(ctx context.Context, value *Ownership) error {
	info, err := a.info(ctx, a.events)
	if err != nil {
		return err
	}
	if made := value.Stream; !made.IsZero() && !made.Equal(info.Created) {
		a.engine.log.Warn("stream read from its beginning", "account", a.name, "position", value.Position.Seq, "reason", "it was made anew")
		value.Position = Position{}
	}
	value.Stream = info.Created
	return nil
}

// hold makes an account this process's. It tells whether it wasn't already.
func (e *Engine) hold(account string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	held := e.held[account]
	e.held[account] = true
	return !held
}

func (e *Engine) letGo(account string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.held, account)
}

// Context ends with the lease: at three quarters of its length after the beginning of the
// last renewal that succeeded, at once when another owner is seen, when it is released and
// with the engine. Nothing must be sent for the account afterwards.
func (l *Lease) Context() context.Context { return l.ctx }

// Valid tells whether the account is owned at this moment. A process that was stopped for
// a while may learn it here before its Context has ended.
func (l *Lease) Valid() bool {
	if l.ctx.Err() == nil && l.left() <= 0 {
		l.lose(&LostError{"the lease couldn't be renewed in time"})
	}
	return l.ctx.Err() == nil
}

// Epoch counts the owners that the account has had, this one included.
func (l *Lease) Epoch() uint64 { return l.written().Epoch }

// Heir is the service that the owner before had left the account to, empty if there was none.
// If it isn't this one, it hasn't taken it.
func (l *Lease) Heir() string { return l.heir }

// Checkpoint is what was last saved, by this owner or the one before.
func (l *Lease) Checkpoint() Checkpoint { return l.written().Checkpoint }

func (l *Lease) written() Ownership {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.value
}

// left is how long the lease is valid. The machine's clock may stand while the machine is
// suspended, so the time of day counts too, if it says more.
func (l *Lease) left() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	passed := max(now.Sub(l.begun), now.Round(0).Sub(l.begun.Round(0)))
	return l.claim.Lease*3/4 - passed
}

// expire ends the lease unless it has been renewed.
func (l *Lease) expire() {
	if l.Valid() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.expiry.Reset(max(time.Millisecond, time.Until(l.begun.Add(l.claim.Lease*3/4))))
	}
}

func (l *Lease) lose(cause error) { l.cancel(cause) }

// renew renews until the lease ends.
func (l *Lease) renew() {
	defer func() {
		l.expiry.Stop()
		if context.Cause(l.ctx) != errReleased {
			l.account.engine.letGo(l.account.name)
		}
		close(l.done)
	}()
	every := l.claim.Lease / 6
	timer := time.NewTimer(every)
	defer timer.Stop()
	for {
		select {
		case <-l.ctx.Done():
			return
		case <-timer.C:
		}
		l.mu.Lock()
		due := time.Until(l.begun.Add(every))
		l.mu.Unlock()
		if due <= 0 { // nothing was saved meanwhile
			l.write(l.ctx, nil)
			due = every
		}
		timer.Reset(due)
	}
}

// Save keeps a checkpoint, and renews the lease by it. It is tried until the lease ends:
// then the error is [ErrNotOwner].
func (l *Lease) Save(ctx context.Context, c Checkpoint) error { return l.write(ctx, &c) }

// write is a renewal, with another checkpoint if there is one.
func (l *Lease) write(ctx context.Context, c *Checkpoint) error {
	select {
	case <-l.writing:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { l.writing <- struct{}{} }()
	value := l.written()
	if c != nil {
		value.Checkpoint = *c
	}
	bounded, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(l.ctx, cancel)()
	err := l.replace(bounded, value, l.Valid)
	if err != nil && !l.Valid() {
		return context.Cause(l.ctx)
	}
	return err
}

var errReleased error = &LostError{"it has been released"}

// Release keeps a checkpoint and lets others have the account at once, first of all the heir,
// if that isn't empty. It ends the lease's Context, and nothing of the account must be under
// way any more. After an error the account is free once the lease is over, at the checkpoint
// that was saved last.
func (l *Lease) Release(ctx context.Context, c Checkpoint, heir string) error {
	<-l.writing
	defer func() { l.writing <- struct{}{} }()
	if !l.Valid() {
		return context.Cause(l.ctx)
	}
	l.lose(errReleased)
	<-l.done
	if cause := context.Cause(l.ctx); cause != errReleased { // it ended just before, and renew has let go
		return cause
	}
	defer l.account.engine.letGo(l.account.name)
	value := l.written()
	value.Owner, value.Process, value.Heir, value.Checkpoint = "", "", heir, c
	return l.replace(ctx, value, func() bool { return l.left() > 0 })
}

// replace is a compare-and-set of the value, which is tried while the lease is valid. What
// is found may have been written by a try whose answer was lost.
func (l *Lease) replace(ctx context.Context, value Ownership, valid func() bool) error {
	err := ErrNotOwner
	for wait := 50 * time.Millisecond; valid() && ctx.Err() == nil && l.account.engine.ctx.Err() == nil; wait = min(2*wait, time.Second) {
		err = l.try(ctx, value)
		l.account.engine.note(ctx, err)
		if err == nil || errors.Is(err, ErrNotOwner) {
			return err
		}
		l.account.engine.log.Debug("a lease isn't renewed yet", "account", l.account.name, "error", err)
		l.account.engine.pause(ctx, wait)
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// try writes the value once.
func (l *Lease) try(ctx context.Context, value Ownership) error {
	begun := time.Now()
	ctx, cancel := context.WithTimeout(ctx, min(l.left(), max(l.claim.Lease/6, time.Second)))
	defer cancel()
	revision, err := l.account.replace(ctx, value, l.revision)
	if errors.Is(err, errChanged) {
		return l.look(ctx)
	}
	if err != nil {
		return err
	}
	l.revision = revision
	l.mu.Lock()
	l.value, l.begun = value, begun
	l.mu.Unlock()
	if l.claim.Renewed != nil {
		l.claim.Renewed(time.Since(begun))
	}
	return nil
}

// look finds out who has changed the value.
func (l *Lease) look(ctx context.Context) error {
	value, revision, err := l.account.ownership(ctx)
	switch {
	case err != nil:
		return err
	case revision <= l.revision: // of a server that is behind
	case value.Epoch != l.written().Epoch:
		err := &LostError{"the service " + value.Owner + " has it"}
		l.lose(err)
		return err
	default:
		l.revision = revision
	}
	return errChanged
}
