package client_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/client/klaviyotest"
	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
)

// Each attempt is reported as it went, whatever came of it.
func TestAttemptHook(t *testing.T) {
	op := klaviyo.OperationCreateEvent
	tests := []struct {
		name  string
		fault klaviyotest.Fault
		want  client.Attempt // the first
	}{
		{"success", klaviyotest.Slow(time.Second), client.Attempt{StatusCode: 202, Duration: time.Second}},
		{"429", klaviyotest.RateLimited(time.Second), client.Attempt{StatusCode: 429, Err: client.ErrRateLimited}},
		{"500", klaviyotest.ServerError(), client.Attempt{StatusCode: 500, Err: client.ErrUnavailable}},
		{"a gateway's 403", klaviyotest.Challenge(), client.Attempt{StatusCode: 403, Err: client.ErrUnavailable}},
		{"a missing scope", klaviyotest.MissingScope(), client.Attempt{StatusCode: 403, Err: client.ErrUnauthorized}},
		{"400", klaviyotest.Fault{Status: 400}, client.Attempt{StatusCode: 400, Err: client.ErrInvalidRequest}},
		{"a page", klaviyotest.Fault{Status: 200, HTML: "<html>"}, client.Attempt{StatusCode: 200, Err: client.ErrMisdirected}},
		{"no answer", klaviyotest.ConnectionReset(), client.Attempt{Err: client.ErrUnavailable}},
		{"too late", klaviyotest.Slow(time.Hour), client.Attempt{Err: client.ErrUnavailable, Duration: 30 * time.Second}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k := klaviyotest.New()
				k.Inject(tt.fault)
				var got []client.Attempt
				type key struct{}
				c := newClient(t, over(k), client.WithAttemptHook(func(ctx context.Context, a client.Attempt) {
					if ctx.Value(key{}) != "the call's" {
						t.Error("the context isn't the call's")
					}
					got = append(got, a)
				}))
				sent, err := c.Send(context.WithValue(t.Context(), key{}, "the call's"), event("ada@example.com", "1"))
				tt.want.Operation, tt.want.Number = op, 1
				want := []client.Attempt{tt.want}
				if err == nil && sent.Attempts == 2 {
					want = append(want, client.Attempt{Operation: op, Number: 2, StatusCode: 202})
				}
				// The second attempt may have to wait for its place in the second.
				ignoreWait := cmpopts.IgnoreFields(client.Attempt{}, "Wait")
				if diff := cmp.Diff(want, got, cmpopts.EquateErrors(), ignoreWait); diff != "" {
					t.Errorf("want -, got +:\n%s", diff)
				}
			})
		})
	}
}

// An attempt that its caller gives up is reported with the context's error.
func TestAttemptHookOfACancelledCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := klaviyotest.New()
		k.Inject(klaviyotest.Slow(time.Hour))
		var got []client.Attempt
		c := newClient(t, over(k), client.WithAttemptHook(func(_ context.Context, a client.Attempt) { got = append(got, a) }))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := klaviyo.NewAPI(c).GetLists(ctx, nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("err = %v", err)
		}
		if len(got) != 1 || !errors.Is(got[0].Err, context.DeadlineExceeded) || got[0].Duration != time.Second {
			t.Errorf("%+v, want one that ended with its context", got)
		}
	})
}

// The limiter's wait is the attempt's, and hooks are called in their order.
func TestAttemptHookTellsTheWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := klaviyotest.New()
		var order string
		var waited time.Duration
		c := newClient(t, over(k),
			client.WithAttemptHook(func(_ context.Context, a client.Attempt) { order += "a"; waited += a.Wait }),
			client.WithAttemptHook(func(context.Context, client.Attempt) { order += "b" }))
		start := time.Now()
		for range 30 { // of 10 a second
			if _, err := klaviyo.NewAPI(c).GetLists(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(start); took < time.Second || waited != took {
			t.Errorf("attempts tell of %v of the %v that they waited", waited, took)
		}
		if order[:4] != "abab" || len(order) != 60 {
			t.Errorf("order %s", order)
		}
	})
}

func TestAttemptHookConcurrently(t *testing.T) {
	k := klaviyotest.New()
	var mu sync.Mutex
	seen := 0
	c := newClient(t, over(k), client.WithAttemptHook(func(context.Context, client.Attempt) {
		mu.Lock()
		defer mu.Unlock()
		seen++
	}))
	var calls sync.WaitGroup
	for i := range 50 {
		calls.Go(func() {
			if _, err := c.Send(t.Context(), event(fmt.Sprintf("%d@example.com", i), "1")); err != nil {
				t.Error(err)
			}
		})
	}
	calls.Wait()
	if seen != 50 || c.Stats().Requests != 50 {
		t.Errorf("told of %d of %d attempts", seen, c.Stats().Requests)
	}
	if _, err := client.New(key, client.WithAttemptHook(nil)); err == nil {
		t.Error("a nil hook was taken")
	}
}

// ExampleWithAttemptHook counts what becomes of attempts.
func ExampleWithAttemptHook() {
	k := klaviyotest.New()
	k.Inject(klaviyotest.ServerError())
	c, err := client.New("pk_test", client.WithHTTPClient(&http.Client{Transport: k.Transport()}),
		client.WithRetry(client.RetryPolicy{MinBackoff: time.Millisecond}),
		client.WithAttemptHook(func(_ context.Context, a client.Attempt) {
			fmt.Println(a.Operation, a.Number, a.StatusCode, a.Err)
		}))
	if err != nil {
		fmt.Println(err)
		return
	}
	if _, err := klaviyo.NewAPI(c).GetLists(context.Background(), nil); err != nil {
		fmt.Println(err)
	}
	// Output:
	// get_lists 1 500 unavailable
	// get_lists 2 200 <nil>
}
