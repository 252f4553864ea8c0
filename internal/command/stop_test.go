package command

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/client/klaviyotest"
	"github.com/rudderklaviyo/rudderklaviyo/internal/input"
	"github.com/rudderklaviyo/rudderklaviyo/internal/transfer"
)

// TestStoppedSendSaysTheSameInEachForm compares the JSON summary of a stopped run with its table
// and its last lines.
func TestStoppedSendSaysTheSameInEachForm(t *testing.T) {
	path := write(t, "events.jsonl", lines(
		`{"type":"page"}`, track(1, "m1"), `{"type":"track","event":"Ping","userId":"7"}`, `{"type":"identify","traits":{"email":"p1@example.com","phone":"12"}}`, track(1, "m2"), track(1, "m3"))) // of one person, so one by one
	run := func(args ...string) (r result) {
		synctest.Test(t, func(t *testing.T) {
			k := klaviyotest.New()
			refused := klaviyotest.Unauthorized()
			refused.When = func(req *http.Request) bool { return hasBody(req, `"m2"`) }
			k.Inject(refused)
			r = account(k).run(t, append(append([]string{"send", "--concurrency=1"}, args...), path)...)
		})
		r.want(t, statusStopped)
		requestID := regexp.MustCompile(`request id \w+`) // differs from run to run
		r.stdout, r.stderr = requestID.ReplaceAllString(r.stdout, ""), requestID.ReplaceAllString(r.stderr, "")
		return r
	}
	var sum summary
	decoder := json.NewDecoder(strings.NewReader(run("--output=json").stdout))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&sum); err != nil {
		t.Fatal(err)
	}
	if sum.NotDone != 2 || sum.Failed != 1 || sum.Skips["unsupported_type"] != 1 || sum.Warnings["invalid_phone"] != 1 {
		t.Errorf("%+v", sum)
	}
	if sum.Stopped == nil {
		t.Fatal("the summary doesn't say that the run stopped")
	}
	if sum.Stopped.Code != "unauthorized" || sum.Stopped.File != path || sum.Stopped.Line != 5 {
		t.Errorf("%+v", sum.Stopped)
	}
	if command := "rudderklaviyo send --concurrency=1 --output=json --from-line=5 " + path; sum.Stopped.Command != command {
		t.Errorf("%s, want %s", sum.Stopped.Command, command)
	}
	table := run()
	sum.Stopped.Command = strings.Replace(sum.Stopped.Command, " --output=json", "", 1)
	if want := "rudderklaviyo: " + sum.Stopped.Error() + "\n"; !strings.HasSuffix(table.stderr, want) {
		t.Errorf("the last lines of\n%sare not\n%s", table.stderr, want)
	}
	sum.Forms = input.Forms{input.FormJSONLines: sum.Events} // left out where there are no others
	var printed strings.Builder
	if err := sum.printTable(&printed); err != nil {
		t.Fatal(err)
	}
	withoutTime := regexp.MustCompile(`seconds .*`)
	if diff := cmp.Diff(withoutTime.ReplaceAllString(printed.String(), ""), withoutTime.ReplaceAllString(table.stdout, "")); diff != "" {
		t.Errorf("the table made from the JSON summary, and the printed table (-want +got)\n%s", diff)
	}
}

func TestStopCodes(t *testing.T) {
	for _, tt := range []struct {
		reason error
		want   string
	}{
		{fmt.Errorf("context: %w", context.Canceled), "interrupted"},
		{fmt.Errorf("%w: no space left", transfer.ErrLetter), "dead_letter"},
		{fmt.Errorf("%w: no space left", errCheckpoint), "checkpoint"},
		{transfer.ErrIncompleteLine, "incomplete_line"},
		{&input.ReadError{File: "events.jsonl", Line: 3, Err: io.ErrUnexpectedEOF}, "input"},
		{fmt.Errorf("no request was answered: %w", client.ErrUnavailable), "unavailable"},
		{fmt.Errorf("requests do not reach Klaviyo's API: %w", client.ErrMisdirected), "misdirected"},
		{client.ErrUnauthorized, "unauthorized"},
		{client.ErrRevisionRetired, "revision_retired"},
		{client.ErrRateLimited, "rate_limited"},
		{errors.New("another"), "unknown"},
	} {
		if got := newStop(t.Context(), tt.reason).Code; got != tt.want {
			t.Errorf("%v: %s, want %s", tt.reason, got, tt.want)
		}
	}
}

func TestSendToABrokenOutput(t *testing.T) {
	p := Program{
		Stdin:  strings.NewReader(identify(1)),
		Stdout: &brokenWriter{0, errors.New("disk full")},
		Stderr: io.Discard,
		Getenv: func(string) string { return "" },
	}
	if status := p.Run(t.Context(), []string{"send", "--simulate"}); status != statusStopped {
		t.Errorf("status %d", status)
	}
}

func TestRefusedKeyStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := klaviyotest.New(klaviyotest.WithKey("pk_another"))
		events := write(t, "events.jsonl", strings.Repeat(identify(1)+"\n", 100))
		file := filepath.Join(t.TempDir(), "dead.jsonl")
		r := account(k).run(t, "send", "--output=json", "--dead-letter", file, events)
		r.want(t, statusStopped, "KLAVIYO_API_KEY", "stopped at line 1 of", "rudderklaviyo send --dead-letter="+file+" --output=json --from-line=1 "+events)
		if got := r.counts(t); got["requests"] != 1 || got["delivered"] != 0 {
			t.Errorf("%v", got)
		}
		if text := read(t, file); text != "" {
			t.Errorf("dead letters:\n%s", text)
		}
	})
}

func TestKlaviyoThatIsNotThereStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := klaviyotest.New()
		var events []string
		for i := range 100 {
			events = append(events, track(0, fmt.Sprint("m", i)))
		}
		path := write(t, "events.jsonl", lines(events...))
		k.Inject(klaviyotest.Slow(0), klaviyotest.Slow(0), klaviyotest.Fault{Reset: true, Times: -1})
		r := account(k).run(t, "send", "--output=json", path)
		r.want(t, statusStopped, "no request got a response for 5m0s", "stopped at line 7 of", "--from-line=7")
		if got := r.counts(t); got["delivered"] != 2 || got["failed"] != 4 || got["not_done"] != 94 {
			t.Errorf("%v", got)
		}
	})
}

func TestInputThatBreaksOff(t *testing.T) {
	k := klaviyotest.New()
	first, second := write(t, "first.jsonl", lines(identify(1), identify(2))), write(t, "second.jsonl", identify(3))
	s := account(k)
	s.stdin = io.MultiReader(strings.NewReader(lines(identify(1), identify(2))), failingReader{})
	r := s.run(t, "send", "--output=json", first, "-", second)
	r.want(t, statusStopped, "stopped at line 3 of standard input: input/output error\n", "--from-line=3 - "+second)
	if got := r.counts(t); got["delivered"] != 4 {
		t.Errorf("%v", got)
	}
}

type failingReader struct{}

func (failingReader) Read([]byte) (int, error) { return 0, errors.New("input/output error") }
