package klaviyotest

import (
	"fmt"
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

// unknownOperation returns the error of a call that matches no operation, with a hint. Where
// klaviyotest is the reason and not Klaviyo, the code says so, since the text of a client's error
// has the code, but not the detail.
func unknownOperation(c *call) requestError {
	path := c.req.URL.EscapedPath()
	named := revisions
	if c.revision != nil {
		named = []*revision{c.revision}
	}
	for _, r := range named {
		if methods := r.methodsOf(path); len(methods) > 0 {
			return requestError{status: http.StatusMethodNotAllowed, code: codeUnsupported, detail: fmt.Sprintf(
				"klaviyotest does not support %s %s. It supports %s for this path.", c.req.Method, path, strings.Join(methods, " and "))}
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
	latest := named[len(named)-1]
	return requestError{status: http.StatusNotFound, code: codeUnsupported, detail: fmt.Sprintf(
		"klaviyotest does not support %s %s. In revision %s it supports %s.",
		c.req.Method, path, latest.name(), strings.Join(latest.endpoints(), ", "))}
}
