// Package runtime contains what the generated packages of all revisions share: [Operation] with
// its revision and rate limits, [Call] and [Caller], call options, pagination, filters and
// field types.
//
// The generated packages define aliases for these, such as klaviyo.Operation and
// klaviyo.Nullable. A program imports this package only for [InRevision] and [Endpoint].
package runtime
