package client

import (
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
)

// quotaAnswer is a response with the RateLimit headers.
func quotaAnswer(remaining, reset int) *http.Response {
	resp := answer(http.StatusAccepted, "")
	resp.Header.Set("RateLimit-Limit", "700")
	resp.Header.Set("RateLimit-Remaining", strconv.Itoa(remaining))
	resp.Header.Set("RateLimit-Reset", strconv.Itoa(reset))
	return resp
}

func TestSteadyWindow(t *testing.T) {
	type reply struct {
		at               time.Duration
		remaining, reset int // a remaining of -1 is no response
	}
	for _, test := range []struct {
		name     string
		replies  []reply
		at       time.Duration
		wantLeft int
		wantEnd  time.Duration
	}{
		{"nothing known", nil, 0, 700, 61 * time.Second},
		{"the reply is believed", []reply{{1 * time.Second, 100, 40}}, 1 * time.Second, 100, 42 * time.Second},
		{"the window can't last longer than its length", []reply{{1 * time.Second, 699, 60}}, 1 * time.Second, 699, 61 * time.Second},
		{"several replies narrow the end", []reply{{1 * time.Second, 100, 40}, {1900 * time.Millisecond, 99, 39}}, 2 * time.Second, 99, 41900 * time.Millisecond},
		{"replies out of order", []reply{{1 * time.Second, 98, 40}, {1 * time.Second, 99, 40}}, 2 * time.Second, 98, 42 * time.Second},
		{"a request without an answer may have counted", []reply{{1 * time.Second, 100, 40}, {2 * time.Second, -1, 0}}, 2 * time.Second, 99, 42 * time.Second},
		{"the window has ended", []reply{{1 * time.Second, 0, 40}}, 42 * time.Second, 700, 103 * time.Second},
		{"a reply of the next window", []reply{{1 * time.Second, 5, 10}, {11500 * time.Millisecond, 690, 60}}, 12 * time.Second, 690, 71500 * time.Millisecond},
		{"a late reply of the last window", []reply{{1 * time.Second, 5, 10}, {11500 * time.Millisecond, 690, 60}, {11600 * time.Millisecond, 1, 0}}, 12 * time.Second, 690, 71500 * time.Millisecond},
		{"a reset beyond the window", []reply{{1 * time.Second, 0, 3600}, {1 * time.Second, 0, 62}}, 2 * time.Second, 698, 61 * time.Second},
		{"a reset that is no number of seconds", []reply{{1 * time.Second, 5, 1 << 40}}, 2 * time.Second, 699, 61 * time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			start := time.Now()
			w := newSteadyWindow(klaviyo.RateLimit{Calls: 700, Window: time.Minute}, 1)
			w.available(start, 0)
			for _, r := range test.replies {
				resp := quotaAnswer(r.remaining, r.reset)
				if r.remaining < 0 {
					resp = nil
				}
				w.update(attempt{}, resp, start.Add(r.at), 0)
			}
			left, end := w.available(start.Add(test.at), 0)
			if got := end.Sub(start); left != test.wantLeft || got != test.wantEnd {
				t.Errorf("%d left until %v, want %d until %v", left, got, test.wantLeft, test.wantEnd)
			}
		})
	}
}

// A reply of the old window comes after we have begun a new one.
func TestSteadyWindowLateReply(t *testing.T) {
	start := time.Now()
	w := newSteadyWindow(klaviyo.RateLimit{Calls: 700, Window: time.Minute}, 1)
	w.available(start, 0)
	w.update(attempt{}, quotaAnswer(1, 10), start, 0)
	w.available(start.Add(11*time.Second), 0)
	w.update(attempt{}, quotaAnswer(0, 0), start.Add(11*time.Second), 0)
	if left, _ := w.available(start.Add(11*time.Second), 0); left != 700 {
		t.Errorf("%d left, want 700", left)
	}
}

// A guessed end doesn't make the replies of the next window late ones.
func TestSteadyWindowAfterAGuess(t *testing.T) {
	start := time.Now()
	w := newSteadyWindow(klaviyo.RateLimit{Calls: 700, Window: time.Minute}, 1)
	w.available(start, 0)
	next := start.Add(w.length + resetMargin)
	w.available(next, 0)
	w.update(attempt{}, quotaAnswer(5, 20), next, 0)
	if left, end := w.available(next, 0); left != 5 || end.Sub(next) != 21*time.Second {
		t.Errorf("%d left until %v, want 5 until 21s", left, end.Sub(next))
	}
}

func TestSteadyWindowTakesTheQuotaFromTheServer(t *testing.T) {
	start := time.Now()
	w := newSteadyWindow(klaviyo.RateLimit{Calls: 700, Window: time.Minute}, 1)
	resp := quotaAnswer(10, 10)
	resp.Header.Set("RateLimit-Limit", "350, 75;w=1, 350;w=60")
	w.available(start, 0)
	w.update(attempt{}, resp, start, 0)
	if left, _ := w.available(start.Add(time.Hour), 0); left != 350 {
		t.Errorf("%d left in the next window, want 350", left)
	}
}

// A share is counted again in a window that begins sooner than it had to.
func TestSteadyWindowShare(t *testing.T) {
	start := time.Now()
	w := newSteadyWindow(klaviyo.RateLimit{Calls: 700, Window: time.Minute}, 0.5)
	w.available(start, 0)
	w.update(attempt{}, quotaAnswer(600, 10), start, 0)
	w.spent = 340
	if room, _ := w.available(start, 3); room != 10 {
		t.Errorf("room for %d, want 10 of 350", room)
	}
	next := start.Add(10500 * time.Millisecond)
	w.update(attempt{}, quotaAnswer(699, 60), next, 3)
	if room, _ := w.available(next, 3); room != 346 {
		t.Errorf("room for %d in the next window, want 346 of 350", room)
	}
}

func TestRateLimitHeaders(t *testing.T) {
	for _, test := range []struct {
		limit, remaining, reset string
		want                    bool
	}{
		{"700", "699", "60", true},
		{"", "699", "60", true},
		{"700", "", "60", false},
		{"700", "-1", "60", false},
		{"700", "699", "", false},
		{"700", "699", "-1", false},
		{"700", "many", "soon", false},
	} {
		resp := answer(http.StatusOK, "")
		resp.Header.Set("RateLimit-Limit", test.limit)
		resp.Header.Set("RateLimit-Remaining", test.remaining)
		resp.Header.Set("RateLimit-Reset", test.reset)
		if _, _, _, ok := rateLimitHeaders(resp); ok != test.want {
			t.Errorf("quotaOf(%q, %q, %q) = %v, want %v", test.limit, test.remaining, test.reset, ok, test.want)
		}
	}
}

// What others spend at once is told from our own calls, is left to them with some
// slack, and is believed less with each window.
func TestSteadyWindowSeesBursts(t *testing.T) {
	now := time.Now()
	w := newSteadyWindow(klaviyo.RateLimit{Calls: 700, Window: time.Minute}, 1)
	w.available(now, 0)
	others := 0
	call := func(spentByOthers int) {
		now = now.Add(100 * time.Millisecond)
		others += spentByOthers
		a := w.send(now)
		w.update(a, quotaAnswer(700-a.ordinal-others, 60), now, 0)
	}
	for range 20 {
		call(0)
	}
	if got := w.others(); got != 0 {
		t.Errorf("%d calls are left to nobody", got)
	}
	call(16)
	call(0)
	if got := w.others(); got != 20 {
		t.Errorf("%d calls are left to others after 16 at once, want 20", got)
	}
	now, others = now.Add(2*time.Minute), 0
	w.available(now, 0)
	call(0)
	if got := w.others(); got != 18 {
		t.Errorf("%d calls are left to others in the next window, want 18", got)
	}
}

// An attempt counts until another can't arrive in the same second: not as long after
// its response as an attempt takes there and back.
func TestBurstWindowKnowsTheRoundTrip(t *testing.T) {
	w := newBurstWindow(klaviyo.RateLimit{Calls: 1, Window: time.Second}, 1)
	sent := time.Now()
	w.send(sent)
	answered := sent.Add(80 * time.Millisecond)
	w.done(sent, answered)
	if got := w.availableAt(answered, 0, 0).Sub(sent); got != 1010*time.Millisecond {
		t.Errorf("the next attempt may be sent after %v, want 1.01s", got)
	}
}
