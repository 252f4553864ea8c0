// Package openapi carries the descriptions of Klaviyo's API, one for each
// revision that the module supports. They are what the generator reads, and
// state facts only: names, types, enums, limits and status codes.
package openapi

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
)

//go:embed */klaviyo.yaml
var descriptions embed.FS

// Revisions gives the revisions that are described, such as 2023-02-22, the oldest first.
func Revisions() []string {
	files, err := fs.Glob(descriptions, "*/klaviyo.yaml")
	if err != nil {
		panic(err) // the pattern is valid
	}
	revisions := make([]string, len(files))
	for i, file := range files {
		revisions[i] = path.Dir(file)
	}
	return revisions
}

// Description gives the description of a revision, an OpenAPI 3.0 document in YAML, or an
// error if it isn't among Revisions.
func Description(revision string) ([]byte, error) {
	data, err := descriptions.ReadFile(path.Join(revision, "klaviyo.yaml"))
	if err != nil {
		return nil, fmt.Errorf("openapi: revision %q is not described here; these are: %q", revision, Revisions())
	}
	return data, nil
}
