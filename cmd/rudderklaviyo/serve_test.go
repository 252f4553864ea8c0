package main

import (
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/rudderklaviyo/rudderklaviyo/internal/servetest"
	"github.com/rudderklaviyo/rudderklaviyo/openapi"
)

// post sends a body to a service and gives the status and the response.
func post(t *testing.T, address, token, path, body string) (status int, response string) {
	t.Helper()
	req, err := http.NewRequest(http.MethodPost, "http://"+address+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err.Error()
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

// TestServeThatCantStart says what is wrong and what to do, and ends with status 1.
func TestServeThatCantStart(t *testing.T) {
	t.Parallel()
	file := newAccountsFile(t)
	file.add("shop", key, openapi.Revisions()[0])
	folder := func(name, text string) string {
		dir := t.TempDir()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	readOnly := t.TempDir()
	if err := os.Chmod(readOnly, 0o500); err != nil {
		t.Fatal(err)
	}
	if os.Getuid() == 0 && runtime.GOOS == "linux" { // may write where the modes say no
		readOnly = "/sys/rudderklaviyo"
	}
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	used := t.TempDir()
	other := asServe(t, "other", "--config", file.path(), "--listen", "127.0.0.1:0", "--data-dir", used)
	other.start()
	other.waitFor("Events are taken")
	servetest.Eventually(t, "the other is ready", func() bool {
		_, err := os.Stat(filepath.Join(used, "jetstream"))
		return err == nil
	})

	cluster := func(settings natsSettings, flags ...string) []string {
		n := newNATS(t, 1, settings)
		n.daemons[0].start()
		awaitPort(t, n.urls[0])
		awaitPort(t, strings.Replace(n.monitoring[0], "http://", "nats://", 1))
		return append(n.flags(), flags...)
	}
	lazy, small, none := reliable, reliable, reliable
	lazy.jetStream, small.maxPayload, none.jetStream = "sync_interval: 2m", "1MB", ""
	for _, test := range []struct {
		name string
		args []string
		want []string
	}{
		{"a read-only folder", []string{"--data-dir", readOnly}, []string{readOnly, "can't be written", "make it writable"}},
		{"a file in the place of the folder", []string{"--data-dir", file.path() + "/data"}, []string{"not a directory"}},
		{"a folder of another version", []string{"--data-dir", folder("version", "99\n")}, []string{`version \"99\"`, "use the program that made it"}},
		{"the folder of a NATS server", []string{"--data-dir", folder("jetstream/meta", "")}, []string{"use another folder"}},
		{"a folder in use", []string{"--data-dir", used}, []string{used, "another service is using it", "stop that one"}},
		{"a port in use", []string{"--data-dir", t.TempDir(), "--listen", taken.Addr().String()}, []string{taken.Addr().String(), "address already in use"}},
		{"an admin port in use", []string{"--data-dir", t.TempDir(), "--admin", taken.Addr().String()}, []string{taken.Addr().String(), "address already in use"}},
		{"a cluster without JetStream", cluster(none), []string{"no JetStream", "set jetstream"}},
		{"a cluster that takes small messages", cluster(small), []string{"max_payload"}},
		{"a cluster that syncs when it likes", cluster(lazy), []string{"sync_interval: always"}},
		{"a cluster of one", cluster(reliable), []string{"have three in the cluster"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := asServe(t, "serve", append([]string{"--config", file.path(), "--listen", "127.0.0.1:0"}, test.args...)...)
			d.start()
			d.wantStatus(1)
			lines := strings.Split(strings.TrimSpace(d.logText()), "\n")
			last := lines[len(lines)-1]
			for _, want := range test.want {
				if want = strings.ReplaceAll(want, `\"`, `"`); !strings.Contains(last, want) {
					t.Errorf("the last line of the log is %q, want %q", last, want)
				}
			}
		})
	}
	other.terminate()
}

// TestServeWaitsForItsCluster answers 429 until there is one.
func TestServeWaitsForItsCluster(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it takes a while")
	}
	k, file := newRecorder(t), newAccountsFile(t)
	token := file.add("shop", k.account("shop"), openapi.Revisions()[0])
	n, address := newNATS(t, 3, reliable), servetest.Addresses(t, 1)[0]
	d := asServe(t, "serve", append(n.flags(), "--config", file.path(), "--listen", address, "--base-url", k.url("serve"))...)
	d.start()
	d.waitFor("waiting for the cluster")
	if status, response := post(t, address, token, "/v1/webhook", event(1)); status != http.StatusTooManyRequests || !strings.Contains(response, `"starting"`) {
		t.Errorf("%d %s", status, response)
	}
	for _, d := range n.daemons {
		d.start()
	}
	servetest.Eventually(t, "events are taken", func() bool {
		status, _ := post(t, address, token, "/v1/webhook", event(1))
		return status == http.StatusOK
	})
	servetest.Eventually(t, "they arrive", func() bool {
		for _, a := range k.accounts {
			return len(a.Events()) == 1
		}
		return false
	})
	d.terminate()
}

// TestServeThroughWrongSettings has an account's key refused until the backlog is full, and
// gives another, after a file that can't be used.
func TestServeThroughWrongSettings(t *testing.T) {
	t.Parallel()
	k, file := newRecorder(t), newAccountsFile(t)
	right := k.account("shop")
	token := file.add("shop", "pk_wrong_secret", slices.Max(openapi.Revisions()), "maxBacklog: 16MiB")
	addresses, dir := servetest.Addresses(t, 2), t.TempDir()
	d := newDaemon(t, "serve", []string{asProgram + "=1"}, "serve", "--config", file.path(), "--data-dir", dir,
		"--listen", addresses[0], "--admin", addresses[1], "--base-url", k.url("serve"))
	d.start()
	metric := func(line string) bool {
		answer, err := http.Get("http://" + addresses[1] + "/metrics")
		if err != nil {
			return false
		}
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "_secret") || strings.Contains(string(text), "example.com") {
			t.Error("the metrics show a key or a person")
		}
		return strings.Contains(string(text), line)
	}
	servetest.Eventually(t, "events are taken", func() bool {
		status, _ := post(t, addresses[0], token, "/v1/webhook", event(0))
		return status == http.StatusOK
	})
	servetest.Eventually(t, "the account pauses", func() bool {
		return metric(`rudderklaviyo_account_paused{account="shop",reason="unauthorized"} 1`)
	})

	const events, size = 200, 10_000
	kept := 1
	var status int
	var response string
	for n := 0; ; n++ {
		var text strings.Builder
		for i := range events {
			fmt.Fprintf(&text, `,{"type":"track","event":"Ping","messageId":"m%d-%d","context":{"traits":{"email":"p%d@example.com"}},"properties":{"text":%q}}`,
				n, i, i, strings.Repeat("x", size))
		}
		if status, response = post(t, addresses[0], token, "/v1/batch", `{"batch":[`+text.String()[1:]+`]}`); status != http.StatusOK || n > 20 {
			break
		}
		kept += events
	}
	if status != http.StatusTooManyRequests || !strings.Contains(response, `"full"`) {
		t.Errorf("%d %s after %d events", status, response, kept)
	}

	accounts, err := os.ReadFile(file.path())
	if err != nil {
		t.Fatal(err)
	}
	file.write("accounts.yaml", string(accounts)+"  - name: second\n")
	d.signal(syscall.SIGHUP)
	d.waitFor("reload failed")
	if status, response = post(t, addresses[0], token, "/v1/webhook", event(1)); status == http.StatusUnauthorized {
		t.Errorf("%d %s", status, response)
	} else if status == http.StatusOK {
		kept++
	}
	file.write("accounts.yaml", string(accounts))
	file.write("shop.key", right+"\n")
	d.signal(syscall.SIGHUP)
	d.waitFor("accounts reloaded")
	servetest.Eventually(t, "nothing waits", func() bool { return metric(`rudderklaviyo_backlog_events{account="shop"} 0`) })
	if got := len(k.accounts[right].Events()); got != kept {
		t.Errorf("%d events arrived of %d", got, kept)
	}
	if status, response = post(t, addresses[0], token, "/v1/webhook", event(2)); status != http.StatusOK {
		t.Errorf("%d %s", status, response)
	}
	if !metric(`rudderklaviyo_delivered_total{account="shop"}`) || metric("rudderklaviyo_account_paused{") {
		t.Error("the service delivers no further events")
	}
	err = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err == nil && path != dir && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: %v", strings.TrimPrefix(path, dir), info.Mode())
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	d.terminate()
}
