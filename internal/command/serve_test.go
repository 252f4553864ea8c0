package command

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/client/klaviyotest"
	"github.com/rudderklaviyo/rudderklaviyo/internal/config"
	"github.com/rudderklaviyo/rudderklaviyo/internal/deadletter"
	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// serveRun is a run of serve.
type serveRun struct {
	stderr  *lockedBuffer
	hangups chan os.Signal
	// takesHangups means that a hangup doesn't stop it.
	takesHangups atomic.Bool
	stop         context.CancelFunc
	status       chan int
}

type lockedBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

var takenAt = regexp.MustCompile(`Events are taken at (\S+)/v1/webhook\.`)

// serve runs serve until the test ends.
func serve(t *testing.T, k *klaviyotest.Klaviyo, env map[string]string, args ...string) *serveRun {
	t.Helper()
	r := &serveRun{stderr: &lockedBuffer{}, hangups: make(chan os.Signal, 1), status: make(chan int, 1)}
	p := Program{Stdin: strings.NewReader(""), Stdout: &bytes.Buffer{}, Stderr: r.stderr, Getenv: func(name string) string { return env[name] },
		Hangups: func() <-chan os.Signal {
			r.takesHangups.Store(true)
			return r.hangups
		}}
	if k != nil {
		p.Transport = k.Transport()
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	r.stop = cancel
	go func() {
		r.status <- p.Run(ctx, append([]string{"serve", "--listen=127.0.0.1:0", "--admin=127.0.0.1:0"}, args...))
	}()
	t.Cleanup(func() { r.ends(t) })
	return r
}

// ends stops it and gives the exit status.
func (r *serveRun) ends(t *testing.T) int {
	t.Helper()
	r.stop()
	select {
	case status := <-r.status:
		r.status <- status
		return status
	case <-time.After(30 * time.Second):
		t.Fatalf("the service does not stop:\n%s", r.stderr)
		return -1
	}
}

// waitFor waits until the log has a text.
func (r *serveRun) waitFor(t *testing.T, text string) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !strings.Contains(r.stderr.String(), text); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("no %q in\n%s", text, r.stderr)
		}
	}
}

// post sends an event as RudderStack does: again where it is asked to.
func (r *serveRun) post(t *testing.T, path, token, body string) int {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		status, _ := r.postOnce(t, path, token, body)
		if status != http.StatusTooManyRequests || time.Now().After(deadline) {
			return status
		}
	}
}

func (r *serveRun) postOnce(t *testing.T, path, token, body string) (status int, text string) {
	t.Helper()
	r.waitFor(t, "Events are taken at")
	url := takenAt.FindStringSubmatch(r.stderr.String())[1]
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.SetBasicAuth(token, "")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(answer)
}

// accountFiles writes the files of an account, and gives that of the service.
func accountFiles(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	for name, text := range map[string]string{
		"key": "pk_right", "tokens": "token-0123456789", "eu.yaml": "revision: 2026-07-15",
		"serve.yaml": "accounts:\n- {name: eu, klaviyoKeyFile: key, tokensFile: tokens, destination: eu.yaml}",
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(folder, "serve.yaml")
}

func arrive(t *testing.T, k *klaviyotest.Klaviyo, events int) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); len(k.Events()) != events; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d events arrive, want %d", len(k.Events()), events)
		}
	}
}

func TestServe(t *testing.T) {
	k := klaviyotest.New(klaviyotest.WithKey("pk_right"))
	accounts, data := accountFiles(t), t.TempDir()
	r := serve(t, k, nil, "--config="+accounts, "--data-dir="+data)
	const token = "token-0123456789"
	if got := r.post(t, "/v1/webhook", token, track(1, "m1")); got != http.StatusOK {
		t.Errorf("status %d", got)
	}
	if got := r.post(t, "/v1/batch", token, fmt.Sprintf(`{"batch":[%s,%s]}`, track(1, "m2"), track(2, "m3"))); got != http.StatusOK {
		t.Errorf("status %d", got)
	}
	if got := r.post(t, "/v1/webhook", "another", track(1, "m4")); got != http.StatusUnauthorized {
		t.Errorf("status %d", got)
	}
	arrive(t, k, 3)
	if got := r.ends(t); got != statusDone {
		t.Errorf("exit status %d\n%s", got, r.stderr)
	}
	for _, secret := range []string{"pk_right", token, "@example.com"} {
		if strings.Contains(r.stderr.String(), secret) {
			t.Errorf("the log shows %s:\n%s", secret, r.stderr)
		}
	}
}

// TestServeLogsJSON has nothing but JSON on standard error where a program reads the log.
func TestServeLogsJSON(t *testing.T) {
	r := serve(t, nil, nil, "--simulate", "--log-format=json")
	r.waitFor(t, "events accepted")
	if got := r.ends(t); got != statusDone {
		t.Errorf("exit status %d", got)
	}
	var messages []string
	for line := range strings.Lines(r.stderr.String()) {
		var said struct {
			Msg, At, Page, Store string
			Accounts             []string
		}
		if err := json.Unmarshal([]byte(line), &said); err != nil {
			t.Errorf("%v in %s", err, line)
		}
		messages = append(messages, said.Msg)
		if said.Msg == "starting" && (said.Store == "" || !slices.Equal(said.Accounts, []string{simulated})) ||
			said.Msg == "events accepted" && (!strings.HasSuffix(said.At, "/v1/webhook") || said.Page == "") {
			t.Error(line)
		}
	}
	messages = slices.DeleteFunc(messages, func(m string) bool { return m == "account owned" })
	if want := []string{"starting", "events accepted", "stopping", "stopped"}; !slices.Equal(messages, want) {
		t.Errorf("%q, want %q", messages, want)
	}
}

// TestServeReloads goes over to a new key and a new token at a hangup, and stays as it is
// where the file is wrong.
func TestServeReloads(t *testing.T) {
	k := klaviyotest.New(klaviyotest.WithKey("pk_right"))
	accounts, data := accountFiles(t), t.TempDir()
	beside := func(name string) string { return filepath.Join(filepath.Dir(accounts), name) }
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(beside(name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("key", "pk_wrong")
	r := serve(t, k, nil, "--config="+accounts, "--data-dir="+data)
	if got := r.post(t, "/v1/webhook", "token-0123456789", track(1, "m1")); got != http.StatusOK {
		t.Errorf("status %d", got)
	}
	r.waitFor(t, "reason=unauthorized")

	write("tokens", "short")
	r.hangups <- syscall.SIGHUP
	r.waitFor(t, "reload failed")
	if got := r.post(t, "/v1/webhook", "token-0123456789", track(1, "m2")); got != http.StatusOK {
		t.Errorf("status %d after a reload that failed", got)
	}
	write("tokens", "token-0123456789\ntoken-9876543210")
	write("key", "pk_right")
	r.hangups <- syscall.SIGHUP
	arrive(t, k, 2)
	if got := r.post(t, "/v1/webhook", "token-9876543210", track(1, "m3")); got != http.StatusOK {
		t.Errorf("status %d to the new token", got)
	}
	arrive(t, k, 3)
}

// TestServeReloadsWithoutAnAccount asks the senders of an account that was removed to wait, and
// tells the operator of them and of the events that wait. With the account they are delivered.
func TestServeReloadsWithoutAnAccount(t *testing.T) {
	k := klaviyotest.New(klaviyotest.WithKey("pk_right"))
	accounts, data := accountFiles(t), t.TempDir()
	const eu, us = "token-0123456789", "token-of-us-01234567"
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(filepath.Dir(accounts), name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	one, err := os.ReadFile(accounts)
	if err != nil {
		t.Fatal(err)
	}
	both := string(one) + "\n- {name: us, klaviyoKeyFile: us-key, tokensFile: us-tokens, destination: eu.yaml}"
	write("us-key", "pk_wrong")
	write("us-tokens", us)
	write("serve.yaml", both)
	r := serve(t, k, nil, "--config="+accounts, "--data-dir="+data)
	if got := r.post(t, "/v1/webhook", us, track(1, "m1")); got != http.StatusOK {
		t.Errorf("status %d", got)
	}
	r.waitFor(t, "reason=unauthorized")
	write("serve.yaml", string(one))
	r.hangups <- syscall.SIGHUP
	r.waitFor(t, `msg="accounts reloaded" removed=[us] unchanged=1`)
	r.waitFor(t, `level=WARN msg="removed account has events" account=us events=1 dead_letters=0 advice=`)
	if status, text := r.postOnce(t, "/v1/webhook", us, track(1, "m2")); status != http.StatusTooManyRequests || !strings.Contains(text, "account_removed") {
		t.Errorf("status %d %s", status, text)
	}
	r.waitFor(t, `msg="senders use a removed account" account=us requests=1`)
	if got := r.post(t, "/v1/webhook", eu, track(1, "m3")); got != http.StatusOK {
		t.Errorf("status %d of the account that stays", got)
	}
	arrive(t, k, 1)
	r.ends(t)
	if !strings.HasSuffix(strings.TrimSpace(r.stderr.String()), "msg=stopped") {
		t.Errorf("the log doesn't end with a line that it stopped:\n%s", r.stderr)
	}

	r = serve(t, k, nil, "--config="+accounts, "--data-dir="+data)
	r.waitFor(t, "account=us events=1") // after a start, too
	if got := r.post(t, "/v1/webhook", us, track(1, "m2")); got != http.StatusUnauthorized {
		t.Errorf("status %d", got)
	}
	write("us-key", "pk_right")
	write("key", "pk_other") // no two accounts share one
	write("serve.yaml", both)
	r.hangups <- syscall.SIGHUP
	r.waitFor(t, "accounts reloaded")
	arrive(t, k, 2)
}

// TestServeKeepsToAnAccountsLimits where the flags give others.
func TestServeKeepsToAnAccountsLimits(t *testing.T) {
	for name, tt := range map[string]struct {
		account config.Account
		seconds int // for 81 events
	}{
		"as the flags say": {config.Account{}, 4},
		"its own":          {config.Account{Limits: []string{"create_event=40/s,400/m"}}, 2},
		"of another call":  {config.Account{Limits: []string{"create_profile=40/s,400/m"}}, 4},
		"a share":          {config.Account{Limits: []string{"create_event=40/s,400/m"}, QuotaShare: 0.5}, 4},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				flags := clientFlags{
					limits: []string{"create_event=20/s,400/m"}, quotaShare: 1, simulate: simulationLimits, baseURL: client.DefaultBaseURL,
				}
				tt.account.Key = simulated
				c, err := Program{}.accountClients(flags, slog.New(slog.DiscardHandler))(tt.account, func(next http.RoundTripper) http.RoundTripper { return next })
				if err != nil {
					t.Fatal(err)
				}
				m, err := mapper.New(mapper.Config{})
				if err != nil {
					t.Fatal(err)
				}
				began := time.Now()
				for n := range 81 {
					result, err := m.Map([]byte(fmt.Sprintf(`{"type":"track","event":"Ping","messageId":"m%d","properties":{"email":"p@example.com"}}`, n)))
					if err != nil {
						t.Fatal(err)
					}
					for _, request := range result.Requests {
						if _, err := c.Send(t.Context(), request); err != nil {
							t.Fatal(err)
						}
					}
				}
				if got := int(time.Since(began).Seconds()); got != tt.seconds {
					t.Errorf("took %d seconds, want %d", got, tt.seconds)
				}
				if len(flags.limits) != 1 || flags.quotaShare != 1 {
					t.Errorf("the flags have changed: %+v", flags)
				}
			})
		})
	}
}

var pageAt = regexp.MustCompile(`The page is http://(\S+)/`)

// TestDeadLettersOfAService exports what couldn't be delivered in send's records, and has it
// delivered once its cause is fixed.
func TestDeadLettersOfAService(t *testing.T) {
	k := klaviyotest.New(klaviyotest.WithKey("pk_right"))
	accounts, data := accountFiles(t), t.TempDir()
	r := serve(t, k, nil, "--config="+accounts, "--data-dir="+data)
	r.post(t, "/v1/webhook", "token-0123456789", `{"type":"track","event":"Ping","userId":"7","messageId":"m1"}`)
	r.post(t, "/v1/webhook", "token-0123456789", track(1, "m2"))
	arrive(t, k, 1)
	at := pageAt.FindStringSubmatch(r.stderr.String())[1]
	letters := func(args ...string) result {
		return setup{}.run(t, append([]string{"dead-letters"}, append(args, "--admin="+at, "--account=eu")...)...)
	}
	exported := letters("export", "--data-dir="+data)
	for deadline := time.Now().Add(30 * time.Second); exported.stdout == "" && time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		exported = letters("export", "--data-dir="+data) // the other event's delivery may be faster
	}
	byUnit := setup{env: map[string]string{"STATE_DIRECTORY": data}}.run(t, "dead-letters", "export", "--admin="+at, "--account=eu")
	byUnit.want(t, statusDone)
	if exported.stdout != byUnit.stdout {
		t.Errorf("without --data-dir:\n%s", byUnit.stdout)
	}
	exported.want(t, statusDone)
	letter, err := deadletter.Parse([]byte(strings.TrimSpace(exported.stdout)))
	if err != nil || letter.Error.Code != "missing_identifier" || !strings.Contains(string(letter.Event), `"m1"`) || letter.Line != 1 || letter.Number != 1 {
		t.Errorf("%+v, %v of\n%s", letter, err, exported.stdout)
	}
	// The log names the letter, which docs/dead-letters.md looks up by it.
	r.waitFor(t, fmt.Sprintf(`msg="event dead-lettered" account=eu sequence=%d event_number=%d code=%s`, letter.Line, letter.Number, letter.Error.Code))
	for _, tt := range []struct {
		args   []string
		status int
		want   string
	}{
		{[]string{"export"}, statusUsage, "give --data-dir FOLDER"},
		{[]string{"export", "--data-dir=" + t.TempDir()}, statusUsage, "no such file"},
		{[]string{"export", "--admin-token-file=" + accounts}, statusUsage, "put one token in it"},
		{[]string{"export", "--admin-token-file=" + filepath.Join(filepath.Dir(accounts), "tokens")}, statusStopped, "answered 401"},
		{[]string{"replay", "--data-dir=" + data, "--account=us"}, statusStopped, "answered 404"},
		{[]string{"export", "--data-dir=" + data, "--admin=127.0.0.1:1"}, statusStopped, "no service responds at 127.0.0.1:1"},
	} {
		args := append([]string{"dead-letters", tt.args[0], "--admin=" + at, "--account=eu"}, tt.args[1:]...)
		setup{}.run(t, args...).want(t, tt.status, tt.want)
	}

	r.post(t, "/v1/webhook", "token-0123456789", "no event")
	for deadline := time.Now().Add(30 * time.Second); strings.Count(letters("export", "--data-dir="+data).stdout, "\n") < 2; {
		if time.Now().After(deadline) {
			t.Fatal("the second isn't kept")
		}
	}
	letters("delete", "--data-dir="+data).want(t, statusUsage, "give --code CODE")
	for _, what := range []string{"export", "replay", "delete"} {
		got := letters(what, "--data-dir="+data, "--code=invalid_jsn")
		got.want(t, statusStopped, `no dead letter of the account eu has the code "invalid_jsn"; did you mean invalid_json?`)
		if !strings.Contains(got.stderr, "There are: invalid_json (1), missing_identifier (1)") {
			t.Errorf("%s doesn't list the codes:\n%s", what, got.stderr)
		}
	}
	if got := letters("delete", "--data-dir="+data, "--code=invalid_json"); got.stdout != "dead letters deleted: 1\n" {
		t.Errorf("%q\n%s", got.stdout, got.stderr)
	}

	if err := os.WriteFile(filepath.Join(filepath.Dir(accounts), "eu.yaml"), []byte("allowExternalIdOnly: true"), 0o600); err != nil {
		t.Fatal(err)
	}
	r.hangups <- syscall.SIGHUP
	r.waitFor(t, "accounts reloaded")
	if got := letters("replay", "--data-dir="+data); got.stdout != "events replayed: 1\n" {
		t.Errorf("%q\n%s", got.stdout, got.stderr)
	}
	arrive(t, k, 2)
	if got := letters("export", "--data-dir="+data); got.stdout != "" {
		t.Errorf("left: %s", got.stdout)
	}
	letters("replay", "--data-dir="+data, "--code=invalid").want(t, statusDone) // nothing is left
}

// TestServeSimulates needs no account and leaves nothing behind.
func TestServeSimulates(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	r := serve(t, nil, nil, "--simulate")
	if got := r.post(t, "/v1/identify", "simulation", `{"traits":{"email":"jane@example.com"}}`); got != http.StatusOK {
		t.Errorf("status %d", got)
	}
	r.waitFor(t, "Its dead letters: ")
	r.post(t, "/v1/track", "simulation", `{"event":"Ping","userId":"7"}`)
	command := strings.Fields(regexp.MustCompile(`Its dead letters: rudderklaviyo (.*)`).FindStringSubmatch(r.stderr.String())[1])
	for deadline := time.Now().Add(30 * time.Second); !strings.Contains((setup{}).run(t, command...).stdout, `"missing_identifier"`); {
		if time.Now().After(deadline) {
			t.Fatalf("%v prints no dead letter", command)
		}
	}
	if got := r.ends(t); got != statusDone {
		t.Errorf("exit status %d\n%s", got, r.stderr)
	}
	if left, err := os.ReadDir(os.TempDir()); len(left) > 0 || err != nil {
		t.Errorf("left: %v, %v", left, err)
	}
}

// TestServeWarnsOfRevision tells of an account that nobody has chosen a revision for, where
// Klaviyo itself is to take it.
func TestServeWarnsOfRevision(t *testing.T) {
	const warning = "names no revision: set revision: 2026-07-15 in it"
	for name, tt := range map[string]struct {
		destination string
		args        []string
		want        bool
	}{
		"none":         {"", nil, true},
		"one":          {"revision: 2026-07-15", nil, false},
		"a simulation": {"", []string{"--simulate"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			accounts := accountFiles(t)
			if err := os.WriteFile(filepath.Join(filepath.Dir(accounts), "eu.yaml"), []byte(tt.destination), 0o600); err != nil {
				t.Fatal(err)
			}
			r := serve(t, klaviyotest.New(), nil, append([]string{"--config=" + accounts, "--data-dir=" + t.TempDir()}, tt.args...)...)
			r.waitFor(t, "Events are taken at")
			if got := strings.Contains(r.stderr.String(), warning); got != tt.want {
				t.Errorf("warned: %t, want %t:\n%s", got, tt.want, r.stderr)
			}
		})
	}
}

func TestServeRefuses(t *testing.T) {
	accounts, data := accountFiles(t), t.TempDir()
	first := serve(t, klaviyotest.New(), nil, "--config="+accounts, "--data-dir="+data)
	first.post(t, "/v1/webhook", "token-0123456789", track(1, "m1")) // its folder is taken
	for _, tt := range []struct {
		name   string
		args   []string
		status int
		want   string
	}{
		{"no accounts", nil, statusUsage, "serve needs --config FILE"},
		{"no folder", []string{"--config=" + accounts}, statusUsage, "serve needs --data-dir FOLDER"},
		{"a folder and a cluster", []string{"--config=" + accounts, "--data-dir=" + data, "--nats=nats://127.0.0.1:1"}, statusUsage, "exclude each other"},
		{"a short lease of a cluster", []string{"--config=" + accounts, "--nats=nats://127.0.0.1:1", "--lease=5s"}, statusUsage, "--lease must be at least 12s"},
		{"half a certificate", []string{"--simulate", "--tls-cert=cert.pem"}, statusUsage, "--tls-cert and --tls-key need each other"},
		{"no port", []string{"--simulate", "--listen=localhost"}, statusUsage, "--listen must be a host and a port"},
		{"no such port", []string{"--simulate", "--listen=127.0.0.1:99999"}, statusUsage, "--listen must be a host and a port"},
		{"plain HTTP to another host", []string{"--config=" + accounts, "--data-dir=" + t.TempDir(), "--base-url=http://klaviyo.test"}, statusUsage, "--base-url: use https"},
		{"a folder that another service has", []string{"--config=" + accounts, "--data-dir=" + data}, statusStopped, data},
		{"an address that is taken", []string{"--simulate", "--admin=" + pageAt.FindStringSubmatch(first.stderr.String())[1]}, statusStopped, "--admin: listen tcp 127.0.0.1"},
		{"no such file", []string{"--config=missing.yaml", "--data-dir=" + data}, statusUsage, "missing.yaml"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := serve(t, klaviyotest.New(), nil, tt.args...)
			select {
			case got := <-r.status:
				r.status <- got
				if strings.Contains(r.stderr.String(), "Events are taken at") {
					t.Errorf("the log says that the service accepts events:\n%s", r.stderr)
				}
				if got != tt.status || !strings.Contains(r.stderr.String(), tt.want) {
					t.Errorf("exit status %d, want %d with %q:\n%s", got, tt.status, tt.want, r.stderr)
				}
			case <-time.After(30 * time.Second):
				t.Errorf("the service continues:\n%s", r.stderr)
			}
		})
	}
}

// TestServeTakesHangupsWhileItStarts for they would stop it.
func TestServeTakesHangupsWhileItStarts(t *testing.T) {
	r := serve(t, klaviyotest.New(), nil, "--simulate", "--nats=nats://127.0.0.1:1")
	r.waitFor(t, "waiting for the cluster")
	if !r.takesHangups.Load() {
		t.Error("a hangup stops it")
	}
}
