package main

import (
	"bytes"
	"errors"
	"go/format"
	"os"
	"strings"
)

// complaint begins a line of generated code in which a template says what is wrong with a
// description: a template can't fail by itself.
const complaint = "// generate: "

// nullableImport is needed by the name that oapi-codegen gives to a field that can be null.
// The package has an alias for that type, which go doc can link.
const nullableImport = "\tnullable \"github.com/rudderklaviyo/rudderklaviyo/generated/runtime\"\n"

// finishFile finishes a file that oapi-codegen has written.
func finishFile(name string) error {
	generated, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	finished, err := finish(generated)
	if err != nil {
		return err
	}
	return os.WriteFile(name, finished, 0o644)
}

// finish returns the code with the package's own name for Nullable, or an error with the
// complaints of the templates.
func finish(generated []byte) ([]byte, error) {
	var complaints []error
	for line := range strings.Lines(string(generated)) {
		if text, ok := strings.CutPrefix(line, complaint); ok {
			complaints = append(complaints, errors.New(strings.TrimSpace(text)))
		}
	}
	if len(complaints) > 0 {
		return nil, errors.Join(complaints...)
	}
	generated = bytes.Replace(generated, []byte(nullableImport), nil, 1)
	return format.Source(bytes.ReplaceAll(generated, []byte("nullable.Nullable["), []byte("Nullable[")))
}
