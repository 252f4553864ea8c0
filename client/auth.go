package client

import (
	"net/http"
	"strings"
)

const userAgent = "rudderklaviyo (+https://github.com/rudderklaviyo/rudderklaviyo)"

// agents is the User-Agent of requests that a program makes, which may have no name.
func agents(program string) string { return strings.TrimPrefix(program+" "+userAgent, " ") }

// authorize sets the headers that every request has, and with them the private key
// or, where an operation is public, the company id instead. Each may be empty. The key
// stands in this closure alone, where no formatting reaches it.
func authorize(key, companyID, program string) link {
	agent := agents(program)
	return func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(req *http.Request) (*http.Response, error) {
			op := callOf(req).operation
			switch {
			case op.Public && companyID == "":
				return nil, missingCredentials(op, "public calls need a company id; use WithCompanyID")
			case !op.Public && key == "":
				return nil, missingCredentials(op, "private calls need a private key; create the Client with New")
			}
			req = req.Clone(req.Context())
			req.Header.Set("revision", op.Revision)
			// Else a retired revision is read as a later one, and event after event refused.
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
