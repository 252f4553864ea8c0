package transfer

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
)

// A revisionCheck recognizes a server that treats requests of a retired revision as requests of
// another one, despite the header that asks for a 410. Such a server rejects each event because
// of the location of its profile or metric, and each subscription because it lacks profiles, as
// if the events were at fault. So rejections are held until an event is accepted, or rejected
// for another reason, which shows that the server supports the revision. If minMisread events
// are rejected in this way, the run stops. It is safe for concurrent use.
type revisionCheck struct {
	revision string
	progress *progress // of the run

	earlier *Refusals

	mu            sync.Mutex
	misreadEvents int // number of misread events, including earlier runs
	otherAccepted int // other requests accepted while letters are held
	resolved      bool
	stop          error
	held          []Letter
	heldSince     time.Time // when the first was held
}

// Refusals counts events that earlier runs of an account have rejected although the revision
// may have been at fault. Without it, short runs with few events would never reach the limit.
// The zero Refusals is for the first run. Runs that share one must not overlap, and must have
// the same revision.
type Refusals struct{ events int }

func newRevisionCheck(cfg Config, progress *progress) *revisionCheck {
	m := &revisionCheck{revision: cfg.Mapper.Revision(), progress: progress, earlier: cfg.Refusals}
	if m.earlier == nil {
		m.earlier = new(Refusals)
	}
	m.misreadEvents = m.earlier.events
	return m
}

// minMisread is the number of misread events after which the revision is at fault. Ten in a row
// aren't a coincidence, and few requests are wasted.
const minMisread = 10

// maxHeld is the maximum number of held letters, and of inconclusive accepted requests
// meanwhile, before the held letters are stored: a checkpoint can't pass them.
const maxHeld = 1_000

// maxHold is the maximum time that letters are held. With few events it may take hours to
// resolve the cause, and until then they would be neither delivered nor dead letters.
const maxHold = time.Minute

// MisreadError means that the first events of a run were all rejected as if they were of
// another revision. It wraps [client.ErrRevisionRetired].
type MisreadError struct {
	Revision string
	Refused  int // events
}

func (e *MisreadError) Error() string {
	return fmt.Sprintf("the first %d events were rejected as if they were of another revision than %s", e.Refused, e.Revision)
}

func (e *MisreadError) Unwrap() error { return client.ErrRevisionRetired }

// eventOperations send events. Profiles are inconclusive, since their bodies are similar in
// many revisions.
var eventOperations = []runtime.OperationID{"create_event", "bulk_create_events"}

// singleEventOperation sends one event, so that its responses can be counted immediately.
const singleEventOperation runtime.OperationID = "create_event"

// misplacedPointers are the ends of pointers in errors of a server that treats a request as one
// of another revision. The pointer of an error in one of these members, such as an email, is
// longer. The bodies of subscribe_profiles and unsubscribe_profiles have no member profiles.
var misplacedPointers = map[runtime.OperationID][]string{
	"create_event":         {"/profile", "/metric"},
	"bulk_create_events":   {"/profile", "/metric"},
	"subscribe_profiles":   {"/profiles"},
	"unsubscribe_profiles": {"/profiles"},
}

// observe evaluates the response to a request.
func (m *revisionCheck) observe(op *runtime.Operation, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case m.resolved || m.stop != nil:
	case !slices.Contains(eventOperations, op.ID):
		if err == nil && len(m.held) > 0 {
			m.otherAccepted++
		}
	case isMisread(err):
		if op.ID == singleEventOperation { // its letter may come after the next response
			m.countMisread()
		}
	case err == nil, isRefused(err):
		m.resolved, m.earlier.events = true, 0
	}
}

// countMisread counts an event that was rejected as if it were of another revision.
func (m *revisionCheck) countMisread() {
	if m.misreadEvents++; m.misreadEvents == minMisread {
		m.stop = &MisreadError{Revision: m.revision, Refused: m.misreadEvents}
	}
}

// accept resolves that the events are at fault.
func (m *revisionCheck) accept() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.resolved = true
}

// filter holds the letters whose cause isn't resolved, and returns the others. An error stops
// the run.
func (m *revisionCheck) filter(letters []Letter) (others []Letter, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.stop != nil || m.resolved {
		return letters, m.stop
	}
	for _, l := range letters {
		var e *client.Error
		if isMisread(l.cause) && errors.As(l.cause, &e) && e.Operation.ID != singleEventOperation { // those were counted by observe
			m.countMisread()
		}
	}
	if m.stop != nil {
		return nil, m.stop
	}
	for _, l := range letters {
		if !isRefused(l.cause) {
			others = append(others, l)
			continue
		}
		if len(m.held) == 0 {
			m.heldSince = time.Now()
		}
		m.held = append(m.held, l)
		m.progress.hold(l.Position)
	}
	return others, nil
}

// release returns the held letters, once it is resolved that they are at fault or they have
// been held for too long.
func (m *revisionCheck) release() []Letter {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.stop != nil || !m.resolved && len(m.held) < maxHeld && m.otherAccepted < maxHeld && time.Since(m.heldSince) < maxHold {
		return nil
	}
	held := m.held
	m.held, m.otherAccepted = nil, 0
	for _, l := range held {
		if !m.resolved && isMisread(l.cause) {
			m.earlier.events++
		}
	}
	return held
}

// isMisread reports whether a rejection is because of the location of a member.
func isMisread(reason error) bool {
	var e *client.Error
	return isRefused(reason) && errors.As(reason, &e) && e.Operation != nil && slices.ContainsFunc(e.Faults, func(f client.Fault) bool {
		pointer := strings.TrimSuffix(f.Pointer, "/data")
		return slices.ContainsFunc(misplacedPointers[e.Operation.ID], func(end string) bool { return strings.HasSuffix(pointer, end) })
	})
}

// isRefused reports whether Klaviyo rejected the content of a request.
func isRefused(reason error) bool {
	var e *client.Error
	return errors.As(reason, &e) && e.StatusCode == http.StatusBadRequest
}

// An observedClient passes responses to a revisionCheck.
type observedClient struct {
	Client
	check *revisionCheck
}

func (w observedClient) Send(ctx context.Context, req client.Request) (*client.Response, error) {
	resp, err := w.Client.Send(ctx, req)
	w.check.observe(req.Operation(), err)
	return resp, err
}
