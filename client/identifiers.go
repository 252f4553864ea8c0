package client

import "net/http"

// checkIdentifiers rejects a request if a person in it has no identifier.
func checkIdentifiers(externalIDOnly bool) middleware {
	return func(next http.RoundTripper) http.RoundTripper {
		return roundTripperFunc(func(req *http.Request) (*http.Response, error) {
			op, body := callOf(req).operation, callOf(req).body
			if len(op.People) == 0 {
				return next.RoundTrip(req)
			}
			people, err := peopleIn(op, body)
			if err != nil {
				e := invalidRequest(op, "use the body type of the operation in package klaviyo")
				e.cause = err
				return nil, e
			}
			var missing []string
			for _, p := range people {
				if !p.hasIdentifier(externalIDOnly) {
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
