package client

import "net/http"

// checkIdentifiers refuses a request that doesn't say whom it is about, before
// anything is sent.
func checkIdentifiers(externalIDOnly bool) link {
	return func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(req *http.Request) (*http.Response, error) {
			op, body := callOf(req).operation, callOf(req).body
			if len(op.People) == 0 {
				return next.RoundTrip(req)
			}
			people, err := peopleIn(op, body)
			if err != nil {
				e := refuse(op, "use the body type of the operation in package klaviyo")
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
					advice: "add an email or a phone number"}
			}
			return next.RoundTrip(req)
		})
	}
}
