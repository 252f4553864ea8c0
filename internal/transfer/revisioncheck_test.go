package transfer

import (
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
	"github.com/rudderklaviyo/rudderklaviyo/internal/input"
	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// TestRevisionCheckHoldLimit keeps what was refused after all where no event tells whose
// fault it is, so that a checkpoint goes on.
func TestRevisionCheckHoldLimit(t *testing.T) {
	refusal := &client.Error{StatusCode: http.StatusBadRequest}
	other := &runtime.Operation{ID: "create_profile"}
	newHeld := func(n int) *revisionCheck {
		m := &revisionCheck{earlier: new(Refusals), progress: newProgress(1, input.Position{Line: 1}, Counts{})}
		letters := make([]Letter, n)
		for i := range letters {
			letters[i].Position.Number, letters[i].cause = i, refusal
		}
		if others, err := m.filter(letters); err != nil || len(others) > 0 {
			t.Fatalf("%d aren't held, %v", len(others), err)
		}
		return m
	}
	m := newHeld(1)
	for range maxHeld - 1 {
		m.observe(other, nil)
	}
	if got := m.release(); len(got) != 0 {
		t.Errorf("%d are kept early", len(got))
	}
	m.observe(other, nil)
	if got := m.release(); len(got) != 1 || m.resolved {
		t.Errorf("%d are kept after %d requests, settled: %t", len(got), maxHeld, m.resolved)
	}
	if got := newHeld(maxHeld - 1).release(); len(got) != 0 {
		t.Errorf("%d are kept early", len(got))
	}
	if got := newHeld(maxHeld).release(); len(got) != maxHeld {
		t.Errorf("of %d, %d are kept", maxHeld, len(got))
	}
}

// TestRevisionCheckHoldTime where too little comes to settle anything.
func TestRevisionCheckHoldTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &revisionCheck{earlier: new(Refusals), progress: newProgress(1, input.Position{Line: 1}, Counts{})}
		letters := []Letter{{cause: &client.Error{StatusCode: http.StatusBadRequest}}}
		time.Sleep(maxHold) // before the first
		if others, err := m.filter(letters); err != nil || len(others) > 0 {
			t.Fatalf("%d aren't held, %v", len(others), err)
		}
		time.Sleep(maxHold - 1)
		if got := m.release(); len(got) != 0 {
			t.Errorf("%d are kept early", len(got))
		}
		time.Sleep(time.Nanosecond)
		if got := m.release(); len(got) != 1 || m.resolved {
			t.Errorf("%d are kept, settled: %t", len(got), m.resolved)
		}
	})
}

// TestRevisionCheckCountsAcrossRuns of which each gives an event up before there are enough of them. What
// a run hasn't given up is counted by the next, which sends it again.
func TestRevisionCheckCountsAcrossRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, err := mapper.New(mapper.Config{})
		if err != nil {
			t.Fatal(err)
		}
		shared := new(Refusals)
		operation := &runtime.Operation{ID: singleEventOperation}
		refusal := &client.Error{StatusCode: http.StatusBadRequest, Operation: operation, Faults: []client.Fault{{Pointer: "/data/attributes/profile"}}}
		run := func(gaveUp bool) (stopped error) {
			r := newRevisionCheck(Config{Mapper: m, Refusals: shared}, newProgress(1, input.Position{Line: 1}, Counts{}))
			r.observe(operation, refusal)
			_, err := r.filter([]Letter{{cause: refusal}})
			if gaveUp {
				time.Sleep(maxHold)
				r.release()
			}
			return err
		}
		for range 20 {
			if err := run(false); err != nil {
				t.Fatalf("an event that is sent again and again counts each time: %v", err)
			}
		}
		for n := range minMisread - 1 {
			if err := run(true); err != nil {
				t.Fatalf("the run stops at event %d: %v", n+1, err)
			}
		}
		if err := run(true); !errors.Is(err, client.ErrRevisionRetired) {
			t.Errorf("%d events were refused in as many runs, and it goes on: %v", minMisread, err)
		}
		r := newRevisionCheck(Config{Mapper: m, Refusals: shared}, newProgress(1, input.Position{Line: 1}, Counts{}))
		r.observe(operation, nil)
		if err := run(true); err != nil {
			t.Errorf("an event was taken since, and it stops: %v", err)
		}
	})
}
