package command

import (
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
)

// TestKeyThatAServerRepeats is in no dead letter, log or table, though the server puts it
// into everything that it says of an event.
func TestKeyThatAServerRepeats(t *testing.T) {
	written := map[string]string{
		"as it is":     "Klaviyo-API-Key " + key,
		"with escapes": `\u0070k\u005f` + strings.TrimPrefix(key, "pk_"),
		"in a URL":     "pk%5F" + strings.TrimPrefix(key, "pk_"),
	}
	for _, status := range []int{http.StatusBadRequest, http.StatusUnauthorized, http.StatusConflict} {
		for name, text := range written {
			t.Run(http.StatusText(status)+" "+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					fault := `{"id":"K","code":"K","title":"K","detail":"bad: K","source":{"pointer":"K","parameter":"K"},"meta":{"duplicate_profile_id":"K"}}`
					body := `{"errors":[` + strings.ReplaceAll(fault+","+fault, "K", text) + `]}`
					transport := refusing(func(req *http.Request) (*http.Response, error) {
						header := http.Header{"Retry-After": {text}, "X-Request-Id": {text}}
						return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(body)), Request: req}, nil
					})
					file := filepath.Join(t.TempDir(), "dead.jsonl")
					s := setup{transport: transport, env: map[string]string{"KLAVIYO_API_KEY": key}}
					s.stdin = strings.NewReader(lines(track(1, "m1"), `{"type":"identify","userId":"1","traits":{"email":"a@example.com"}}`))
					r := s.run(t, "send", "--log-level=debug", "--dead-letter", file)
					letters := read(t, file)
					if status != http.StatusUnauthorized && !strings.Contains(letters, `"detail":"bad: `) {
						t.Fatalf("no dead letter has what the server said:\n%s%s", letters, r.stderr)
					}
					secret := strings.TrimPrefix(key, "pk_")
					if strings.Contains(letters+r.stdout+r.stderr, secret) {
						t.Errorf("the key is shown:\n%s%s%s", letters, r.stdout, r.stderr)
					}
				})
			})
		}
	}
}

// TestInvalidKey checks that the error names the setting of an invalid key, and doesn't show the
// key.
func TestInvalidKey(t *testing.T) {
	events, config := write(t, "events.jsonl", lines(identify(1))), write(t, "config.yaml", "privateApiKey: AbC123")
	setup{}.run(t, "send", "--config", config, events).want(t, statusUsage, "rudderklaviyo: privateApiKey: this is the account's public key;")
	r := setup{env: map[string]string{"KLAVIYO_API_KEY": "XyZ987"}}.run(t, "send", "--config", config, events)
	if r.want(t, statusUsage, "rudderklaviyo: KLAVIYO_API_KEY: this is the account's public key;"); strings.Contains(r.stderr, "XyZ987") {
		t.Errorf("the key is shown: %s", r.stderr)
	}
}
