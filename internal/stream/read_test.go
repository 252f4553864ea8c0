package stream

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"
)

func TestReaderGoesOn(t *testing.T) {
	a := account(t, embed(t, t.TempDir()), Limits{})
	r := a.Read(0)
	defer r.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.Next(ctx); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	const messages = 2000
	var publishers sync.WaitGroup
	for p := range 20 {
		publishers.Go(func() {
			for i := range messages / 20 {
				if _, err := a.Publish(t.Context(), make([]byte, 2000), 1, fmt.Sprint(p, "-", i)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for want := uint64(1); want <= messages; want++ {
		if want%300 == 0 {
			if err := a.Purge(t.Context(), want-1); err != nil {
				t.Fatal(err)
			}
		}
		if want%500 == 0 { // as the server does when it starts again
			if err := a.engine.conn.ForceReconnect(); err != nil {
				t.Fatal(err)
			}
		}
		m, err := r.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if m.Seq != want {
			t.Fatalf("message %d, want %d", m.Seq, want)
		}
	}
	publishers.Wait()
	if err := a.Purge(t.Context(), messages); err != nil {
		t.Fatal(err)
	}
	seq := publish(t, a, "last", 1)
	if m, err := r.Next(t.Context()); err != nil || m.Seq != seq {
		t.Errorf("message %d, %v, want %d", m.Seq, err, seq)
	}
	if got := read(t, a, 100, seq); len(got) != 1 || got[0].Seq != seq {
		t.Errorf("after a gap: %v", texts(got))
	}
	a.engine.Close()
	if _, err := r.Next(t.Context()); !errors.Is(err, ErrUnavailable) {
		t.Error(err)
	}
	if _, err := a.Publish(t.Context(), nil, 1, "closed"); !errors.Is(err, ErrUnavailable) {
		t.Error(err)
	}
	if err := a.engine.Available(); !errors.Is(err, ErrUnavailable) {
		t.Error(err)
	}
}

// TestReaderHoldsLittle checks that a reader that has returned one of many large messages has
// fetched few of the others.
func TestReaderHoldsLittle(t *testing.T) {
	a := account(t, embed(t, t.TempDir()), Limits{})
	const size, messages = 1 << 20, 32
	for i := range messages {
		if _, err := a.Publish(t.Context(), make([]byte, size), 1, fmt.Sprint(i)); err != nil {
			t.Fatal(err)
		}
	}
	r := a.Read(0)
	defer r.Close()
	if _, err := r.Next(t.Context()); err != nil {
		t.Fatal(err)
	}
	info, err := r.consumer.Info(t.Context())
	if err != nil || info.Delivered.Consumer*size > fetchBytes || info.NumPending+info.Delivered.Consumer != messages {
		t.Errorf("%d of %d messages have been sent, %v", info.Delivered.Consumer, messages, err)
	}
	r.Close()
	for deadline, consumers := soon(), 1; consumers > 0; {
		info, err := a.events.Info(t.Context())
		if err != nil || time.Now().After(deadline) {
			t.Fatalf("%+v, %v", info, err)
		}
		consumers = info.State.Consumers
	}
}

// TestReaderOfAnotherStream reads after a sequence that the stream doesn't have, as after the
// stream was restored from an older backup.
func TestReaderOfAnotherStream(t *testing.T) {
	a := account(t, embed(t, t.TempDir()), Limits{})
	publish(t, a, "m1", 1)
	r := a.Read(1000)
	defer r.Close()
	if m, err := r.Next(t.Context()); err != nil || m.Seq != 1 {
		t.Errorf("%+v, %v", m, err)
	}
}

// TestReaderLeavesASilentConsumer pauses the reader's consumer, which then sends heartbeats and no
// messages, as that of a server that is behind the leader does.
func TestReaderLeavesASilentConsumer(t *testing.T) {
	a := account(t, embed(t, t.TempDir()), Limits{})
	r := a.Read(0)
	defer r.Close()
	r.silence = 100 * time.Millisecond
	publish(t, a, "m1", 1)
	if _, err := r.Next(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := a.events.PauseConsumer(t.Context(), r.consumer.CachedInfo().Name, time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	publish(t, a, "m2", 1)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if m, err := r.Next(ctx); err != nil || m.Seq != 2 {
		t.Errorf("%+v, %v", m, err)
	}
}

// TestReaderKeepsAConsumerThatHasNothing checks that silence alone is no reason to leave one.
func TestReaderKeepsAConsumerThatHasNothing(t *testing.T) {
	a := account(t, embed(t, t.TempDir()), Limits{})
	r := a.Read(0)
	defer r.Close()
	r.silence = 10 * time.Millisecond
	publish(t, a, "m1", 1)
	if _, err := r.Next(t.Context()); err != nil {
		t.Fatal(err)
	}
	before := r.consumer
	ctx, cancel := context.WithTimeout(t.Context(), 20*r.silence)
	defer cancel()
	if m, err := r.Next(ctx); !errors.Is(err, context.DeadlineExceeded) || r.consumer != before {
		t.Errorf("%+v, %v, another consumer: %t", m, err, r.consumer != before)
	}
}
