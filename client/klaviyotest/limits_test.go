package klaviyotest

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
)

// calls makes n calls of get_lists and gives how many were let in.
func calls(t *testing.T, k *Klaviyo, n int) int {
	t.Helper()
	taken := 0
	for range n {
		if send(t, k, "GET", "/api/lists/", "").status == http.StatusOK {
			taken++
		}
	}
	return taken
}

func TestBurst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := New() // 10/s and 150/m
		if got := calls(t, k, 20); got != 10 {
			t.Errorf("%d calls in a burst, want 10", got)
		}
		time.Sleep(time.Second - time.Nanosecond)
		if got := calls(t, k, 1); got != 0 {
			t.Error("the window ended early")
		}
		time.Sleep(time.Nanosecond)
		if got := calls(t, k, 20); got != 10 {
			t.Errorf("%d calls in the next window, want 10", got)
		}
	})
}

func TestSteady(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := New()
		taken := 0
		for range 59 {
			taken += calls(t, k, 20)
			time.Sleep(time.Second)
		}
		if taken != 150 {
			t.Errorf("%d calls in a minute, want 150", taken)
		}
		r := send(t, k, "GET", "/api/lists/", "")
		if r.status != 429 || r.header.Get("Retry-After") != "1" {
			t.Errorf("status %d, headers %v", r.status, r.header)
		}
		time.Sleep(time.Second)
		if got := calls(t, k, 20); got != 10 {
			t.Errorf("%d calls in the next minute, want 10", got)
		}
	})
}

func TestHeaders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := New(WithLimit(klaviyo.OperationGetLists, CallLimits{PerSecond: 2, PerMinute: 3}))
		header := func(want int, name, value string) {
			t.Helper()
			r := send(t, k, "GET", "/api/lists/", "")
			if got := r.header.Get(name); r.status != want || got != value {
				t.Errorf("status %d, %s %q; want %d, %q", r.status, name, got, want, value)
			}
			limited := r.status == 429
			if (r.header.Get("Retry-After") != "") != limited || (r.header.Get("RateLimit-Limit") != "") == limited {
				t.Errorf("status %d with the headers %v", r.status, r.header)
			}
			if limited && r.errors(t)[0].Code != "throttled" {
				t.Errorf("body %s", r.body)
			}
		}
		header(200, "RateLimit-Limit", "3")
		header(200, "RateLimit-Remaining", "1")
		time.Sleep(300 * time.Millisecond)
		header(429, "Retry-After", "1") // of the burst: 0.7 s
		time.Sleep(900 * time.Millisecond)
		header(200, "RateLimit-Reset", "59") // 58.8 s
		header(429, "Retry-After", "59")
	})
}

// An invalid request spends a call, as does any that the key is good for.
func TestInvalidRequestsCount(t *testing.T) {
	k := New(WithKey("pk_test"), WithLimit(klaviyo.OperationCreateList, CallLimits{PerSecond: 2, PerMinute: 2}))
	for range 3 {
		if r := send(t, k, "POST", "/api/lists/", "{}", withAuthorization("Klaviyo-API-Key x")); r.status != 401 || r.header.Get("RateLimit-Limit") != "" {
			t.Errorf("status %d, headers %v", r.status, r.header)
		}
	}
	for _, want := range []int{400, 400, 429} {
		r := send(t, k, "POST", "/api/lists/", "{}")
		if r.status != want {
			t.Errorf("status %d, want %d", r.status, want)
		}
		if want == 400 && r.header.Get("RateLimit-Remaining") == "" {
			t.Errorf("headers %v", r.header)
		}
	}
}

func TestOperationsHaveLimitsOfTheirOwn(t *testing.T) {
	k := New(WithLimit(klaviyo.OperationGetLists, CallLimits{PerSecond: 1, PerMinute: 1}))
	calls(t, k, 2)
	if r := send(t, k, "GET", "/api/metrics/", ""); r.status != 200 {
		t.Errorf("status %d", r.status)
	}
}

func TestWindowsFrom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		epoch := time.Now().Add(400 * time.Millisecond) // windows end at every .4
		k := New(WithWindowsFrom(epoch), WithLimit(klaviyo.OperationGetLists, CallLimits{PerSecond: 1, PerMinute: 100}))
		for i, test := range []struct {
			wait  time.Duration
			taken int
		}{
			{0, 1},
			{399 * time.Millisecond, 0},
			{time.Millisecond, 1},
			{999 * time.Millisecond, 0},
			{time.Millisecond, 1},
			{10*time.Second + 700*time.Millisecond, 1},
			{299 * time.Millisecond, 0},
			{time.Millisecond, 1},
		} {
			time.Sleep(test.wait)
			if got := calls(t, k, 1); got != test.taken {
				t.Errorf("step %d: %d calls, want %d", i, got, test.taken)
			}
		}
	})
}

func TestSpend(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := New()
		k.Spend(klaviyo.OperationGetLists, 8)
		r := send(t, k, "GET", "/api/lists/", "")
		if got := r.header.Get("RateLimit-Remaining"); got != "141" {
			t.Errorf("remaining %s, want 141", got)
		}
		if got := calls(t, k, 5); got != 1 {
			t.Errorf("%d calls, want 1", got)
		}
		k.Spend(klaviyo.OperationGetLists, 1000)
		time.Sleep(time.Second)
		if r := send(t, k, "GET", "/api/lists/", ""); r.status != 429 || r.header.Get("Retry-After") != "59" {
			t.Errorf("status %d, headers %v", r.status, r.header)
		}
	})
}

func TestWithoutLimits(t *testing.T) {
	k := New(WithoutLimits())
	k.Spend(klaviyo.OperationGetLists, 1000)
	if got := calls(t, k, 200); got != 200 {
		t.Errorf("%d calls", got)
	}
	if r := send(t, k, "GET", "/api/lists/", ""); r.header.Get("RateLimit-Limit") != "" {
		t.Errorf("headers %v", r.header)
	}
}

func TestWithoutLimitsInAnyOrder(t *testing.T) {
	one := WithLimit(klaviyo.OperationCreateEvent, CallLimits{PerSecond: 1, PerMinute: 1})
	for _, opts := range [][]Option{{one, WithoutLimits()}, {WithoutLimits(), one}} {
		if k := New(append(opts, WithWindowsFrom(time.Unix(0, 0)))...); k.limits != nil {
			t.Error("there are limits")
		}
	}
}
