package transfer

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
	"github.com/rudderklaviyo/rudderklaviyo/internal/input"
)

// TestMisreadHoldsForAWhile keeps what was refused after all where no event tells whose
// fault it is, so that a checkpoint goes on.
func TestMisreadHoldsForAWhile(t *testing.T) {
	refusal := &client.Error{StatusCode: http.StatusBadRequest}
	other := &runtime.Operation{ID: "create_profile"}
	newHeld := func(n int) *misread {
		m := &misread{progress: newProgress(1, input.Position{Line: 1}, Counts{})}
		letters := make([]Letter, n)
		for i := range letters {
			letters[i].Position.Number, letters[i].cause = i, refusal
		}
		if others, err := m.hold(letters); err != nil || len(others) > 0 {
			t.Fatalf("%d aren't held, %v", len(others), err)
		}
		return m
	}
	m := newHeld(1)
	for range maxHeld - 1 {
		m.answered(other, nil)
	}
	if got := m.release(); len(got) != 0 {
		t.Errorf("%d are kept early", len(got))
	}
	m.answered(other, nil)
	if got := m.release(); len(got) != 1 || m.settled {
		t.Errorf("%d are kept after %d requests, settled: %t", len(got), maxHeld, m.settled)
	}
	if got := newHeld(maxHeld - 1).release(); len(got) != 0 {
		t.Errorf("%d are kept early", len(got))
	}
	if got := newHeld(maxHeld).release(); len(got) != maxHeld {
		t.Errorf("of %d, %d are kept", maxHeld, len(got))
	}
}

// TestMisreadHoldsForAMinute where too little comes to settle anything.
func TestMisreadHoldsForAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &misread{progress: newProgress(1, input.Position{Line: 1}, Counts{})}
		letters := []Letter{{cause: &client.Error{StatusCode: http.StatusBadRequest}}}
		time.Sleep(heldFor) // before the first
		if others, err := m.hold(letters); err != nil || len(others) > 0 {
			t.Fatalf("%d aren't held, %v", len(others), err)
		}
		time.Sleep(heldFor - 1)
		if got := m.release(); len(got) != 0 {
			t.Errorf("%d are kept early", len(got))
		}
		time.Sleep(time.Nanosecond)
		if got := m.release(); len(got) != 1 || m.settled {
			t.Errorf("%d are kept, settled: %t", len(got), m.settled)
		}
	})
}
