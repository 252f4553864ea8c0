package klaviyotest

import (
	"net/http"
	"slices"
)

// optOut is the header with which a request opts out of falling forward to a later revision.
const optOut = "X-Klaviyo-Revision-Fall-Forward-Opt-Out"

// noValidRevisions is Klaviyo's message for an endpoint that the revision lacks.
const noValidRevisions = "No valid revisions found for method."

// WithRetiredRevision retires a revision, like [Klaviyo.Retire].
func WithRetiredRevision(revision string) Option {
	return func(k *Klaviyo) { k.Retire(revision) }
}

// Retire retires a revision. Calls of it with the header
// X-Klaviyo-Revision-Fall-Forward-Opt-Out get a 410 response. Calls without the header are
// treated as calls of the oldest later revision that isn't retired: they get 400 if the body
// has another form there, and 404 if the operation doesn't exist there. Retire panics if the
// revision is unknown.
func (k *Klaviyo) Retire(revision string) {
	if revisionOf(revision) == nil {
		panic("klaviyotest: Retire: there is no such revision")
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.retired[revision] = true
}

// isServed reports whether a revision isn't retired.
func (k *Klaviyo) isServed(r *revision) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return !k.retired[r.name()]
}

// fallForward rejects a call of a retired revision, or makes it one of a later revision.
func (k *Klaviyo) fallForward(c *call) *response {
	if c.revision == nil || k.isServed(c.revision) {
		return nil
	}
	r := requestError{status: http.StatusGone, detail: "The revision is no longer available."}
	if c.req.Header.Get(optOut) != "1" {
		i := slices.Index(revisions, c.revision)
		for _, later := range revisions[i+1:] {
			if k.isServed(later) && c.fallForwardTo(later) {
				return nil
			}
		}
		r = requestError{status: http.StatusNotFound, detail: noValidRevisions}
	}
	a := errorResponse(r)
	return &a
}
