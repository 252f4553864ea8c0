package klaviyotest

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
)

func TestCommonFaults(t *testing.T) {
	tests := []struct {
		name   string
		fault  Fault
		status int
		code   string // empty if the body isn't JSON
		retry  string
	}{
		{"RateLimited", RateLimited(1500 * time.Millisecond), 429, "throttled", "2"},
		{"ServerError", ServerError(), 500, "error", ""},
		{"Unauthorized", Unauthorized(), 401, "authentication_failed", ""},
		{"MissingScope", MissingScope(), 403, "permission_denied", ""},
		{"Challenge", Challenge(), 403, "", ""},
		{"of one's own", Fault{Status: 503, Code: "down", RetryAfter: time.Minute}, 503, "down", "60"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			k := New()
			k.Inject(test.fault)
			// By itself: a gateway's page is not in the description.
			rsp, err := k.Transport().RoundTrip(newRequest(t, "GET", "/api/lists/", ""))
			if err != nil {
				t.Fatal(err)
			}
			r := reply{rsp.StatusCode, rsp.Header, readAll(t, rsp.Body)}
			if r.status != test.status || r.header.Get("Retry-After") != test.retry {
				t.Errorf("status %d, headers %v", r.status, r.header)
			}
			if test.code == "" {
				if !strings.HasPrefix(r.header.Get("Content-Type"), "text/html") || !strings.HasPrefix(r.body, "<") {
					t.Errorf("headers %v, body %s", r.header, r.body)
				}
			} else if got := r.errors(t)[0].Code; got != test.code {
				t.Errorf("code %q, want %q", got, test.code)
			}
			if r := send(t, k, "GET", "/api/lists/", ""); r.status != 200 {
				t.Errorf("the next request met it too: status %d", r.status)
			}
		})
	}
}

func TestRepeat(t *testing.T) {
	k := New()
	k.Inject(ServerError().Repeat(2), Unauthorized().Repeat(-1))
	for i, want := range []int{500, 500, 401, 401, 401} {
		if r := send(t, k, "GET", "/api/lists/", ""); r.status != want {
			t.Errorf("request %d: status %d, want %d", i+1, r.status, want)
		}
	}
}

func TestOrderOfFaults(t *testing.T) {
	k := New()
	k.Inject(
		Fault{Operation: klaviyo.OperationGetMetrics, Status: 500, Times: 2},
		Fault{Status: 502},
		Fault{Status: 503, When: func(r *http.Request) bool { return r.URL.Query().Has("sort") }},
	)
	k.Inject(Fault{Status: 504, Times: -1})
	for i, step := range []struct {
		path   string
		status int
	}{
		{"/api/lists/", 502},
		{"/api/metrics/", 500},
		{"/api/lists/", 504},
		{"/api/metrics/", 500},
		{"/api/metrics/", 504},
		{"/api/profiles/?sort=id", 503},
		{"/api/profiles/?sort=id", 504},
		{"/nowhere", 504},
	} {
		if got := send(t, k, "GET", step.path, "").status; got != step.status {
			t.Errorf("step %d: status %d, want %d", i, got, step.status)
		}
	}
}

func TestFaultByBody(t *testing.T) {
	k := New()
	k.Inject(Fault{Status: 500, When: func(r *http.Request) bool {
		body, _ := io.ReadAll(r.Body)
		return strings.Contains(string(body), "bo@")
	}})
	createProfile(t, k, `"email":"ada@example.com"`)
	if r := send(t, k, "POST", "/api/profiles/", profileWith(`"email":"bo@example.com"`)); r.status != 500 {
		t.Errorf("status %d", r.status)
	}
	createProfile(t, k, `"email":"bo@example.com"`)
}

// The condition of a fault may look at what the Klaviyo holds.
func TestFaultByState(t *testing.T) {
	k := New()
	k.Inject(Fault{Status: 500, Times: -1, When: func(*http.Request) bool { return len(k.Profiles()) == 2 && len(k.Requests()) == 3 }})
	for i, want := range []int{201, 201, 500, 201} {
		if r := send(t, k, "POST", "/api/profiles/", profileWith(`"external_id":"`+string(rune('0'+i))+`"`)); r.status != want {
			t.Errorf("request %d: status %d, want %d", i, r.status, want)
		}
	}
}

func TestAfterAccept(t *testing.T) {
	for name, fault := range map[string]Fault{
		"answer": {Status: 502, AfterAccept: true},
		"reset":  {Reset: true, AfterAccept: true},
	} {
		t.Run(name, func(t *testing.T) {
			k := New()
			k.Inject(fault)
			rsp, err := k.Transport().RoundTrip(newRequest(t, "POST", "/api/profiles/", profileWith(`"external_id":"1"`)))
			if fault.Reset != errors.Is(err, syscall.ECONNRESET) || !fault.Reset && rsp.StatusCode != 502 {
				t.Errorf("response %v, error %v", rsp, err)
			}
			find(t, k, "1")
		})
	}
	k := New()
	k.Inject(ServerError())
	send(t, k, "POST", "/api/profiles/", profileWith(`"external_id":"1"`))
	if n := len(k.Profiles()); n != 0 {
		t.Error("a fault before acceptance let the request in")
	}
}

func TestSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := New()
		k.Inject(Slow(time.Minute), Slow(time.Minute))
		start := time.Now()
		if r := send(t, k, "POST", "/api/profiles/", profileWith(`"external_id":"1"`)); r.status != 201 || time.Since(start) != time.Minute {
			t.Errorf("status %d after %v", r.status, time.Since(start))
		}

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start = time.Now()
		r := newRequest(t, "POST", "/api/profiles/", profileWith(`"external_id":"2"`)).WithContext(ctx)
		_, err := (&http.Client{Transport: k.Transport()}).Do(r)
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Second {
			t.Errorf("error %v after %v", err, time.Since(start))
		}
		synctest.Wait()
		if _, ok := k.Profile("2"); ok {
			t.Error("a request that was given up took effect")
		}
		if got := k.Requests(); len(got) != 2 || got[1].Status != 0 {
			t.Errorf("requests %+v", got)
		}
	})
}

func TestSlowAfterAccept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := New()
		k.Inject(Fault{Delay: time.Minute, AfterAccept: true})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := k.Transport().RoundTrip(newRequest(t, "POST", "/api/profiles/", profileWith(`"external_id":"1"`)).WithContext(ctx))
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v", err)
		}
		synctest.Wait()
		find(t, k, "1")
		if got := k.Requests()[0].Status; got != 0 {
			t.Errorf("status %d of a request that was never answered", got)
		}
	})
}

func TestCutOff(t *testing.T) {
	k := New()
	k.Inject(Fault{CutOff: true})
	rsp, err := k.Transport().RoundTrip(newRequest(t, "POST", "/api/profiles/", profileWith(`"external_id":"1"`)))
	if err != nil || rsp.StatusCode != 201 {
		t.Fatalf("response %v, error %v", rsp, err)
	}
	got, err := io.ReadAll(rsp.Body)
	if !errors.Is(err, io.ErrUnexpectedEOF) || len(got) == 0 || int64(len(got)) >= rsp.ContentLength {
		t.Errorf("read %d of %d bytes, %v", len(got), rsp.ContentLength, err)
	}
	find(t, k, "1")
}
