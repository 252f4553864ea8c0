//go:build tools

package rudderklaviyo

// The generator that internal/generate runs; go.mod pins its version.
import _ "github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen"
