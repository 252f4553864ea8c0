package transfer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/client/klaviyotest"
	"github.com/rudderklaviyo/rudderklaviyo/internal/delivery"
	"github.com/rudderklaviyo/rudderklaviyo/internal/input"
	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// reused is a source whose events share one buffer, as the events of a reader may.
type reused struct {
	texts  []string
	line   int
	buffer []byte
}

func (r *reused) Next(context.Context) (input.Event, error) {
	if r.line == len(r.texts) {
		return input.Event{}, io.EOF
	}
	r.buffer = append(r.buffer[:0], r.texts[r.line]...)
	r.line++
	return input.Event{
		Position: input.Position{Line: r.line}, Next: input.Position{Line: r.line + 1}, Text: r.buffer, Ended: true,
	}, nil
}

// letterTexts stores the texts of dead letters.
type letterTexts struct {
	mu    sync.Mutex
	texts []string
}

func (l *letterTexts) Keep(letters []Letter) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, letter := range letters {
		l.texts = append(l.texts, string(letter.Text))
	}
	return nil
}

type failingPlace struct{ err error }

func (p failingPlace) Save(input.Position, Counts) error { return p.err }

// newTransfer returns a transfer of events to a Klaviyo account.
func newTransfer(t *testing.T, k *klaviyotest.Klaviyo, change func(*Config), texts ...string) *Transfer {
	t.Helper()
	c, err := client.New("pk_test", client.WithHTTPClient(&http.Client{Transport: k.Transport()}))
	if err != nil {
		t.Fatal(err)
	}
	m, err := mapper.New(mapper.Config{})
	if err != nil {
		t.Fatal(err)
	}
	cfg := Config{
		Source: &reused{texts: texts}, Files: 1, From: input.Position{Line: 1}, Client: c, Mapper: m,
		Text:   func(e input.Event) ([]byte, error) { return e.Text, nil },
		Logger: slog.New(slog.DiscardHandler), Where: func(delivery.Position) []any { return nil },
	}
	change(&cfg)
	return New(t.Context(), cfg)
}

func ping(id string) string {
	return fmt.Sprintf(`{"type":"track","event":"Ping","messageId":%q,"properties":{"email":"ana@example.com"}}`, id)
}

// TestRepeats checks that only events with a messageId can be repeats, and that IsRepeat isn't
// called for others.
func TestRepeats(t *testing.T) {
	k := klaviyotest.New(klaviyotest.WithoutLimits())
	asked := 0
	transfer := newTransfer(t, k, func(cfg *Config) { cfg.IsRepeat = func() bool { asked++; return true } },
		ping("m1"), ping(""), `{"type":"page","messageId":"m2"}`)
	if err := transfer.Run(); err != nil {
		t.Fatal(err)
	}
	if got := len(k.Events()); asked != 1 || got != 1 || transfer.stats.Skips[SkipRepeated] != 1 {
		t.Errorf("IsRepeat called %d times, %d events delivered, skipped %v", asked, got, transfer.stats.Skips)
	}
}

// TestLargeEventOutlivesItsSource checks that the text of a large event that Klaviyo rejects later
// is still that of the event, although the source reuses its memory.
func TestLargeEventOutlivesItsSource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := klaviyotest.New()
		k.Inject(klaviyotest.Fault{Status: http.StatusBadRequest, Code: "invalid", Delay: time.Second, Times: 1})
		large := func(id, padding string) string { // the requests don't have the padding
			return strings.Replace(ping(id), "{", `{"padding":"`+strings.Repeat(padding, delivery.LargeText)+`",`, 1)
		}
		var letters letterTexts
		texts := []string{large("large", "x")}
		for n := range 20 { // so that the rejection isn't blamed on the revision
			texts = append(texts, large(fmt.Sprint("m", n), "y"))
		}
		if err := newTransfer(t, k, func(cfg *Config) { cfg.Letters = &letters }, texts...).Run(); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(letters.texts, texts[:1]) {
			t.Errorf("%d dead letters, want the large event with its text", len(letters.texts))
		}
	})
}

func TestIsIncomplete(t *testing.T) {
	for _, tt := range []struct {
		name string
		line input.Event
		want bool
	}{
		{"complete", input.Event{Ended: true, Text: []byte("{")}, false},
		{"without a newline", input.Event{Text: []byte("{}")}, false},
		{"cut", input.Event{Position: input.Position{File: 1}, Text: []byte("{")}, true},
		{"cut, too long", input.Event{Position: input.Position{File: 1}, TooLong: true}, true},
		{"cut, of a file that isn't the last", input.Event{Text: []byte("{")}, false},
	} {
		if got := IsIncomplete(tt.line, 2); got != tt.want {
			t.Errorf("%s: %t", tt.name, got)
		}
	}
}

// TestPlaceThatCanNotBeSaved checks that Run returns the error of the last call of Place.
func TestPlaceThatCanNotBeSaved(t *testing.T) {
	full := errors.New("no space left")
	for name, err := range map[string]error{"saved": nil, "not saved": full} {
		transfer := newTransfer(t, klaviyotest.New(), func(cfg *Config) { cfg.Place, cfg.PlaceInterval = failingPlace{err}, time.Hour }, ping("m1"))
		if got := transfer.Run(); !errors.Is(got, err) {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// slow is a source that ends after a while.
type slow struct {
	reused
	end time.Duration
}

func (s *slow) Next(ctx context.Context) (input.Event, error) {
	if s.line == len(s.texts) {
		time.Sleep(s.end)
	}
	return s.reused.Next(ctx)
}

type failingLetters struct {
	takes time.Duration
	err   error
}

func (l failingLetters) Keep([]Letter) error {
	time.Sleep(l.takes)
	return l.err
}

// TestHeldLetterThatCanNotBeStored checks that a run fails if a held letter can't be stored, also
// if all events have been read and sent by then.
func TestHeldLetterThatCanNotBeStored(t *testing.T) {
	for name, err := range map[string]error{"stored": nil, "not stored": ErrLetter} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k := klaviyotest.New()
				k.Inject(klaviyotest.Fault{Status: http.StatusBadRequest})
				transfer := newTransfer(t, k, func(cfg *Config) {
					cfg.Source = &slow{reused{texts: []string{`{"type":"identify","traits":{"email":"a@example.com"}}`}}, maxHold + 2*time.Second}
					cfg.Letters = failingLetters{10 * time.Second, err} // the source ends meanwhile
					cfg.Place, cfg.PlaceInterval = failingPlace{nil}, time.Second
				})
				if got := transfer.Run(); !errors.Is(got, err) {
					t.Errorf("Run returned %v, want %v", got, err)
				}
				if at, counts := transfer.First(); err == nil && (at.Line != 2 || counts.DeadLettered != 1) || err != nil && at.Line != 1 {
					t.Errorf("first undone is %+v, after %+v", at, counts)
				}
			})
		})
	}
}
