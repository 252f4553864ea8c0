// Package klaviyotest simulates a Klaviyo account for tests: a stateful fake that implements the
// operations of all revisions that this module supports, in the process and without a network.
// One account handles the calls of all revisions, according to their revision header. What it
// has stored doesn't depend on the revision.
//
// It validates requests against the API description and Klaviyo's further rules, enforces the
// rate limits, stores profiles, events, lists and consent, and fails on request:
//
//	k := klaviyotest.New(klaviyotest.WithKey("pk_test"))
//	c, err := client.New("pk_test", client.WithHTTPClient(&http.Client{Transport: k.Transport()}))
//	…
//	k.Inject(klaviyotest.RateLimited(2 * time.Second))
//	… send with c …
//	if got := k.Events(); len(got) != 1 { … }
//
// Use [WithList] to create lists. As at Klaviyo, a subscription to a list that doesn't exist is
// rejected.
//
// Responses have the form of recorded responses of Klaviyo, even if the API description differs:
// empty values are null, times have whole seconds and the offset +00:00, and a 409 points at the
// attributes, not at the identifier that belongs to another profile.
//
// A [Klaviyo] is also an [http.Handler], for tests with a real socket:
//
//	server := httptest.NewServer(k)
//
// It uses the time package, so that in a bubble of testing/synctest a test of a rate limit per
// minute takes no time. A bubble starts in the year 2000, and events with current times are too
// far in the future then: sleep until a later date first.
//
// Asynchronous work is a job. By default it is done when it is next looked up. [WithJobs] plans
// jobs that take time, fail, are cancelled or never end. To truncate a page of import errors,
// inject a [Fault] with CutOff.
//
// Where it doesn't change a result, klaviyotest is stricter than Klaviyo: it requires the media
// type of the revision, and a trailing slash in paths if the revision has one, and only then.
// Calls that fall forward from a revision that [Klaviyo.Retire] retired may have either.
//
// Some things differ from Klaviyo: email addresses that can't exist are accepted, the precedence
// of identifiers that belong to several profiles is this package's own, events are visible
// immediately, there are no segments, there are no predictions in additional-fields, and an import processes
// profiles in order. Operations that this module doesn't describe get a 404 or 405 response,
// with the code unsupported_by_klaviyotest and a detail that lists what is supported.
package klaviyotest
