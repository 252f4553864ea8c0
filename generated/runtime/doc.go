// Package runtime holds what the generated packages of all revisions share: the
// [Operation] and its rate limits, the [Call] and who makes it, pages, queries, and the
// types of fields.
//
// A generated package gives these its own names, such as klaviyo.Operation and
// klaviyo.Nullable, so that a program rarely imports this one.
package runtime
