package command

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
	"github.com/rudderklaviyo/rudderklaviyo/internal/delivery"
)

// misread recognises a server that reads the requests of a retired revision as those of
// another, in spite of the header that asks for a 410. It then refuses every event for
// where its profile or its metric stands, as if each were at fault. So the first refusals of
// that kind are held until an event is taken, or refused for something else, which settles
// that the server reads them as they are meant. When there are as many as misreadAfter it
// doesn't, and the run stops. It is safe for concurrent use.
type misread struct {
	revision string
	progress *progress // told of those that are held

	mu      sync.Mutex
	settled bool
	held    []deadLetter
	stop    error
}

// misreadAfter is how many of a run's first events are refused before the revision is at
// fault. Ten in a row are no coincidence, and little is sent in vain.
const misreadAfter = 10

// eventOperations send events. Whether those of profiles are taken settles nothing, since
// their bodies are alike in many revisions.
var eventOperations = []runtime.OperationID{"create_event", "bulk_create_events"}

// hold keeps back those of some refusals of which it isn't settled whose fault they are, and
// gives the others. Its error stops the run.
func (m *misread) hold(letters []deadLetter) (others []deadLetter, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.stop != nil {
		return nil, m.stop
	}
	for _, l := range letters {
		switch {
		case m.settled:
		case isMisread(l.cause):
			m.held = append(m.held, l)
			m.progress.hold(l.Position)
			continue
		case isEventRefused(l.cause):
			m.settled = true
		}
		others = append(others, l)
	}
	if len(m.held) >= misreadAfter && !m.settled {
		m.stop = &retiredError{m.revision, fmt.Sprintf("the first %d events were answered 400, as if they were of another revision", len(m.held)), client.ErrRevisionRetired}
	}
	return others, m.stop
}

// settle says that the server reads requests as they are meant.
func (m *misread) settle() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.settled = true
}

// release gives those that were held back, once it is settled that they are at fault.
func (m *misread) release() []deadLetter {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.settled || m.stop != nil {
		return nil
	}
	held := m.held
	m.held = nil
	return held
}

// isMisread tells whether a refusal is for where an event's profile or metric stands. An
// error in one of them, such as an email, has a longer pointer.
func isMisread(reason error) bool {
	var e *client.Error
	if !errors.As(reason, &e) || e.StatusCode != http.StatusBadRequest {
		return false
	}
	return slices.ContainsFunc(e.Faults, func(f client.Fault) bool {
		pointer := strings.TrimSuffix(strings.TrimSuffix(f.Pointer, "/"), "/data")
		return strings.HasSuffix(pointer, "/profile") || strings.HasSuffix(pointer, "/metric")
	})
}

// isEventRefused tells whether Klaviyo has refused an event's own request.
func isEventRefused(reason error) bool {
	var e *client.Error
	return errors.As(reason, &e) && e.StatusCode == http.StatusBadRequest && slices.Contains(eventOperations, e.Operation.ID)
}

// watching is a sender whose successes settle that requests are read as they are meant.
type watching struct {
	delivery.Sender
	misread *misread
}

func (w watching) Send(ctx context.Context, req client.Request) (*client.Response, error) {
	resp, err := w.Sender.Send(ctx, req)
	if err == nil && slices.Contains(eventOperations, req.Operation().ID) {
		w.misread.settle()
	}
	return resp, err
}
