package command

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/rudderklaviyo/rudderklaviyo/client/klaviyotest"
	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
)

// TestEventsThatFail checks that failed events are counted separately from dead letters, and that
// a notice says before the first request that failed events are only logged.
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

// TestFailedEventsOfEarlierRuns checks that a run that continues a checkpoint counts the failed
// events of the earlier run.
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
				t.Errorf("%s: the detail of Klaviyo's error is missing", position)
			}
		}

		// The file can be sent again once the cause is fixed.
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
		t.Error("a request was sent")
	}
}
