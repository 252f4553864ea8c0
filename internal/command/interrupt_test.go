package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/client/klaviyotest"
	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
)

func TestInterruptedSendCanGoOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := klaviyotest.New()
		var events []string
		for i := range 400 {
			events = append(events, track(i%20, fmt.Sprint("m", i)))
			k.Inject(klaviyotest.Slow(time.Duration(500+i%7*100) * time.Millisecond))
		}
		path := write(t, "events.jsonl", lines(events...))

		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(2*time.Second, func() { cancel(errors.New("interrupt signal received")) })
		s := account(k)
		s.ctx = ctx
		start := time.Now()
		r := s.run(t, "send", "--output=json", path)
		r.want(t, statusStopped, "Stopping", "interrupted")
		if took := time.Since(start); took > 4*time.Second {
			t.Errorf("stopping took %v", took)
		}
		sent := len(k.Events())
		if got := r.counts(t)["delivered"]; got != sent || sent == 0 || sent == 400 {
			t.Errorf("%d delivered, Klaviyo has %d", got, sent)
		}

		match := regexp.MustCompile(`--from-line=(\d+)`).FindStringSubmatch(r.stderr)
		if match == nil {
			t.Fatalf("the output doesn't say how to continue:\n%s", r.stderr)
		}
		account(k).run(t, "send", "--from-line="+match[1], path).want(t, statusDone)
		got := messageIDs(k)
		slices.Sort(got)
		if got = slices.Compact(got); len(got) != 400 {
			t.Errorf("%d of 400 events arrived", len(got))
		}
	})
}

func TestInterruptEndsWaitsForTheLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := klaviyotest.New(klaviyotest.WithLimit(klaviyo.OperationCreateEvent, klaviyotest.CallLimits{PerSecond: 1, PerMinute: 1}))
		ctx, cancel := context.WithCancel(t.Context())
		var last time.Time
		time.AfterFunc(10*time.Second, func() { last = time.Now(); cancel() })
		s := account(k)
		s.ctx = ctx
		var events []string
		for i := range 50 {
			events = append(events, track(i, fmt.Sprint("m", i)))
		}
		r := s.run(t, "send", write(t, "events.jsonl", lines(events...)))
		r.want(t, statusStopped, "interrupted")
		if waited := time.Since(last); waited > time.Second {
			t.Errorf("the run stopped %v after the interrupt", waited)
		}
	})
}

func TestInterruptedWhileStandardInputIsAwaited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := klaviyotest.New()
		in, events := io.Pipe()
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			io.WriteString(events, lines(identify(1), identify(2)))
			time.Sleep(time.Minute)
			cancel()
		}()
		s := account(k)
		s.stdin, s.ctx = in, ctx
		r := s.run(t, "send")
		r.want(t, statusStopped, "stopped at line 3 of standard input: interrupted", "with the same input again", "rudderklaviyo send --from-line=3 -")
		if len(k.Profiles()) != 2 {
			t.Errorf("%d profiles", len(k.Profiles()))
		}
		events.Close() // ends the abandoned read
	})
}
