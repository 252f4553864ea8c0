package command

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rudderklaviyo/rudderklaviyo/client/klaviyotest"
	"github.com/rudderklaviyo/rudderklaviyo/internal/doctor"
)

// TestDoctorOfAccounts examines each account of a service by itself, with its own key.
func TestDoctorOfAccounts(t *testing.T) {
	folder := t.TempDir()
	for name, text := range map[string]string{
		"eu.key": "pk_right", "us.key": "pk_wrong", "eu.tokens": "token-0123456789", "us.tokens": "token-of-us-01234567", "uk.tokens": "token-of-uk-01234567",
		"later.yaml": "revision: 2026-07-15", "list.yaml": "revision: 2023-02-22\nlistId: L9",
		"good.yaml": "accounts:\n- {name: eu, klaviyoKeyFile: eu.key, tokensFile: eu.tokens, destination: later.yaml, quotaShare: 0.5}\n",
		"all.yaml": "accounts:\n- {name: eu, klaviyoKeyFile: eu.key, tokensFile: eu.tokens, destination: later.yaml}\n" +
			"- {name: us, klaviyoKeyFile: us.key, tokensFile: us.tokens, destination: list.yaml}\n" +
			"- {name: uk, klaviyoKeyFile: uk.key, tokensFile: uk.tokens, destination: later.yaml, maxBacklog: 1}\n",
		"none.yaml": "accounts: []",
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	file := func(name string) string { return "--accounts=" + filepath.Join(folder, name) }
	k := klaviyotest.New(klaviyotest.WithKey("pk_right"))
	s := account(k)

	good := s.run(t, "doctor", file("good.yaml"))
	good.want(t, statusDone)
	for _, text := range []string{"eu\n", "quotaShare is 0.5", "number of tokens is 1", "account Example Shop (ABC123)"} {
		if !strings.Contains(good.stdout, text) {
			t.Errorf("no %q in\n%s", text, good.stdout)
		}
	}

	all := s.run(t, "doctor", file("all.yaml"), "--output=json")
	all.want(t, statusStopped, "a delivery would not work: failures: ")
	var reports struct{ Accounts []accountReport }
	if err := json.Unmarshal([]byte(all.stdout), &reports); err != nil {
		t.Fatalf("%v\n%s", err, all.stdout)
	}
	var got []string
	for _, r := range reports.Accounts {
		for _, f := range r.Findings {
			if f.Outcome == doctor.Failure {
				got = append(got, r.Name+" "+f.Check+": "+f.Text)
			}
		}
	}
	for _, want := range []string{"us key: ", "uk config: ", "line 4: klaviyoKeyFile can't be read", "line 4: maxBacklog is a size from", "uk key: there is no private API key"} {
		if !strings.Contains(strings.Join(got, "\n"), want) {
			t.Errorf("no failure %q among %q", want, got)
		}
	}
	if len(reports.Accounts) != 3 || strings.Contains(strings.Join(got, "\n"), "eu ") {
		t.Errorf("failures of the account that is right: %q", got)
	}
	for _, secret := range []string{"pk_right", "pk_wrong", "token-0"} {
		if strings.Contains(all.stdout+all.stderr+good.stdout, secret) {
			t.Errorf("the output shows %s", secret)
		}
	}
	for _, ofSend := range []string{"--revision", "--config", "KLAVIYO_API_KEY"} {
		if strings.Contains(all.stdout, ofSend) {
			t.Errorf("the advice names %s, which serve does not have:\n%s", ofSend, all.stdout)
		}
	}
	checkOnlyRead(t, k)

	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{file("none.yaml")}, "none.yaml: want accounts: and a list of at least one"},
		{[]string{file("missing.yaml")}, "missing.yaml"},
		{[]string{file("good.yaml"), "--config=destination.yaml"}, "--accounts and --config exclude each other"},
		{[]string{file("good.yaml"), "--list-id=L1"}, "--accounts and --list-id exclude each other"},
		{[]string{file("good.yaml"), "events.jsonl"}, "--accounts and files of events exclude each other"},
		{[]string{file("good.yaml"), "--output=xml"}, "--output must be one of json, table"},
		{[]string{file("good.yaml"), "--simulate"}, "--simulate has none"},
	} {
		s.run(t, append([]string{"doctor"}, tt.args...)...).want(t, statusUsage, tt.want)
	}
	s.env["RUDDERKLAVIYO_LIST_ID"] = "L1" // for other commands
	if r := s.run(t, "doctor", file("good.yaml")); r.status == statusUsage {
		t.Errorf("a variable is in its way: %s", r.stderr)
	}
}
