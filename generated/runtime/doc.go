// Package runtime holds what the generated packages of all revisions share: the
// [Operation] with its revision and rate limits, the [Call] and who makes it, the options of
// a call, pages, filters, and the types of fields.
//
// A generated package gives these its own names, such as klaviyo.Operation and
// klaviyo.Nullable, so a program imports this one for [InRevision] and [Endpoint] alone.
package runtime
