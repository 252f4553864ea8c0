package command

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rudderklaviyo/rudderklaviyo/client/klaviyotest"
	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
)

// counts returns the numbers of a JSON summary, except the time.
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

// TestSendKeepsTheOrderOfPeople checks the order of each person's events if responses take random
// times and some are temporary failures.
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

type refusing func(*http.Request) (*http.Response, error)

func (f refusing) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// TestNumberThatKlaviyoRefusesCostsNoEvent checks that an event whose phone number Klaviyo rejects
// is delivered without it, with a warning.
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
