package service

import (
	"strings"
	"testing"

	"github.com/rudderklaviyo/rudderklaviyo/internal/config"
	"github.com/rudderklaviyo/rudderklaviyo/internal/deadletter"
	"github.com/rudderklaviyo/rudderklaviyo/internal/stream"
	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// letterEvents returns the texts of the events that an account has dead letters of.
func (s *served) letterEvents(t *testing.T, account string) map[string]bool {
	t.Helper()
	events := map[string]bool{}
	for letter, err := range s.account(account).kept.Letters(t.Context(), "", 0) {
		if err != nil {
			t.Fatal(err)
		}
		record, err := deadletter.Parse(letter.Record)
		if err != nil {
			t.Fatal(err)
		}
		events[string(record.Event)] = true
	}
	return events
}

// TestDeadLetters checks that events that can't be delivered are stored once, and delivered by a
// replay after the cause is fixed.
func TestDeadLetters(t *testing.T) {
	eu := testAccount("eu")
	s := serve(t, t.TempDir(), eu)
	s.send(t, "eu", `{"type":"track","event":"Ping","userId":"7"}`)
	s.send(t, "eu", `no event`)
	s.send(t, "eu", track(1, 1))
	eventually(t, "the dead letters are kept", func() bool { return s.statusOf(t, "eu").DeadLetterCount() == 2 && s.arrived("eu") == 1 })
	if got := s.statusOf(t, "eu").DeadLetters; got["missing_identifier"] != 1 {
		t.Errorf("%v", got)
	}
	eu.Mapping = mapper.Config{AllowExternalIDOnly: true}
	if err := s.Reload(t.Context(), []config.Account{eu}); err != nil {
		t.Fatal(err)
	}
	if n, err := s.Replay(t.Context(), "eu", "missing_identifier"); n != 1 || err != nil {
		t.Errorf("%d are replayed, %v", n, err)
	}
	eventually(t, "the event arrives", func() bool { return s.arrived("eu") == 2 })
	if n, err := s.Replay(t.Context(), "eu", ""); n != 1 || err != nil {
		t.Errorf("%d are replayed, %v", n, err)
	}
	eventually(t, "the other is a dead letter again", func() bool { return s.statusOf(t, "eu").Counts.DeadLettered == 3 })
	if got := s.statusOf(t, "eu").DeadLetterCount(); got != 1 {
		t.Errorf("%d dead letters", got)
	}
}

// TestLetterOfADamagedMessage checks that the dead letter of a message that can't be read has all
// of it: once the letter is stored, the message is removed.
func TestLetterOfADamagedMessage(t *testing.T) {
	s := serve(t, t.TempDir(), testAccount("eu"))
	const damaged = "not what a gateway stores"
	if err := s.Publish(t.Context(), "eu", []byte(damaged), 1, "damaged"); err != nil {
		t.Fatal(err)
	}
	s.send(t, "eu", track(1, 1))
	eventually(t, "the next event arrives", func() bool { return s.statusOf(t, "eu").DeadLetters["damaged_message"] == 1 && s.arrived("eu") == 1 })
	if got := s.letterEvents(t, "eu"); !got[damaged] {
		t.Errorf("the dead letter has %v", got)
	}
}

// TestLetterOfTheLargestEvent checks that the dead letter of the largest event can be stored,
// whatever its text. Otherwise the account's delivery would stop there.
func TestLetterOfTheLargestEvent(t *testing.T) {
	const size = 4 << 20
	if got := deadletter.MaxRecord(stream.MaxMessage); got > stream.MaxLetter {
		t.Errorf("a record may have %d bytes, and %d are kept", got, stream.MaxLetter)
	}
	s := serve(t, t.TempDir(), testAccount("eu"))
	bodies := []string{
		strings.Repeat("\x01", size),
		strings.Repeat("\xff", size),
		strings.Repeat("\"", size),
		`{"type":"track","event":"Ping","properties":{"email":"p1@example.com","` + strings.Repeat("k", size-200) + `":1e999}}`,
	}
	for _, body := range bodies {
		s.send(t, "eu", body)
	}
	s.send(t, "eu", track(1, 1))
	eventually(t, "the event behind them is delivered", func() bool { return s.arrived("eu") >= 1 })
	eventually(t, "all events are done", func() bool { status := s.statusOf(t, "eu"); return status.Err == nil && status.Backlog.Events == 0 })
	if p := s.statusOf(t, "eu").Pause; p != nil {
		t.Errorf("%+v", p)
	}
	kept := s.letterEvents(t, "eu")
	for i, body := range bodies[:3] {
		if !kept[body] {
			t.Errorf("the letter of body %d hasn't its event", i)
		}
	}
}
