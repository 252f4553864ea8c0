package klaviyotest

import "net/http"

// optOut is the header by which a call asks not to be read as one of a later revision.
const optOut = "X-Klaviyo-Revision-Fall-Forward-Opt-Out"

// fallForward answers a call of a revision that is no longer served.
func fallForward(c *call) *answer {
	r := refusal{status: http.StatusGone, code: codeGone, detail: "The revision is no longer available."}
	switch {
	case c.req.Header.Get(optOut) == "1":
	case len(c.body) > 0:
		r = invalid("/data/attributes", "This is no body of the revision that the call was read as.")
	default:
		r = refusal{status: http.StatusNotFound, detail: "No valid revisions found for method."}
	}
	a := refuse(r)
	return &a
}
