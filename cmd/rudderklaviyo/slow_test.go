package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/client/klaviyotest"
	"github.com/rudderklaviyo/rudderklaviyo/internal/servetest"
)

// slow is a Klaviyo server that responds slowly, and counts the requests in flight.
type slow struct {
	*klaviyotest.Klaviyo
	url         string
	connections atomic.Int64
	requests    atomic.Int64 // all so far
	underWay    atomic.Int64 // requests in flight
	batches     atomic.Int64 // batches of subscriptions in flight
	bulk        atomic.Int64 // bulk calls in flight
	inBulk      atomic.Int64 // events of all bulk calls
	unanswered  atomic.Int64 // bulk calls that were accepted but have no response yet
	events      atomic.Int64 // events accepted
	strangers   sync.Map     // requests without the process's key, as text

	mu      sync.Mutex
	least   int           // events that it accepts even if a bulk call exceeds most
	most    int           // events that it accepts; requests with more are held
	letIn   int           // events of requests in flight
	held    int           // requests that are held
	changed chan struct{} // closed when a held request may continue
}

func slowly(t *testing.T) *slow {
	s := &slow{Klaviyo: klaviyotest.New(klaviyotest.WithKey(key), klaviyotest.WithAnyList(), klaviyotest.WithoutLimits(), klaviyotest.WithoutRequestLog())}
	s.most, s.changed = math.MaxInt, make(chan struct{})
	s.Inject(
		klaviyotest.Fault{Times: -1, Delay: time.Millisecond, Status: http.StatusBadRequest, Code: "invalid",
			When: func(r *http.Request) bool { return isEvent(r) && hasBody(r, refused) }},
		klaviyotest.Fault{Delay: time.Millisecond, Times: -1})
	server := httptest.NewUnstartedServer(s)
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		switch state {
		case http.StateNew:
			s.connections.Add(1)
		case http.StateClosed, http.StateHijacked:
			s.connections.Add(-1)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

func (s *slow) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !strings.Contains(r.Header.Get("Authorization"), key) {
		// A client of a server that had this port before: its connections aren't the process's.
		s.strangers.Store(r.Method+" "+r.URL.Path+" "+r.UserAgent(), true)
		w.Header().Set("Connection", "close")
		w.WriteHeader(http.StatusMisdirectedRequest)
		return
	}
	s.requests.Add(1)
	s.underWay.Add(1)
	defer s.underWay.Add(-1)
	if strings.Contains(r.URL.Path, "subscription") {
		s.batches.Add(1)
		defer s.batches.Add(-1)
	}
	if !isEvent(r) && !isBulk(r) {
		s.Klaviyo.ServeHTTP(w, r)
		return
	}
	body, err := io.ReadAll(r.Body) // otherwise the server doesn't notice that the client is gone
	if err != nil {
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	if isEvent(r) {
		if s.enter(r, 1) {
			defer s.leave(1)
			s.Klaviyo.ServeHTTP(w, r)
		}
		return
	}
	s.bulk.Add(1)
	defer s.bulk.Add(-1)
	ids := len(uniqueID.FindAll(body, -1))
	switch faults := refusedIn(body); {
	case ids > maxBulk:
		w.WriteHeader(http.StatusRequestEntityTooLarge)
	case len(faults) > 0:
		w.Header().Set("Content-Type", "application/vnd.api+json")
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprintf(w, `{"errors":[%s]}`, strings.Join(faults, ","))
	case s.enter(r, ids):
		answer := httptest.NewRecorder()
		s.Klaviyo.ServeHTTP(answer, r)
		s.leave(ids)
		s.inBulk.Add(int64(ids))
		s.unanswered.Add(1)
		defer s.unanswered.Add(-1)
		time.Sleep(2 * time.Millisecond) // a test may kill the program meanwhile
		w.WriteHeader(answer.Code)
		w.Write(answer.Body.Bytes())
	}
}

// maxBulk is the maximum number of events of a bulk call, so that a killed run makes several.
const maxBulk = 64

var uniqueID = regexp.MustCompile(`"unique_id":`)

func isEvent(r *http.Request) bool { return strings.TrimSuffix(r.URL.Path, "/") == "/api/events" }
func isBulk(r *http.Request) bool  { return strings.Contains(r.URL.Path, "event-bulk-create") }

// refusedIn returns the errors of a call in bulk, one for each event in it that Klaviyo
// refuses.
func refusedIn(body []byte) (faults []string) {
	var call struct {
		Data struct {
			Attributes struct {
				Entries struct {
					Data []json.RawMessage
				} `json:"events-bulk-create"`
			}
		}
	}
	if err := json.Unmarshal(body, &call); err != nil {
		panic(err) // the program wrote it
	}
	for i, entry := range call.Data.Attributes.Entries.Data {
		if bytes.Contains(entry, []byte(refused)) {
			faults = append(faults, fmt.Sprintf(`{"code":"invalid","source":{"pointer":"/data/attributes/events-bulk-create/data/%d/attributes/events/data/0"}}`, i))
		}
	}
	return faults
}

// enter waits until the events of a request don't exceed the maximum. It reports whether the
// client is still connected.
func (s *slow) enter(r *http.Request, events int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for taken := s.taken(); taken+events > s.most && taken >= s.least; taken = s.taken() {
		changed := s.changed
		s.held++
		s.mu.Unlock()
		select {
		case <-changed:
		case <-r.Context().Done():
		}
		s.mu.Lock()
		s.held--
		if r.Context().Err() != nil {
			return false
		}
	}
	s.letIn += events
	return true
}

// taken returns how many events will be accepted when the requests in flight are done.
func (s *slow) taken() int { return int(s.events.Load()) + s.letIn }

func (s *slow) leave(events int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.letIn -= events
	s.events.Store(int64(len(s.Events())))
	s.wake()
}

func (s *slow) wake() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// hold holds requests that would exceed most events, once there are at least least.
func (s *slow) hold(least, most int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.least, s.most = least, most
	s.wake()
}

// isHolding reports whether all events that have arrived are held back.
func (s *slow) isHolding() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.held > 0 && s.letIn == 0
}

// awaitSilence waits until the requests of a killed process are done, so that none arrives after
// those of the next process.
func (s *slow) awaitSilence(t *testing.T) {
	t.Helper()
	defer func() {
		if t.Failed() {
			s.strangers.Range(func(request, _ any) bool {
				t.Logf("a request of another client: %s", request)
				return true
			})
		}
	}()
	servetest.Eventually(t, "the connections of the killed process are closed", func() bool { return s.connections.Load() == 0 })
}

// hasBody reports whether a request's body has the text in it.
func hasBody(r *http.Request, text string) bool {
	body, err := io.ReadAll(r.Body)
	return err == nil && strings.Contains(string(body), text)
}
