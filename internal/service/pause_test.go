package service

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rudderklaviyo/rudderklaviyo/client"
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
		{fmt.Errorf("%w: %w", transfer.ErrLetter, stream.ErrFull), "dead_letter", 5 * time.Second},
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

// TestPausesInTheGuide holds the guide's table to the reasons that there are.
func TestPausesInTheGuide(t *testing.T) {
	page, err := os.ReadFile("../../docs/service.md")
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
