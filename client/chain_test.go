package client

import (
	"errors"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
)

// seen is what an attempt shows of the links that it has passed.
type seen struct {
	authorized bool
	waited     bool // for the limiter
	counted    int
	timed      bool
}

// Probes between the links tell their order: a request whose second attempt the
// limiter holds back shows at each place what was done to it above.
func TestMiddlewareOrder(t *testing.T) {
	places := []struct {
		name string
		want []seen
	}{
		{"above identifiers", []seen{{}}},
		{"below identifiers", []seen{{}}},
		{"below authorization", []seen{{authorized: true}}},
		{"below retry", []seen{{authorized: true}, {authorized: true, counted: 1}}},
		{"below limiter", []seen{{authorized: true}, {authorized: true, waited: true, counted: 1}}},
		{"below observation", []seen{{authorized: true, counted: 1}, {authorized: true, waited: true, counted: 2}}},
		{"below masking", []seen{{authorized: true, counted: 1}, {authorized: true, waited: true, counted: 2}}},
		{"below timeout", []seen{{authorized: true, counted: 1, timed: true}, {authorized: true, waited: true, counted: 2, timed: true}}},
	}
	synctest.Test(t, func(t *testing.T) {
		cfg := defaultConfig()
		cfg.retry.MinBackoff, cfg.retry.MaxBackoff = 1, 1 // so that the limiter has to wait
		var probed []middleware
		saw := make([][]seen, len(places))
		add := func(l middleware) {
			place := len(probed) / 2
			probed = append(probed, func(next http.RoundTripper) http.RoundTripper {
				return roundTripperFunc(func(req *http.Request) (*http.Response, error) {
					_, timed := req.Context().Deadline()
					saw[place] = append(saw[place], seen{
						authorized: req.Header.Get("Authorization") != "",
						waited:     callOf(req).waited > 0,
						counted:    callOf(req).attempts,
						timed:      timed,
					})
					return next.RoundTrip(req)
				})
			}, l)
		}
		for _, l := range middlewares(testKey, cfg, newLimiters(cfg.retry, cfg.quotaShare, cfg.limitOverrides), &counters{}) {
			add(l)
		}
		add(func(next http.RoundTripper) http.RoundTripper { return next })

		statuses := []int{http.StatusTooManyRequests, http.StatusAccepted}
		probedChain := chain(roundTripperFunc(func(*http.Request) (*http.Response, error) {
			status := statuses[0]
			statuses = statuses[1:]
			return answer(status, ""), nil
		}), probed...)
		send := func(body string) error {
			op := operation(klaviyo.OperationRequestProfileDeletion)
			req, err := http.NewRequest(op.Method, DefaultBaseURL+op.Path, strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			_, err = probedChain.RoundTrip(req.WithContext(withCall(t.Context(), &call{operation: op, body: []byte(body)})))
			return err
		}

		if err := send(`{"data":{"attributes":{"email":"ada@example.com"}}}`); err != nil {
			t.Fatal(err)
		}
		for i, place := range places {
			if !reflect.DeepEqual(saw[i], place.want) {
				t.Errorf("%s: saw %+v, want %+v", place.name, saw[i], place.want)
			}
			saw[i] = nil
		}

		if err := send(`{"data":{"attributes":{}}}`); !errors.Is(err, ErrMissingIdentifier) {
			t.Fatalf("err = %v, want ErrMissingIdentifier", err)
		}
		for i, place := range places[1:] {
			if len(saw[i+1]) > 0 {
				t.Errorf("%s: saw the request without an identifier", place.name)
			}
		}
	})
}
