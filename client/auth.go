package client

import (
	"net/http"
	"strings"
)

const userAgent = "rudderklaviyo (+https://github.com/rudderklaviyo/rudderklaviyo)"

// userAgentFor returns the User-Agent header. program may be empty.
func userAgentFor(program string) string { return strings.TrimPrefix(program+" "+userAgent, " ") }

// authorize sets the headers of all requests, and either the private key or, for public
// operations, the company id. Either may be empty. The key is stored only in this closure,
// where formatting can't print it.
func authorize(key, companyID, program string) middleware {
	agent := userAgentFor(program)
	return func(next http.RoundTripper) http.RoundTripper {
		return roundTripperFunc(func(req *http.Request) (*http.Response, error) {
			op := callOf(req).operation
			switch {
			case op.Public && companyID == "":
				return nil, missingCredentials(op, "public calls need a company id; use WithCompanyID")
			case !op.Public && key == "":
				return nil, missingCredentials(op, "private calls need a private key; create the Client with New")
			}
			req = req.Clone(req.Context())
			req.Header.Set("revision", op.Revision)
			// Otherwise Klaviyo handles a retired revision as a later one, and rejects each
			// event.
			req.Header.Set("X-Klaviyo-Revision-Fall-Forward-Opt-Out", "1")
			req.Header.Set("Accept", op.MediaType)
			req.Header.Set("User-Agent", agent)
			if req.Body != nil {
				req.Header.Set("Content-Type", op.MediaType)
			}
			if op.Public {
				req.Header.Del("Authorization")
				query := req.URL.Query()
				query.Set("company_id", companyID)
				req.URL.RawQuery = query.Encode()
			} else {
				req.Header.Set("Authorization", "Klaviyo-API-Key "+key)
			}
			return next.RoundTrip(req)
		})
	}
}
