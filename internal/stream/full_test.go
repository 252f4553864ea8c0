package stream

import (
	"errors"
	"fmt"
	"testing"
	"time"
)

// TestFullSince tells a backlog that has refused a message from one that has room for it.
func TestFullSince(t *testing.T) {
	a := account(t, embed(t, t.TempDir()), Limits{MaxBacklog: 10_000})
	isFull := func(want bool, when string) {
		t.Helper()
		b, err := a.Backlog(t.Context())
		if err != nil || b.FullSince.IsZero() == want || time.Since(b.FullSince) > time.Minute && want {
			t.Errorf("%s: %+v, %v", when, b, err)
		}
	}
	refused := func(size int, id string) {
		t.Helper()
		if _, err := a.Publish(t.Context(), make([]byte, size), 1, id); !errors.Is(err, ErrFull) {
			t.Errorf("%s: %v", id, err)
		}
	}
	isFull(false, "empty")
	refused(20_000, "larger than the limit")
	isFull(false, "empty, for what never fits")
	// Messages of just 1,000 bytes on the disk: the tenth would make it full to the last byte.
	size := 1000 - int(storedSize(messageOf(a.subject("1"), nil, "m0")))
	for i := range 10 {
		if _, err := a.Publish(t.Context(), make([]byte, size), 1, fmt.Sprint("m", i)); err != nil {
			t.Fatal(err)
		}
	}
	if b, err := a.Backlog(t.Context()); err != nil || b.Bytes != 10_000 {
		t.Errorf("the size on the disk is %d, want 10,000: %v", b.Bytes, err)
	}
	isFull(false, "nothing was refused yet")
	refused(size, "n1")
	isFull(true, "after a refusal")
	refused(3*size, "n2")
	if err := a.Purge(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	isFull(true, "with room for one that is smaller")
	publish(t, a, "small", 1)
	isFull(true, "after one that is smaller")
	if err := a.Purge(t.Context(), 4); err != nil {
		t.Fatal(err)
	}
	isFull(false, "with room")
	refused(9*size, "n3")
	isFull(true, "again")
	if a = account(t, a.engine, Limits{MaxBacklog: 100_000}); a.refusal.since.IsZero() {
		isFull(false, "a process that refused nothing")
	}
}
