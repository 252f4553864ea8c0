package client

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
)

// limitedTo is the limiter's link before a transport.
func limitedTo(transport http.RoundTripper) http.RoundTripper {
	return chain(transport, limit(newLimiters(RetryPolicy{}.withDefaults(), 1, nil)))
}

func requestOf(ctx context.Context, op *klaviyo.Operation) *http.Request {
	req, err := http.NewRequestWithContext(withCall(ctx, &call{operation: op}), op.Method, DefaultBaseURL, nil)
	if err != nil {
		panic(err)
	}
	return req
}

// pass sends n requests, some at a time, each until it isn't answered 429. It
// returns how long that took.
func pass(t *testing.T, limited http.RoundTripper, op *klaviyo.Operation, n, atATime int) time.Duration {
	t.Helper()
	start := time.Now()
	waiting := make(chan struct{})
	var senders sync.WaitGroup
	for range atATime {
		senders.Go(func() {
			for range waiting {
				for status := 0; status/100 != 2; {
					resp, err := limited.RoundTrip(requestOf(t.Context(), op))
					if err != nil {
						t.Error(err)
						return
					}
					status = resp.StatusCode
				}
			}
		})
	}
	for range n {
		waiting <- struct{}{}
	}
	close(waiting)
	senders.Wait()
	return time.Since(start)
}

// least is how long n requests take a sender that keeps the burst limit in every
// second and knows when each steady window ends.
func least(op *klaviyo.Operation, n int, steadyPhase time.Duration) time.Duration {
	space := op.Burst.Window / time.Duration(op.Burst.Calls)
	var now time.Duration
	left, end := op.Steady.Calls, op.Steady.Window-steadyPhase
	for range n {
		if now >= end {
			left, end = op.Steady.Calls, end+op.Steady.Window
		}
		if left == 0 {
			now, left, end = end, op.Steady.Calls, end+op.Steady.Window
		}
		left--
		now += space
	}
	return now
}

var limitsOfEachSize = []*klaviyo.Operation{
	klaviyo.OperationCreateEvent, klaviyo.OperationSubscribeProfiles,
	klaviyo.OperationGetLists, klaviyo.OperationRequestProfileDeletion,
}

func TestLimiterKeepsBothWindows(t *testing.T) {
	rounding := map[string]func(float64) float64{"up": math.Ceil, "down": math.Floor}
	for _, id := range limitsOfEachSize {
		for _, burstPhase := range []time.Duration{0, 300 * time.Millisecond} {
			for _, steadyPhase := range []time.Duration{0, 20500 * time.Millisecond, 35 * time.Second, 58 * time.Second} {
				for name, round := range rounding {
					t.Run(fmt.Sprintf("%s/%v/%v/%s", id, burstPhase, steadyPhase, name), func(t *testing.T) {
						t.Parallel()
						synctest.Test(t, func(t *testing.T) {
							op := operation(id)
							f := newFixedWindows(op, burstPhase, steadyPhase)
							f.round = round
							f.latency = jitter(80*time.Millisecond, 20*time.Millisecond)
							n := 2 * op.Steady.Calls
							took := pass(t, limitedTo(f), op, n, 50)

							if f.refused > 0 {
								t.Errorf("%d responses were 429", f.refused)
							}
							most := least(op, n, steadyPhase) * 103 / 100
							if steadyPhase > 0 {
								// Nothing tells the fraction of the second that RateLimit-Reset leaves out.
								most += resetMargin
							}
							if took > most {
								t.Errorf("took %v, want at most %v", took, most)
							}
						})
					})
				}
			}
		}
	}
}

// Another program takes 30 % of the quota, and its share of each burst.
func TestLimiterBesideAnotherProgram(t *testing.T) {
	for id, most := range map[*klaviyo.Operation]int{ // 0.5 %, but of the smallest limit 2
		klaviyo.OperationCreateEvent:       35,
		klaviyo.OperationCreateProfile:     7,
		klaviyo.OperationSubscribeProfiles: 7,
		klaviyo.OperationGetLists:          2,
	} {
		t.Run(id.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				op := operation(id)
				f := newFixedWindows(op, 300*time.Millisecond, 20*time.Second)
				f.latency = jitter(80*time.Millisecond, 20*time.Millisecond)
				stop := make(chan struct{})
				go f.otherProgram(op.Steady.Calls*30/100, stop)
				n := 2 * op.Steady.Calls
				pass(t, limitedTo(f), op, n, 20)
				close(stop)
				t.Logf("%d of %d responses were 429", f.refused, n)
				if f.refused > most {
					t.Errorf("%d of %d responses were 429, want at most %d", f.refused, n, most)
				}
			})
		})
	}
}

// Without the headers the window is a minute of our own.
func TestLimiterWithoutHeaders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		op := operation(klaviyo.OperationGetLists)
		f := newFixedWindows(op, 0, 0)
		f.silent = true
		pass(t, limitedTo(f), op, op.Steady.Calls+1, 5)
		if f.refused > 0 {
			t.Errorf("%d responses were 429", f.refused)
		}
		waited := f.accepted[op.Steady.Calls].Sub(f.accepted[0])
		if waited < op.Steady.Window || waited > op.Steady.Window+resetMargin+time.Second {
			t.Errorf("the first request beyond the quota came after %v", waited)
		}
	})
}

func TestLimiterPausesAfter429(t *testing.T) {
	for _, test := range []struct {
		name, retryAfter string
		want             time.Duration
	}{
		{"Retry-After", "7", 7 * time.Second},
		{"no Retry-After", "", time.Second},
		{"zero", "0", time.Second},
		{"too long", "86400", 2 * time.Minute},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				events, profiles := operation(klaviyo.OperationCreateEvent), operation(klaviyo.OperationCreateProfile)
				status := http.StatusTooManyRequests
				limited := limitedTo(roundTripperFunc(func(req *http.Request) (*http.Response, error) {
					resp := answer(status, "")
					status = http.StatusAccepted
					resp.Header.Set("Retry-After", test.retryAfter)
					return resp, nil
				}))
				if resp, _ := limited.RoundTrip(requestOf(t.Context(), events)); resp.StatusCode != 429 {
					t.Fatal("the transport has to begin with a 429")
				}
				if took := pass(t, limited, profiles, 1, 1); took > 0 {
					t.Errorf("another operation waited %v", took)
				}
				if took := pass(t, limited, events, 1, 1); took != test.want {
					t.Errorf("the next request waited %v, want %v", took, test.want)
				}
			})
		})
	}
}

// A 429 holds for the request too that is waiting for its place then.
func TestLimiterPausesTheWaitingRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		op := operation(klaviyo.OperationRequestProfileDeletion)
		requests := 0
		limited := limitedTo(roundTripperFunc(func(*http.Request) (*http.Response, error) {
			requests++
			if requests > 1 {
				return answer(http.StatusAccepted, ""), nil
			}
			time.Sleep(100 * time.Millisecond)
			resp := answer(http.StatusTooManyRequests, "")
			resp.Header.Set("Retry-After", "7")
			return resp, nil
		}))
		go limited.RoundTrip(requestOf(t.Context(), op))
		synctest.Wait()
		if took := passOne(t, limited, op); took != 7100*time.Millisecond {
			t.Errorf("the second request waited %v, want 7.1s", took)
		}
	})
}

// exhausted is a limiter whose operation has no quota for another 50 seconds.
func exhausted(op *klaviyo.Operation) http.RoundTripper {
	limited := limitedTo(roundTripperFunc(func(*http.Request) (*http.Response, error) {
		return quotaAnswer(0, 49), nil
	}))
	limited.RoundTrip(requestOf(context.Background(), op))
	return limited
}

func TestLimiterRefusesToWaitPastTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		op := operation(klaviyo.OperationCreateProfile)
		limited := exhausted(op)
		// Another request has the turn, and the time to wait.
		go limited.RoundTrip(requestOf(t.Context(), op))
		synctest.Wait()

		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		start := time.Now()
		_, err := limited.RoundTrip(requestOf(ctx, op))
		var limit *limitError
		if !errors.As(err, &limit) || limit.wait.Round(time.Second) != 50*time.Second {
			t.Errorf("err = %v, want one that says 50s", err)
		}
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("err = %v, want context.DeadlineExceeded in it", err)
		}
		if time.Since(start) > 0 {
			t.Errorf("took %v to refuse", time.Since(start))
		}
	})
}

func TestLimiterStopsWaitingWhenTheContextEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		op := operation(klaviyo.OperationCreateProfile)
		limited := exhausted(op)
		ctx, cancel := context.WithCancel(t.Context())
		errs := make(chan error)
		for range 3 { // one holds the turn, the others queue
			go func() {
				_, err := limited.RoundTrip(requestOf(ctx, op))
				errs <- err
			}()
		}
		time.Sleep(10 * time.Second)
		cancel()
		start := time.Now()
		for range 3 {
			if err := <-errs; !errors.Is(err, context.Canceled) {
				t.Errorf("err = %v, want context.Canceled", err)
			}
		}
		if time.Since(start) > 0 {
			t.Errorf("took %v to stop", time.Since(start))
		}
		// The turn is free again: the next request waits for the window's end only.
		if took := passOne(t, limited, op); took.Round(time.Second) != 40*time.Second {
			t.Errorf("the next request waited %v, want 40s", took)
		}
	})
}

func passOne(t *testing.T, limited http.RoundTripper, op *klaviyo.Operation) time.Duration {
	t.Helper()
	start := time.Now()
	if _, err := limited.RoundTrip(requestOf(t.Context(), op)); err != nil {
		t.Error(err)
	}
	return time.Since(start)
}

// A request that is given up while it waits for its place leaves the place to others.
func TestLimiterReleasesTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		op := operation(klaviyo.OperationRequestProfileDeletion)
		limited := limitedTo(newFixedWindows(op, 0, 0))
		pass(t, limited, op, op.Burst.Calls, 1)
		ctx, cancel := context.WithCancel(t.Context())
		for range 10 {
			go limited.RoundTrip(requestOf(ctx, op))
		}
		synctest.Wait()
		cancel()
		synctest.Wait()
		if took := passOne(t, limited, op); took.Round(time.Millisecond) != 333*time.Millisecond {
			t.Errorf("the next request waited %v, want 333ms", took)
		}
	})
}

// A reply that leaves room wakes the request that waits for it: here the slow
// request was counted before the fast one, whose reply came first.
func TestLimiterWakesOnResponse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		op := operation(klaviyo.OperationCreateProfile)
		replies := 0
		limited := limitedTo(roundTripperFunc(func(*http.Request) (*http.Response, error) {
			replies++
			resp := quotaAnswer(1, 49)
			if replies == 1 {
				time.Sleep(5 * time.Second)
				resp = quotaAnswer(2, 49)
			}
			resp.Header.Set("RateLimit-Limit", "3")
			return resp, nil
		}))
		go limited.RoundTrip(requestOf(t.Context(), op))
		synctest.Wait()
		passOne(t, limited, op)
		if took := passOne(t, limited, op); took.Round(time.Second) != 5*time.Second {
			t.Errorf("the third request waited %v, want 5s", took)
		}
	})
}

// 429s make the pace slower, new windows make it faster again.
func TestLimiterPaceRecovers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		op := operation(klaviyo.OperationCreateEvent)
		l := newLimiter(op, RetryPolicy{}.withDefaults(), 1, CallLimits{})
		full := l.burst.pace
		for range 100 {
			l.release(attempt{operation: op}, answer(http.StatusTooManyRequests, ""))
			time.Sleep(2 * time.Second)
		}
		if got := l.burst.pace; got != slowestPace {
			t.Errorf("pace after many 429s = %v, want %v", got, slowestPace)
		}
		for range 100 {
			l.release(attempt{operation: op}, quotaAnswer(100, 60))
			time.Sleep(time.Minute)
		}
		if got := l.burst.pace; got != full {
			t.Errorf("pace after many windows = %v, want %v", got, full)
		}
	})
}
