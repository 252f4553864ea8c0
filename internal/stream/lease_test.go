package stream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// process stands for another process that uses the same server.
type process struct {
	*Account
	host *host
	line sync.RWMutex // locked while nothing gets through, as when the process is stopped
}

func newProcess(t *testing.T, e *Engine) *process {
	t.Helper()
	p := &process{host: e.host}
	other, err := inside(t.Context(), p, e.log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { other.Close() })
	p.Account = account(t, other, Limits{})
	return p
}

func (p *process) InProcessConn() (net.Conn, error) {
	conn, err := p.host.InProcessConn()
	return &line{conn, p}, err
}

type line struct {
	net.Conn
	process *process
}

func (l *line) Read(b []byte) (int, error) {
	n, err := l.Conn.Read(b)
	l.process.line.RLock()
	defer l.process.line.RUnlock()
	return n, err
}

func (l *line) Write(b []byte) (int, error) {
	l.process.line.RLock()
	defer l.process.line.RUnlock()
	return l.Conn.Write(b)
}

func own(t *testing.T, a *Account, claim Claim) *Lease {
	t.Helper()
	l, err := a.own(t.Context(), claim)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// begun is when the last renewal that succeeded began.
func begun(l *Lease) time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.begun
}

var somewhere = Checkpoint{Position{Seq: 7, Event: 3}, json.RawMessage(`{"delivered":20}`)}

func TestReleasedAccountIsTakenAtOnce(t *testing.T) {
	e := embed(t, t.TempDir())
	one, two := newProcess(t, e), newProcess(t, e)
	lease := own(t, one.Account, Claim{Owner: "one", Lease: time.Hour})
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if l, err := two.own(ctx, Claim{Owner: "two", Lease: 100 * time.Millisecond}); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("owned by two: %v, %v", l, err)
	}
	if err := lease.Release(t.Context(), somewhere, ""); err != nil {
		t.Fatal(err)
	}
	if lease.Valid() || lease.Context().Err() == nil {
		t.Error("the account is owned after the release")
	}
	if err := lease.Save(t.Context(), Checkpoint{}); !errors.Is(err, ErrNotOwner) {
		t.Error(err)
	}
	if err := lease.Release(t.Context(), Checkpoint{}, ""); !errors.Is(err, ErrNotOwner) {
		t.Error(err)
	}
	next := own(t, two.Account, Claim{Owner: "two", Lease: time.Hour})
	if diff := cmp.Diff(somewhere, next.Checkpoint()); diff != "" || next.Epoch() != 2 {
		t.Errorf("epoch %d, (-want +got)\n%s", next.Epoch(), diff)
	}
	owner, err := one.Owner(t.Context())
	if want := (Ownership{Owner: "two", Epoch: 2, Process: two.engine.process, Lease: time.Hour, Stream: owner.Stream, Checkpoint: somewhere}); err != nil || owner.Stream.IsZero() || !cmp.Equal(want, owner) {
		t.Errorf("%+v, %v, want %+v", owner, err, want)
	}
}

func TestSilentOwnerLosesTheAccount(t *testing.T) {
	t.Parallel()
	e := embed(t, t.TempDir())
	one, two := newProcess(t, e), newProcess(t, e)
	const length = 600 * time.Millisecond
	lease := own(t, one.Account, Claim{Owner: "one", Lease: length})
	for end := time.Now().Add(2 * length); time.Now().Before(end); time.Sleep(length / 20) {
		if !lease.Valid() && time.Since(begun(lease)) < length/2 {
			t.Fatal("a lease that is renewed ends:", context.Cause(lease.Context()))
		}
	}
	if err := lease.Save(t.Context(), somewhere); err != nil {
		t.Skip("the machine is too slow for a lease this short:", err)
	}
	one.line.Lock()
	next := own(t, two.Account, Claim{Owner: "two", Lease: length})
	if lease.Valid() {
		t.Error("both own the account")
	}
	one.line.Unlock()
	if diff := cmp.Diff(somewhere, next.Checkpoint()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if err := lease.Save(t.Context(), Checkpoint{}); !errors.Is(err, ErrNotOwner) {
		t.Error(err)
	}
}

// TestStoppedProcessKnowsBeforeItsTimer is of the moment after SIGCONT.
func TestStoppedProcessKnowsBeforeItsTimer(t *testing.T) {
	const length = time.Hour
	for name, ago := range map[string]time.Time{
		"stopped":                           time.Now().Add(-length * 3 / 4),
		"suspended, while the clock stands": time.Now().Round(0).Add(-length * 3 / 4),
	} {
		lease := own(t, account(t, embed(t, t.TempDir()), Limits{}), Claim{Owner: "one", Lease: length})
		if !lease.Valid() {
			t.Error("a new lease isn't valid")
		}
		lease.mu.Lock()
		lease.begun = ago
		lease.mu.Unlock()
		if lease.Valid() || !errors.Is(context.Cause(lease.Context()), ErrNotOwner) {
			t.Errorf("%s: it is valid", name)
		}
	}
}

// TestAnswerThatIsLost has the value written by the owner itself, which doesn't know it.
func TestAnswerThatIsLost(t *testing.T) {
	a := account(t, embed(t, t.TempDir()), Limits{})
	renewals := 0
	lease := own(t, a, Claim{Owner: "one", Lease: time.Hour, Renewed: func(time.Duration) { renewals++ }})
	if _, err := a.replace(t.Context(), lease.value, lease.revision); err != nil {
		t.Fatal(err)
	}
	if err := lease.Save(t.Context(), somewhere); err != nil {
		t.Fatal(err)
	}
	if renewals != 1 {
		t.Errorf("%d renewals are told of", renewals)
	}
	other := lease.value
	other.Owner, other.Epoch = "two", 2
	if _, err := a.replace(t.Context(), other, lease.revision); err != nil {
		t.Fatal(err)
	}
	if err := lease.Save(t.Context(), Checkpoint{}); !errors.Is(err, ErrNotOwner) || lease.Context().Err() == nil {
		t.Errorf("another owner is seen, and the lease goes on: %v", err)
	}
}

// TestOwnAccountIsTakenAgainAtOnce by the process that has lost it, or that hasn't learnt that it
// has it. Another waits for the end of the lease.
func TestOwnAccountIsTakenAgainAtOnce(t *testing.T) {
	e := embed(t, t.TempDir())
	one, two := newProcess(t, e), newProcess(t, e)
	claim := Claim{Owner: "one", Lease: time.Hour, Leaves: func(Ownership, time.Duration) bool { return true }}
	anyway := Claim{Owner: "one", Lease: time.Hour}
	lease := own(t, one.Account, anyway)
	lease.lose(ErrNotOwner)
	<-lease.done
	lease = own(t, one.Account, claim)
	if lease.Epoch() != 2 {
		t.Errorf("epoch %d", lease.Epoch())
	}
	lease.lose(ErrNotOwner)
	<-lease.done
	other, revision, err := one.ownership(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	other.Epoch++ // a claim whose response was lost
	if _, err := one.replace(t.Context(), other, revision); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if l, err := two.own(ctx, anyway); !errors.Is(err, context.DeadlineExceeded) { // it has the same name
		t.Errorf("%v, %v", l, err)
	}
	if lease = own(t, one.Account, claim); lease.Epoch() != 4 {
		t.Errorf("epoch %d", lease.Epoch())
	}
}

func TestOneOwnerInAProcess(t *testing.T) {
	a := account(t, embed(t, t.TempDir()), Limits{})
	claim := Claim{Owner: "one", Lease: time.Hour}
	lease := own(t, a, claim)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if l, err := a.Own(ctx, claim); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("the account is owned twice: %v, %v", l, err)
	}
	if err := lease.Release(t.Context(), somewhere, ""); err != nil {
		t.Fatal(err)
	}
	for range 20 { // those who come at once
		leases := make(chan *Lease, 8)
		ctx, cancel := context.WithCancel(t.Context())
		var group sync.WaitGroup
		for range cap(leases) {
			group.Go(func() {
				if l, err := a.Own(ctx, claim); err == nil {
					leases <- l
				}
			})
		}
		l := <-leases
		cancel()
		group.Wait()
		if len(leases) > 0 {
			t.Fatal("the account is owned twice")
		}
		if l.Checkpoint().Position != somewhere.Position {
			t.Errorf("%+v", l.Checkpoint())
		}
		if err := l.Release(t.Context(), l.Checkpoint(), ""); err != nil {
			t.Fatal(err)
		}
	}
}

func TestLeaseThatIsTooShort(t *testing.T) {
	p := newProcess(t, embed(t, t.TempDir()))
	for _, claim := range []Claim{{Owner: "one", Lease: LeastLease - 1}, {Owner: "one"}, {Lease: time.Hour}} {
		if _, err := p.Own(t.Context(), claim); !errors.Is(err, ErrSetup) {
			t.Errorf("%+v: %v", claim, err)
		}
	}
}

// TestNeverTwoOwners has processes that compete, are stopped at any moment, and release or
// lose the account. The times of each lease are its own: until when it would have said that
// it is valid, however late that was looked at.
func TestNeverTwoOwners(t *testing.T) {
	t.Parallel()
	const length = 300 * time.Millisecond
	e := embed(t, t.TempDir())
	type interval struct {
		epoch      uint64
		begin, end time.Time
		lost       bool
	}
	var mu sync.Mutex
	var log []interval
	enough := func() bool {
		lost := 0
		for _, in := range log {
			if in.lost {
				lost++
			}
		}
		return len(log) >= 15 && lost >= 5
	}
	ctx, cancel := context.WithDeadline(t.Context(), soon())
	defer cancel()
	var group sync.WaitGroup
	for i := range 3 {
		p := newProcess(t, e)
		group.Go(func() {
			for {
				lease, err := p.own(ctx, Claim{Owner: fmt.Sprint(i), Lease: length})
				if err != nil {
					return
				}
				in := interval{epoch: lease.Epoch(), begin: time.Now()}
				ended := make(chan time.Time, 1)
				context.AfterFunc(lease.Context(), func() { ended <- time.Now() })
				time.Sleep(rand.N(length))
				if rand.IntN(3) == 0 {
					lease.Release(ctx, Checkpoint{Position: Position{Seq: in.epoch}}, "")
				} else { // it is stopped, perhaps with a renewal on its way
					p.line.Lock()
					time.Sleep(rand.N(2 * length))
					p.line.Unlock()
					for saved := uint64(0); lease.Save(ctx, Checkpoint{Position: Position{Seq: in.epoch}}) == nil && saved < 5; saved++ {
						time.Sleep(length / 10)
					}
					if lease.Valid() {
						lease.Release(ctx, Checkpoint{Position: Position{Seq: in.epoch}}, "")
					}
					in.lost = context.Cause(lease.Context()) != errReleased
				}
				in.end = <-ended
				if latest := begun(lease).Add(length * 3 / 4); latest.Before(in.end) {
					in.end = latest
				}
				mu.Lock()
				if log = append(log, in); enough() {
					cancel()
				}
				mu.Unlock()
			}
		})
	}
	group.Wait()
	if !enough() {
		t.Errorf("%d owners in a minute", len(log))
	}
	slices.SortFunc(log, func(a, b interval) int { return int(a.epoch) - int(b.epoch) })
	for i, in := range log {
		if i > 0 && (in.epoch == log[i-1].epoch || in.begin.Before(log[i-1].end)) {
			t.Errorf("epoch %d begins %v before epoch %d ends", in.epoch, log[i-1].end.Sub(in.begin), log[i-1].epoch)
		}
	}
}

// TestPositionOfAnotherStream checks that the position in a deleted stream isn't used for the
// stream that replaces it, whatever its length.
func TestPositionOfAnotherStream(t *testing.T) {
	e := embed(t, t.TempDir())
	claim := Claim{Owner: "me", Lease: time.Minute}
	position := func(a *Account, want Position) {
		t.Helper()
		lease, err := a.Own(t.Context(), claim)
		if err != nil {
			t.Fatal(err)
		}
		if got := lease.Checkpoint().Position; got != want {
			t.Errorf("position %+v, want %+v", got, want)
		}
		if err := lease.Release(t.Context(), Checkpoint{Position: Position{Seq: 2, Event: 1}}, ""); err != nil {
			t.Fatal(err)
		}
	}
	a := account(t, e, Limits{})
	position(a, Position{})
	position(a, Position{Seq: 2, Event: 1})
	if err := e.js.DeleteStream(t.Context(), "EV_"+a.Name()); err != nil {
		t.Fatal(err)
	}
	a = account(t, e, Limits{})
	for i := range 3 {
		publish(t, a, fmt.Sprint("m", i), 1)
	}
	position(a, Position{})
	position(a, Position{Seq: 2, Event: 1})
}

// TestReadsOfAServerBehindAreNoRenewals reads revisions by turns of servers of which one is behind,
// as it may be for a while after it was down. An owner that is gone must not look alive by that.
func TestReadsOfAServerBehindAreNoRenewals(t *testing.T) {
	for _, tt := range []struct {
		name    string
		reads   []uint64
		changed uint64 // the last read that is a change
	}{
		{"one that is silent", []uint64{5, 5, 5}, 1},
		{"one that renews", []uint64{5, 6, 7}, 3},
		{"one that is silent, and a server behind", []uint64{3, 5, 3, 5, 5, 3}, 3},
		{"one that renews, and a server behind", []uint64{3, 5, 3, 6, 3, 7}, 6},
		{"a server that catches up", []uint64{5, 2, 5, 3, 5, 4, 5}, 6},
		{"one that renews in a bucket that was restored", []uint64{50, 2, 3, 4}, 4},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var w watch
			begun, last := time.Now(), time.Duration(0)
			for i, revision := range tt.reads {
				now := begun.Add(time.Duration(i+1) * time.Second)
				if w.see(revision, now) {
					last = now.Sub(begun)
				}
			}
			if want := time.Duration(tt.changed) * time.Second; last != want || w.since.Sub(begun) != want {
				t.Errorf("unchanged after %v and since %v, want %v", last, w.since.Sub(begun), want)
			}
		})
	}
}
