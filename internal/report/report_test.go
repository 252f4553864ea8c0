package report

import (
	"bytes"
	"context"
	"math"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
	"github.com/rudderklaviyo/rudderklaviyo/internal/problem"
)

func pageOf(t *testing.T, r *Run) string {
	t.Helper()
	var page bytes.Buffer
	if err := r.Write(&page); err != nil {
		t.Fatal(err)
	}
	return page.String()
}

// TestRecorderCountsBySecondOfTheStart has requests that take longer than a second, and the
// last of which begin in one second and end in another.
func TestRecorderCountsBySecondOfTheStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := NewRecorder(time.Now())
		op := klaviyo.OperationCreateEvent
		for range 3 {
			time.Sleep(2500 * time.Millisecond)
			r.Attempt(context.Background(), client.Attempt{Operation: op, Duration: 1400 * time.Millisecond})
		}
		r.Limits(op.Endpoint(), 350, 3_500)
		want := []Operation{{Name: "create_event", Requests: 3, Burst: 350, Steady: 3_500, seconds: []int32{0, 1, 0, 1, 0, 0, 1}}}
		if diff := cmp.Diff(want, r.Operations(), cmp.AllowUnexported(Operation{})); diff != "" {
			t.Error(diff)
		}
		time.Sleep(2 * maxSeconds * time.Second)
		r.Attempt(context.Background(), client.Attempt{Operation: op})
		if n := len(r.Operations()[0].seconds); n != maxSeconds {
			t.Errorf("after a long time there are %d seconds", n)
		}
	})
}

// TestMomentsStayFew keeps those of a long run at even distances, and the order.
func TestMomentsStayFew(t *testing.T) {
	r := NewRecorder(time.Now())
	for i := range 100_000 {
		r.Record(Moment{At: time.Duration(i+1) * time.Second, Delivered: i + 1})
	}
	moments := r.Moments()
	if len(moments) < maxMoments/2-1 || len(moments) >= maxMoments {
		t.Fatalf("%d moments", len(moments))
	}
	for i := 1; i < len(moments); i++ {
		if moments[i].At-moments[i-1].At != moments[1].At-moments[0].At {
			t.Fatalf("moments %d and %d are %v apart, others %v", i-1, i, moments[i].At-moments[i-1].At, moments[1].At-moments[0].At)
		}
	}
}

func TestColumnsKeepTheHighest(t *testing.T) {
	counts := make([]int32, 1_000)
	counts[777] = 9
	steps, each := peaks(counts, 250)
	if len(steps) != 250 || each != 4 || steps[777/4] != 9 {
		t.Errorf("%d steps of %d: %v", len(steps), each, steps)
	}
	if diff := cmp.Diff([]int32{60, 5}, perMinute(append(bytesOf(60), 2, 3))); diff != "" {
		t.Error(diff)
	}
	c := columns([]int32{1, 2}, time.Minute, 10, 90*time.Second)
	// The second minute ends with the run; the limit has a sixth of the height above it.
	if want := "M0 120L0 110L666.67 110L666.67 100L1000 100V120Z"; c.Layers[0].Path != want || math.Abs(c.Limit-20) > 1e-9 {
		t.Errorf("%q, limit at %v", c.Layers[0].Path, c.Limit)
	}
}

// bytesOf returns n seconds with one request each.
func bytesOf(n int) []int32 {
	counts := make([]int32, n)
	for i := range counts {
		counts[i] = 1
	}
	return counts
}

// TestPageIsOfItself loads nothing and runs nothing, whatever names it shows.
func TestPageIsOfItself(t *testing.T) {
	evil := `"><script>alert(1)</script><img src=x onerror=alert(1)>`
	page := pageOf(t, &Run{
		Command: "send", Files: []string{evil}, Notice: evil, Stopped: &Stopped{evil, evil, evil},
		Events: 1, Parts: []Part{{Key: "failed", Name: "Failed", Class: "undelivered", Events: 1}},
		Metrics: []Counted{{evil, 1}}, Types: []Counted{{"track", 1}},
		Groups: []Group{{Key: "errors", Problems: []*problem.Problem{{Code: evil, Events: 1, First: []problem.Place{{File: evil, Line: 1}}, Explain: evil}}}},
	})
	for _, text := range []string{"<script", "<img", "<link", "src=", "href=", "url(", "@import"} {
		if strings.Contains(strings.ReplaceAll(page, "&lt;img src=x", ""), text) {
			t.Errorf("the page has %s", text)
		}
	}
}

func TestStates(t *testing.T) {
	failed := []Part{{Class: "undelivered", Events: 1}}
	for want, run := range map[string]Run{
		"Done":                                 {Command: "send", Parts: []Part{{Class: "undelivered"}}},
		"Done, except for some events":         {Command: "replay", Parts: failed},
		"Stopped early":                        {Command: "send", Parts: failed, Stopped: &Stopped{}},
		"Plan":                                 {Command: "plan"},
		"Plan, with events that can’t be sent": {Command: "plan", Parts: failed},
	} {
		if got, _ := run.state(); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

// TestFoldersAreShownOnce has files of one folder, in a run that others came before.
func TestFoldersAreShownOnce(t *testing.T) {
	run := &Run{
		Command: "send", Files: []string{"/data/exports/2025/a.jsonl", "/data/exports/2026/b.jsonl"}, Events: 5, Took: time.Second,
		Moments: []Moment{{At: 0}, {At: time.Second, Delivered: 3}},
		Groups: []Group{{Key: "errors", Problems: []*problem.Problem{{Code: "invalid_json", Events: 2, Explain: "rudderklaviyo explain --line 7 /data/exports/2025/a.jsonl",
			First: []problem.Place{{File: "/data/exports/2025/a.jsonl", Line: 7}, {File: "/data/exports/2026/b.jsonl", Line: 8}}}}}},
	}
	page := pageOf(t, run)
	for _, want := range []string{
		"In <code>/data/exports/</code>: <code>2025/a.jsonl</code>, <code>2026/b.jsonl</code>",
		`<td class="places">2025/a.jsonl line 7; 2026/b.jsonl line 8</td>`,
		"explain --line 7 /data/exports/2025/a.jsonl</code>", // as it is copied
		`<span class="top">3 events</span>`,
		`class="amount">Events</th>`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if strings.Contains(page, "in this run") {
		t.Error("there is no other run")
	}
	run.Earlier = 2
	if page := pageOf(t, run); !strings.Contains(page, `class="amount">Events in this run</th>`) || !strings.Contains(page, "events in this run</span>") {
		t.Error("the page doesn't say that problems are of this run")
	}
}

func TestCommonFolder(t *testing.T) {
	for _, tt := range []struct {
		files []string
		want  string
	}{
		{[]string{"/data/a"}, ""}, // whose name stands alone
		{[]string{"/data/a", "/data/b"}, "/data/"},
		{[]string{"/data/a", "/database/b"}, ""},
		{[]string{"data/x/a", "data/b"}, "data/"},
		{[]string{"a", "b"}, ""},
		{[]string{"standard input", "/data/b"}, ""},
	} {
		if got := filepath.ToSlash(commonFolder(tt.files)); got != tt.want {
			t.Errorf("%q: %q, want %q", tt.files, got, tt.want)
		}
	}
}
