package client

import (
	"bytes"
	"io"
	"net/http"
)

// checkIdentifiers refuses a request that doesn't say whom it is about, before
// anything is sent.
func checkIdentifiers(externalIDOnly bool) link {
	return func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(req *http.Request) (*http.Response, error) {
			op := callOf(req).operation
			if len(op.People) == 0 {
				return next.RoundTrip(req)
			}
			req, body, err := withBody(req)
			if err != nil {
				return nil, unwritable(op, err)
			}
			people, err := peopleIn(op, body)
			if err != nil {
				e := refuse(op, "give the body that the operation has in package klaviyo")
				e.cause = err
				return nil, e
			}
			var missing []string
			for _, p := range people {
				if !p.identified(externalIDOnly) {
					missing = append(missing, p.pointers...)
				}
			}
			if len(missing) > 0 {
				return nil, &Error{Operation: op, Missing: missing, kind: ErrMissingIdentifier,
					advice: "give an email or a phone number"}
			}
			return next.RoundTrip(req)
		})
	}
}

// withBody reads a request's body and gives a request that has it still.
func withBody(req *http.Request) (*http.Request, []byte, error) {
	if req.Body == nil {
		return req, nil, nil
	}
	body, err := io.ReadAll(req.Body)
	req.Body.Close()
	if err != nil {
		return nil, nil, err
	}
	req = req.Clone(req.Context())
	req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	req.Body, _ = req.GetBody()
	return req, body, nil
}
