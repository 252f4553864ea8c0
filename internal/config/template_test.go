package config

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// uncomment makes settings of a new file's examples.
func uncomment(text string, settings []Setting) string {
	for _, s := range settings {
		text = strings.Replace(text, "# "+s.Key+": ", s.Key+": ", 1)
	}
	return text
}

func TestTemplate(t *testing.T) {
	var text strings.Builder
	if err := WriteTemplate(&text); err != nil {
		t.Fatal(err)
	}
	checkTemplate(t, text.String(), Settings)
	file, err := parse([]byte(text.String()), "")
	if err != nil {
		t.Fatal(err)
	}
	if len(file.Lines) != 1 || file.Revision != latestRevision {
		t.Errorf("a new file sets %v", file.Lines)
	}
	all, err := parse([]byte(uncomment(text.String(), Settings)), "")
	if err != nil {
		t.Fatal(err)
	}
	if len(all.Lines) != len(Settings) {
		t.Errorf("the examples are %d, want %d", len(all.Lines), len(Settings))
	}
}

func TestServiceTemplate(t *testing.T) {
	var text strings.Builder
	if err := WriteServiceTemplate(&text); err != nil {
		t.Fatal(err)
	}
	checkTemplate(t, text.String(), AccountSettings)
	dir := t.TempDir()
	for name, content := range map[string]string{
		"accounts.yaml": text.String(), "shop-eu.key": secret, "shop-eu.tokens": "0123456789abcdef", "shop-eu.yaml": "",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	accounts, _, err := LoadService(filepath.Join(dir, "accounts.yaml"), func(string) string { return "" })
	if err != nil || len(accounts) != 1 || accounts[0].Name != "shop-eu" || accounts[0].MaxBacklog != DefaultMaxBacklog {
		t.Fatalf("%v, %v", accounts, err)
	}
	with := uncomment(strings.Replace(text.String(), "klaviyoKeyEnv: ", "", 1), AccountSettings) // one key is enough
	entries, err := parseAccounts([]byte(with), dir, func(string) string { return "" })
	if err != nil || len(entries[0].Problems) > 0 || entries[0].MaxBacklog != DefaultMaxBacklog {
		t.Errorf("with its examples: %v, %v", err, entries)
	}
}

// The tables of keys have those that are read, and no line of a new file is too long.
func checkTemplate(t *testing.T, text string, settings []Setting) {
	t.Helper()
	for line := range strings.Lines(text) {
		if len(strings.TrimRight(line, "\n")) > 80 {
			t.Errorf("a long line: %s", line)
		}
	}
	for _, s := range settings {
		if n := len(regexp.MustCompile(`(?m)^ *(# )?`+s.Key+`: \S`).FindAllString(text, -1)); n != 1 {
			t.Errorf("%s stands there %d times", s.Key, n)
		}
	}
}

func TestAccountSettings(t *testing.T) {
	var keys []string
	for _, s := range AccountSettings {
		keys = append(keys, s.Key)
	}
	slices.Sort(keys)
	if want := slices.Sorted(maps.Keys(accountSettings)); !slices.Equal(keys, want) {
		t.Errorf("the keys are %q, want %q", keys, want)
	}
}

// A default says what the zero settings do; that of a text is a text.
func TestDefaultValue(t *testing.T) {
	for _, s := range Settings {
		if _, isTime := s.DefaultValue().(time.Time); isTime {
			t.Errorf("%s: %v", s.Key, s.DefaultValue())
		}
	}
	if setting, _ := LookUp("consent"); !slices.Equal(setting.DefaultValue().([]any), []any{"email"}) {
		t.Errorf("%v", setting.DefaultValue())
	}
}
