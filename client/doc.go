// Package client is a client of Klaviyo's API. It validates identifiers, keeps to the rate
// limits, retries requests that may succeed later, and returns errors that say what to do.
//
//	import (
//		"github.com/rudderklaviyo/rudderklaviyo/client"
//		"github.com/rudderklaviyo/rudderklaviyo/generated/2026-07-15/klaviyo"
//	)
//
//	c, err := client.New(os.Getenv("KLAVIYO_API_KEY"))
//	…
//	api := klaviyo.NewAPI(c)
//	profile, err := api.GetProfile(ctx, id, nil)   // a typed call
//	for list, err := range api.AllLists(ctx, nil) { // all items of all pages
//		…
//	}
//	rsp, err := c.Send(ctx, request)               // a request from package mapper, or your own
//	err = c.Do(ctx, "GET", "/api/segments", nil, nil, &segments) // an endpoint without typed calls
//
// # Revisions
//
// A [Client] isn't tied to a revision of the API. The package klaviyo that you import
// determines the revision, and one Client can make calls of both:
//
//	generated/2026-07-15/klaviyo   Supported by Klaviyo until July 2028. Use it for a real account.
//	generated/2023-02-22/klaviyo   Retired by Klaviyo in February 2025. Use it only for a server that still supports it.
//
// A request of a retired revision fails with [ErrRevisionRetired]. Each request opts out of
// Klaviyo's fall-forward, which would treat it as a request of another revision.
//
// # Optional fields
//
// Both packages follow the same rules. Required fields have plain types. Optional fields are
// omitted if they are zero. A field that can be null is a Nullable: klaviyo.Set sets its
// value, klaviyo.Null clears it, and an omitted field stays unchanged.
//
//	klaviyo.ProfileUpsertAttributes{
//		Email:      klaviyo.Set("ada@example.com"),
//		Title:      klaviyo.Null[string](),                              // cleared
//		Properties: klaviyo.Properties(map[string]any{"plan": "pro"}), // custom properties
//	}
//
// # How a request is sent
//
// [Client.Send], typed calls and [Client.Do] pass through the same steps, from top to bottom.
// Responses pass through them from bottom to top:
//
//	identifiers   reject a request without an identifier
//	authorization add the private key or company id, and the revision
//	retry         retry after a wait
//	limiter       wait until the rate limits allow the call   ┐
//	observation   count, log and call hooks                   │ for each
//	masking       remove the private key from the response    │ attempt
//	timeout       end an attempt that takes too long          │
//	transport     the caller's http.Client                    ┘
//
// Requests are sent only to the server of the base URL, and redirects aren't followed, so
// that the key can't reach another server. The key doesn't appear in errors, logs or a
// formatted Client. If a response contains it, in any field or header, it is replaced
// by ***.
//
// Use klaviyo.WithResponseInfo to get the status, request id, headers and rate limits of a
// response, including an error response.
//
// # Keys
//
// Private calls, under /api/, use a private key. Public calls, under /client/, use a company
// id, which isn't secret. The key is never sent with a public call. [New] takes the
// private key, and [WithCompanyID] adds a company id. [NewPublic] returns a Client with
// a company id only. A call for which the Client lacks the key or id isn't sent and
// fails with [ErrMissingCredentials].
//
// # Identifiers
//
// A request that creates or changes profiles, events or subscriptions needs an email, a phone
// number or, if the body has a field for it, a Klaviyo profile id for each person. Blank values
// don't count. A request without one isn't sent and fails with [ErrMissingIdentifier]. With
// [WithExternalIDOnly], an external id is enough for profiles and events. Operations that
// only read, or that have a profile id in the path, need no identifier. Do checks the bodies
// of operations that its revision describes.
//
// # Rate limits
//
// Klaviyo limits each endpoint (a method and a path) separately, and counts the calls of all
// revisions together. An endpoint has a burst limit, per second, and a steady limit, per
// minute. They come from the API description of the revision, or from response headers. The
// Client uses the steady limit as fast as the burst limit allows, then waits for the next
// rate limit window, which the response headers announce. A few endpoints also have a daily
// limit, which no header reports: the Client counts its own calls, and calls over the limit
// fail immediately with [ErrRateLimited] and the time to wait. An endpoint that isn't
// described has the limits in its response headers.
//
// In no period of one second do more calls arrive than the burst limit allows, whenever
// between sending and response the server counts them. So the result doesn't depend on when
// the server's windows begin. The end of a steady window is known to the second, and the
// Client takes the later moment.
//
// Other programs use the same quota. The Client reserves for them the highest number of
// calls per second that the headers have shown, in each second and at the end of the
// steady quota. After a 429, all requests to the endpoint wait for as long as the response
// asks, and the Client sends fewer calls per second from then on. [WithQuotaShare] reserves a
// share from the start. Use [WithLimit] if Klaviyo has raised the limits of your account: no
// header reports the burst limit.
//
// A request fails immediately if its context would end before the limits allow the call.
// Limits are tracked per Client, so use one Client for each account. [Client.Limits] returns
// what is left of them.
//
// # Profiles
//
// [Client.Send] creates or updates profiles. On revision 2026-07-15 it makes one call of
// create_or_update_profile. On 2023-02-22 it uses create_profile and update_profile. The
// Client remembers profile ids by email (ignoring case), phone number and external id. For
// a known person it calls update_profile. For anybody else it calls create_profile and, if
// the response is 409, update_profile with the profile id in the response. If a known
// profile no longer exists (404 or 410), it is created. See [WithProfileMemory].
//
// On 2023-02-22, if the identifiers of a request belong to several profiles, the Client
// updates the profile that has the email or, if there is none, the one that has the phone
// number. This doesn't depend on which profile a 409 names or on what the Client
// remembers. Identifiers of the other profiles are omitted from the update: those that the 409
// responses point at or, if they point at none, as few as it takes for an update to succeed.
// An omitted identifier becomes the custom property external_id or phone, unless the
// request already has that property, and the Response has a [Warning] with the code
// [WarningIdentifierConflict]. If the response is 409 even with the strongest identifier
// alone, the error is [ErrConflict]. The Client trusts what it remembers until a response
// contradicts it.
//
// On 2026-07-15 Klaviyo selects the profile. After a 409, the request is sent again without
// the identifier that the response points at or, if it points at none, without the weakest.
// Email is the strongest identifier, then phone number, then external id. Custom
// properties and warnings are the same as on 2023-02-22.
//
// # Rejected emails and phone numbers
//
// If Klaviyo rejects the phone number of a request (400) and the person also has an email,
// Send sends the request once more without the phone number. It does the same for a
// rejected email if the person has a phone number. The rejected value becomes the custom
// property phone or email of a profile or event, and a subscription loses the channel. The
// Response has a Warning with the code [WarningInvalidPhone] or [WarningInvalidEmail].
// Requests about several people, and subscriptions to that channel only, fail instead.
//
// Klaviyo may also accept a request and drop its phone number, which it reports in a header.
// The Warning is the same. The phone number of a profile is then kept as the custom property
// phone, with one more call.
//
// # Pagination
//
// An iterator such as AllProfiles fetches each page when the loop reaches it. It ends after the
// last page, when the loop breaks, or after yielding an error; the items before the error are
// valid. If a page links back to an earlier page, the error is klaviyo.ErrPaging, the only
// error here that isn't an [*Error].
//
// # Retries
//
// A request is retried if there was no response, if the response was incomplete, after the
// statuses 408, 425, 429 and 5xx, and after a 403 that isn't JSON, which comes from a gateway.
// The backoff is exponential with jitter, and Retry-After is honored. A 429 doesn't count
// as an attempt; the Client gives up after a time. [RetryPolicy] has the defaults.
//
// An attempt may have succeeded even if its response was lost. Sending a profile or a
// subscription twice has no further effect. Klaviyo counts an event once by its unique_id or,
// without one, by its profile, metric and second. create_list creates another list, and
// bulk_import_profiles another job with the same effect. With Do, a POST to an endpoint that
// isn't described may take effect twice: set MaxAttempts to 1 to send it only once.
//
// # Observability
//
// [WithAttemptHook] reports each attempt: its operation, number, status, duration and the
// time that it waited for the rate limits. [WithLogger] logs the same. [Client.Stats] returns
// totals, and [Client.Limits] what is left of the limits. None of them exposes a body, a query
// or the key. [WithUserAgent] identifies your program to Klaviyo.
//
// To trace calls, pass a tracing transport such as otelhttp's with [WithHTTPClient]. It
// creates a span for each attempt in the context of the call. The spans contain the URL with
// the query, where a filter may contain personal data. The module in examples/otel is an
// example.
//
// # Errors
//
// A failed request returns an [*Error]. Use errors.Is to compare it with the Err… variables:
//
//	ErrMissingIdentifier, ErrInvalidRequest,   this request can't succeed; others may
//	ErrNotFound, ErrConflict
//	ErrUnauthorized, ErrRevisionRetired        no request can succeed; stop, and fix the key or the program
//	ErrMisdirected                             the response isn't from the API; stop, and fix the base URL or the proxy
//	ErrMissingCredentials                      this kind of call can't succeed; give the Client the key or the company id
//	ErrRateLimited, ErrUnavailable             this request may succeed later
//	ErrUnexpectedResponse                      the request was accepted; don't send it again
//	context.Canceled, context.DeadlineExceeded the caller's context has ended
//
// [BlameOf] summarizes this: it tells whether the request, the account or the path to the API
// is at fault, or the failure is temporary.
//
// # Responses
//
// A response is a success only if it matches the API description: it has a status of the
// operation, and the id of the resource or the list of resources. Anything else, such as the
// page of a captive portal, an empty 204 or other JSON, is [ErrMisdirected]. Otherwise a
// server that isn't Klaviyo's could accept requests, and they would be lost.
//
// A value in a successful response may have another type than described. A call that reads, or
// an iterator, then leaves the field zero and logs a warning. It fails with
// [ErrUnexpectedResponse] if the response is useless without the value: an id, the type or the
// attributes of a resource, or the URL of the next page. A call that writes always fails with
// it, since the response is the only record of what was written. [Error.ResourceID] and
// [Error.Decoded] hold what could be decoded. Don't send the request again. [Client.Send] needs
// only the id, and doesn't fail.
//
// The text of errors and logs contains names, types, positions and numbers, but never values of
// a request. Klaviyo's own error detail may quote a value, so it is only in [Error.Detail], and
// the text says so.
package client
