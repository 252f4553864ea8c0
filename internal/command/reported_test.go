package command

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/client/klaviyotest"
	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// Events of the responses that people report.
const (
	reportedTrack     = `{"type":"track","event":"Quiz Taken","messageId":"m-1","context":{"traits":{"email":"ana@example.com"}}}`
	reportedIdentify  = `{"type":"identify","messageId":"m-1","traits":{"email":"ana@example.com","phone":"+14155550132"}}`
	reportedSubscribe = `{"type":"identify","messageId":"m-1","traits":{"email":"ana@example.com","phone":"+14155550132","properties":{"subscribe":true,"listId":"XyZ987","consent":["email","sms"]}}}`
)

// refusesWhile answers 400 with a pointer to the field of that name where a call of a path has
// all of the texts in its body.
func refusesWhile(path, field string, texts ...string) func(http.RoundTripper) http.RoundTripper {
	return func(next http.RoundTripper) http.RoundTripper {
		return refusing(func(req *http.Request) (*http.Response, error) {
			body, err := io.ReadAll(req.Body)
			if err != nil {
				return nil, err
			}
			req.Body = io.NopCloser(bytes.NewReader(body))
			for _, text := range texts {
				if !bytes.Contains(body, []byte(text)) {
					return next.RoundTrip(req)
				}
			}
			if !strings.Contains(req.URL.Path, path) {
				return next.RoundTrip(req)
			}
			pointer := "/data/attributes/" + field
			if bytes.Contains(body, []byte(`"profiles"`)) {
				pointer = "/data/attributes/profiles/data/0/attributes/" + field
			} else if bytes.Contains(body, []byte(`"subscriptions"`)) {
				pointer = "/data/attributes/subscriptions/0/" + field
			}
			fault := fmt.Sprintf(`{"errors":[{"id":"1","code":"invalid","title":"Invalid input.","detail":"…","source":{"pointer":%q}}]}`, pointer)
			return &http.Response{StatusCode: http.StatusBadRequest, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(fault)), Request: req}, nil
		})
	}
}

// TestReportedAnswers sends what people report that Klaviyo answers, and looks at what becomes
// of the event, on each revision.
func TestReportedAnswers(t *testing.T) {
	gateway := func(status int) klaviyotest.Fault {
		return klaviyotest.Fault{Status: status, HTML: "<html><title>Gateway</title></html>"}
	}
	twice := func(f klaviyotest.Fault) []klaviyotest.Fault { f.Times = 2; return []klaviyotest.Fault{f} }
	for _, test := range []struct {
		name   string
		event  string
		opts   []klaviyotest.Option
		before string // an event that is delivered first, by another run
		faults []klaviyotest.Fault
		wrap   func(http.RoundTripper) http.RoundTripper
		key    string // empty is the account's

		status  int
		inError string // in standard error
		letter  string // in the dead letter; empty if there is none
		warning string // in the summary
		check   func(*testing.T, *klaviyotest.Klaviyo)
	}{
		{name: "the email is refused, the phone number is fine", event: reportedIdentify,
			wrap: refusesWhile("/api/profile", "email", `"email":"ana@example.com","phone_number"`), warning: `"invalid_email":1`,
			check: func(t *testing.T, k *klaviyotest.Klaviyo) {
				if p, ok := k.Profile("+14155550132"); !ok || p.Attributes.Email != "" || string(p.Attributes.Properties) != `{"email":"ana@example.com"}` {
					t.Errorf("%+v", p)
				}
			}},
		{name: "the phone number is dropped, which a header tells", event: reportedIdentify,
			opts: []klaviyotest.Option{klaviyotest.WithRefusedPhoneNumbers(func(string) bool { return true })}, warning: `"invalid_phone":1`,
			check: func(t *testing.T, k *klaviyotest.Klaviyo) {
				if p, ok := k.Profile("ana@example.com"); !ok || p.Attributes.PhoneNumber != "" || string(p.Attributes.Properties) != `{"phone":"+14155550132"}` {
					t.Errorf("%+v", p)
				}
			}},
		{name: "the profile is there already", event: reportedSubscribe, before: reportedIdentify, check: subscribedBy("email", "sms")},
		{name: "429 with Retry-After", event: reportedTrack, faults: twice(klaviyotest.RateLimited(time.Second)), check: tracked},
		{name: "403 with a page", event: reportedTrack, faults: twice(klaviyotest.Challenge()), check: tracked},
		{name: "502 and 524 of gateways", event: reportedTrack, faults: []klaviyotest.Fault{gateway(http.StatusBadGateway), gateway(524)}, check: tracked},
		{name: "no text messages in that region", event: reportedSubscribe,
			wrap: refusesWhile("/api/profile-subscription-bulk-create-jobs", "phone_number", `"sms"`), warning: `"invalid_phone":1`, check: subscribedBy("email")},
		{name: "a list that isn't there", event: strings.Replace(reportedSubscribe, "XyZ987", "NOPE", 1),
			status: statusDeadLetters, letter: `"detail":"`,
			check: func(t *testing.T, k *klaviyotest.Klaviyo) {
				if _, ok := k.Profile("ana@example.com"); !ok || len(k.Subscriptions()) > 0 {
					t.Error("the profile isn't there, or somebody is subscribed")
				}
			}},
		{name: "a key with a line break", event: reportedTrack, key: key + "\n", status: statusUsage, inError: "a line break",
			check: func(t *testing.T, k *klaviyotest.Klaviyo) {
				if len(k.Requests()) > 0 {
					t.Error("a request was sent")
				}
			}},
	} {
		for _, revision := range mapper.Revisions() {
			t.Run(test.name+"/"+revision, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					k := klaviyotest.New(append(test.opts, klaviyotest.WithList("XyZ987", "News"))...)
					args := []string{"send", "--output=json", "--revision", revision}
					if test.before != "" {
						account(k).run(t, append(args, write(t, "before.jsonl", test.before))...).want(t, statusDone)
					}
					k.Inject(test.faults...)
					s := account(k)
					if test.wrap != nil {
						s.transport = test.wrap(s.transport)
					}
					if test.key != "" {
						s.env["KLAVIYO_API_KEY"] = test.key
					}
					letters := filepath.Join(t.TempDir(), "letters.jsonl")
					r := s.run(t, append(args, "--dead-letter", letters, write(t, "events.jsonl", test.event))...)
					r.want(t, test.status, test.inError)
					if kept, _ := os.ReadFile(letters); (test.letter != "") != (len(kept) > 0) || !strings.Contains(string(kept), test.letter) {
						t.Errorf("dead letter %s, want one with %s", kept, test.letter)
					}
					if !strings.Contains(r.stdout, test.warning) {
						t.Errorf("the summary lacks %s: %s", test.warning, r.stdout)
					}
					test.check(t, k)
				})
			})
		}
	}
}

func tracked(t *testing.T, k *klaviyotest.Klaviyo) {
	if events := k.Events(); len(events) != 1 || events[0].UniqueID != "m-1" {
		t.Errorf("events %+v", events)
	}
}

// subscribedBy looks for one subscription of those channels.
func subscribedBy(channels ...string) func(*testing.T, *klaviyotest.Klaviyo) {
	return func(t *testing.T, k *klaviyotest.Klaviyo) {
		var got []string
		for _, s := range k.Subscriptions() {
			for _, channel := range s.Channels {
				got = append(got, string(channel))
			}
		}
		if !slices.Equal(got, channels) {
			t.Errorf("subscribed by %v, want %v", got, channels)
		}
	}
}
