package client

import "net/http"

// revision is the revision of the API that package klaviyo describes.
const revision = "2023-02-22"

const userAgent = "rudderklaviyo (+https://github.com/rudderklaviyo/rudderklaviyo)"

// authorize sets the headers that every request has. The key stands in this
// closure alone, where no formatting reaches it; public operations go without.
func authorize(key string) link {
	return func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(req *http.Request) (*http.Response, error) {
			public := callOf(req).operation.Public
			req = req.Clone(req.Context())
			req.Header.Set("revision", revision)
			req.Header.Set("Accept", "application/json")
			req.Header.Set("User-Agent", userAgent)
			if req.Body != nil {
				req.Header.Set("Content-Type", "application/json")
			}
			if public {
				req.Header.Del("Authorization")
			} else {
				req.Header.Set("Authorization", "Klaviyo-API-Key "+key)
			}
			return next.RoundTrip(req)
		})
	}
}
