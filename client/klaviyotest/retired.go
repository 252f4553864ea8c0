package klaviyotest

import (
	"net/http"
	"slices"
)

// optOut is the header by which a call asks not to be read as one of a later revision.
const optOut = "X-Klaviyo-Revision-Fall-Forward-Opt-Out"

// noValidRevisions is what Klaviyo says of an endpoint that the revision doesn't have.
const noValidRevisions = "No valid revisions found for method."

// WithRetiredRevision makes an account that no longer serves a revision, as
// [Klaviyo.Retire] does.
func WithRetiredRevision(revision string) Option {
	return func(k *Klaviyo) { k.Retire(revision) }
}

// Retire ends the service of a revision. From now on a call of it with the header
// X-Klaviyo-Revision-Fall-Forward-Opt-Out is answered 410. One without it is
// read as a call of the oldest revision that is left and later: what has another body there
// is answered 400, and what isn't there any more 404. Retire panics if there is no such
// revision.
func (k *Klaviyo) Retire(revision string) {
	if revisionOf(revision) == nil {
		panic("klaviyotest: Retire: there is no such revision")
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.retired[revision] = true
}

// isServed tells whether a revision isn't retired.
func (k *Klaviyo) isServed(r *revision) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return !k.retired[r.name()]
}

// fallForward refuses a call of a retired revision, or makes it one of a later revision.
func (k *Klaviyo) fallForward(c *call) *answer {
	if c.revision == nil || k.isServed(c.revision) {
		return nil
	}
	r := refusal{status: http.StatusGone, detail: "The revision is no longer available."}
	if c.req.Header.Get(optOut) != "1" {
		i := slices.Index(revisions, c.revision)
		for _, later := range revisions[i+1:] {
			if k.isServed(later) && c.readAs(later) {
				return nil
			}
		}
		r = refusal{status: http.StatusNotFound, detail: noValidRevisions}
	}
	a := refuse(r)
	return &a
}
