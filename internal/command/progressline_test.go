package command

import (
	"bytes"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/client/klaviyotest"
)

// onTerminal runs a command line whose standard error is a terminal.
func (s setup) onTerminal(t *testing.T, args ...string) string {
	t.Helper()
	var stderr bytes.Buffer
	p := Program{Stdin: s.stdin, Stdout: &bytes.Buffer{}, Stderr: &stderr, StderrIsTerminal: true, NoPreflight: !s.preflight,
		Transport: s.transport, Getenv: func(name string) string { return s.env[name] }}
	p.Run(t.Context(), args)
	return stderr.String()
}

// TestProgressOnADumbTerminal would be full of escapes that it doesn't know.
func TestProgressOnADumbTerminal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := klaviyotest.New()
		k.Inject(klaviyotest.RateLimited(5 * time.Second))
		s := account(k)
		s.env["TERM"] = "dumb"
		s.stdin = strings.NewReader(lines(identify(1)))
		if stderr := s.onTerminal(t, "send"); strings.ContainsAny(stderr, "\r\x1b") {
			t.Errorf("%q", stderr)
		}
	})
}

func TestProgressOnATerminal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := klaviyotest.New()
		k.Inject(klaviyotest.RateLimited(5 * time.Second))
		s := account(k)
		s.stdin = strings.NewReader(lines(identify(1), `{"type":"page"}`, `{"type":"track","event":"Ping","userId":"7"}`))
		stderr := s.onTerminal(t, "send")
		line := noWrap + "events done: 2, delivered: 0, dead-lettered: 0, failed: 1; 0 requests/s; waiting for Klaviyo's limits" + wrap + eraseLine
		if n := strings.Count(stderr, line); n < 3 {
			t.Errorf("the line is shown and taken away %d times:\n%q", n, stderr)
		}
		if strings.Contains(stderr, "p1@") {
			t.Error("the line shows personal data")
		}
		if !strings.Contains(stderr, eraseLine+"rudderklaviyo: ") {
			t.Errorf("the last line stands in the way of what follows: %q", stderr)
		}
	})
}

func TestProgressInTheLog(t *testing.T) {
	for level, want := range map[string]int{"info": 3, "warn": 0} {
		synctest.Test(t, func(t *testing.T) {
			k := klaviyotest.New()
			k.Inject(klaviyotest.RateLimited(100 * time.Second))
			s := account(k)
			s.stdin = strings.NewReader(lines(identify(1)))
			r := s.run(t, "send", "--log-level", level)
			r.want(t, statusDone)
			const line = `msg=progress done=0 delivered=0 dead_lettered=0 failed=0 requests_per_second=0 waits_for="Klaviyo's limits"`
			if got := strings.Count(r.stderr, "msg=progress"); got != want || want > 0 && !strings.Contains(r.stderr, line) {
				t.Errorf("%s: %d lines, want %d:\n%s", level, got, want, r.stderr)
			}
		})
	}
}

func TestProgressOfAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := account(klaviyotest.New())
		s.transport = away{}
		s.stdin = strings.NewReader(lines(identify(1)))
		if stderr := s.onTerminal(t, "send"); !strings.Contains(stderr, "waiting for Klaviyo to answer again") {
			t.Errorf("%q", stderr)
		}
	})
}

// away is a network without Klaviyo.
type away struct{}

func (away) RoundTrip(*http.Request) (*http.Response, error) { return nil, errors.New("no route") }
