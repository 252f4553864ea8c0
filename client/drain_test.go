package client_test

import (
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/client/klaviyotest"
	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
)

// A stream is a number of requests of one operation, each about another person.
type stream struct {
	operation *klaviyo.Operation
	request   func(i int) request
	n         int
}

// streams fill two steady windows each.
var streams = []stream{
	{klaviyo.OperationCreateEvent, func(i int) request { return event(address(i), strconv.Itoa(i)) }, 7000},
	{klaviyo.OperationCreateProfile, func(i int) request { return profile(klaviyo.ProfileCreateAttributes{Email: address(i)}) }, 1400},
	{klaviyo.OperationSubscribeProfiles, func(i int) request { return subscribe(address(i)) }, 1400},
}

func address(i int) string { return strconv.Itoa(i) + "@example.com" }

// drained is what it took to drain a stream.
type drained struct {
	took        time.Duration
	calls       int64
	rateLimited int64
}

// drain sends a stream, 32 requests at a time as the program does.
func drain(t *testing.T, c *client.Client, s stream) drained {
	before, start := c.Stats(), time.Now()
	waiting := make(chan request)
	var senders sync.WaitGroup
	for range 32 {
		senders.Go(func() {
			for r := range waiting {
				if _, err := c.Send(t.Context(), r); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for i := range s.n {
		waiting <- s.request(i)
	}
	close(waiting)
	senders.Wait()
	after := c.Stats()
	return drained{time.Since(start), after.Requests - before.Requests, after.RateLimited - before.RateLimited}
}

// leastTime is how long n calls take somebody who knows both fixed windows, which
// began some time before.
func leastTime(op *klaviyo.Operation, n int, into time.Duration) time.Duration {
	left := func(w time.Duration, at time.Duration) time.Duration { return w - (at+into)%w }
	var at time.Duration
	steady := op.Steady.Calls
	for {
		sent := min(n, op.Burst.Calls, steady)
		n, steady = n-sent, steady-sent
		if n == 0 {
			return at
		}
		wait := left(op.Burst.Window, at)
		if end := left(op.Steady.Window, at); steady == 0 || end <= wait {
			wait, steady = end, op.Steady.Calls
		}
		at += wait
	}
}

// far is a Klaviyo that a request needs some time to reach and come back from.
func far(k *klaviyotest.Klaviyo, latency time.Duration) client.Option {
	transport := k.Transport()
	return client.WithHTTPClient(&http.Client{Transport: transportFunc(func(req *http.Request) (*http.Response, error) {
		time.Sleep(latency / 2)
		resp, err := transport.RoundTrip(req)
		time.Sleep(latency / 2)
		return resp, err
	})})
}

type transportFunc func(*http.Request) (*http.Response, error)

func (f transportFunc) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// Each stream takes at most 1.03 of the least time, and no 429.
func TestDrain(t *testing.T) {
	const ownWindows = -1 // they begin with our first call
	for _, s := range streams {
		op := s.operation
		for _, test := range []struct{ into, latency time.Duration }{
			{ownWindows, 80 * time.Millisecond},
			{300 * time.Millisecond, 40 * time.Millisecond},
			{5300 * time.Millisecond, 40 * time.Millisecond},
			{25700 * time.Millisecond, 0},
		} {
			t.Run(fmt.Sprintf("%s/%v/%v", s.operation, test.into, test.latency), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					opts := []klaviyotest.Option{klaviyotest.WithList("LIST", "Newsletter"), klaviyotest.WithoutRequestLog()}
					if test.into != ownWindows {
						opts = append(opts, klaviyotest.WithWindowsFrom(time.Now().Add(-test.into)))
					}
					got := drain(t, newClient(t, far(klaviyotest.New(opts...), test.latency)), s)
					least := leastTime(op, s.n, max(0, test.into)) + test.latency
					if ratio := got.took.Seconds() / least.Seconds(); ratio > 1.03 {
						t.Errorf("took %v, which is %.3f of the least time %v", got.took, ratio, least)
					}
					if got.rateLimited > 0 {
						t.Errorf("%d responses were 429", got.rateLimited)
					}
				})
			})
		}
	}
}

// The operations of a mixed stream drain side by side, each as fast as alone.
func TestDrainMixed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := klaviyotest.New(klaviyotest.WithList("LIST", "Newsletter"), klaviyotest.WithoutRequestLog())
		c := newClient(t, far(k, 80*time.Millisecond))
		var all sync.WaitGroup
		for _, s := range streams {
			all.Go(func() {
				op := s.operation
				took := drain(t, c, s).took
				if ratio := took.Seconds() / leastTime(op, s.n, 0).Seconds(); ratio > 1.03 {
					t.Errorf("%s: took %v, which is %.3f of the least time", s.operation, took, ratio)
				}
			})
		}
		all.Wait()
		if got := c.Stats().RateLimited; got > 0 {
			t.Errorf("%d responses were 429", got)
		}
	})
}

// Another program spends 30 % of the quota: evenly, or in bursts. That is seen soon
// enough, whenever the windows begin.
func TestDrainBesideAnotherProgram(t *testing.T) {
	events, profiles := streams[0], streams[1]
	for s, everies := range map[*stream]map[string]time.Duration{
		&events:   {"evenly": 0, "each 5 seconds": 5 * time.Second},
		&profiles: {"evenly": 0, "each second": time.Second, "each 5 seconds": 5 * time.Second},
	} {
		for name, every := range everies {
			for _, into := range []time.Duration{20300 * time.Millisecond, 52910 * time.Millisecond} {
				t.Run(fmt.Sprintf("%s/%s/%v", s.operation, name, into), func(t *testing.T) {
					t.Parallel()
					synctest.Test(t, func(t *testing.T) {
						got := drainBeside(t, *s, every, into, 80*time.Millisecond) // and nothing is given up
						if got.rateLimited*200 >= got.calls {
							t.Errorf("%d of %d calls were answered 429, want less than 0.5 %%", got.rateLimited, got.calls)
						}
						left := leastTime(leftOf(s.operation), s.n, into)
						if ratio := got.took.Seconds() / left.Seconds(); ratio > 1.15 {
							t.Errorf("took %v, which is %.3f of the least time with the quota left", got.took, ratio)
						}
					})
				})
			}
		}
	}
}

// drainBeside drains a stream while another program spends some calls at a time.
func drainBeside(t *testing.T, s stream, every, into, latency time.Duration) drained {
	k := inMidWindow(into)
	stop := make(chan struct{})
	defer close(stop)
	go spend(k, s.operation, every, stop)
	return drain(t, newClient(t, far(k, latency)), s)
}

func inMidWindow(into time.Duration) *klaviyotest.Klaviyo {
	return klaviyotest.New(klaviyotest.WithList("LIST", "Newsletter"), klaviyotest.WithoutRequestLog(), klaviyotest.WithWindowsFrom(time.Now().Add(-into)))
}

// leftOf is an operation of which spend leaves us 70 % of the quota.
func leftOf(op *klaviyo.Operation) *klaviyo.Operation {
	left := *op
	left.Steady.Calls = op.Steady.Calls * 70 / 100
	return &left
}

// spend uses 30 % of an operation's quota up, some calls at a time or, if every is
// zero, one by one.
func spend(k *klaviyotest.Klaviyo, op *klaviyo.Operation, every time.Duration, stop <-chan struct{}) {
	calls := op.Steady.Calls * 30 / 100
	if every == 0 {
		every = op.Steady.Window / time.Duration(calls)
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for n := 1; ; n++ {
		select {
		case <-stop:
			return
		case <-tick.C:
			at := func(n int) int { return n * calls * int(every) / int(op.Steady.Window) }
			k.Spend(op, at(n)-at(n-1))
		}
	}
}

// A share of the quota leaves the rest to others, in each second and minute.
func TestQuotaShare(t *testing.T) {
	for _, s := range streams {
		t.Run(s.operation.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				const share = 0.8
				op := s.operation
				epoch := time.Now()
				k := klaviyotest.New(klaviyotest.WithList("LIST", "Newsletter"), klaviyotest.WithWindowsFrom(epoch))
				s.n /= 2 // a whole quota
				got := drain(t, newClient(t, far(k, 0), client.WithQuotaShare(share)), s)
				most := map[time.Duration]int{}
				for _, window := range []time.Duration{op.Burst.Window, op.Steady.Window} {
					counts := map[time.Duration]int{}
					for _, r := range k.Requests() {
						counts[r.Time.Sub(epoch)/window]++
					}
					for _, n := range counts {
						most[window] = max(most[window], n)
					}
				}
				for _, limit := range []klaviyo.RateLimit{op.Burst, op.Steady} {
					if want := int(float64(limit.Calls) * share); most[limit.Window] != want {
						t.Errorf("at most %d calls in %v, want %d of %d", most[limit.Window], limit.Window, want, limit.Calls)
					}
				}
				if got.rateLimited > 0 {
					t.Errorf("%d responses were 429", got.rateLimited)
				}
			})
		})
	}
}

// An account whose limits Klaviyo has raised uses them up, and one whose limits are lower
// keeps them. The operations of other endpoints have theirs.
func TestWithLimit(t *testing.T) {
	for _, times := range []float64{0.5, 4} {
		t.Run(fmt.Sprintf("%v times", times), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, other := streams[0], streams[1]
				raised := *s.operation
				raised.Burst.Calls = int(times * float64(raised.Burst.Calls))
				raised.Steady.Calls = int(times * float64(raised.Steady.Calls))
				s.n = 2 * raised.Steady.Calls
				limits := client.CallLimits{PerSecond: raised.Burst.Calls, PerMinute: raised.Steady.Calls}
				k := klaviyotest.New(klaviyotest.WithLimit(s.operation, limits))
				c := newClient(t, far(k, 10*time.Millisecond), client.WithLimit(s.operation, limits))
				for op, s := range map[*klaviyo.Operation]stream{&raised: s, other.operation: other} {
					got := drain(t, c, s)
					if most := leastTime(op, s.n, 0) * 103 / 100; got.took > most || got.rateLimited > 0 {
						t.Errorf("%d calls of %s took %v with %d responses of 429, want %v at most and none", s.n, op, got.took, got.rateLimited, most)
					}
				}
				if got := c.Limits()[s.operation.Endpoint()]; got.Burst.Limit != raised.Burst.Calls || got.Steady.Limit != raised.Steady.Calls {
					t.Errorf("Limits tells %+v", got)
				}
			})
		})
	}
}

func TestQuotaShareIsAtLeastOneCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := klaviyotest.New()
		c := newClient(t, far(k, 0), client.WithQuotaShare(0.001))
		start := time.Now()
		for i := range 3 {
			if _, err := c.Send(t.Context(), profile(klaviyo.ProfileCreateAttributes{Email: address(i)})); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(start); took != 2*time.Minute {
			t.Errorf("3 calls of one a minute took %v, want 2m", took)
		}
	})
}

// BenchmarkDrain prints how much longer than the least time a stream takes, and how
// many responses were 429.
func BenchmarkDrain(b *testing.B) {
	for _, s := range streams {
		b.Run(s.operation.String(), func(b *testing.B) {
			op := s.operation
			var got drained
			for b.Loop() {
				inVirtualTime(b, func(t *testing.T) {
					got = drain(t, newClient(t, far(klaviyotest.New(klaviyotest.WithList("LIST", "Newsletter"), klaviyotest.WithoutRequestLog()), 80*time.Millisecond)), s)
				})
			}
			b.ReportMetric(got.took.Seconds()/leastTime(op, s.n, 0).Seconds(), "ratio")
			b.ReportMetric(float64(got.rateLimited), "429s")
		})
	}
}

// inVirtualTime runs f in a synctest bubble, which only a test can have.
func inVirtualTime(b *testing.B, f func(*testing.T)) {
	b.Helper()
	all := func(string, string) (bool, error) { return true, nil }
	if !testing.RunTests(all, []testing.InternalTest{{Name: b.Name(), F: func(t *testing.T) { synctest.Test(t, f) }}}) {
		b.Fatal("the test in it failed")
	}
}
