package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// secretOfTests must stand in no error.
const secretOfTests = "pk_0123456789abcdef0123456789abcdef"

func serviceFiles(t *testing.T, service string) string {
	t.Helper()
	folder := t.TempDir()
	for name, text := range map[string]string{
		"serve.yaml":     service,
		"key":            secretOfTests + "\n",
		"two-keys":       secretOfTests + "\n" + secretOfTests,
		"tokens":         "in-0123456789abcdef\n\nin-fedcba9876543210\n",
		"more-tokens":    "in-00000000000000000",
		"weak":           "secret",
		"empty":          "\n",
		"spaced":         "in-0123456789abcdef\n# the old one is gone\n",
		"colon":          "in-01234567:89abcdef\n",
		"marked":         "\ufeffin-0123456789abcdef\n",
		"twice":          "in-0123456789abcdef\nin-0123456789abcdef\n",
		"quoted-key":     "\"" + secretOfTests + "\"",
		"eu.yaml":        "listId: LIST01\nrevision: 2026-07-15\napiVersion: v2\n",
		"with-key.yaml":  "privateApiKey: " + secretOfTests,
		"wrong-key.yaml": "listID: LIST01\n",
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(folder, "serve.yaml")
}

func TestLoadService(t *testing.T) {
	path := serviceFiles(t, `
accounts:
  - name: shop-eu
    klaviyoKeyFile: key
    tokensFile: tokens
    destination: eu.yaml
    maxBacklog: 64MiB
    maxLetters: 16MiB
    limits: ["create_event=20/s,100/m", "bulk_create_events=20/s,300/m"]
    quotaShare: 0.8
  - name: shop-us
    klaviyoKeyEnv: US_KEY
    tokensFile: more-tokens
`)
	got, ignored, err := LoadService(path, func(name string) string { return map[string]string{"US_KEY": "pk_us"}[name] })
	if err != nil {
		t.Fatal(err)
	}
	want := []Account{
		{Name: "shop-eu", Key: secretOfTests, Tokens: []string{"in-0123456789abcdef", "in-fedcba9876543210"}, MaxBacklog: 64 << 20, MaxLetters: 16 << 20,
			Limits: []string{"create_event=20/s,100/m", "bulk_create_events=20/s,300/m"}, QuotaShare: 0.8,
			Mapping: mapper.Config{ListID: "LIST01", Revision: "2026-07-15"}},
		{Name: "shop-us", Key: "pk_us", Tokens: []string{"in-00000000000000000"}, MaxBacklog: DefaultMaxBacklog, MaxLetters: DefaultMaxLetters},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if diff := cmp.Diff([]string{"apiVersion"}, ignored); diff != "" {
		t.Errorf("ignored: %s", diff)
	}
}

// A token that is there twice is one.
func TestLoadServiceTokenTwice(t *testing.T) {
	path := serviceFiles(t, "accounts: [{name: a, klaviyoKeyFile: key, tokensFile: twice}]")
	if _, _, err := LoadService(path, os.Getenv); err != nil {
		t.Error(err)
	}
}

// TestLoadServiceRefuses names the line and the key, and shows no secret.
func TestLoadServiceRefuses(t *testing.T) {
	const account = "accounts:\n- name: a\n  klaviyoKeyFile: key\n  tokensFile: tokens\n"
	for _, tt := range []struct{ service, want string }{
		{"", "want accounts:"},
		{"accounts: []", "at least one"},
		{"acounts: []", `line 1: unknown key "acounts"; did you mean "accounts"?`},
		{"revision: 2026-07-15", "line 1: this is the file of a destination: serve wants a file of accounts, which names it"},
		{account + "revision: 2026-07-15", `line 5: unknown key "revision"`},
		{"accounts:\n- a", "line 2: want an account with keys"},
		{account + "  tokenFile: tokens\n", `line 5: unknown key "tokenFile"; did you mean "tokensFile"?`},
		{account + "  name: b\n", `line 5: "name" is already set in line 2`},
		{account + "  maxBacklog: much\n", "line 5: maxBacklog is a size from 16 MiB to 1.0 PiB"},
		{account + "  maxBacklog: 1KiB\n", "line 5: maxBacklog is a size from 16 MiB"},
		{account + "  maxLetters: 15MiB\n", "line 5: maxLetters is a size from 16 MiB"},
		{account + "  maxLetters: 2PiB\n", "line 5: maxLetters is a size from 16 MiB"},
		{account + "  limits: create_event=20/s,100/m\n", "line 5: limits is a list"},
		{account + "  limits: {create_event: 20}\n", "line 5: limits is a list"},
		{account + "  limits: [create_event=20/s,100/m]\n", "; between brackets each needs quotes"},
		{account + "  limits:\n  - create_events=20/s,100/m\n", "line 6: limits names an unknown operation, create_events"},
		{account + "  quotaShare: 80%\n", "line 5: quotaShare must be above 0 and at most 1"},
		{account + "  quotaShare: 0\n", "line 5: quotaShare must be above 0 and at most 1"},
		{account + "  quotaShare: .nan\n", "line 5: quotaShare must be above 0 and at most 1"},
		{account + "  klaviyoKeyEnv: KEY\n", "line 5: klaviyoKeyEnv gives a second private API key"},
		{account + "  destination: with-key.yaml\n", "line 5: destination gives a second private API key"},
		{account + "  destination: wrong-key.yaml\n", `unknown key "listID"; did you mean "listId"?`},
		{account + "  destination: missing.yaml\n", "line 5: destination can't be read"},
		{account + strings.TrimPrefix(account, "accounts:\n"), "line 5: the account a is already in line 2"},
		{account + strings.Replace(strings.TrimPrefix(account, "accounts:\n"), "name: a", "name: b", 1), "the accounts a and b have the same private API key"},
		{account + "- {name: b, klaviyoKeyEnv: KEY_B, tokensFile: tokens}", "the accounts a and b share a token"},
		{strings.Replace(account, "name: a", "name: A.B", 1), "line 2: name must be made of lowercase letters"},
		{strings.Replace(account, "name: a\n  ", "", 1), "line 2: the account has no name"},
		{strings.Replace(account, "  klaviyoKeyFile: key\n", "", 1), "the account a has no private API key"},
		{strings.Replace(account, "  tokensFile: tokens\n", "", 1), "the account a has no tokensFile"},
		{strings.Replace(account, "File: key", "File: two-keys", 1), "line 3: klaviyoKeyFile names a file of 2 lines"},
		{strings.Replace(account, "klaviyoKeyFile: key", "klaviyoKeyEnv: NONE", 1), "line 3: klaviyoKeyEnv names a variable that isn't set"},
		{strings.Replace(account, "File: tokens", "File: weak", 1), "line 4: tokensFile has a token of fewer than 16 characters"},
		{strings.Replace(account, "File: tokens", "File: empty", 1), "line 4: tokensFile names an empty file"},
		{strings.Replace(account, "File: tokens", "File: spaced", 1), "line 4: tokensFile has a token with a space"},
		{strings.Replace(account, "File: tokens", "File: colon", 1), "line 4: tokensFile has a token with a space, a colon"},
		{strings.Replace(account, "File: tokens", "File: marked", 1), "line 4: tokensFile has a token with a space, a colon or another character"},
		{strings.Replace(account, "File: tokens", "File: twice", 1) + "- {name: b, klaviyoKeyEnv: KEY_B, tokensFile: twice}", "the accounts a and b share a token"},
		{strings.Replace(account, "File: key", "File: quoted-key", 1), "line 3: klaviyoKeyFile gives no usable key: the private API key contains a quotation mark"},
	} {
		_, _, err := LoadService(serviceFiles(t, tt.service), func(name string) string {
			return map[string]string{"KEY": secretOfTests, "KEY_B": secretOfTests + "b"}[name]
		})
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q: %v, want %q", tt.service, err, tt.want)
			continue
		}
		for _, secret := range []string{secretOfTests, "in-0123456789abcdef", "secret"} {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("%q: the error shows a secret: %v", tt.service, err)
			}
		}
	}
}

// TestReadAccounts goes on behind an account that is wrong, and names all that is.
func TestReadAccounts(t *testing.T) {
	path := serviceFiles(t, `
accounts:
  - name: shop-eu
    klaviyoKeyFile: missing
    tokensFile: tokens
    maxBacklog: much
  - name: shop-us
    klaviyoKeyEnv: US_KEY
    tokensFile: more-tokens
  - name: shop-uk
    klaviyoKeyEnv: UK_KEY
    tokensFile: tokens
  - tokenFile: tokens
`)
	entries, err := ReadAccounts(path, func(name string) string { return "pk_" + name })
	if err != nil {
		t.Fatal(err)
	}
	want := []struct {
		name     string
		line     int
		problems []string
	}{
		{"shop-eu", 3, []string{"line 4: klaviyoKeyFile can't be read", "line 6: maxBacklog is a size"}},
		{"shop-us", 7, nil},
		{"shop-uk", 10, []string{"line 10: the accounts shop-eu and shop-uk share a token"}},
		{"", 13, []string{`line 13: unknown key "tokenFile"`}},
	}
	if len(entries) != len(want) {
		t.Fatalf("%d accounts", len(entries))
	}
	for i, w := range want {
		e := entries[i]
		if e.Name != w.name || e.Line != w.line || len(e.Problems) != len(w.problems) {
			t.Errorf("%s in line %d: %v, want %+v", e.Name, e.Line, e.Problems, w)
			continue
		}
		for j, problem := range w.problems {
			if !strings.Contains(e.Problems[j].Error(), problem) {
				t.Errorf("%s: %v, want %q", e.Name, e.Problems[j], problem)
			}
		}
	}
	if e := entries[1]; e.Key != "pk_US_KEY" || len(e.Tokens) != 1 {
		t.Errorf("%+v", e)
	}
}
