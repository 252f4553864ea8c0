package stream

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// announced is a member that announces itself.
type announced struct {
	stop func()
	runs chan struct{} // has a value unless it is held up

	mu   sync.Mutex
	seen []Member
}

func announce(t *testing.T, e *Engine, id string, accounts ...string) *announced {
	t.Helper()
	a := &announced{runs: make(chan struct{}, 1)}
	a.goOn()
	names := func() []string {
		a.holdUp()
		defer a.goOn()
		return accounts
	}
	other, err := e.Share(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var group sync.WaitGroup
	group.Go(func() {
		other.Announce(ctx, Announcement{ID: id, Lease: LeastLease, Accounts: names, Seen: func(members []Member) {
			a.mu.Lock()
			defer a.mu.Unlock()
			a.seen = members
		}})
	})
	a.stop = sync.OnceFunc(func() { cancel(); group.Wait(); other.Close() })
	t.Cleanup(a.stop)
	return a
}

func (a *announced) holdUp() { <-a.runs }
func (a *announced) goOn()   { a.runs <- struct{}{} }

// sees are the ids of the members that are there, with a * behind those that are steady.
func (a *announced) sees() (ids []string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, m := range a.seen {
		id := m.ID
		if m.Steady {
			id += "*"
		}
		ids = append(ids, id)
	}
	return ids
}

// keys are those of the members in the bucket.
func keys(t *testing.T, e *Engine) (n int) {
	t.Helper()
	info, err := leaderInfo(t.Context(), e.ownersStream)
	if err != nil {
		t.Fatal(err)
	}
	return int(info.State.Msgs)
}

func TestMembers(t *testing.T) {
	embed(t, t.TempDir()) // the server has a goroutine of the process, which is to be outside of the bubble
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		e := embed(t, dir)
		if _, err := e.owners.Put(t.Context(), memberKeys+"another-program", []byte("no JSON")); err != nil {
			t.Fatal(err)
		}
		one := announce(t, e, "one", "eu")
		two := announce(t, e, "zwei\u00a0.>", "us") // an id may have any characters
		for _, step := range []struct {
			name  string
			do    func()
			after time.Duration
			want  []string
			keys  int
		}{
			{"begun", func() {}, 2 * time.Second, []string{"one", "zwei\u00a0.>"}, 3},
			{"unbroken for a lease", func() {}, LeastLease + 2*time.Second, []string{"one*", "zwei\u00a0.>*"}, 3},
			{"silent for less than a lease", two.holdUp, LeastLease - 3*time.Second, []string{"one*", "zwei\u00a0.>*"}, 3},
			{"back", two.goOn, 3 * time.Second, []string{"one*", "zwei\u00a0.>*"}, 3},
			{"silent for a lease", two.holdUp, LeastLease + 3*time.Second, []string{"one*"}, 3},
			{"back after a break", two.goOn, 3 * time.Second, []string{"one*", "zwei\u00a0.>"}, 3},
			{"steady again", func() {}, LeastLease + 3*time.Second, []string{"one*", "zwei\u00a0.>*"}, 3},
			{"gone for long", two.holdUp, (removedAfter + 1) * LeastLease, []string{"one*"}, 2},
			{"back though removed", two.goOn, 3 * time.Second, []string{"one*", "zwei\u00a0.>"}, 3},
			{"resigned", two.stop, 3 * time.Second, []string{"one*"}, 2},
		} {
			step.do()
			time.Sleep(step.after)
			if got := one.sees(); !slices.Equal(got, step.want) || keys(t, e) != step.keys {
				t.Errorf("%s: there are %q, want %q; %d keys, want %d", step.name, got, step.want, keys(t, e), step.keys)
			}
		}
	})
}
