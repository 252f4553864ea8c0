package config

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"
	"go.yaml.in/yaml/v3"

	"github.com/rudderklaviyo/rudderklaviyo/internal/terminal"
	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// Account is a Klaviyo account that the service delivers to.
type Account struct {
	// Name is made of small letters, digits and hyphens: it is a part of the names of what
	// is kept.
	Name string
	// Key is the private API key.
	Key string
	// Tokens are the credentials that senders use for this account. While they are rotated
	// there are two.
	Tokens []string
	// Mapping are the settings of the destination.
	Mapping mapper.Config
	// MaxBacklog is how many bytes of events may wait.
	MaxBacklog int64
}

// DefaultMaxBacklog is the default of [Account.MaxBacklog], in bytes: about a million events
// of 2 KB.
const DefaultMaxBacklog = 2 << 30

// accountSettings reads the value of each key of an account. The error ends a sentence that
// begins with the key.
var accountSettings = map[string]func(*accountReader, *yaml.Node) error{
	"name": func(r *accountReader, value *yaml.Node) (err error) {
		if r.Name, err = text(value); err == nil && !accountName.MatchString(r.Name) {
			err = errors.New("is made of small letters, digits and hyphens, 32 at most")
		}
		return err
	},
	"klaviyoKeyFile": func(r *accountReader, value *yaml.Node) error {
		lines, err := r.secrets(value)
		if err == nil && len(lines) != 1 {
			err = fmt.Errorf("names a file of %d lines: put one private API key in it", len(lines))
		}
		if err != nil {
			return err
		}
		return r.setKey(lines[0])
	},
	"klaviyoKeyEnv": func(r *accountReader, value *yaml.Node) error {
		name, err := text(value)
		if err != nil {
			return err
		}
		key := r.getenv(name)
		if key == "" {
			return errors.New("names a variable that isn't set")
		}
		return r.setKey(key)
	},
	"tokensFile": func(r *accountReader, value *yaml.Node) (err error) {
		r.Tokens, err = r.secrets(value)
		if err == nil && len(r.Tokens) == 0 {
			err = errors.New("names an empty file: put a token in each line")
		}
		if err == nil && slices.ContainsFunc(r.Tokens, func(token string) bool { return len(token) < minToken }) {
			err = fmt.Errorf("has a token of fewer than %d characters, which could be guessed", minToken)
		}
		return err
	},
	"destination": func(r *accountReader, value *yaml.Node) error {
		name, err := text(value)
		if err != nil {
			return err
		}
		file, err := Load(r.path(name), "")
		if err != nil {
			return fmt.Errorf("can't be read: %w", err)
		}
		r.ignored = append(r.ignored, file.Ignored...)
		r.Mapping = file.Config.Config
		if file.PrivateAPIKey == "" {
			return nil
		}
		return r.setKey(file.PrivateAPIKey)
	},
	"maxBacklog": func(r *accountReader, value *yaml.Node) error {
		size, err := humanize.ParseBytes(value.Value)
		if err != nil || size < minBacklog || size > 1<<50 {
			return fmt.Errorf("is a size from %s on, such as 2GiB", humanize.IBytes(minBacklog))
		}
		r.MaxBacklog = int64(size)
		return nil
	},
}

const (
	minToken   = 16
	minBacklog = 16 << 20
)

var accountName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,31}$`)

// accountReader reads an account.
type accountReader struct {
	Account
	folder  string // that relative paths are relative to
	getenv  func(string) string
	ignored []string
}

// LoadService reads the file of the service's accounts, in YAML or JSON. Files that it names
// are relative to its folder. Ignored lists the keys of RudderStack's form that mean nothing
// here. No error quotes a key or a token.
func LoadService(path string, getenv func(string) string) (accounts []Account, ignored []string, err error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, err
	}
	accounts, ignored, err = parseService(content, filepath.Dir(path), getenv)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", terminal.Quote(path), err)
	}
	return accounts, ignored, nil
}

func parseService(content []byte, folder string, getenv func(string) string) (accounts []Account, ignored []string, err error) {
	document, err := parseDocument(content)
	if err != nil {
		return nil, nil, err
	}
	if document == nil || document.Kind != yaml.MappingNode {
		return nil, nil, errors.New("want accounts: and a list of them")
	}
	list := &yaml.Node{}
	for key, value := range pairs(document) {
		if key.Value != "accounts" {
			return nil, nil, errorAt(key, "unknown key %s%s", printable(key.Value), suggestion(key.Value, slices.Values([]string{"accounts"})))
		}
		list = value
	}
	if list.Kind != yaml.SequenceNode || len(list.Content) == 0 {
		return nil, nil, errors.New("want accounts: and a list of one at least")
	}
	lines, owners, keys := map[string]int{}, map[string]string{}, map[string]string{} // of names, tokens and keys
	for _, node := range list.Content {
		node = resolve(node)
		r := accountReader{Account: Account{MaxBacklog: DefaultMaxBacklog}, folder: folder, getenv: getenv}
		if err := r.read(node); err != nil {
			return nil, nil, err
		}
		if line, ok := lines[r.Name]; ok {
			return nil, nil, errorAt(node, "the account %s is there already, in line %d", r.Name, line)
		}
		lines[r.Name] = node.Line
		if owner, ok := keys[r.Key]; ok {
			return nil, nil, errorAt(node, "the accounts %s and %s have the same private API key, and would each spend all of its limits: make them one account, which may have a token for each sender", owner, r.Name)
		}
		keys[r.Key] = r.Name
		for _, token := range r.Tokens {
			if owner, ok := owners[token]; ok {
				return nil, nil, errorAt(node, "the accounts %s and %s share a token: give each its own", owner, r.Name)
			}
			owners[token] = r.Name
		}
		accounts, ignored = append(accounts, r.Account), append(ignored, r.ignored...)
	}
	slices.Sort(ignored)
	return accounts, slices.Compact(ignored), nil
}

// read reads all settings of an account.
func (r *accountReader) read(node *yaml.Node) error {
	if node.Kind != yaml.MappingNode {
		return errorAt(node, "an account has keys and values: name, tokensFile and others")
	}
	given := map[string]int{}
	for key, value := range pairs(node) {
		name := key.Value
		if line, ok := given[name]; ok {
			return errorAt(key, "%s is there already, in line %d", printable(name), line)
		}
		given[name] = key.Line
		setting, ok := accountSettings[name]
		if !ok {
			return errorAt(key, "unknown key %s%s", printable(name), suggestion(name, maps.Keys(accountSettings)))
		}
		if err := setting(r, value); err != nil {
			return errorAt(value, "%s %w", name, err)
		}
	}
	switch {
	case r.Name == "":
		return errorAt(node, "the account has no name")
	case r.Key == "":
		return errorAt(node, "the account %s has no private API key: give klaviyoKeyFile, klaviyoKeyEnv, or privateApiKey in its destination", r.Name)
	case len(r.Tokens) == 0:
		return errorAt(node, "the account %s has no tokensFile, by which senders prove who they are", r.Name)
	}
	return nil
}

// setKey sets the key, once.
func (r *accountReader) setKey(key string) error {
	if r.Key != "" {
		return errors.New("gives a second private API key: keep one of klaviyoKeyFile, klaviyoKeyEnv and the destination's privateApiKey")
	}
	r.Key = key
	return nil
}

// secrets gives the lines of the file that value names, without blank ones.
func (r *accountReader) secrets(value *yaml.Node) ([]string, error) {
	name, err := text(value)
	if err != nil {
		return nil, err
	}
	content, err := os.ReadFile(r.path(name))
	if err != nil {
		return nil, fmt.Errorf("can't be read: %w", err)
	}
	var lines []string
	for line := range strings.Lines(string(content)) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return lines, nil
}

func (r *accountReader) path(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(r.folder, name)
}
