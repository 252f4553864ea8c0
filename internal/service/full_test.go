package service

import (
	"errors"
	"strings"
	"testing"

	"github.com/rudderklaviyo/rudderklaviyo/internal/config"
	"github.com/rudderklaviyo/rudderklaviyo/internal/stream"
)

// TestFullBacklogIsShown once events are refused, until there is room for them.
func TestFullBacklogIsShown(t *testing.T) {
	eu := testAccount("eu")
	eu.Key, eu.MaxBacklog = "pk_wrong", 20_000
	s := serve(t, t.TempDir(), eu)
	large := `{"type":"track","event":"Ping","properties":{"email":"p@example.com","text":"` + strings.Repeat("x", 8_000) + `"}}`
	s.send(t, "eu", large)
	s.send(t, "eu", large)
	check := func(want bool, when string) {
		t.Helper()
		text, _ := scrape(t, s.Service)
		shown := !s.statusOf(t, "eu").Backlog.FullSince.IsZero()
		if measured := strings.Contains(text, `rudderklaviyo_backlog_full{account="eu"} 1`); shown != want || measured != want {
			t.Errorf("%s the status is %t and the metric %t", when, shown, measured)
		}
	}
	check(false, "before an event is refused")
	if err := s.Publish(t.Context(), "eu", []byte(large), 1, "refused"); !errors.Is(err, stream.ErrFull) {
		t.Fatal(err)
	}
	check(true, "after that")
	eu.Key = "pk_right"
	if err := s.Reload(t.Context(), []config.Account{eu}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "there is room", func() bool { return s.statusOf(t, "eu").Backlog.FullSince.IsZero() })
	check(false, "with room")
}
