// Package client sends requests to Klaviyo's API, revision 2023-02-22, and keeps
// to its rules: no request without an identifier, none beyond the rate limits,
// another attempt where one may help, and errors that say what to do.
//
//	c, err := client.New(os.Getenv("KLAVIYO_API_KEY"))
//	…
//	rsp, err := c.Send(ctx, request)          // a request of package mapper, or your own
//	lists, err := c.API.GetLists(ctx, nil)    // a typed call
//
// # What happens to a request
//
// Requests given to [Client.Send] and typed calls of [Client.API] take the same way,
// from top to bottom, and their answers come back from bottom to top:
//
//	identifiers   refuse a request that names nobody
//	authorization key, revision and content type
//	retry         another attempt, after a wait
//	limiter       wait until the rate limits leave room       ┐
//	observation   count and log                               │ for each
//	timeout       end an attempt that takes too long          │ attempt
//	transport     the caller's http.Client                    ┘
//
// A request goes to the base URL's server only, and only if it is one of the
// operations of package klaviyo. Redirects are not followed. So the key can't get
// to another server. It is in no error, log or formatted Client either.
//
// # Identifiers
//
// Requests that create or change profiles, events and subscriptions need an email
// or a phone number for each person; blank ones don't count. Otherwise the error is
// [ErrMissingIdentifier], and nothing is sent. [WithExternalIDOnly] lets an external
// id suffice for profiles and events. Deleting a profile takes its Klaviyo id too.
// Operations that read, or name profiles by their Klaviyo ids (update_profile, the
// members of a list), need none.
//
// # Limits
//
// Each operation is limited by itself, to the two limits that Klaviyo's description
// gives it, a second's and a minute's. Attempts are spaced, so that no second has too
// many. The minute's quota is followed in the headers of the answers, because other
// programs use it too: it is spent as fast as the second's allows, then requests wait
// for the next minute. After a 429 all requests of the operation wait for as long as
// it asks. A request whose context would end before there is room fails at once.
// Limits hold for a Client: use one for an account.
//
// # Retries
//
// A request is sent again if there was no answer, or one cut off, and after the
// statuses 408, 425, 429 and 5xx, and a 403 that isn't JSON and so a gateway's. Waits
// are random and grow; Retry-After is honoured. See [RetryPolicy] for the figures.
//
// An attempt may have taken effect though its answer was lost. Profiles and
// subscriptions bear being sent twice. Klaviyo counts an event once by its unique_id,
// or else by its profile, metric and second. Only create_list makes another list.
//
// # Errors
//
// A request that fails does so with an [*Error], which errors.Is compares with the
// Err… variables. What to do about them:
//
//	ErrMissingIdentifier, ErrInvalidRequest,   this request can't pass; the next one may
//	ErrNotFound, ErrConflict
//	ErrUnauthorized, ErrRevisionRetired        no request can pass; stop, and mend the key or the program
//	ErrRateLimited, ErrUnavailable             this request may pass later
//	context.Canceled, context.DeadlineExceeded the caller's context has ended
//
// The texts of errors and logs hold names and numbers, never values of a request.
package client
