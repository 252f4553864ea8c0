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

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/client/klaviyotest"
	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
	klaviyo2026 "github.com/rudderklaviyo/rudderklaviyo/generated/2026-07-15/klaviyo"
)

// Limits tells of one operation what the description, our calls and the responses say.
func TestLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := klaviyotest.New()
		c := newClient(t, over(k))
		start := time.Now()
		get := func() {
			t.Helper()
			if _, err := klaviyo.NewAPI(c).GetLists(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
		}
		want := func(when string, want client.Limits) {
			t.Helper()
			if diff := cmp.Diff(want, c.Limits()[klaviyo.OperationGetLists.Endpoint()]); diff != "" {
				t.Errorf("%s: want -, got +:\n%s", when, diff)
			}
		}
		unused := client.Limits{Burst: client.Window{Limit: 10, Remaining: 10}, Steady: client.Window{Limit: 150, Remaining: 150}}

		if got := c.Limits(); len(got) > 0 {
			t.Errorf("before any call: %v", got)
		}
		get()
		want("after a call", client.Limits{
			Burst:  client.Window{Limit: 10, Remaining: 9, Reset: start.Add(time.Second)},
			Steady: client.Window{Limit: 150, Remaining: 149, Reset: start.Add(time.Minute)},
		})
		time.Sleep(5 * time.Second)
		k.Spend(klaviyo.OperationGetLists, 5) // another program
		get()
		got := c.Limits()[klaviyo.OperationGetLists.Endpoint()]
		if got.Steady.Remaining != 143 || !got.Steady.Reset.Equal(start.Add(time.Minute)) {
			t.Errorf("beside another program: %+v, want 143 left", got.Steady)
		}
		time.Sleep(2 * time.Minute)
		left := unused
		left.Burst.Remaining-- // for the other program, which may be there still
		want("after the window", left)

		k.Inject(klaviyotest.RateLimited(30 * time.Second))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := klaviyo.NewAPI(c).GetLists(ctx, nil); err == nil {
			t.Fatal("the call was not limited")
		}
		if got, want := c.Limits()[klaviyo.OperationGetLists.Endpoint()].PausedUntil, time.Now().Add(30*time.Second); !got.Equal(want) {
			t.Errorf("paused until %v, want %v", got, want)
		}
		if other := c.Limits()[klaviyo.OperationGetMetrics.Endpoint()]; other != (client.Limits{}) {
			t.Errorf("another operation: %+v", other)
		}
	})
}

// Revisions share an endpoint's windows, and each has its own limits in them, whichever was
// called first.
func TestLimitsOfRevisions(t *testing.T) {
	earlier := func(c *client.Client) error {
		_, err := klaviyo.NewAPI(c).GetLists(context.Background(), nil) // 10 a second, 150 a minute
		return err
	}
	later := func(c *client.Client) error {
		_, err := klaviyo2026.NewAPI(c).GetLists(context.Background(), nil) // 75 a second, 750 a minute
		return err
	}
	for _, tt := range []struct {
		name        string
		first, then func(*client.Client) error
		n           int
		least, most time.Duration
	}{
		{"the smaller after the larger", later, earlier, 160, time.Minute, 2 * time.Minute},
		{"the larger after the smaller", earlier, later, 700, 9 * time.Second, 20 * time.Second},
		{"the smaller after many of the larger", func(c *client.Client) (err error) {
			for range 200 {
				err = errors.Join(err, later(c))
			}
			return err
		}, earlier, 1, 50 * time.Second, time.Minute + 2*time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newClient(t, over(klaviyotest.New()))
				if err := tt.first(c); err != nil {
					t.Fatal(err)
				}
				began := time.Now()
				for range tt.n {
					if err := tt.then(c); err != nil {
						t.Fatal(err)
					}
				}
				if took := time.Since(began); took < tt.least || took > tt.most {
					t.Errorf("%d calls took %v, want %v to %v", tt.n, took, tt.least, tt.most)
				}
				if n := c.Stats().RateLimited; n > 0 {
					t.Errorf("%d calls were answered 429", n)
				}
			})
		})
	}
}

// A call in flight counts, and a share leaves less.
func TestLimitsOfCallsUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := klaviyotest.New()
		k.Inject(klaviyotest.Slow(10 * time.Second))
		c := newClient(t, over(k), client.WithQuotaShare(0.5))
		go klaviyo.NewAPI(c).GetLists(t.Context(), nil)
		time.Sleep(time.Second)
		got := c.Limits()[klaviyo.OperationGetLists.Endpoint()]
		if got.Burst.Remaining != 4 || got.Steady.Remaining != 74 || got.Burst.Limit != 10 || got.Steady.Limit != 150 {
			t.Errorf("%+v, want half of each, less one", got)
		}
		time.Sleep(time.Minute)
	})
}

// Looking at the limits changes nothing of them.
func TestLimitsDoesNotChangeState(t *testing.T) {
	took := func(look bool) (took time.Duration) {
		synctest.Test(t, func(t *testing.T) {
			c := newClient(t, over(klaviyotest.New()))
			start := time.Now()
			for range 200 { // more than a window has
				if _, err := klaviyo.NewAPI(c).GetLists(t.Context(), nil); err != nil {
					t.Fatal(err)
				}
				for range 3 {
					if look {
						c.Limits()
					}
				}
			}
			took = time.Since(start)
		})
		return took
	}
	if without, with := took(false), took(true); without != with {
		t.Errorf("200 calls took %v, and %v while the limits were looked at", without, with)
	}
}

func TestLimitsConcurrently(t *testing.T) {
	c := newClient(t, over(klaviyotest.New()))
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			c.Limits()
			if _, err := c.Send(t.Context(), event(fmt.Sprintf("%d@example.com", i), "1")); err != nil {
				t.Error(err)
			}
			c.Limits()
		})
	}
	all.Wait()
}

// What is left of an operation's limits is told at any time.
func ExampleClient_Limits() {
	k := klaviyotest.New() // a Klaviyo for tests
	c, err := client.New("pk_test", client.WithHTTPClient(&http.Client{Transport: k.Transport()}))
	if err != nil {
		fmt.Println(err)
		return
	}
	if _, err := klaviyo.NewAPI(c).GetLists(context.Background(), nil); err != nil {
		fmt.Println(err)
		return
	}
	left := c.Limits()[klaviyo.OperationGetLists.Endpoint()].Steady
	fmt.Println(left.Remaining, "of", left.Limit, "calls are left of this minute")
	// Output: 149 of 150 calls are left of this minute
}
