package command

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/client/klaviyotest"
	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
	"github.com/rudderklaviyo/rudderklaviyo/internal/input"
	"github.com/rudderklaviyo/rudderklaviyo/internal/transfer"
)

// counts gives the numbers of a summary in JSON, but for the time.
func (r result) counts(t *testing.T) map[string]int {
	t.Helper()
	var object map[string]any
	decoder := json.NewDecoder(strings.NewReader(r.stdout))
	if err := decoder.Decode(&object); err != nil || decoder.More() {
		t.Fatalf("stdout is not one object: %q", r.stdout)
	}
	if _, ok := object["seconds"]; !ok {
		t.Error("the summary lacks seconds")
	}
	delete(object, "seconds")
	counts := map[string]int{}
	for name, value := range object {
		if number, ok := value.(float64); ok {
			counts[name] = int(number)
		}
	}
	return counts
}

// messageIDs lists the events that Klaviyo accepted.
func messageIDs(k *klaviyotest.Klaviyo) []string {
	var ids []string
	for _, event := range k.Events() {
		ids = append(ids, event.UniqueID)
	}
	return ids
}

func TestSend(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := klaviyotest.New(klaviyotest.WithKey(key))
		k.Inject(klaviyotest.RateLimited(time.Second))
		events := write(t, "events.jsonl", lines(identify(1), "", track(1, "m1"), `{"type":"page"}`, track(2, "m2"), `{"type":"track","event":"Ping","userId":"7"}`))
		r := account(k).run(t, "send", "--output", "json", events)
		r.want(t, statusDeadLetters, "missing_identifier", "line=6", "--dead-letter FILE")
		want := map[string]int{"events": 5, "delivered": 3, "skipped": 1, "dead_lettered": 0, "failed": 1, "not_done": 0, "requests": 4, "retries": 1, "rate_limited": 1}
		if diff := cmp.Diff(want, r.counts(t)); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
		if got := messageIDs(k); len(got) != 2 {
			t.Errorf("events %v", got)
		}
		if _, ok := k.Profile("p1@example.com"); !ok {
			t.Error("the profile is missing")
		}
	})
}

func TestSendPrintsATable(t *testing.T) {
	text := lines(identify(1), `{"type":"identify","traits":{"email":"a@example.com","phone":"12"}}`, `{"type":"page"}`)
	r := setup{stdin: strings.NewReader(text)}.run(t, "send", "--simulate")
	r.want(t, statusDone, "simulation")
	got := regexp.MustCompile(` +`).ReplaceAllString(r.stdout, " ")
	got = regexp.MustCompile(`seconds .*`).ReplaceAllString(got, "seconds …")
	want := "events 3\ndelivered 2\nskipped 1\nfailed 0\nrequests 2\nretries 0\nrate limited 0\nseconds …\nsimulation limits\nevents from JSON Lines 3\nskipped as unsupported_type 1 line 3\nwarning invalid_phone 1 line 2\nTo see why:\n rudderklaviyo explain --line 3 -\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestWarningsAreShownOnRequest(t *testing.T) {
	text := `{"type":"identify","traits":{"email":"a@example.com","phone":"12"}}`
	for level, want := range map[string]bool{"info": true, "warn": false} {
		r := setup{stdin: strings.NewReader(text)}.run(t, "send", "--simulate", "--log-level", level)
		if got := strings.Contains(r.stderr, "line=1 code=invalid_phone message="); got != want {
			t.Errorf("%s: shown: %t\n%s", level, got, r.stderr)
		}
	}
	r := setup{stdin: strings.NewReader(text)}.run(t, "send", "--simulate", "--output=json")
	r.want(t, statusDone)
	if !strings.Contains(r.stdout, `"warnings":{"invalid_phone":1}`) {
		t.Errorf("%s", r.stdout)
	}
}

// TestStoppedSendSaysTheSameInEachForm compares the JSON of a stopped run with its table and
// its last lines.
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
		t.Fatal("it doesn't say that it stopped")
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
		t.Errorf("the table of what JSON has, and the table (-want +got)\n%s", diff)
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

// TestEventsThatFail counts them apart from those that a file keeps, and says before it
// sends anything that nothing else will keep them.
func TestEventsThatFail(t *testing.T) {
	const notice = "events that fail are only logged"
	path := write(t, "events.jsonl", lines(`{"type":"track","event":"Ping","userId":"7"}`, track(1, "m1")))
	for _, tt := range []struct {
		args         []string
		deadLettered int
		notice       bool
		log          string
	}{
		{nil, 0, true, `msg="event failed"`},
		{[]string{"--no-dead-letter"}, 0, false, `msg="event failed"`},
		{[]string{"--no-dead-letter", "--checkpoint", progressFile(t)}, 0, false, `msg="event failed"`},
		{[]string{"--dead-letter", filepath.Join(t.TempDir(), "dead.jsonl"), "--log-level=info"}, 1, false, `msg="event dead-lettered"`},
	} {
		r := account(klaviyotest.New()).run(t, append(append([]string{"send", "--output=json"}, tt.args...), path)...)
		r.want(t, statusDeadLetters, tt.log)
		if got := r.counts(t); got["dead_lettered"] != tt.deadLettered || got["failed"] != 1-tt.deadLettered || got["not_done"] != 0 {
			t.Errorf("%v: %v", tt.args, got)
		}
		if strings.Contains(r.stderr, notice) != tt.notice || tt.notice && strings.Index(r.stderr, notice) > strings.Index(r.stderr, tt.log) {
			t.Errorf("%v: %s", tt.args, r.stderr)
		}
	}
}

// TestFailedEventsOfEarlierRuns counts them after the checkpoint is taken up.
func TestFailedEventsOfEarlierRuns(t *testing.T) {
	saved := progressFile(t)
	path := write(t, "events.jsonl", lines(`{"type":"track","event":"Ping","userId":"7"}`, track(1, "m1")))
	account(klaviyotest.New()).run(t, "send", "--no-dead-letter", "--checkpoint", saved, path).want(t, statusDeadLetters, "events failed: 1")
	r := account(klaviyotest.New()).run(t, "send", "--output=json", "--no-dead-letter", "--checkpoint", saved, path)
	r.want(t, statusDeadLetters, "Nothing to send", "events failed: 1")
	if got := r.counts(t); got["failed"] != 1 || got["delivered"] != 1 || got["earlier_events"] != 2 {
		t.Errorf("%v", got)
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

// noTransport is a network that must not be used.
type noTransport struct{ t *testing.T }

func (n noTransport) RoundTrip(*http.Request) (*http.Response, error) {
	n.t.Error("a request left the program")
	return nil, errors.New("no network")
}

func TestSimulationNeedsNothing(t *testing.T) {
	r := setup{transport: noTransport{t}, stdin: strings.NewReader(lines(identify(1), identify(1), track(1, "m")))}.
		run(t, "send", "--simulate", "--output=json")
	r.want(t, statusDone, "simulation")
	// The second identify is of a known profile, and takes one request.
	if got := r.counts(t); got["delivered"] != 3 || got["requests"] != 3 {
		t.Errorf("%v", got)
	}
}

func TestExternalIDAlone(t *testing.T) {
	event := `{"type":"track","event":"Ping","userId":"42"}`
	for args, status := range map[string]int{
		"":                         statusDeadLetters,
		"--allow-external-id-only": statusDone,
		"--allow-external-id-only --enforce-email-as-primary": statusDeadLetters,
	} {
		s := setup{stdin: strings.NewReader(event)}
		s.run(t, append([]string{"send", "--simulate"}, strings.Fields(args)...)...).want(t, status)
	}
}

// TestSendKeepsTheOrderOfPeople lets answers come after random times, some as
// failures that pass.
func TestSendKeepsTheOrderOfPeople(t *testing.T) {
	for seed := range uint64(5) {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 2))
			k := klaviyotest.New()
			var events []string
			want := map[string][]string{}
			for i := range 300 {
				person := random.IntN(10)
				id := fmt.Sprintf("m%03d", i)
				email := fmt.Sprintf("p%d@example.com", person)
				want[email] = append(want[email], id)
				events = append(events, track(person, id))
				fault := klaviyotest.Slow(time.Duration(random.IntN(3000)) * time.Millisecond)
				if random.IntN(10) == 0 {
					fault = klaviyotest.ServerError()
				}
				k.Inject(fault)
			}
			r := account(k).run(t, "send", write(t, "events.jsonl", lines(events...)))
			r.want(t, statusDone)

			got := map[string][]string{}
			for _, request := range k.Requests() {
				if request.Status != http.StatusAccepted {
					continue
				}
				var body klaviyo.EventCreateQuery
				if err := json.Unmarshal(request.Body, &body); err != nil {
					t.Fatal(err)
				}
				email := body.Data.Attributes.Profile.Email
				got[email] = append(got[email], body.Data.Attributes.UniqueID)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("seed %d: (-want +got)\n%s", seed, diff)
			}
		})
	}
}

func TestDeadLetters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := klaviyotest.New()
		k.Inject(klaviyotest.Fault{Operation: klaviyo.OperationCreateEvent, Status: http.StatusBadRequest, Code: "invalid"})
		first := write(t, "first.jsonl", lines(`{"type":"track", "event":"Ping", "userId":"7", "n":1.10}`, "nonsense"))
		second := write(t, "second.jsonl", lines("", track(1, "m1"), track(1, "m2")))
		file := filepath.Join(t.TempDir(), "dead.jsonl")
		r := account(k).run(t, "send", "--dead-letter", file, "--output=json", first, second)
		r.want(t, statusDeadLetters, file)
		if got := r.counts(t); got["dead_lettered"] != 3 || got["delivered"] != 1 {
			t.Errorf("%v", got)
		}
		if strings.Contains(r.stderr, "can't be delivered") {
			t.Errorf("stderr names events that the file holds:\n%s", r.stderr)
		}

		type letter struct {
			File  string
			Line  int
			Event json.RawMessage
			Error struct {
				Code, Field, Message, Detail, Pointer string
				Status                                int
			}
			Attempts int
		}
		letters := map[string]letter{}
		for text := range strings.Lines(read(t, file)) {
			var l letter
			if err := json.Unmarshal([]byte(text), &l); err != nil {
				t.Fatal(err)
			}
			if l.Error.Message == "" {
				t.Errorf("no message: %s", text)
			}
			letters[fmt.Sprintf("%s:%d", filepath.Base(l.File), l.Line)] = l
		}
		for position, want := range map[string]struct {
			event, code      string
			status, attempts int
		}{
			"first.jsonl:1":  {`{"type":"track", "event":"Ping", "userId":"7", "n":1.10}`, "missing_identifier", 0, 0},
			"first.jsonl:2":  {`"nonsense"`, "invalid_json", 0, 0},
			"second.jsonl:2": {track(1, "m1"), "invalid", 400, 1},
		} {
			got := letters[position]
			if string(got.Event) != want.event || got.Error.Code != want.code || got.Error.Status != want.status || got.Attempts != want.attempts {
				t.Errorf("%s: %+v", position, got)
			}
			if want.status > 0 && got.Error.Detail == "" {
				t.Errorf("%s: what Klaviyo said is missing", position)
			}
		}

		// The file can be sent again once the cause is mended.
		var again []string
		for _, l := range letters {
			if l.Error.Status > 0 {
				again = append(again, string(l.Event))
			}
		}
		s := account(k)
		s.stdin = strings.NewReader(lines(again...))
		s.run(t, "send").want(t, statusDone)
		if got := messageIDs(k); !slices.Contains(got, "m1") {
			t.Errorf("events %v", got)
		}
	})
}

func TestDeadLetterOfOneInputNamesNoFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "dead.jsonl")
	setup{stdin: strings.NewReader("nonsense")}.run(t, "send", "--simulate", "--dead-letter", file).want(t, statusDeadLetters)
	if text := read(t, file); !strings.HasPrefix(text, `{"line":1,`) {
		t.Errorf("%s", text)
	}
}

func TestDeadLettersThatCanNotBeKept(t *testing.T) {
	const full = "/dev/full" // takes no bytes
	if _, err := os.Stat(full); err != nil {
		t.Logf("this system has no %s", full)
		return
	}
	k := klaviyotest.New()
	for name, text := range map[string]string{
		"by the mapping": lines("", "nonsense", identify(3)),
		"by Klaviyo":     lines(identify(1), track(1, strings.Repeat("x", 20_000)), identify(3)),
	} {
		t.Run(name, func(t *testing.T) {
			if name == "by Klaviyo" {
				k.Inject(klaviyotest.Fault{Operation: klaviyo.OperationCreateEvent, Status: http.StatusBadRequest})
			}
			events := write(t, "events.jsonl", text)
			r := account(k).run(t, "send", "--dead-letter", full, events)
			r.want(t, statusStopped, "no space left", "stopped at line 2 of "+events, "--from-line=2 "+events)
		})
	}
}

func TestUnopenableDeadLetterFileIsFoundBeforeAnythingIsSent(t *testing.T) {
	k := klaviyotest.New()
	file := filepath.Join(t.TempDir(), "missing", "dead.jsonl")
	account(k).run(t, "send", "--dead-letter", file, write(t, "events.jsonl", identify(1))).want(t, statusStopped, file)
	if len(k.Requests()) > 0 {
		t.Error("something was sent")
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
			t.Fatalf("it does not say how to go on:\n%s", r.stderr)
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
			t.Errorf("it went on for %v", waited)
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
		events.Close() // ends the read that was given up
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

// TestNothingPersonalIsShown sends what goes wrong in every way, with all logs on.
func TestNothingPersonalIsShown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const email, phone, name = "jane.doe@private.example", "+12025550147", "Jane Q. Doe"
		person := fmt.Sprintf(`"traits":{"email":%q,"phone":%q,"firstName":%q}`, email, phone, name)
		k := klaviyotest.New()
		k.Inject(
			klaviyotest.Fault{Status: http.StatusBadRequest},
			klaviyotest.ServerError(), klaviyotest.ConnectionReset(), klaviyotest.RateLimited(0), klaviyotest.Challenge(),
			klaviyotest.Slow(0), klaviyotest.Slow(0), klaviyotest.Slow(0),
			klaviyotest.Unauthorized(),
		)
		var events []string
		for range 10 {
			events = append(events, `{"type":"identify",`+person+`}`)
		}
		events = append([]string{
			`{"type":"identify",` + person,
			`{"type":"track","event":"` + name + `","timestamp":"` + email + `",` + strings.Replace(person, "traits", "properties", 1) + `}`,
			`{"type":"identify","traits":{"email":"` + email + `","phone":"x` + phone + `x","zip":{"` + name + `":1}}}`,
			`{"type":"identify","traits":{"email":"` + name + `"}}`,
		}, events...)
		for _, args := range [][]string{
			{"send", "--log-level=debug"},
			{"send", "--log-level=debug", "--output=json", "--dead-letter=" + filepath.Join(t.TempDir(), "dead.jsonl")},
		} {
			s := account(k)
			s.stdin = strings.NewReader(lines(events...))
			r := s.run(t, args...)
			for _, private := range []string{email, phone, name, "private.example", "2025550147"} {
				if strings.Contains(r.stdout+r.stderr, private) {
					t.Errorf("%q is shown:\n%s", private, r.stderr)
				}
			}
		}
	})
}

type refusing func(*http.Request) (*http.Response, error)

func (f refusing) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// TestNumberThatKlaviyoRefusesCostsNoEvent delivers an event whose number Klaviyo
// refuses, and counts the warning.
func TestNumberThatKlaviyoRefusesCostsNoEvent(t *testing.T) {
	k := klaviyotest.New()
	refused := false
	transport := refusing(func(req *http.Request) (*http.Response, error) {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			return nil, err
		}
		req.Body = io.NopCloser(bytes.NewReader(body))
		if bytes.Contains(body, []byte(`"$phone_number"`)) {
			refused = true
			const fault = `{"errors":[{"id":"1","code":"invalid","title":"Invalid input.","detail":"…","source":{"pointer":"/data/attributes/profile/$phone_number"}}]}`
			return &http.Response{StatusCode: 400, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(fault)), Request: req}, nil
		}
		return k.Transport().RoundTrip(req)
	})
	event := `{"type":"track","event":"Ping","messageId":"m1","traits":{"email":"a@example.com","phone":"+12025550147"}}`
	r := setup{transport: transport, env: map[string]string{"KLAVIYO_API_KEY": key}, stdin: strings.NewReader(event)}.run(t, "send", "--log-level=info")
	r.want(t, statusDone, "code=invalid_phone")
	if !refused || len(k.Events()) != 1 || !strings.Contains(r.stdout, "warning invalid_phone") {
		t.Errorf("%d events\n%s", len(k.Events()), r.stdout)
	}
}

// TestAKeyThatIsNone is named by the setting it comes from, and not shown.
func TestAKeyThatIsNone(t *testing.T) {
	events, config := write(t, "events.jsonl", lines(identify(1))), write(t, "config.yaml", "privateApiKey: AbC123")
	setup{}.run(t, "send", "--config", config, events).want(t, statusUsage, "rudderklaviyo: privateApiKey: this is the account's public key;")
	r := setup{env: map[string]string{"KLAVIYO_API_KEY": "XyZ987"}}.run(t, "send", "--config", config, events)
	if r.want(t, statusUsage, "rudderklaviyo: KLAVIYO_API_KEY: this is the account's public key;"); strings.Contains(r.stderr, "XyZ987") {
		t.Errorf("the key is shown: %s", r.stderr)
	}
}
