package config

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"
	"go.yaml.in/yaml/v3"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/internal/quota"
	"github.com/rudderklaviyo/rudderklaviyo/internal/terminal"
	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// Account is a Klaviyo account that the service delivers to.
type Account struct {
	// Name is made of lowercase letters, digits and hyphens: it is a part of the names of what
	// is kept.
	Name string
	// Key is the private API key.
	Key string
	// Tokens are the credentials that senders use for this account. While they are rotated
	// there are two.
	Tokens []string
	// Mapping are the settings of the destination.
	Mapping mapper.Config
	// MaxBacklog is how many bytes of events may wait, and MaxLetters how many bytes of dead
	// letters are kept.
	MaxBacklog, MaxLetters int64
	// Limits are those that Klaviyo has raised for the account, as [quota.ParseLimits] reads
	// them, and QuotaShare is the share of the limits to use. Where they are zero the flags
	// say it.
	Limits     []string
	QuotaShare float64
}

// The defaults of an [Account], in bytes.
const (
	DefaultMaxBacklog = 2 << 30 // about a million events of 2 KB
	DefaultMaxLetters = 1 << 30
)

// accountSettings reads the value of each key of an account. The error ends a sentence that
// begins with the key.
var accountSettings = map[string]func(*accountReader, *yaml.Node) error{
	"name": func(r *accountReader, value *yaml.Node) (err error) {
		if r.Name, err = text(value); err == nil && !accountName.MatchString(r.Name) {
			err = errors.New("must be made of lowercase letters, digits and hyphens, at most 32")
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
			err = fmt.Errorf("has a token of fewer than %d characters, which could be guessed: use a longer one, such as of openssl rand -hex 24", minToken)
		}
		if err == nil && slices.ContainsFunc(r.Tokens, func(token string) bool { return strings.ContainsFunc(token, isNotOfTokens) }) {
			err = errors.New("has a token with a space, a colon or another character that senders can't give: use letters and digits, such as of openssl rand -hex 24, and no comments")
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
	"maxBacklog": func(r *accountReader, value *yaml.Node) (err error) {
		r.MaxBacklog, err = storeSize(value)
		return err
	},
	"maxLetters": func(r *accountReader, value *yaml.Node) (err error) {
		r.MaxLetters, err = storeSize(value)
		return err
	},
	"limits": func(r *accountReader, value *yaml.Node) error {
		if err := value.Decode(&r.Limits); err != nil || value.Kind != yaml.SequenceNode {
			return errors.New(`is a list of operations with their calls in a second and in a minute: ["bulk_create_events=20/s,300/m"]`)
		}
		_, err := quota.ParseLimits(r.Limits)
		if err != nil && value.Style == yaml.FlowStyle { // a comma separates there
			err = fmt.Errorf("%w; between brackets each needs quotes", err)
		}
		return err
	},
	"quotaShare": func(r *accountReader, value *yaml.Node) error {
		if err := value.Decode(&r.QuotaShare); err != nil {
			r.QuotaShare = 0
		}
		return quota.CheckShare(r.QuotaShare)
	},
}

// storeSize reads how much the store may keep of something. The least is enough for a few
// events, or dead letters, of the largest size.
func storeSize(value *yaml.Node) (int64, error) {
	size, err := humanize.ParseBytes(value.Value)
	if err != nil || size < minStore || size > maxStore {
		return 0, fmt.Errorf("is a size from %s to %s, such as 2GiB", humanize.IBytes(minStore), humanize.IBytes(maxStore))
	}
	return int64(size), nil
}

const (
	minToken = 16
	minStore = 16 << 20
	maxStore = 1 << 50
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
	entries, err := ReadAccounts(path, getenv)
	if err != nil {
		return nil, nil, err
	}
	for _, e := range entries {
		if len(e.Problems) > 0 {
			return nil, nil, fmt.Errorf("%s: %w", terminal.Quote(path), e.Problems[0])
		}
		accounts, ignored = append(accounts, e.Account), append(ignored, e.Ignored...)
	}
	slices.Sort(ignored)
	return accounts, slices.Compact(ignored), nil
}

// AccountEntry is an account as it stands in a file.
type AccountEntry struct {
	Account     // what could be read of it
	Line    int // where it begins
	Ignored []string
	// Problems are why it can't be served, and name the line. There are none if it can.
	Problems []error
}

// ReadAccounts reads each account of a file, as LoadService does, but goes on where one of them
// is wrong. Its error is that of the file as a whole.
func ReadAccounts(path string, getenv func(string) string) ([]AccountEntry, error) {
	content, err := readFile(path)
	if err != nil {
		return nil, err
	}
	entries, err := parseAccounts(content, filepath.Dir(path), getenv)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", terminal.Quote(path), err)
	}
	return entries, nil
}

// accountsKey is the one key of the file, which no destination has.
const accountsKey = "accounts"

// isOfAccounts tells whether a file has that key.
func isOfAccounts(document *yaml.Node) bool {
	for key := range pairs(document) {
		if key.Value == accountsKey {
			return true
		}
	}
	return false
}

func parseAccounts(content []byte, folder string, getenv func(string) string) ([]AccountEntry, error) {
	document, err := parseDocument(content)
	if err != nil {
		return nil, err
	}
	if document == nil || document.Kind != yaml.MappingNode {
		return nil, errors.New("want accounts: and a list of them")
	}
	list := &yaml.Node{}
	for key, value := range pairs(document) {
		if _, ofDestination := fields[key.Value]; ofDestination && !isOfAccounts(document) {
			return nil, errorAt(key, "this is the file of a destination: serve wants a file of accounts, which names it: rudderklaviyo config init --service writes one")
		}
		if key.Value != accountsKey {
			return nil, errorAt(key, "unknown key %s%s", printable(key.Value), suggestion(key.Value, slices.Values([]string{accountsKey})))
		}
		list = value
	}
	if list.Kind != yaml.SequenceNode || len(list.Content) == 0 {
		return nil, errors.New("want accounts: and a list of at least one")
	}
	entries := make([]AccountEntry, len(list.Content))
	seen := unique{lines: map[string]int{}, tokens: map[string]string{}, keys: map[string]string{}}
	for i, node := range list.Content {
		node = resolve(node)
		r := accountReader{Account: Account{MaxBacklog: DefaultMaxBacklog, MaxLetters: DefaultMaxLetters}, folder: folder, getenv: getenv}
		problems := r.read(node)
		if err := seen.add(node, r.Account); err != nil {
			problems = append(problems, err)
		}
		entries[i] = AccountEntry{Account: r.Account, Line: node.Line, Ignored: r.ignored, Problems: problems}
	}
	return entries, nil
}

// unique has what no two accounts may share.
type unique struct {
	lines        map[string]int    // of names
	tokens, keys map[string]string // whose they are
}

func (u unique) add(node *yaml.Node, a Account) error {
	if line, ok := u.lines[a.Name]; ok && a.Name != "" {
		return errorAt(node, "the account %s is already in line %d", a.Name, line)
	}
	u.lines[a.Name] = node.Line
	if owner, ok := u.keys[a.Key]; ok && a.Key != "" {
		return errorAt(node, "the accounts %s and %s have the same private API key, and would each spend all of its limits: make them one account, which may have a token for each sender", owner, a.Name)
	}
	u.keys[a.Key] = a.Name
	for _, token := range a.Tokens {
		if owner, ok := u.tokens[token]; ok && owner != a.Name {
			return errorAt(node, "the accounts %s and %s share a token: give each its own", owner, a.Name)
		}
		u.tokens[token] = a.Name
	}
	return nil
}

// read reads all settings of an account, and gives what is wrong with them.
func (r *accountReader) read(node *yaml.Node) (problems []error) {
	if node.Kind != yaml.MappingNode {
		return []error{errorAt(node, "want an account with keys such as name and tokensFile")}
	}
	problem := func(at *yaml.Node, format string, args ...any) {
		problems = append(problems, errorAt(at, format, args...))
	}
	given := map[string]int{}
	for key, value := range pairs(node) {
		name := key.Value
		setting, known := accountSettings[name]
		line, again := given[name]
		given[name] = key.Line
		switch {
		case again:
			problem(key, "%s is already set in line %d", printable(name), line)
		case !known:
			problem(key, "unknown key %s%s", printable(name), suggestion(name, maps.Keys(accountSettings)))
		default:
			if err := setting(r, value); err != nil {
				problem(value, "%s %w", name, err)
			}
		}
	}
	if len(problems) > 0 {
		return problems // among them may be why something is missing
	}
	if r.Name == "" {
		problem(node, "the account has no name")
	}
	if r.Key == "" {
		problem(node, "the account %s has no private API key: give klaviyoKeyFile, klaviyoKeyEnv, or privateApiKey in its destination", r.Name)
	}
	if len(r.Tokens) == 0 {
		problem(node, "the account %s has no tokensFile, with the tokens of its senders", r.Name)
	}
	return problems
}

// setKey sets the key, once.
func (r *accountReader) setKey(key string) error {
	if r.Key != "" {
		return errors.New("gives a second private API key: keep one of klaviyoKeyFile, klaviyoKeyEnv and the destination's privateApiKey")
	}
	if _, err := client.New(key); err != nil {
		return fmt.Errorf("gives no usable key: %w", errors.Unwrap(err))
	}
	r.Key = key
	return nil
}

// isNotOfTokens says what can't stand in a token: in Basic authentication, which many SDKs
// use, a colon ends it.
func isNotOfTokens(r rune) bool { return r <= ' ' || r > '~' || r == ':' }

// secrets gives the lines of the file that value names, without blank ones.
func (r *accountReader) secrets(value *yaml.Node) ([]string, error) {
	name, err := text(value)
	if err != nil {
		return nil, err
	}
	content, err := readFile(r.path(name))
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
