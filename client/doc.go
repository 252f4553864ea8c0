// Package client sends requests to Klaviyo's API and keeps to its rules: no request without
// an identifier, none beyond the rate limits, another attempt where one may help, and
// errors that say what to do.
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
//	for list, err := range api.AllLists(ctx, nil) { // all pages, one after the other
//		…
//	}
//	rsp, err := c.Send(ctx, request)               // a request of package mapper, or your own
//	err = c.Do(ctx, "GET", "/api/segments", nil, nil, &segments) // an endpoint without typed calls
//
// # Revisions
//
// A [Client] belongs to an account and to no revision of the API. The revision is that of the
// package klaviyo which is imported, and one Client can make the calls of both:
//
//	generated/2026-07-15/klaviyo   Klaviyo serves it until July 2028. Choose it for a real account.
//	generated/2023-02-22/klaviyo   Klaviyo retired it in February 2025. Choose it for a server that still speaks it.
//
// A request of a retired revision fails with [ErrRevisionRetired]: every request asks
// Klaviyo not to read it as one of another revision.
//
// # Optional fields
//
// One rule holds in both packages. Required fields are plain. An optional field that is zero
// is left out. Where null means something, the field is a Nullable, made by klaviyo.Set or
// klaviyo.Null: null clears it, and what is left out stays as it is.
//
//	klaviyo.ProfileUpsertAttributes{
//		Email:      klaviyo.Set("ada@example.com"),
//		Title:      klaviyo.Null[string](),                              // cleared
//		Properties: klaviyo.Properties(map[string]any{"plan": "pro"}), // custom properties
//	}
//
// # What happens to a request
//
// [Client.Send], typed calls and [Client.Do] take the same way, from top to bottom, and the
// answers come back from bottom to top:
//
//	identifiers   refuse a request that names nobody
//	authorization the private key or the company id, and the revision
//	retry         another attempt, after a wait
//	limiter       wait until the rate limits leave room       ┐
//	observation   count, log and tell hooks                   │ for each
//	masking       take the private key out of the answer      │ attempt
//	timeout       end an attempt that takes too long          │
//	transport     the caller's http.Client                    ┘
//
// A request goes to the base URL's server only, and redirects are not followed. So the key
// can't get to another server. It is in no error, log or formatted Client either: where an
// answer repeats the key, in whatever field or header, its place shows *** instead.
//
// klaviyo.WithAnswered gives the status, the request id, the headers and the limits that
// came with an answer, also with one that is an error.
//
// # Keys
//
// A private key goes with the calls under /api/, and a company id, which is public,
// with those under /client/: never one with the other's. [New] takes the key, and
// [WithCompanyID] adds a company id. [NewPublic] makes a Client with a company id alone.
// A call whose key or id the Client doesn't have fails with [ErrMissingCredentials],
// and nothing is sent.
//
// # Identifiers
//
// Requests that create or change profiles, events and subscriptions need an email or a phone
// number for each person; blank ones don't count. A Klaviyo id does too where the body has a
// place for one. Otherwise the error is [ErrMissingIdentifier], and nothing is sent.
// [WithExternalIDOnly] lets an external id suffice for profiles and events. Operations that
// read, or name profiles by their ids in the path, need none. Do checks the bodies of the
// operations that its revision describes.
//
// # Limits
//
// Each endpoint, a method and a path, is limited by itself, and the calls of all revisions
// count. A call keeps to the limits that its revision's description gives the endpoint, a
// second's and a minute's, or that its answers tell: the minute's quota is spent as fast as
// the second's allows, then requests wait for the window that the answers' headers announce. A
// few endpoints have a limit of a day too, of which no header tells: the Client counts its own
// calls, and beyond them fails at once with [ErrRateLimited] and the time to wait. An endpoint
// that isn't described has the limits that its answers' headers tell. No stretch of a second
// holds more calls than a second's limit, whenever they arrive between being sent and being
// answered, so that nothing depends on when the server's seconds begin. A minute's end is
// known to a second, and the later moment is taken.
//
// Other programs use the quota too: the most that the headers show them to spend within
// a second is left to them, in each second and at the end of a minute's quota. After a
// 429 all requests of the endpoint wait for as long as it asks, and fewer go in a
// second from then on. [WithQuotaShare] takes less from the start. [WithLimit] is for an account
// whose limits Klaviyo has raised: no header tells that of a second.
//
// A request whose context would end before there is room fails at once. Limits hold
// for a Client: use one for an account. [Client.Limits] tells what is left of them.
//
// # Profiles
//
// With [Client.Send], a profile is created or updated. On 2026-07-15 that is Klaviyo's own
// create_or_update_profile, one call. On 2023-02-22 it is create_profile: the Client
// remembers the profile ids of people by email (in any case), phone number and external id.
// A known person takes one update_profile, anybody else a create_profile and, if that is
// answered 409, an update_profile of the profile it names. A known profile that turns out to
// be gone (404, 410) is created anew. See [WithProfileMemory].
//
// On 2023-02-22 a request whose identifiers belong to several profiles updates the one that has the
// email, or if none has it the one that has the phone number, whichever profile a 409
// names and whatever the Client remembers. Identifiers of other profiles are left out
// of the update: those that the 409s point at or, where they don't point at one, those
// without which an update succeeds, as few as can be. What is left out becomes the custom
// property external_id or phone, unless the request has a property of that name, and
// the Response has a [Warning] with the code [WarningIdentifierConflict]. If the
// strongest identifier alone is still answered 409, the error is [ErrConflict]. What
// the Client remembers is believed until an answer contradicts it.
//
// On 2026-07-15 Klaviyo finds the profile. Where it answers 409, the request is sent again
// without the identifier that the answer points at, else without the weakest; email is the
// strongest and external id the weakest. Custom properties and warnings are the same.
//
// # Refused emails and phone numbers
//
// A request of Send that is refused (400) for the phone number of somebody who has an email
// is sent once more without it, and likewise one that is refused for the email of somebody
// who has a phone number. What was refused becomes the custom property phone or email of a
// profile or an event, and a subscription loses the channel. The Response has a Warning with
// the code [WarningInvalidPhone] or [WarningInvalidEmail]. Requests about several people and
// subscriptions to that channel alone fail instead.
//
// Klaviyo may also take a request and drop the phone number in it, which it tells in a
// header. That is the same Warning; a profile keeps the number as the custom property phone,
// by one more call.
//
// # Lists
//
// An iterator such as AllProfiles makes a call for each page when it gets there, with
// all of the above. It ends after the last page, when the loop is left, or with an error
// in place of an item: what came before it has been read. A page that leads back to one
// before it is [klaviyo.ErrPaging], which alone of the errors here is no [*Error].
//
// # Retries
//
// A request is sent again if there was no answer, or one cut off, and after the
// statuses 408, 425, 429 and 5xx, and a 403 that isn't JSON and so a gateway's. Waits
// are random and grow; Retry-After is honoured. A 429 only asks for patience: it
// uses up no attempt, and is given up after a time. See [RetryPolicy] for the figures.
//
// An attempt may have taken effect though its answer was lost. Profiles and
// subscriptions bear being sent twice. Klaviyo counts an event once by its unique_id,
// or else by its profile, metric and second. create_list makes another list, and
// bulk_import_profiles another job of the same effect. With Do, a POST to an endpoint that
// isn't described may take effect twice: a Client with MaxAttempts 1 sends it once.
//
// # Watching
//
// [WithAttemptHook] tells of each attempt: its operation, number, status, duration and
// the limiter's wait. [WithLogger] logs the same. [Client.Stats] has the sums, and
// [Client.Limits] what is left. None of them shows a body, a query or the key.
// [WithUserAgent] tells Klaviyo which program it is that calls.
//
// A transport that traces, such as otelhttp's, goes under the Client by
// [WithHTTPClient], and makes a span of each attempt in the context of the call. Its
// spans have the address with the query, in which a filter may name people. The module
// in examples/otel shows it.
//
// # Errors
//
// A request that fails does so with an [*Error], which errors.Is compares with the
// Err… variables. What to do about them:
//
//	ErrMissingIdentifier, ErrInvalidRequest,   this request can't pass; the next one may
//	ErrNotFound, ErrConflict
//	ErrUnauthorized, ErrRevisionRetired        no request can pass; stop, and mend the key or the program
//	ErrMisdirected                             it isn't the API that answers; stop, and mend the base URL or the proxy
//	ErrMissingCredentials                      no such call of this Client can; give it the key or the id
//	ErrRateLimited, ErrUnavailable             this request may pass later
//	ErrUnexpectedAnswer                        the request was taken; don't send it again
//	context.Canceled, context.DeadlineExceeded the caller's context has ended
//
// [BlameOf] gives the first word of it: whether the request, the account or the path to
// the API is at fault, or the failure may pass.
//
// # Answers
//
// An answer counts as success only if the description has it so: with the operation's
// status, and with the id of the resource or the list of resources that belongs to it.
// Anything else, such as the page of a portal, an empty 204 or JSON of another kind, is
// [ErrMisdirected], for a server that isn't Klaviyo's would swallow everything.
//
// Within a success a value may be of another type than described. A call that reads, and
// an iterator, gives the answer without that value, whose place stays zero, and warns
// the logger. It fails with [ErrUnexpectedAnswer] where nothing can be done without the
// value: an id, a resource's type or attributes as a whole, the address of the next page.
// A call that writes fails with it in any case, since its answer is all that tells what was written;
// [Error.ResourceID] and [Error.Answer] have what could be read, and the request isn't to
// be sent again. [Client.Send] needs nothing but the id, and doesn't fail.
//
// The texts of errors and logs hold names, types, positions and numbers, never values of a
// request. Klaviyo's own description of a fault may quote such a value, so it is in
// [Error.Detail] alone, and the text says that it is there.
package client
