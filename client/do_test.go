package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jarcoal/httpmock"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	asked "github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
	"github.com/rudderklaviyo/rudderklaviyo/generated/2026-07-15/klaviyo"
	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
)

// answering is a Client whose requests are answered by a function.
func answering(t *testing.T, answer func(*http.Request) (*http.Response, error), opts ...client.Option) *client.Client {
	t.Helper()
	return newClient(t, append(opts, client.WithCompanyID(companyID), client.WithHTTPClient(&http.Client{Transport: transportFunc(answer)}))...)
}

// jsonResponse is a response with headers of the steady limit.
func jsonResponse(status int, body string, header http.Header) *http.Response {
	resp := httpmock.NewStringResponse(status, body)
	for name, values := range header {
		resp.Header[name] = values
	}
	return resp
}

// TestDo sends requests of all kinds, and looks at what goes out.
func TestDo(t *testing.T) {
	latest := slices.Max(registered(t))
	for name, tt := range map[string]struct {
		method, path string
		query        url.Values
		body         any
		opts         []klaviyo.CallOption

		status    int
		answer    string
		sent      string // method and URL
		sentBody  string
		revision  string
		operation string
	}{
		"undescribed": {method: "GET", path: "/api/segments", query: url.Values{"filter": {`equals(name,"A & B")`}}, status: 200, answer: `{"data":[{"id":"S"}]}`,
			sent: "GET /api/segments?filter=equals%28name%2C%22A+%26+B%22%29", revision: latest, operation: "GET /api/segments"},
		"with an id": {method: "PATCH", path: "/api/segments/S%2F1", body: map[string]any{"a": "<b>"}, status: 200, answer: `{"data":{"id":"S"}}`,
			sent: "PATCH /api/segments/S%2F1", sentBody: `{"a":"<b>"}`, revision: latest, operation: "PATCH /api/segments/{id}"},
		"method in lower case, no answer": {method: "delete", path: "/api/tags/T/relationships/lists", status: 204,
			sent: "DELETE /api/tags/T/relationships/lists", revision: latest, operation: "DELETE /api/tags/{id}/relationships/lists"},
		"another revision": {method: "GET", path: "/api/segments/", opts: []klaviyo.CallOption{runtime.InRevision("2025-10-15.pre")}, status: 200, answer: `{"data":[]}`,
			sent: "GET /api/segments/", revision: "2025-10-15.pre", operation: "GET /api/segments/"},
		"described": {method: "GET", path: "/api/accounts", status: 200, answer: `{"data":[]}`,
			sent: "GET /api/accounts", revision: latest, operation: "get_accounts"},
		"described, older": {method: "GET", path: "/api/metrics/", opts: []klaviyo.CallOption{runtime.InRevision(asked.Revision)}, status: 200, answer: `{"data":[]}`,
			sent: "GET /api/metrics/", revision: asked.Revision, operation: "get_metrics"},
		"described in another revision": {method: "GET", path: "/api/accounts", opts: []klaviyo.CallOption{runtime.InRevision("2025-10-15")}, status: 200, answer: `{"data":[]}`,
			sent: "GET /api/accounts", revision: "2025-10-15", operation: "get_accounts"},
		"public": {method: "POST", path: "/client/push-tokens", body: json.RawMessage(`{"n":1.10}`), status: 202,
			sent: "POST /client/push-tokens?company_id=" + companyID, sentBody: `{"n":1.10}`, revision: latest, operation: "POST /client/push-tokens"},
	} {
		t.Run(name, func(t *testing.T) {
			var sent, sentBody, operation string
			hook := client.WithAttemptHook(func(_ context.Context, a client.Attempt) { operation = a.Operation.String() })
			c := answering(t, func(req *http.Request) (*http.Response, error) {
				sent = req.Method + " " + req.URL.RequestURI()
				if req.Body != nil {
					body, _ := io.ReadAll(req.Body)
					sentBody = string(body)
				}
				if got := req.Header.Get("Revision"); got != tt.revision {
					t.Errorf("revision %s, want %s", got, tt.revision)
				}
				if isPublic, hasKey := strings.HasPrefix(tt.path, "/client/"), req.Header.Get("Authorization") != ""; isPublic == hasKey {
					t.Errorf("public %v, and the key was sent: %v", isPublic, hasKey)
				}
				return jsonResponse(tt.status, tt.answer, nil), nil
			}, hook)
			var answer json.RawMessage
			into := any(&answer)
			if tt.answer == "" {
				into = nil
			}
			if err := c.Do(t.Context(), tt.method, tt.path, tt.query, tt.body, into, tt.opts...); err != nil {
				t.Fatal(err)
			}
			if sent != tt.sent || sentBody != tt.sentBody || string(answer) != tt.answer || operation != tt.operation {
				t.Errorf("sent %s with %s as %s, read %s", sent, sentBody, operation, answer)
			}
		})
	}
}

// What can't be sent to the API is refused, and nothing goes out.
func TestDoRefuses(t *testing.T) {
	c := answering(t, func(req *http.Request) (*http.Response, error) {
		t.Errorf("sent %s", req.URL)
		return nil, errors.New("sent")
	})
	for name, do := range map[string]func() error{
		"no slash":      func() error { return c.Do(t.Context(), "GET", "api/segments", nil, nil, nil) },
		"another host":  func() error { return c.Do(t.Context(), "GET", "//example.com/api", nil, nil, nil) },
		"a query in it": func() error { return c.Do(t.Context(), "GET", "/api/segments?a=b", nil, nil, nil) },
		"dots":          func() error { return c.Do(t.Context(), "GET", "/api/segments/../accounts", nil, nil, nil) },
		"a space":       func() error { return c.Do(t.Context(), "GET", "/api/a b", nil, nil, nil) },
		"a method":      func() error { return c.Do(t.Context(), "GET IT", "/api/segments", nil, nil, nil) },
		"a body":        func() error { return c.Do(t.Context(), "POST", "/api/segments", nil, func() {}, nil) },
		"an answer":     func() error { return c.Do(t.Context(), "GET", "/api/segments", nil, nil, struct{ Data any }{}) },
		"a nil pointer": func() error { return c.Do(t.Context(), "GET", "/api/segments", nil, nil, (*struct{ Data any })(nil)) },
		"a revision": func() error {
			return c.Do(t.Context(), "GET", "/api/segments", nil, nil, nil, runtime.InRevision("latest\r\nX: y"))
		},
	} {
		if err := do(); !errors.Is(err, client.ErrInvalidRequest) {
			t.Errorf("%s: err = %v, want ErrInvalidRequest", name, err)
		}
	}
	// A described path needs whom its typed call needs.
	body := json.RawMessage(`{"data":{"attributes":{"profile":{"data":{"attributes":{"first_name":"Ada"}}}}}}`)
	if err := c.Do(t.Context(), "POST", "/api/events", nil, body, nil); !errors.Is(err, client.ErrMissingIdentifier) {
		t.Errorf("err = %v, want ErrMissingIdentifier", err)
	}
}

// The errors of Do are those of typed calls.
func TestDoErrors(t *testing.T) {
	for status, want := range map[int]error{400: client.ErrInvalidRequest, 401: client.ErrUnauthorized, 404: client.ErrNotFound, 429: client.ErrRateLimited, 503: client.ErrUnavailable} {
		c := answering(t, func(*http.Request) (*http.Response, error) {
			return jsonResponse(status, `{"errors":[{"id":"e-1","code":"invalid","detail":"secret@example.com"}]}`, nil), nil
		}, client.WithRetry(client.RetryPolicy{MaxAttempts: 1}))
		var a klaviyo.ResponseInfo
		err := c.Do(t.Context(), "GET", "/api/segments/S", nil, nil, nil, klaviyo.WithResponseInfo(&a))
		var e *client.Error
		if !errors.Is(err, want) || !errors.As(err, &e) || e.RequestID != "e-1" || strings.Contains(err.Error(), "secret") {
			t.Errorf("%d: err = %v, want %v", status, err, want)
		}
		if a.StatusCode != status || a.RequestID != "e-1" || a.Attempts != 1 {
			t.Errorf("%d: answered %+v", status, a)
		}
	}
}

// A response that doesn't fit the caller's type is no success with empty fields, whatever tags
// these have.
func TestDoDecodesStrictly(t *testing.T) {
	c := answering(t, func(*http.Request) (*http.Response, error) {
		return jsonResponse(http.StatusOK, `{"data":[{"id":"S"}],"links":{"next":"n"}}`, nil), nil
	})
	type links struct{ Next int }
	for name, answer := range map[string]any{
		"no tags": &struct{ Data []struct{ ID int } }{},
		"another case": &struct {
			Links links `json:"Links"`
		}{},
		"a member's": &struct {
			Links links `json:"links"`
		}{},
		"another value": new([]string),
	} {
		err := c.Do(t.Context(), "GET", "/api/segments", nil, nil, answer)
		if !errors.Is(err, client.ErrUnexpectedResponse) {
			t.Errorf("%s: err = %v, want ErrUnexpectedResponse; read %+v", name, err, answer)
		}
	}
}

// A path that never was is answered like one that a retired revision had. It isn't the
// account's fault, for other calls would pass.
func TestDoUnknownPath(t *testing.T) {
	c := answering(t, func(*http.Request) (*http.Response, error) {
		return jsonResponse(http.StatusNotFound, `{"errors":[{"code":"not_found","detail":"No valid revisions found for method GET."}]}`, nil), nil
	})
	for path, want := range map[string]error{"/api/segmnets": client.ErrNotFound, "/api/segmnets/S": client.ErrNotFound, "/api/accounts": client.ErrRevisionRetired} {
		if err := c.Do(t.Context(), "GET", path, nil, nil, nil); !errors.Is(err, want) {
			t.Errorf("%s: err = %v, want %v", path, err, want)
		} else if want == client.ErrNotFound && !strings.Contains(err.Error(), "check the path") {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// TestResponseInfo tells what came with a response, and forgets it before the next call.
func TestResponseInfo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		statuses := []int{503, 200}
		c := answering(t, func(*http.Request) (*http.Response, error) {
			if len(statuses) == 0 {
				return nil, errors.New("reset")
			}
			status := statuses[0]
			statuses = statuses[1:]
			return jsonResponse(status, `{"data":[]}`, http.Header{
				"Ratelimit-Limit": {"150, 10;w=1, 150;w=60"}, "Ratelimit-Remaining": {"148"}, "Ratelimit-Reset": {"41"}, "X-Kl-Request-Id": {"r-1"},
			}), nil
		}, client.WithRetry(client.RetryPolicy{MaxAttempts: 2}))
		a := klaviyo.ResponseInfo{StatusCode: 1, RequestID: "of before"}
		if _, err := klaviyo.NewAPI(c).GetMetrics(t.Context(), nil, klaviyo.WithResponseInfo(&a)); err != nil {
			t.Fatal(err)
		}
		if a.Header.Get("X-Kl-Request-Id") != "r-1" {
			t.Errorf("header %v", a.Header)
		}
		a.Header = nil
		if diff := cmp.Diff(klaviyo.ResponseInfo{StatusCode: 200, RequestID: "r-1", Limit: 150, Remaining: 148, Reset: 41 * time.Second, Attempts: 2}, a); diff != "" {
			t.Error(diff)
		}
		if _, err := klaviyo.NewAPI(c).GetMetrics(t.Context(), nil, klaviyo.WithResponseInfo(&a)); !errors.Is(err, client.ErrUnavailable) {
			t.Fatalf("err = %v, want ErrUnavailable", err)
		}
		if diff := cmp.Diff(klaviyo.ResponseInfo{Attempts: 2}, a); diff != "" {
			t.Errorf("of a call without a response: %s", diff)
		}
		if _, err := klaviyo.NewAPI(c).GetMetric(t.Context(), "", nil, klaviyo.WithResponseInfo(&a)); err == nil || a.Attempts != 0 {
			t.Errorf("of a call that wasn't sent: %+v, %v", a, err)
		}
	})
}

// The limits of an endpoint that isn't described are learned from its responses, and calls
// that differ in an id share them.
func TestDoLearnsLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		left := 4
		c := answering(t, func(*http.Request) (*http.Response, error) {
			left--
			return jsonResponse(200, `{"data":{"id":"S"}}`, http.Header{"Ratelimit-Limit": {"4"}, "Ratelimit-Remaining": {string(rune('0' + max(0, left)))}, "Ratelimit-Reset": {"30"}}), nil
		})
		start := time.Now()
		for i, id := range []string{"A", "B", "C", "D", "E"} {
			if i == 4 {
				limits := c.Limits()
				if len(limits) != 1 || limits["GET /api/segments/{id}"].Steady != (client.Window{Limit: 4, Reset: limits["GET /api/segments/{id}"].Steady.Reset}) {
					t.Errorf("limits %+v", limits)
				}
				if burst := limits["GET /api/segments/{id}"].Burst; burst != (client.Window{}) {
					t.Errorf("a burst limit that nothing told: %+v", burst)
				}
			}
			if err := c.Do(t.Context(), "GET", "/api/segments/"+id, nil, nil, nil); err != nil {
				t.Fatal(err)
			}
		}
		if waited := time.Since(start); waited < 30*time.Second {
			t.Errorf("the fifth call waited %v, want the rest of the window", waited)
		}
	})
}

// One Client makes the calls of both revisions, each with its headers and on its path, and
// they share the limits of the endpoint.
func TestBothRevisions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var sent []string
		c := answering(t, func(req *http.Request) (*http.Response, error) {
			sent = append(sent, req.Header.Get("Revision")+" "+req.Header.Get("Accept")+" "+req.URL.Path)
			return jsonResponse(200, `{"data":[{"type":"metric","id":"M","attributes":{"name":"Viewed"}}]}`, nil), nil
		})
		before, err := asked.NewAPI(c).GetMetrics(t.Context(), nil)
		if err != nil || before.Data[0].Attributes.Name != "Viewed" {
			t.Fatalf("%+v, %v", before, err)
		}
		after, err := klaviyo.NewAPI(c).GetMetrics(t.Context(), nil)
		if err != nil || after.Data[0].Attributes.Name != "Viewed" {
			t.Fatalf("%+v, %v", after, err)
		}
		want := []string{"2023-02-22 application/json /api/metrics/", "2026-07-15 application/vnd.api+json /api/metrics"}
		if !slices.Equal(sent, want) {
			t.Errorf("sent %q, want %q", sent, want)
		}
		limits := c.Limits()
		if got, ok := limits[asked.OperationGetMetrics.Endpoint()]; !ok || len(limits) != 1 || got.Steady.Remaining != got.Steady.Limit-2 {
			t.Errorf("limits %+v, want those of one endpoint less two calls", limits)
		}
	})
}

// Send takes the requests of either revision.
func TestSendOfBothRevisions(t *testing.T) {
	var sent []string
	c := answering(t, func(req *http.Request) (*http.Response, error) {
		sent = append(sent, req.Header.Get("Revision"))
		return jsonResponse(202, "", nil), nil
	})
	for _, r := range []client.Request{
		event("ada@example.com", "1"),
		client.NewRequest(klaviyo.OperationCreateEvent, klaviyo.NewCreateEventBody(klaviyo.EventCreateAttributes{
			Metric:  klaviyo.NewEventMetric(klaviyo.MetricCreateAttributes{Name: "Viewed"}),
			Profile: klaviyo.NewEventProfile(klaviyo.EventProfileAttributes{Email: "ada@example.com"}),
		})),
	} {
		if _, err := c.Send(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Equal(sent, []string{"2023-02-22", "2026-07-15"}) {
		t.Errorf("sent %q", sent)
	}
}

// The calls of a day are counted for both revisions together. Beyond them a call fails at
// once with the time to wait, and the next day it is sent.
func TestDailyLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		refuse := true
		c := answering(t, func(*http.Request) (*http.Response, error) {
			if refuse {
				refuse = false
				return jsonResponse(429, `{"errors":[]}`, nil), nil // which costs nothing
			}
			return jsonResponse(201, `{"data":{"type":"list","id":"L","attributes":{"name":"News"}}}`, nil), nil
		})
		create := map[bool]func() error{
			false: func() error {
				_, err := asked.NewAPI(c).CreateList(t.Context(), asked.ListCreateAttributes{Name: "News"})
				return err
			},
			true: func() error {
				_, err := klaviyo.NewAPI(c).CreateList(t.Context(), nil, klaviyo.ListCreateAttributes{Name: "News"})
				return err
			},
		}
		day := klaviyo.OperationCreateList.Daily
		start := time.Now()
		for i := range day.Calls {
			if err := create[i%2 > 0](); err != nil {
				t.Fatalf("call %d: %v", i+1, err)
			}
		}
		endpoint := runtime.Endpoint("POST /api/lists")
		left := c.Limits()[endpoint].Daily
		if left.Limit != day.Calls || left.Remaining != 0 || left.Reset.Sub(start) > day.Window {
			t.Errorf("%+v is left of a day, want none", left)
		}
		before := time.Now()
		err := create[true]()
		var e *client.Error
		if !errors.As(err, &e) || !errors.Is(err, client.ErrRateLimited) || e.Attempts != 0 || time.Since(before) > 0 {
			t.Fatalf("err = %v after %v, want ErrRateLimited at once", err, time.Since(before))
		}
		if errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("err = %v is a deadline", err)
		}
		if want := time.Until(left.Reset); e.RetryAfter.Round(time.Second) != want.Round(time.Second) || !strings.Contains(err.Error(), "when the daily limit resets") {
			t.Errorf("err = %v, want a retry after %v", err, want)
		}
		time.Sleep(e.RetryAfter)
		if err := create[false](); err != nil {
			t.Errorf("the next day: %v", err)
		}
		if left := c.Limits()[endpoint].Daily; left.Remaining != day.Calls-1 {
			t.Errorf("%+v is left of the next day", left)
		}
	})
}

// A share of the quota is one of the day's too; the Limit is still the account's.
func TestDailyShare(t *testing.T) {
	for share, calls := range map[float64]int{0.1: 15, 0.001: 1} { // a share allows one call at least
		c := answering(t, func(*http.Request) (*http.Response, error) {
			return jsonResponse(201, `{"data":{"type":"list","id":"L","attributes":{"name":"News"}}}`, nil), nil
		}, client.WithQuotaShare(share))
		if _, err := klaviyo.NewAPI(c).CreateList(t.Context(), nil, klaviyo.ListCreateAttributes{Name: "News"}); err != nil {
			t.Fatal(err)
		}
		if left := c.Limits()["POST /api/lists"].Daily; left.Limit != 150 || left.Remaining != calls-1 {
			t.Errorf("share %v: %+v, want %d left of %d", share, left, calls-1, calls)
		}
		if share == 0.001 {
			_, err := klaviyo.NewAPI(c).CreateList(t.Context(), nil, klaviyo.ListCreateAttributes{Name: "News"})
			if !errors.Is(err, client.ErrRateLimited) {
				t.Errorf("a second call: err = %v, want ErrRateLimited", err)
			}
		}
	}
}
