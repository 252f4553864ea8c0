// Package rudderklaviyo is the root of the module: it holds the directive that
// generates the API's types and calls from its descriptions, one for each revision.
// Import client, mapper or the package klaviyo of a revision below generated.
package rudderklaviyo

//go:generate go run ./internal/generate
