// Package openapi carries the descriptions of Klaviyo's API, one for each
// revision that the module supports. They are what the generator reads, and
// state facts only: names, types, enums, limits and status codes.
package openapi

import _ "embed"

//go:embed 2023-02-22/klaviyo.yaml
var revision20230222 string

// Revision20230222 returns the description of revision 2023-02-22: an
// OpenAPI 3.0 document in YAML.
func Revision20230222() []byte {
	return []byte(revision20230222)
}
