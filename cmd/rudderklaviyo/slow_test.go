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

// slow is a Klaviyo behind a socket that takes its time, and sees what is under way.
type slow struct {
	*klaviyotest.Klaviyo
	url         string
	connections atomic.Int64
	requests    atomic.Int64 // that have come
	underWay    atomic.Int64
	batches     atomic.Int64 // of subscriptions, under way
	bulk        atomic.Int64 // calls for many events, under way
	inBulk      atomic.Int64 // events that they brought
	unanswered  atomic.Int64 // those of them that were taken
	events      atomic.Int64 // that it has taken, as of the last request that was let in

	mu      sync.Mutex
	least   int           // events that it takes, also where a call in bulk has more
	most    int           // events that it takes else; requests for more are held
	letIn   int           // events of requests under way
	held    int           // requests for events
	changed chan struct{} // is closed when a held request may be let in
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
	body, err := io.ReadAll(r.Body) // only then it is noticed that the client is gone
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
		time.Sleep(2 * time.Millisecond) // in which it may be killed
		w.WriteHeader(answer.Code)
		w.Write(answer.Body.Bytes())
	}
}

// maxBulk is how many events the server takes in a call, so that a killed run has a few.
const maxBulk = 64

var uniqueID = regexp.MustCompile(`"unique_id":`)

func isEvent(r *http.Request) bool { return strings.TrimSuffix(r.URL.Path, "/") == "/api/events" }
func isBulk(r *http.Request) bool  { return strings.Contains(r.URL.Path, "event-bulk-create") }

// refusedIn gives the errors of a call in bulk, one for each event in it that Klaviyo
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

// enter waits until a request can't make too many events. It tells whether the client is
// still there.
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

// taken is how many events will have been taken when the requests under way are through.
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

// hold holds the requests for events that would make more than most, once there are the
// least.
func (s *slow) hold(least, most int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.least, s.most = least, most
	s.wake()
}

// isHolding tells that no event is let in that has come.
func (s *slow) isHolding() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.held > 0 && s.letIn == 0
}

// awaitSilence waits until the requests of a process that was killed are through: they
// are not to come after those of the next.
func (s *slow) awaitSilence(t *testing.T) {
	t.Helper()
	servetest.Eventually(t, "the connections of the killed process are closed", func() bool { return s.connections.Load() == 0 })
}

// hasBody tells whether a request's body has the text in it.
func hasBody(r *http.Request, text string) bool {
	body, err := io.ReadAll(r.Body)
	return err == nil && strings.Contains(string(body), text)
}
