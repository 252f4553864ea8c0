package klaviyotest

import (
	"net/http"
	"strings"
)

// authenticate refuses a call that is no operation's, or has the wrong key.
func (k *Klaviyo) authenticate(c *call) *answer {
	var r refusal
	switch {
	case c.operation == nil:
		r = notAnOperation(c)
	case c.operation.Public:
		if id := c.req.URL.Query().Get("company_id"); k.companyID == "" || id == "" || id == k.companyID {
			return nil // the description says that company_id must be there
		}
		r = invalidParameter("company_id", "The account has another public key.")
	default:
		key, ok := strings.CutPrefix(c.req.Header.Get("Authorization"), "Klaviyo-API-Key ")
		switch {
		case !ok || key == "":
			r = refusal{status: http.StatusUnauthorized, code: codeNotAuthenticated, pointer: "/data/", detail: "The header Authorization has no Klaviyo-API-Key."}
		case k.key != "" && key != k.key:
			r = refusal{status: http.StatusUnauthorized, code: codeAuthenticationFailed, pointer: "/data/", detail: "The key is not this account's."}
		default:
			return nil
		}
	}
	a := refuse(r)
	return &a
}

// notAnOperation says what a call would have to be.
func notAnOperation(c *call) refusal {
	path := c.req.URL.EscapedPath()
	named := revisions
	if c.revision != nil {
		named = []*revision{c.revision}
	}
	for _, r := range named {
		for op := range r.operations.All() {
			if r.match(op.Method, path) != nil {
				return refusal{status: http.StatusMethodNotAllowed, detail: "klaviyotest lacks this operation; it has others at this path."}
			}
		}
		if op := r.matchLoosely(c.req.Method, path); op != nil {
			detail := "Paths of this revision don't end in a slash."
			if strings.HasSuffix(op.Path, "/") {
				detail = "Paths of this revision end in a slash."
			}
			return refusal{status: http.StatusNotFound, detail: detail}
		}
	}
	for _, r := range revisions {
		if r.matchLoosely(c.req.Method, path) != nil {
			return refusal{status: http.StatusNotFound, detail: noValidRevisions}
		}
	}
	return refusal{status: http.StatusNotFound, detail: "klaviyotest lacks this operation; those that it has are those of the packages klaviyo."}
}
