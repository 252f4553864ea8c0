package service

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/client/klaviyotest"
	"github.com/rudderklaviyo/rudderklaviyo/generated/2026-07-15/klaviyo"
	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
	"github.com/rudderklaviyo/rudderklaviyo/internal/config"
	"github.com/rudderklaviyo/rudderklaviyo/internal/stream"
	"github.com/rudderklaviyo/rudderklaviyo/internal/transfer"
)

func TestPause(t *testing.T) {
	for _, tt := range []struct {
		reason error
		code   string
		wait   time.Duration
	}{
		{&client.Error{}, "unknown", time.Minute},
		{client.ErrUnauthorized, "unauthorized", time.Minute},
		{client.ErrUnavailable, "unavailable", 5 * time.Second},
		{fmt.Errorf("%w: %w", transfer.ErrLetter, stream.ErrFull), "dead_letter", time.Minute},
		{fmt.Errorf("%w: %w", transfer.ErrLetter, stream.ErrUnavailable), "store", time.Second},
		{stream.ErrUnavailable, "store", time.Second},
		{errors.New("another"), "unknown", time.Minute},
	} {
		now := time.Now()
		p := newPause(tt.reason, now, now)
		if p.Reason != tt.code || p.Next.Sub(now) != tt.wait || p.Advice == "" {
			t.Errorf("%v: %+v", tt.reason, p)
		}
	}
}

// TestScopes holds the scopes that the advice and the guide name to those of the calls.
func TestScopes(t *testing.T) {
	page, err := os.ReadFile("../../docs/service.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(page), "It needs the scopes")
	section, _, _ = strings.Cut(section, "\n\n")
	want := map[string]bool{}
	for _, op := range []*runtime.Operation{
		klaviyo.OperationCreateEvent, klaviyo.OperationBulkCreateEvents, klaviyo.OperationCreateOrUpdateProfile,
		klaviyo.OperationBulkImportProfiles, klaviyo.OperationGetBulkImportProfilesJob, klaviyo.OperationGetBulkImportProfilesJobs,
		klaviyo.OperationBulkSubscribeProfiles, klaviyo.OperationBulkUnsubscribeProfiles,
	} {
		for _, scope := range op.Scopes {
			want[scope] = true
		}
	}
	for name, text := range map[string]string{"the advice": pausings["unauthorized"].advice, "the guide": section} {
		got := map[string]bool{}
		for _, scope := range regexp.MustCompile(`[a-z]+:(?:read|write)`).FindAllString(text, -1) {
			got[scope] = true
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
	}
}

// TestPausesInTheGuide holds the guide's table to the reasons that there are.
func TestPausesInTheGuide(t *testing.T) {
	page, err := os.ReadFile("../../docs/troubleshooting.md")
	if err != nil {
		t.Fatal(err)
	}
	want, got := map[string]string{}, map[string]string{}
	for code, p := range pausings {
		want[code] = map[time.Duration]string{untilMended: "each minute", 5 * time.Second: "every 5 seconds", time.Second: "each second"}[p.wait]
	}
	for _, row := range regexp.MustCompile("(?m)^\\| `(\\w+)` \\| ((?:each|every) [^|]+) \\|").FindAllStringSubmatch(string(page), -1) {
		got[row[1]] = row[2]
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestOutageIsShown checks that an outage is shown as a pause within a minute, although delivery
// stops later.
func TestOutageIsShown(t *testing.T) {
	startServerOutside(t)
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)))
		var down atomic.Bool
		k := klaviyotest.New(klaviyotest.WithKey("pk_right"))
		k.Inject(klaviyotest.Fault{Times: -1, Status: http.StatusServiceUnavailable, When: func(*http.Request) bool { return down.Load() }})
		s := serveTo(t, dir, map[string]*klaviyotest.Klaviyo{"eu": k}, testAccount("eu"))
		s.send(t, "eu", track(0, 0))
		time.Sleep(time.Second) // else it might stop sooner
		down.Store(true)
		for n := range 20 {
			s.send(t, "eu", track(n, n+1))
		}
		time.Sleep(time.Minute)
		if pause := s.statusOf(t, "eu").Pause; pause == nil || pause.Reason != "unavailable" || time.Since(pause.Since) > time.Minute {
			t.Errorf("%+v", pause)
		}
		down.Store(false)
		time.Sleep(time.Minute)
		if got := s.arrived("eu"); got != 21 || s.statusOf(t, "eu").Pause != nil {
			t.Errorf("%d events have arrived, and %+v", got, s.statusOf(t, "eu").Pause)
		}
		s.stop()
	})
}

// TestPausesForARefusedKey checks that an account pauses while Klaviyo rejects its key, keeps
// its events, and continues with a new key. Another account isn't affected.
func TestPausesForARefusedKey(t *testing.T) {
	eu, us := testAccount("eu"), testAccount("us")
	eu.Key = "pk_wrong"
	s := serve(t, t.TempDir(), eu, us)
	for n := range 3 {
		s.send(t, "eu", track(1, n))
		s.send(t, "us", track(1, n))
	}
	eventually(t, "the account pauses", func() bool { p := s.statusOf(t, "eu").Pause; return p != nil && p.Reason == "unauthorized" })
	s.send(t, "eu", track(1, 3))
	s.send(t, "us", track(1, 3))
	eventually(t, "the other account goes on", func() bool { return s.arrived("us") == 4 })
	if got := s.statusOf(t, "eu"); got.Backlog.Events != 4 || got.DeadLetterCount() != 0 || s.arrived("eu") != 0 {
		t.Errorf("%+v, %d arrived", got, s.arrived("eu"))
	}
	eu.Key = "pk_right"
	if err := s.Reload(t.Context(), []config.Account{eu, us}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "all events arrive", func() bool { return s.arrived("eu") == 4 })
	eventually(t, "the pause ends", func() bool { return s.statusOf(t, "eu").Pause == nil })
	if strings.Contains(s.log.String(), "pk_") || strings.Contains(s.log.String(), "example.com") {
		t.Errorf("the log shows a key or a person:\n%s", s.log)
	}
}

// TestPausesWithoutRoomForLetters checks that an account pauses while there is no room for dead
// letters, and continues as soon as some are deleted.
func TestPausesWithoutRoomForLetters(t *testing.T) {
	s := serve(t, t.TempDir(), testAccount("eu"))
	limit := func(bytes int64) {
		t.Helper()
		if _, err := s.engine.Account(t.Context(), "eu", stream.Limits{MaxBacklog: 64 << 20, MaxLetters: bytes}); err != nil {
			t.Fatal(err)
		}
	}
	limit(10)
	s.send(t, "eu", `no event`)
	eventually(t, "the account pauses", func() bool { p := s.statusOf(t, "eu").Pause; return p != nil && p.Reason == "dead_letter" })
	limit(1 << 20)
	if n, err := s.Delete(t.Context(), "eu", ""); n != 0 || err != nil {
		t.Errorf("%d are deleted, %v", n, err)
	}
	eventually(t, "the letter is kept", func() bool { return s.statusOf(t, "eu").DeadLetterCount() == 1 })
	eventually(t, "the pause ends", func() bool { return s.statusOf(t, "eu").Pause == nil })
}

// TestPauseEndsWithTheLease checks that a pause ends with the lease, so that the account can be
// owned again immediately.
func TestPauseEndsWithTheLease(t *testing.T) {
	engine, err := stream.Embed(stream.EmbedConfig{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close()
	kept, err := engine.Account(t.Context(), "eu", stream.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	lease, err := kept.Own(t.Context(), stream.Claim{Owner: "test", Lease: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	a := &account{name: "eu", logger: slog.New(slog.DiscardHandler), wake: make(chan struct{}, 1)}
	place, err := placeOf(lease, kept, a.logger)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		a.pauseFor(t.Context(), lease, place, client.ErrUnauthorized)
	}()
	if err := lease.Release(t.Context(), lease.Checkpoint(), ""); err != nil {
		t.Fatal(err)
	}
	select {
	case <-ended:
	case <-time.After(untilMended / 2):
		t.Error("the pause outlasts the lease")
	}
}

// TestOutageIsShownWithLittleTraffic checks that an outage shows within 80 seconds, also if no other
// event comes, and that what has failed is sent once Klaviyo responds again.
func TestOutageIsShownWithLittleTraffic(t *testing.T) {
	outside, err := stream.Embed(stream.EmbedConfig{Dir: t.TempDir()}) // as in TestOutageIsShown
	if err != nil {
		t.Fatal(err)
	}
	defer outside.Close()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)))
		var down atomic.Bool
		k := klaviyotest.New(klaviyotest.WithKey("pk_right"))
		k.Inject(klaviyotest.Fault{Times: -1, Status: http.StatusServiceUnavailable, When: func(*http.Request) bool { return down.Load() }})
		s := serveTo(t, dir, map[string]*klaviyotest.Klaviyo{"eu": k}, testAccount("eu"))
		s.send(t, "eu", track(0, 0))
		time.Sleep(time.Second)
		sent := 1
		for _, events := range []int{1, 3} { // one a minute
			down.Store(true)
			for range events {
				s.send(t, "eu", track(sent, sent))
				sent++
				time.Sleep(time.Minute)
			}
			time.Sleep(20 * time.Second) // the retries may take a minute, and the probe begins 15 seconds later
			if pause := s.statusOf(t, "eu").Pause; pause == nil || pause.Reason != "unavailable" {
				t.Errorf("%+v", pause)
			}
			down.Store(false)
			time.Sleep(time.Minute)
			if got := s.arrived("eu"); got != sent || s.statusOf(t, "eu").Pause != nil {
				t.Errorf("%d events of %d have arrived, and %+v", got, sent, s.statusOf(t, "eu").Pause)
			}
		}
		s.stop()
	})
}
