package command

import (
	"fmt"
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
		b := newBar(1_000, 0)
		if got := b.line(0, held{}, "begun"); got != "begun" {
			t.Errorf("with nothing done: %q", got)
		}
		var line string
		for done := int64(100); done <= 500; done += 100 {
			time.Sleep(time.Second)
			line = b.line(done, held{}, "text")
		}
		if !regexp.MustCompile(`^50% .*\[5s:[3-7]s\] text$`).MatchString(line) {
			t.Errorf("%q", line)
		}
		if back := b.line(300, held{}, "text"); !strings.HasPrefix(back, "50%") {
			t.Errorf("the percentage decreases: %q", back)
		}
		if over := b.line(1_200, held{}, "end"); !strings.HasPrefix(over, "99%") || !strings.HasSuffix(over, " end") {
			t.Errorf("at the end: %q", over)
		}
		if unknown := newBar(0, 0).line(500, held{}, "text"); unknown != "text" {
			t.Errorf("without a total: %q", unknown)
		}
	})
}

// TestTimeLeftIsThatOfTheLimits once the calls of a burst are spent: of three minutes' calls,
// and of as many that an earlier run has made half of.
func TestTimeLeftIsThatOfTheLimits(t *testing.T) {
	var events strings.Builder
	for i := range 9_000 {
		events.WriteString(track(100_000+i, fmt.Sprint("m", 100_000+i)) + "\n")
	}
	for name, args := range map[string][]string{
		"single":    nil,
		"the share": {"--quota-share=0.5", "--from-line=4501"},
	} {
		synctest.Test(t, func(t *testing.T) {
			file := write(t, "events.jsonl", events.String())
			start := time.Now()
			stderr := account(klaviyotest.New()).onTerminal(t, append(append([]string{"send"}, args...), file)...)
			took := time.Since(start)
			times := regexp.MustCompile(`\[([0-9ms]+):([0-9ms]+)\]`).FindAllStringSubmatch(stderr, -1)
			if took < 2*time.Minute || len(times) < int(took.Seconds())-5 {
				t.Fatalf("%s: %v with %d lines", name, took, len(times))
			}
			for _, at := range times {
				elapsed, err1 := time.ParseDuration(at[1])
				left, err2 := time.ParseDuration(at[2])
				if off := elapsed + left - took; err1 != nil || err2 != nil || elapsed >= 12*time.Second && off.Abs() > took/8 {
					t.Errorf("%s: after %v of %v, %v are left", name, elapsed, took, left)
				}
			}
		})
	}
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
