// Package config reads the settings of a RudderStack destination from a file,
// in YAML or JSON: the keys of the destination's form and this project's own.
package config

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/rudderklaviyo/rudderklaviyo/internal/terminal"
	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// Config holds the settings under the names that they have in a file.
type Config struct {
	// PrivateAPIKey is the secret key of a Klaviyo account.
	PrivateAPIKey string `json:"privateApiKey"`
	// PublicAPIKey is the account's public id, which sending doesn't need.
	PublicAPIKey string `json:"publicApiKey"`
	mapper.Config
}

// File is what a file of settings holds.
type File struct {
	Config
	// Lines are where the keys stand that have a value.
	Lines map[string]int
	// Ignored are the keys of RudderStack's form that mean nothing here.
	Ignored []string
}

// Load reads a file that holds the settings themselves, a destination as RudderStack
// exports it, or several, as of a workspace: of these the one with the name or id that
// destination is, or if that is empty the only one of Klaviyo that is switched on. A key that is neither a setting nor part of
// RudderStack's form is an error. No error quotes a value.
func Load(path, destination string) (File, error) {
	text, err := readFile(path)
	if err != nil {
		return File{}, err
	}
	file, err := parse(text, destination)
	if err != nil {
		return File{}, fmt.Errorf("%s: %w", terminal.Quote(path), err)
	}
	return file, nil
}

// maxFile is far above the size of a file of settings, a key or tokens.
const maxFile = 64 << 20

// readFile reads a whole file. A device without an end is refused instead of filling the memory.
func readFile(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err == nil && len(text) > maxFile {
		err = fmt.Errorf("%s is larger than %d MiB: is it the right file?", terminal.Quote(path), maxFile>>20)
	}
	return text, err
}

// Check says which setting of the mapping is wrong by itself, by its key and without its
// value. Whether the settings go together is seen when all of them are known.
func Check(cfg Config) error {
	_, err := mapper.New(cfg.Config)
	if errors.Is(err, mapper.ErrNotInRevision) {
		return nil
	}
	return errors.Unwrap(err)
}

func parse(text []byte, destination string) (File, error) {
	document, err := parseDocument(text)
	if err != nil || document == nil {
		return File{}, err
	}
	settings, err := unwrap(document, destination)
	if err != nil {
		return File{}, err
	}
	return decode(settings)
}
