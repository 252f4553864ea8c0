// Package rudderklaviyo is the root of the module: it holds the directive that
// generates the API's types and calls from their description. Import client,
// mapper or generated/2023-02-22/klaviyo.
package rudderklaviyo

//go:generate go run github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen --config openapi/2023-02-22/oapi-codegen.yaml openapi/2023-02-22/klaviyo.yaml
