package klaviyotest

import (
	"net/http"
	"strings"
)

// authenticate rejects a call of an unknown operation or with the wrong key.
func (k *Klaviyo) authenticate(c *call) *response {
	var r requestError
	switch {
	case c.operation == nil:
		r = unknownOperation(c)
	case c.operation.Public:
		if id := c.req.URL.Query().Get("company_id"); k.companyID == "" || id == "" || id == k.companyID {
			return nil // a missing company_id violates the API description, which is checked later
		}
		r = invalidParameter("company_id", "The account has another public key.")
	default:
		key, ok := strings.CutPrefix(c.req.Header.Get("Authorization"), "Klaviyo-API-Key ")
		switch {
		case !ok || key == "":
			r = requestError{status: http.StatusUnauthorized, code: codeNotAuthenticated, pointer: "/data/", detail: "The header Authorization has no Klaviyo-API-Key."}
		case k.key != "" && key != k.key:
			r = requestError{status: http.StatusUnauthorized, code: codeAuthenticationFailed, pointer: "/data/", detail: "The key belongs to another account."}
		default:
			return nil
		}
	}
	a := errorResponse(r)
	return &a
}

// unknownOperation returns the error of a call that matches no operation, with a hint.
func unknownOperation(c *call) requestError {
	path := c.req.URL.EscapedPath()
	named := revisions
	if c.revision != nil {
		named = []*revision{c.revision}
	}
	for _, r := range named {
		for op := range r.operations.All() {
			if r.match(op.Method, path) != nil {
				return requestError{status: http.StatusMethodNotAllowed, detail: "klaviyotest does not support this method for this path."}
			}
		}
		if op := r.matchIgnoringSlash(c.req.Method, path); op != nil {
			detail := "Paths of this revision don't end in a slash."
			if strings.HasSuffix(op.Path, "/") {
				detail = "Paths of this revision end in a slash."
			}
			return requestError{status: http.StatusNotFound, detail: detail}
		}
	}
	for _, r := range revisions {
		if r.matchIgnoringSlash(c.req.Method, path) != nil {
			return requestError{status: http.StatusNotFound, detail: noValidRevisions}
		}
	}
	return requestError{status: http.StatusNotFound, detail: "klaviyotest does not support this operation; it supports those of the klaviyo packages."}
}
