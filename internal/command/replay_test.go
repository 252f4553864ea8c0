package command

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rudderklaviyo/rudderklaviyo/client/klaviyotest"
	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
	"github.com/rudderklaviyo/rudderklaviyo/internal/deadletter"
)

// letters makes a file of dead letters, as send writes it. A nil event is one that
// was too long.
func letters(t *testing.T, events ...[]byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "dead.jsonl")
	file, err := deadletter.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for i, event := range events {
		letter := deadletter.Letter{File: "events.jsonl", Line: 10 + i, Event: event, Attempts: 8, Error: deadletter.Error{Code: "unavailable"}}
		if err := file.Write(letter); err != nil {
			t.Fatal(err)
		}
	}
	return path
}

// codes lists the records of a file of dead letters as file:line:code.
func codes(t *testing.T, path string) (list []string) {
	t.Helper()
	for line := range strings.Lines(read(t, path)) {
		letter, err := deadletter.Parse([]byte(line))
		if err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		list = append(list, fmt.Sprintf("%s:%d:%s", letter.File, letter.Line, letter.Error.Code))
	}
	return list
}

func TestReplay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := klaviyotest.New(klaviyotest.WithKey(key))
		k.Inject(klaviyotest.Fault{Operation: klaviyo.OperationCreateEvent, Status: http.StatusBadRequest, Code: "invalid",
			When: func(r *http.Request) bool { return hasBody(r, "m3") }})
		path := letters(t,
			[]byte(track(1, "m1")),
			nil,
			[]byte(track(2, "m3")),
			[]byte(`{"type":"page"}`),
			[]byte(`{"a":`),
			[]byte("{\"a\":\"\xff\"}"),
			[]byte(`"`+`{\"type\":\"track\",\"event\":\"Ping\",\"userId\":\"a@example.com\"}`+`"`),
			[]byte(identify(8)),
		)
		before := strings.SplitAfter(read(t, path), "\n")
		r := account(k).run(t, "replay", "--output=json", path)
		r.want(t, statusDeadLetters, path, "line=2")
		want := map[string]int{"events": 8, "delivered": 2, "skipped": 1, "dead_lettered": 5, "failed": 0, "not_done": 0, "requests": 3, "retries": 0, "rate_limited": 0}
		if diff := cmp.Diff(want, r.counts(t)); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
		if got := messageIDs(k); len(got) != 1 || got[0] != "m1" {
			t.Errorf("events %v", got)
		}
		wantCodes := []string{"events.jsonl:11:unavailable", "events.jsonl:12:invalid", "events.jsonl:14:invalid_json", "events.jsonl:15:invalid_json", "events.jsonl:16:invalid_event"}
		if diff := cmp.Diff(wantCodes, codes(t, path)); diff != "" {
			t.Errorf("the file (-want +got)\n%s", diff)
		}
		if !strings.HasPrefix(read(t, path), before[1]) {
			t.Error("the record without an event has changed")
		}

		// Mended, they go out.
		account(k).run(t, "replay", path).want(t, statusDeadLetters)
		if got := messageIDs(k); !slices.Contains(got, "m3") {
			t.Errorf("events %v", got)
		}
	})
}

// hasBody reports whether a request's body has the text in it.
func hasBody(r *http.Request, text string) bool {
	var body bytes.Buffer
	_, err := body.ReadFrom(r.Body)
	return err == nil && strings.Contains(body.String(), text)
}

func TestReplayOfAllEmptiesTheFile(t *testing.T) {
	k := klaviyotest.New()
	path := letters(t, []byte(track(1, "m1")), []byte(track(1, "m2")))
	account(k).run(t, "replay", path).want(t, statusDone)
	if text := read(t, path); text != "" || len(k.Events()) != 2 {
		t.Errorf("%d events, the file:\n%s", len(k.Events()), text)
	}
	account(k).run(t, "replay", path).want(t, statusDone)
}

func TestReplayKeepsTheOrderOfPeople(t *testing.T) {
	k := klaviyotest.New()
	var events [][]byte
	for i := range 50 {
		events = append(events, fmt.Appendf(nil, `{"type":"identify","traits":{"email":"p%d@example.com","n":%d}}`, i%3, i))
	}
	account(k).run(t, "replay", letters(t, events...)).want(t, statusDone)
	for i, want := range []string{"48", "49", "47"} {
		p, ok := k.Profile(fmt.Sprintf("p%d@example.com", i))
		if text, err := json.Marshal(p.Attributes); !ok || err != nil || !strings.Contains(string(text), `"n":`+want) {
			t.Errorf("person %d: %s, want n %s", i, text, want)
		}
	}
}

func TestSimulatedReplayLeavesTheFile(t *testing.T) {
	path := letters(t, []byte(track(1, "m1")), []byte("nonsense"))
	before := read(t, path)
	setup{}.run(t, "replay", "--simulate", path).want(t, statusDeadLetters, "stays as it is")
	if read(t, path) != before {
		t.Errorf("the file has changed:\n%s", read(t, path))
	}
}

func TestStoppedReplayKeepsWhatIsNotDone(t *testing.T) {
	tests := []struct {
		name  string
		fault klaviyotest.Fault
		want  string
	}{
		{"key refused", klaviyotest.Unauthorized(), "KLAVIYO_API_KEY"},
		{"interrupted", klaviyotest.Slow(time.Minute), "interrupted"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k := klaviyotest.New()
				var events [][]byte
				for i := range 40 {
					events = append(events, []byte(track(1, fmt.Sprint("m", i))))
				}
				events[5] = []byte("nonsense")
				path := letters(t, events...)
				for range 10 {
					k.Inject(klaviyotest.Slow(0))
				}
				tt.fault.Times = -1
				k.Inject(tt.fault)
				ctx, cancel := context.WithCancel(t.Context())
				time.AfterFunc(time.Second, cancel)
				s := account(k)
				s.ctx = ctx
				r := s.run(t, "replay", path)
				r.want(t, statusStopped, tt.want, "stopped at line", "rudderklaviyo replay "+path)
				delivered := len(k.Events())
				got := codes(t, path)
				if delivered < 10 || len(got) != 40-delivered {
					t.Errorf("%d delivered, %d in the file", delivered, len(got))
				}
				if !strings.HasSuffix(got[0], ":invalid_json") || !strings.HasSuffix(got[1], fmt.Sprintf(":%d:unavailable", 10+delivered+1)) {
					t.Errorf("the file: %v", got)
				}

				later := klaviyotest.New()
				account(later).run(t, "replay", path).want(t, statusDeadLetters)
				if all := append(messageIDs(k), messageIDs(later)...); len(all) != 39 {
					t.Errorf("%d of 39 events", len(all))
				}
			})
		})
	}
}

// TestReplayMeetsAnotherProgram has others at work with the file while replay is.
func TestReplayMeetsAnotherProgram(t *testing.T) {
	path := letters(t, []byte(track(1, "m1")))
	k := klaviyotest.New()
	var sent result
	k.Inject(klaviyotest.Fault{When: func(*http.Request) bool {
		// Another send can't open it; what asks nobody appends to it.
		sent = setup{stdin: strings.NewReader("nonsense")}.run(t, "send", "--simulate", "--dead-letter", path)
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
		if err != nil {
			t.Error(err)
			return true
		}
		defer f.Close()
		fmt.Fprintln(f, `{"line":99,"event":{"type":"track"},"error":{"code":"late"},"attempts":0}`)
		return true
	}})
	r := account(k).run(t, "replay", path)
	sent.want(t, statusStopped, "another program is using it", path)
	// The record comes before or after the replay has read the file to its end.
	want := ":99:late"
	if r.status == statusDeadLetters {
		want = ":99:missing_identifier"
	}
	if got := codes(t, path); len(got) != 1 || got[0] != want {
		t.Errorf("status %d, the file: %v, want %s", r.status, got, want)
	}

	file, err := deadletter.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	account(k).run(t, "replay", path).want(t, statusStopped, "another program is using it")
}

func TestReplayOfAFileThatIsNone(t *testing.T) {
	k := klaviyotest.New()
	events := write(t, "events.jsonl", lines(track(1, "m1"), track(2, "m2")))
	before := read(t, events)
	r := account(k).run(t, "replay", events)
	r.want(t, statusUsage, events+" is no file of dead letters")
	if strings.Count(r.stderr, "\n") != 1 {
		t.Errorf("more than one message:\n%s", r.stderr)
	}
	if read(t, events) != before || len(k.Requests()) > 0 {
		t.Errorf("%d requests, the file:\n%s", len(k.Requests()), read(t, events))
	}
	account(k).run(t, "replay", "-").want(t, statusUsage, "name the file")
	account(k).run(t, "replay", os.DevNull).want(t, statusUsage, "regular file")
	account(k).run(t, "replay").want(t, statusUsage)
	missing := filepath.Join(t.TempDir(), "missing.jsonl")
	account(k).run(t, "replay", missing).want(t, statusStopped, missing)
}

func TestReplayOfARecordOverTheLimit(t *testing.T) {
	record := `{"line":1,"event":{"a":"` + strings.Repeat("x", recordLimit) + `"},"error":{"code":"late"},"attempts":0}` + "\n"
	path := write(t, "dead.jsonl", record)
	account(klaviyotest.New()).run(t, "replay", path).want(t, statusDeadLetters, fmt.Sprint(recordLimit))
	if read(t, path) != record {
		t.Error("the record has changed")
	}
}
