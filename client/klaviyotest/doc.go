// Package klaviyotest is a Klaviyo for tests and simulations: a state machine
// that answers the operations of revision 2023-02-22 as Klaviyo does, in the
// process and without a network.
//
// It checks each request against the description of the API and against
// Klaviyo's further rules, keeps the limits of each operation, remembers
// profiles, events, lists and consent, and fails on request:
//
//	k := klaviyotest.New(klaviyotest.WithKey("pk_test"))
//	c, err := client.New("pk_test", client.WithHTTPClient(&http.Client{Transport: k.Transport()}))
//	…
//	k.Inject(klaviyotest.RateLimited(2 * time.Second))
//	… send with c …
//	if got := k.Events(); len(got) != 1 { … }
//
// Lists are made with [WithList]. As at Klaviyo, a subscription to a list that isn't
// there is refused.
//
// Answers have the forms of recorded ones, also where the description has others: what is
// empty is null, times have whole seconds and +00:00, and a 409 points at the attributes as
// a whole, not at the identifier that is another profile's.
//
// A [Klaviyo] is an [http.Handler] too, for tests that want a real socket:
//
//	server := httptest.NewServer(k)
//
// Time is the time package's, so that a bubble of testing/synctest makes it
// virtual: a test of a minute's limit takes no time. A bubble begins in the year
// 2000, when events of our days are too far ahead to be taken: sleep until a
// later date first.
//
// It is not Klaviyo: jobs are done by the time they are answered, a profile is
// never merged with another, an address that cannot exist is accepted, there are no
// segments, nothing is predicted for additional-fields, and the meta of a client's profile
// changes nothing. Operations that package klaviyo doesn't have are answered 404 or 405,
// with a detail that says that klaviyotest lacks them.
package klaviyotest
