package doctor

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/client/klaviyotest"
	"github.com/rudderklaviyo/rudderklaviyo/generated/2026-07-15/klaviyo"
	"github.com/rudderklaviyo/rudderklaviyo/internal/input"
	"github.com/rudderklaviyo/rudderklaviyo/internal/plan"
	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// subject is a delivery in a revision to a list.
func subjectOf(revision, list string) Subject {
	return Subject{Key: testKey, KeySetting: "KLAVIYO_API_KEY", Mapping: mapper.Config{Revision: revision, ListID: list},
		Revision: Revision{Name: revision, Until: "2999-01-01"}, Bulk: true}
}

func newClient(t *testing.T, transport http.RoundTripper, opts ...client.Option) *client.Client {
	t.Helper()
	c, err := client.New(testKey, append(opts, client.WithHTTPClient(&http.Client{Transport: transport}), client.WithRetry(Retry))...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// eventsOf are mapped events.
func eventsOf(t *testing.T, revision string, texts ...string) *Events {
	t.Helper()
	m, err := mapper.New(mapper.Config{Revision: revision, ListID: "L1", Unsubscribe: new(true)})
	if err != nil {
		t.Fatal(err)
	}
	events := NewEvents()
	for _, text := range texts {
		result, err := m.Map([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		events.Add(plan.Event{Event: input.Event{Text: []byte(text)}, Result: result})
	}
	return events
}

const (
	tracked    = `{"type":"track","event":"Ping","userId":"u","properties":{"email":"a@example.org"}}`
	subscribed = `{"type":"identify","userId":"u","traits":{"email":"a@example.org","phone":"+4791234567","properties":{"subscribe":true,"listId":"L2","consent":["email","sms"]}}}`
)

// findings are those with an outcome that isn't OK, by check, and their texts.
func findings(r Report) map[string]string {
	found := map[string]string{}
	for _, f := range r.Findings {
		if f.Outcome != OK {
			found[f.Check] += string(f.Outcome) + ": " + f.Text + " " + f.Advice + "\n"
		}
	}
	return found
}

// TestLookAtKlaviyotest has what an account shows, in each revision, and that only reading
// calls reach it.
func TestLookAtKlaviyotest(t *testing.T) {
	healthy := []klaviyotest.Option{klaviyotest.WithKey(testKey), klaviyotest.WithList("L1", "News"), klaviyotest.WithMetrics("Ping")}
	for _, tt := range []struct {
		name    string
		options []klaviyotest.Option
		events  []string
		want    map[string]string // by check
	}{
		{"healthy", healthy, []string{tracked}, nil},
		{"wrong key", []klaviyotest.Option{klaviyotest.WithKey("pk_other")}, nil, map[string]string{
			"key": "failure: Klaviyo refuses the key", "scopes": "not checked: Klaviyo refuses the key", "revision": "not checked",
			"lists": "not checked", "metrics": "not checked", "metric names": "not checked", "item fields": "not checked",
			"limits": "not checked"}},
		{"scopes", append(healthy, klaviyotest.WithScopes("profiles:write", "events:write")), nil, map[string]string{
			"key": "warning: Klaviyo takes the key", "scopes": "failure: the key lacks one of the scopes lists:read and profiles:read", "revision": "not checked: the key lacks the scope metrics:read",
			"lists": "lists:read", "metrics": "not checked", "metric names": "not checked", "item fields": "not checked"}},
		{"double opt-in and SMS", append(healthy, klaviyotest.WithDoubleOptIn("L2", "Texts")), []string{subscribed}, map[string]string{
			"lists": "warning: list Texts (L2), which the events name (subscriptions: 1), has double opt-in", "sms": "1 of the events ask"}},
		{"missing list", healthy, []string{subscribed}, map[string]string{"lists": "failure: the account has no list L2", "sms": "1 of the events ask"}},
		{"clock", append(healthy, klaviyotest.WithClockAhead(time.Hour)), nil, map[string]string{"clock": "behind Klaviyo's by "}},
	} {
		for _, revision := range mapper.Revisions() {
			t.Run(tt.name+" "+revision, func(t *testing.T) {
				k := klaviyotest.New(tt.options...)
				subject := subjectOf(revision, "L1")
				if tt.events != nil {
					subject.Events = eventsOf(t, revision, tt.events...)
				}
				found := findings(Examine(Look(t.Context(), newClient(t, k.Transport()), subject)))
				for check, want := range tt.want {
					if !strings.Contains(found[check], want) {
						t.Errorf("%s: %q, want %q", check, found[check], want)
					}
				}
				for check, text := range found {
					if _, ok := tt.want[check]; !ok {
						t.Errorf("%s: %s", check, text)
					}
				}
				if len(k.Requests()) == 0 {
					t.Error("no request was sent")
				}
				for _, r := range k.Requests() {
					if r.Method != http.MethodGet {
						t.Errorf("%s %s", r.Method, r.Path)
					}
				}
			})
		}
	}
}

// TestRetiredRevision is of the delivery, and not of doctor's own calls.
func TestRetiredRevision(t *testing.T) {
	k := klaviyotest.New(klaviyotest.WithList("L1", "News"), klaviyotest.WithRetiredRevision("2023-02-22"))
	subject := subjectOf("2023-02-22", "L1")
	subject.Revision.Later = "2026-07-15"
	found := findings(Examine(Look(t.Context(), newClient(t, k.Transport()), subject)))
	if want := "failure: Klaviyo no longer serves revision 2023-02-22 Add --revision 2026-07-15.\n"; len(found) != 1 || found["revision"] != want {
		t.Errorf("found %q", found)
	}
}

// TestOtherProgram sees that another program makes calls, and not doctor's own.
func TestOtherProgram(t *testing.T) {
	for _, spent := range []int{0, 600} {
		synctest.Test(t, func(t *testing.T) {
			k := klaviyotest.New(klaviyotest.WithList("L1", "News"))
			k.Spend(klaviyo.OperationGetList, spent)
			time.Sleep(2 * time.Second) // the window of a second ends
			text := findings(Examine(Look(t.Context(), newClient(t, k.Transport()), subjectOf("2026-07-15", "L1"))))["limits"]
			want := "warning: another program, or an earlier run, uses the account's limits: get_list has 149 of 750 calls left for 58 seconds"
			if spent == 0 && text != "" || spent > 0 && !strings.Contains(text, want) {
				t.Errorf("%d spent: %q", spent, text)
			}
		})
	}
}

// server is another implementation of the few calls, with responses written by hand.
type server struct {
	mu      sync.Mutex
	methods []string
	answers map[string]string // by path
	status  map[string]int
	header  http.Header
}

func newServer(t *testing.T) (*server, *httptest.Server) {
	s := &server{status: map[string]int{}, header: http.Header{"Content-Type": {"application/vnd.api+json"}}, answers: map[string]string{
		"/api/accounts": `{"data":[{"type":"account","id":"XyZ123","attributes":{"contact_information":{"organization_name":"Kiosk"},"timezone":"Asia/Tokyo","preferred_currency":"JPY","public_api_key":"XyZ123","locale":"ja-JP","test_account":false},"links":{"self":"x"}}],"links":{"self":"x"}}`,
		"/api/metrics":  `{"data":[{"type":"metric","id":"M1","attributes":{"name":"Ping","integration":{"object":"integration","id":"7","name":"API","category":"API"}},"links":{"self":"x"}}],"links":{"self":"x"}}`,
		"/api/lists/L1": `{"data":{"type":"list","id":"L1","attributes":{"name":"News","opt_in_process":"single_opt_in"},"links":{"self":"x"}},"links":{"self":"x"}}`,

		"/api/profile-bulk-import-jobs": `{"data":[],"links":{"self":"x"}}`,
	}}
	ts := httptest.NewServer(s)
	t.Cleanup(ts.Close)
	return s, ts
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.methods = append(s.methods, r.Method)
	s.mu.Unlock()
	path := strings.TrimSuffix(r.URL.Path, "/")
	answer, ok := s.answers[path]
	status := http.StatusOK
	switch set := s.status[path+" "+r.Header.Get("Revision")]; {
	case set != 0:
		status = set
	case s.status[path] != 0:
		status = s.status[path]
	case s.status["*"] != 0:
		status = s.status["*"]
	case !ok:
		status = http.StatusNotFound
	}
	if status != http.StatusOK {
		answer = `{"errors":[{"id":"e1","status":` + fmt.Sprint(status) + `,"code":"c","title":"t","detail":"d","source":{}}]}`
	}
	for name, values := range s.header {
		w.Header()[name] = values
	}
	w.WriteHeader(status)
	_, _ = w.Write([]byte(answer))
}

// TestLookAtAnotherServer doesn't depend on what klaviyotest takes Klaviyo for.
func TestLookAtAnotherServer(t *testing.T) {
	full := make([]string, 200)
	for i := range full {
		full[i] = fmt.Sprintf(`{"type":"metric","id":"N%d","attributes":{"name":"N%d","integration":{"name":"API","category":"API"}},"links":{"self":"x"}}`, i, i)
	}
	const dead = "dead"
	everything := []string{"scopes", "revision", "lists", "metrics", "metric names", "item fields", "limits", "clock"}
	for _, tt := range []struct {
		name     string
		revision string
		set      func(*server)
		want     map[string]string
		also     []string // checks that can't be made then
	}{
		{"healthy", "2026-07-15", func(s *server) {}, map[string]string{"limits": "not checked"}, nil},
		{"wrong key", "2026-07-15", func(s *server) { s.status["*"] = 401 }, map[string]string{"key": "failure: Klaviyo refuses the key"}, everything},
		{"missing scope", "2026-07-15", func(s *server) { s.status["/api/profile-bulk-import-jobs"] = 403 },
			map[string]string{"scopes": "failure: the key lacks one of the scopes lists:read and profiles:read", "limits": ""}, nil},
		{"retired revision", "2023-02-22", func(s *server) { s.status["/api/metrics 2023-02-22"] = 410 },
			map[string]string{"revision": "failure: Klaviyo no longer serves revision 2023-02-22", "limits": ""}, nil},
		{"missing list", "2026-07-15", func(s *server) { delete(s.answers, "/api/lists/L1") },
			map[string]string{"lists": "failure: the account has no list L1", "limits": ""}, nil},
		{"full account", "2026-07-15", func(s *server) {
			s.answers["/api/metrics"] = `{"data":[` + strings.Join(full, ",") + `],"links":{"self":"x"}}`
		}, map[string]string{"metrics": "failure: the account has 200 of 200 metrics, and the events would make 1: Ping", "limits": ""}, nil},
		{"clock an hour ahead", "2026-07-15", func(s *server) {
			s.header.Set("Date", time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat))
		}, map[string]string{"clock": "clock is ahead of Klaviyo's by 1h", "limits": ""}, nil},
		{"page of a proxy", "2026-07-15", func(s *server) {
			for path := range s.answers {
				s.answers[path] = "<html><title>Log in</title>"
			}
			s.header.Set("Content-Type", "text/html")
		}, map[string]string{"key": "failure: the answer isn't Klaviyo's"}, everything},
		{dead, "2026-07-15", func(s *server) {}, map[string]string{"key": "failure: Klaviyo can't be reached"}, everything},
		{"another program", "2026-07-15", func(s *server) {
			s.header["Ratelimit-Limit"], s.header["Ratelimit-Remaining"], s.header["Ratelimit-Reset"] = []string{"150"}, []string{"20"}, []string{"40"}
		}, map[string]string{"limits": "get_list has 20 of 150 calls left for 40 seconds"}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, ts := newServer(t)
			tt.set(s)
			if tt.name == dead {
				ts.Close()
			}
			subject := subjectOf(tt.revision, "L1")
			subject.Events = eventsOf(t, tt.revision, tracked)
			facts := Look(t.Context(), newClient(t, ts.Client().Transport, client.WithBaseURL(ts.URL)), subject)
			found := findings(Examine(facts))
			for check, want := range tt.want {
				if !strings.Contains(found[check], want) {
					t.Errorf("%s: %q, want %q", check, found[check], want)
				}
			}
			for check, text := range found {
				if _, ok := tt.want[check]; !ok && !(slices.Contains(tt.also, check) && strings.Contains(text, "not checked")) {
					t.Errorf("%s: %s", check, text)
				}
			}
			if i := slices.IndexFunc(s.methods, func(m string) bool { return m != http.MethodGet }); i >= 0 {
				t.Errorf("%q reached the server", s.methods)
			}
		})
	}
}

// TestFewCallsWhereNoneCanSucceed stops asking once the key is refused.
func TestFewCallsWhereNoneCanSucceed(t *testing.T) {
	k := klaviyotest.New(klaviyotest.WithKey("pk_other"))
	Look(t.Context(), newClient(t, k.Transport()), subjectOf("2026-07-15", "L1"))
	if n := len(k.Requests()); n != 1 {
		t.Errorf("%d calls", n)
	}
}

// TestUnread makes no call.
func TestUnread(t *testing.T) {
	subject := subjectOf("2026-07-15", "L1")
	subject.Key = ""
	found := findings(Examine(Unread(subject)))
	if !strings.Contains(found["key"], "failure: there is no private API key") || !strings.Contains(found["lists"], "not checked: there is no usable key") {
		t.Errorf("found %q", found)
	}
}

// TestInterrupted ends soon.
func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	k := klaviyotest.New()
	Look(ctx, newClient(t, k.Transport()), subjectOf("2026-07-15", "L1"))
	if n := len(k.Requests()); n != 0 {
		t.Errorf("%d calls", n)
	}
}

// TestPatience has somebody wait no longer than they are ready to, whatever the account does.
func TestPatience(t *testing.T) {
	for name, tt := range map[string]struct {
		fault      klaviyotest.Fault
		first, all time.Duration // at most
	}{
		"limits used up":        {klaviyotest.RateLimited(3 * time.Second), firstPatience, patience},
		"limits of a minute":    {klaviyotest.RateLimited(time.Minute), 0, 0},
		"answers after 7 s":     {klaviyotest.Fault{Delay: 7 * time.Second}, firstPatience, patience},
		"answers after an hour": {klaviyotest.Fault{Delay: time.Hour}, callPatience, callPatience},
	} {
		synctest.Test(t, func(t *testing.T) {
			look := func(look func(context.Context, *client.Client, Subject) *Facts) time.Duration {
				k := klaviyotest.New(klaviyotest.WithList("L1", "News"))
				tt.fault.Times = 1000
				k.Inject(tt.fault)
				start := time.Now()
				look(t.Context(), newClient(t, k.Transport()), subjectOf("2023-02-22", "L1"))
				return time.Since(start)
			}
			if first, all := look(LookFirst), look(Look); first > tt.first || all > tt.all {
				t.Errorf("%s: looked for %v and %v, want %v and %v at most", name, first, all, tt.first, tt.all)
			}
		})
	}
}
