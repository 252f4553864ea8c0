// Package config reads the settings of a RudderStack destination from a file,
// in YAML or JSON: the keys of the destination's form and this project's own.
package config

import (
	"errors"
	"fmt"
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

// Load reads a file that holds the settings themselves, a destination as RudderStack
// exports it, or several, as of a workspace: of these the one with the name or id that
// destination is, or if that is empty the only one of Klaviyo that is switched on. A key that is neither a setting nor part of
// RudderStack's form is an error; ignored lists the latter's keys that were
// met. No error quotes a value.
func Load(path, destination string) (cfg Config, ignored []string, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return Config{}, nil, err
	}
	cfg, ignored, err = parse(text, destination)
	if err != nil {
		return Config{}, nil, fmt.Errorf("%s: %w", terminal.Quote(path), err)
	}
	return cfg, ignored, nil
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

func parse(text []byte, destination string) (Config, []string, error) {
	document, err := parseDocument(text)
	if err != nil || document == nil {
		return Config{}, nil, err
	}
	settings, err := unwrap(document, destination)
	if err != nil {
		return Config{}, nil, err
	}
	var cfg Config
	ignored, err := decode(settings, &cfg)
	return cfg, ignored, err
}
