package main

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/client/klaviyotest"
)

// recorder is a Klaviyo server for several accounts. It has an address for each caller, so that it
// can tell the callers apart.
type recorder struct {
	t        testing.TB
	accounts map[string]*recorded // by key
}

// recorded is an account at Klaviyo, with its calls.
type recorded struct {
	*klaviyotest.Klaviyo
	name string

	mu    sync.Mutex
	calls []call
}

// call is a call whose body was received completely.
type call struct {
	caller string
	begun  time.Time
	ended  time.Time
	status int
	inBulk bool
}

func newRecorder(t testing.TB) *recorder {
	return &recorder{t: t, accounts: map[string]*recorded{}}
}

// account adds an account and returns its key.
func (r *recorder) account(name string, options ...klaviyotest.Option) (key string) {
	key = "pk_" + name + "_secret"
	options = append(options, klaviyotest.WithKey(key), klaviyotest.WithAnyList(), klaviyotest.WithoutRequestLog())
	k := klaviyotest.New(options...)
	k.Inject(klaviyotest.Fault{Times: -1, Status: http.StatusBadRequest, Code: "invalid",
		When: func(r *http.Request) bool { return isEvent(r) && hasBody(r, refused) }})
	r.accounts[key] = &recorded{Klaviyo: k, name: name}
	return key
}

// url returns the URL of Klaviyo for a caller.
func (r *recorder) url(caller string) string {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		a := r.accounts[strings.TrimPrefix(req.Header.Get("Authorization"), "Klaviyo-API-Key ")]
		if a == nil {
			w.Header().Set("Content-Type", "application/vnd.api+json")
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprint(w, `{"errors":[{"status":401,"code":"authentication_failed"}]}`)
			return
		}
		a.serve(caller, w, req)
	}))
	r.t.Cleanup(server.Close)
	return server.URL
}

func (a *recorded) serve(caller string, w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // it hasn't come
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	c := call{caller: caller, begun: time.Now(), status: http.StatusOK, inBulk: isBulk(r)}
	var faults []string
	if c.inBulk {
		faults = refusedIn(body)
	}
	if len(faults) > 0 {
		c.status = http.StatusBadRequest
		w.Header().Set("Content-Type", "application/vnd.api+json")
		w.WriteHeader(c.status)
		fmt.Fprintf(w, `{"errors":[%s]}`, strings.Join(faults, ","))
	} else {
		seen := statusWriter{w, &c.status}
		a.ServeHTTP(seen, r)
	}
	c.ended = time.Now()
	a.mu.Lock()
	defer a.mu.Unlock()
	a.calls = append(a.calls, c)
}

// statusWriter records the status of a response.
type statusWriter struct {
	http.ResponseWriter
	status *int
}

func (w statusWriter) WriteHeader(status int) {
	*w.status = status
	w.ResponseWriter.WriteHeader(status)
}

func (w statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// all returns the calls so far, in the order of their arrival.
func (a *recorded) all() []call {
	a.mu.Lock()
	defer a.mu.Unlock()
	calls := slices.Clone(a.calls)
	slices.SortFunc(calls, func(a, b call) int { return cmp.Compare(a.begun.UnixNano(), b.begun.UnixNano()) })
	return calls
}

// owners returns the callers in order, and whether one called while a call of another was in
// flight.
func (a *recorded) owners() (owners []string, overlap error) {
	var last call // that ended, of those before
	for _, c := range a.all() {
		if len(owners) == 0 || owners[len(owners)-1] != c.caller {
			if len(owners) > 0 && c.begun.Before(last.ended) {
				overlap = fmt.Errorf("%s calls for %s %v before a call of %s has ended", c.caller, a.name, last.ended.Sub(c.begun), last.caller)
			}
			owners = append(owners, c.caller)
		}
		if c.ended.After(last.ended) {
			last = c
		}
	}
	return owners, overlap
}

// statuses counts the responses.
func (a *recorded) statuses() map[int]int {
	n := map[int]int{}
	for _, c := range a.all() {
		n[c.status]++
	}
	return n
}
