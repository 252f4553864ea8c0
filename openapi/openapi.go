// Package openapi contains the descriptions of Klaviyo's API, one for each supported revision.
// The code generator reads them. They contain only facts: names, types, enums, limits and
// status codes.
package openapi

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
)

//go:embed */klaviyo.yaml
var descriptions embed.FS

// Revisions returns the described revisions, such as 2023-02-22, oldest first.
func Revisions() []string {
	files, err := fs.Glob(descriptions, "*/klaviyo.yaml")
	if err != nil {
		panic(err) // the pattern is constant and valid
	}
	revisions := make([]string, len(files))
	for i, file := range files {
		revisions[i] = path.Dir(file)
	}
	return revisions
}

// Description returns the description of a revision, an OpenAPI 3.0 document in YAML. It
// returns an error if the revision isn't in Revisions.
func Description(revision string) ([]byte, error) {
	data, err := descriptions.ReadFile(path.Join(revision, "klaviyo.yaml"))
	if err != nil {
		return nil, fmt.Errorf("openapi: revision %q is not supported; the supported revisions are %q", revision, Revisions())
	}
	return data, nil
}
