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

// misread recognises a server that reads the requests of a retired revision as those of
// another, in spite of the header that asks for a 410. It then refuses every event for
// where its profile or its metric stands, and every subscription for want of profiles, as if
// each were at fault. So what it refuses is held until an event is taken, or refused for
// something else, which settles that the server reads requests as they are meant. When as many
// events as misreadAfter are refused like that it doesn't, and the run stops. It is safe for
// concurrent use.
type misread struct {
	revision string
	progress *progress // told of those that are held

	earlier *Refusals

	mu      sync.Mutex
	refused int // events, so far, and in earlier runs
	others  int // requests that were taken while some were held
	settled bool
	stop    error
	held    []Letter
	since   time.Time // when the first of them was
}

// Refusals counts the events that earlier runs of an account have given up although it wasn't
// settled whose fault they were. Runs that end often, and in which few events come, would never
// count enough otherwise. The zero Refusals is for the first run; runs that share one don't
// overlap, and are of one revision.
type Refusals struct{ events int }

func newMisread(cfg Config, progress *progress) *misread {
	m := &misread{revision: cfg.Mapper.Revision(), progress: progress, earlier: cfg.Refusals}
	if m.earlier == nil {
		m.earlier = new(Refusals)
	}
	m.refused = m.earlier.events
	return m
}

// misreadAfter is how many of a run's first events are refused before the revision is at
// fault. Ten in a row are no coincidence, and little is sent in vain.
const misreadAfter = 10

// maxHeld is how many letters are held, and how many requests that settle nothing are taken
// meanwhile, before what is held is kept after all: a checkpoint doesn't pass it.
const maxHeld = 1_000

// heldFor is how long letters are held. Where few events come it may take hours until one
// settles it, and until then what was refused would be neither delivered nor a dead letter.
const heldFor = time.Minute

// MisreadError is the error of a run whose first events were all refused as if they were of
// another revision. It is an [client.ErrRevisionRetired].
type MisreadError struct {
	Revision string
	Refused  int // events
}

func (e *MisreadError) Error() string {
	return fmt.Sprintf("the first %d events were refused as if they were of another revision than %s", e.Refused, e.Revision)
}

func (e *MisreadError) Unwrap() error { return client.ErrRevisionRetired }

// eventOperations send events. Whether those of profiles are taken settles nothing, since
// their bodies are alike in many revisions.
var eventOperations = []runtime.OperationID{"create_event", "bulk_create_events"}

// single sends one event, so that its answers can be counted as they come.
const single runtime.OperationID = "create_event"

// misplaced are the ends of the pointers with which an operation's request is refused by a
// server that reads it as another revision's. An error in one of these members, such as an
// email, has a longer pointer. The requests of the operations that subscribe and unsubscribe
// have no member profiles.
var misplaced = map[runtime.OperationID][]string{
	"create_event":         {"/profile", "/metric"},
	"bulk_create_events":   {"/profile", "/metric"},
	"subscribe_profiles":   {"/profiles"},
	"unsubscribe_profiles": {"/profiles"},
}

// answered learns from the answer to a request.
func (m *misread) answered(op *runtime.Operation, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case m.settled || m.stop != nil:
	case !slices.Contains(eventOperations, op.ID):
		if err == nil && len(m.held) > 0 {
			m.others++
		}
	case isMisread(err):
		if op.ID == single { // whose letter may come after the next answer
			m.refuse()
		}
	case err == nil, isRefused(err):
		m.settled, m.earlier.events = true, 0
	}
}

// refuse counts an event that was refused as if it were of another revision.
func (m *misread) refuse() {
	if m.refused++; m.refused == misreadAfter {
		m.stop = &MisreadError{Revision: m.revision, Refused: m.refused}
	}
}

// settle says that whatever was refused is at fault.
func (m *misread) settle() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.settled = true
}

// hold keeps back those of some letters of which it isn't settled whose fault they are, and
// gives the others. Its error stops the run.
func (m *misread) hold(letters []Letter) (others []Letter, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.stop != nil || m.settled {
		return letters, m.stop
	}
	for _, l := range letters {
		var e *client.Error
		if isMisread(l.cause) && errors.As(l.cause, &e) && e.Operation.ID != single { // which answered has counted
			m.refuse()
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
			m.since = time.Now()
		}
		m.held = append(m.held, l)
		m.progress.hold(l.Position)
	}
	return others, nil
}

// release gives those that were held back, once it is settled that they are at fault or they
// have been held for long.
func (m *misread) release() []Letter {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.stop != nil || !m.settled && len(m.held) < maxHeld && m.others < maxHeld && time.Since(m.since) < heldFor {
		return nil
	}
	held := m.held
	m.held, m.others = nil, 0
	for _, l := range held {
		if !m.settled && isMisread(l.cause) {
			m.earlier.events++
		}
	}
	return held
}

// isMisread tells whether a refusal is for where something stands that the revision has
// elsewhere.
func isMisread(reason error) bool {
	var e *client.Error
	return isRefused(reason) && errors.As(reason, &e) && e.Operation != nil && slices.ContainsFunc(e.Faults, func(f client.Fault) bool {
		pointer := strings.TrimSuffix(f.Pointer, "/data")
		return slices.ContainsFunc(misplaced[e.Operation.ID], func(end string) bool { return strings.HasSuffix(pointer, end) })
	})
}

// isRefused tells whether Klaviyo has refused a request for what is in it.
func isRefused(reason error) bool {
	var e *client.Error
	return errors.As(reason, &e) && e.StatusCode == http.StatusBadRequest
}

// observedClient is a sender from whose answers misread learns.
type observedClient struct {
	Client
	misread *misread
}

func (w observedClient) Send(ctx context.Context, req client.Request) (*client.Response, error) {
	resp, err := w.Client.Send(ctx, req)
	w.misread.answered(req.Operation(), err)
	return resp, err
}
