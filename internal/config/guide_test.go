package config

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestAccountsOfTheGuide holds the guide's table to the keys of an account, and reads its
// example with the files that it names.
func TestAccountsOfTheGuide(t *testing.T) {
	page, err := os.ReadFile("../../docs/service.md")
	if err != nil {
		t.Fatal(err)
	}
	var documented []string
	for _, row := range regexp.MustCompile("(?m)^\\| `(\\w+)` \\|").FindAllSubmatch(page, -1) {
		documented = append(documented, string(row[1]))
	}
	slices.Sort(documented)
	if diff := cmp.Diff(slices.Sorted(maps.Keys(accountSettings)), documented); diff != "" {
		t.Errorf("(-there is +documented)\n%s", diff)
	}

	t.Chdir(t.TempDir())
	if err := os.Mkdir("secrets", 0o700); err != nil {
		t.Fatal(err)
	}
	example := regexp.MustCompile("(?s)```yaml\n(accounts:.*?)```").FindSubmatch(page)
	if example == nil {
		t.Fatal("there is no example of the accounts")
	}
	for name, text := range map[string]string{
		"secrets/eu.key": "pk_1", "secrets/eu.tokens": "token-0123456789", "eu.yaml": "revision: 2026-07-15", "accounts.yaml": string(example[1]),
	} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	accounts, _, err := LoadService("accounts.yaml", os.Getenv)
	if err != nil || len(accounts) != 1 || accounts[0].Mapping.Revision != "2026-07-15" {
		t.Errorf("%+v, %v", accounts, err)
	}
}
