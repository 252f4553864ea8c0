package stream

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestFullBacklog(t *testing.T) {
	a := account(t, embed(t, t.TempDir()), Limits{MaxBacklog: 10_000})
	text := strings.Repeat("x", 1000)
	kept := 0
	for ; kept < 100; kept++ {
		_, err := a.Publish(t.Context(), []byte(text), 1, fmt.Sprint(kept))
		if errors.Is(err, ErrFull) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if kept == 0 || kept > 10 {
		t.Fatalf("%d messages of 1,000 bytes fit in 10,000", kept)
	}
	if n := len(read(t, a, 0, uint64(kept))); n != kept {
		t.Errorf("%d of %d messages are there", n, kept)
	}
	if err := a.Purge(t.Context(), 3); err != nil {
		t.Fatal(err)
	}
	publish(t, a, text, 1)
	a = account(t, a.engine, Limits{MaxBacklog: 100_000})
	for i := range 20 {
		publish(t, a, fmt.Sprint(i, text), 1)
	}
	before, err := a.Backlog(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	a = account(t, a.engine, Limits{MaxBacklog: 5_000}) // less than there is
	if _, err := a.Publish(t.Context(), []byte(text), 1, "no room"); !errors.Is(err, ErrFull) {
		t.Error(err)
	}
	after, err := a.Backlog(t.Context())
	after.FullSince = time.Time{}
	if err != nil || after != before {
		t.Errorf("a lower limit has removed messages: %+v, %v, want %+v", after, err, before)
	}
}

func TestLargestMessage(t *testing.T) {
	a := account(t, embed(t, t.TempDir()), Limits{})
	text := strings.Repeat("x", MaxMessage)
	for range 5 { // more than a reader holds
		if _, err := a.Publish(t.Context(), []byte(text), 1, fmt.Sprint(time.Now())); err != nil {
			t.Fatal(err)
		}
	}
	for _, m := range read(t, a, 0, 5) {
		if string(m.Data) != text {
			t.Errorf("message %d has another text", m.Seq)
		}
	}
	if _, err := a.Publish(t.Context(), []byte(text+"x"), 1, "larger"); !errors.Is(err, ErrTooLarge) {
		t.Error(err)
	}
}
