package command

import (
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/client/klaviyotest"
)

// TestBar has a tenth of an input done every second, and the input grow at the end.
func TestBar(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBar(1_000)
		if got := b.line(0, "begun"); got != "begun" {
			t.Errorf("with nothing done: %q", got)
		}
		var line string
		for done := int64(100); done <= 500; done += 100 {
			time.Sleep(time.Second)
			line = b.line(done, "text")
		}
		if !regexp.MustCompile(`^50% .*\[5s:[3-7]s\] text$`).MatchString(line) {
			t.Errorf("%q", line)
		}
		if back := b.line(300, "text"); !strings.HasPrefix(back, "50%") {
			t.Errorf("it goes back: %q", back)
		}
		if over := b.line(1_200, "end"); !strings.HasPrefix(over, "99%") || !strings.HasSuffix(over, " end") {
			t.Errorf("at the end: %q", over)
		}
		if unknown := newBar(0).line(500, "text"); unknown != "text" {
			t.Errorf("without a total: %q", unknown)
		}
	})
}

// TestBarOfASend is held up by Klaviyo when a half is done.
func TestBarOfASend(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := klaviyotest.New()
		k.Inject(klaviyotest.RateLimited(9 * time.Second))
		events := write(t, "events.jsonl", lines(`{"type":"page","userId":"1234567","context":{"traits":{"email":"p1@example.com"}}}`, identify(1)))
		stderr := account(k).onTerminal(t, "send", events)
		if !regexp.MustCompile(`\x1b\[\?7l {0,2}(49|50)% .*\] events done: 1, .* waiting for Klaviyo's limits`).MatchString(stderr) {
			t.Errorf("%q", stderr)
		}
		k.Inject(klaviyotest.RateLimited(9 * time.Second))
		if quiet := account(k).onTerminal(t, "send", "--quiet", events); strings.ContainsAny(quiet, "\r") || strings.Contains(quiet, "events done") {
			t.Errorf("--quiet: %q", quiet)
		}
	})
}
