package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestPackagedAccounts reads the accounts that the packages show as an example, with the names
// of secrets that the unit gives.
func TestPackagedAccounts(t *testing.T) {
	example, err := os.ReadFile("../../packaging/accounts.yaml")
	unit, unitErr := os.ReadFile("../../packaging/systemd/rudderklaviyo.service")
	if err := errors.Join(err, unitErr); err != nil {
		t.Fatal(err)
	}
	const credentials = "/run/credentials/rudderklaviyo.service/secret_"
	if !strings.Contains(string(unit), "\nLoadCredential=secret:/etc/rudderklaviyo/secrets\n") {
		t.Error("the unit names no secrets as the example does")
	}
	_, commented, _ := strings.Cut(string(example), "\n# accounts:\n")
	accounts := "accounts:\n" + strings.ReplaceAll(strings.TrimPrefix(commented, "# "), "\n# ", "\n")
	folder := t.TempDir()
	for name, text := range map[string]string{
		"accounts.yaml":  strings.ReplaceAll(accounts, credentials, ""),
		"shop-eu.key":    secretOfTests,
		"shop-eu.tokens": "in-0123456789abcdef",
		"shop-eu.yaml":   "listId: LIST01\n",
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, _, err := LoadService(filepath.Join(folder, "accounts.yaml"), os.Getenv)
	if err != nil || len(got) != 1 || got[0].Mapping.ListID != "LIST01" {
		t.Errorf("%d accounts, %v, of\n%s", len(got), err, accounts)
	}
}
