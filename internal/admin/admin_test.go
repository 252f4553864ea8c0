package admin

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rudderklaviyo/rudderklaviyo/internal/service"
	"github.com/rudderklaviyo/rudderklaviyo/internal/stream"
)

var update = flag.Bool("update", false, "write the golden files")

// ask returns the response to a request, whose headers are names and values in turn.
func ask(h http.Handler, method, target, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Host = "127.0.0.1:9100"
	for i := 0; i < len(headers); i += 2 {
		if headers[i] == "Host" {
			r.Host = headers[i+1]
			continue
		}
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func newServer(t testing.TB, cfg Config) *Server {
	t.Helper()
	if cfg.Address == "" {
		cfg.Address = "127.0.0.1:9100"
	}
	if cfg.Accounts == nil {
		cfg.Accounts = everyState(at)
	}
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

const (
	asBearer = "Bearer " + testToken
	wrong    = "Bearer token-of-nobody-4567"
)

// asBasic is the token as a browser sends it.
func asBasic(password string) string {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.SetBasicAuth("anyone", password)
	return r.Header.Get("Authorization")
}

// TestAccess is who may see what, at which address.
func TestAccess(t *testing.T) {
	const local, remote = "127.0.0.1:9100", "0.0.0.0:9100"
	tests := []struct {
		name, address, token, target string
		headers                      []string
		want                         int
	}{
		{"the page of the machine itself", local, "", "/", nil, 200},
		{"by localhost", "localhost:9100", "", "/", []string{"Host", "localhost:9100"}, 200},
		{"by another name for it", local, "", "/", []string{"Host", "admin.localhost"}, 200},
		{"by localhost as an absolute name", local, "", "/", []string{"Host", "LocalHost.:9100"}, 200},
		{"by IPv6", "[::1]:9100", "", "/", []string{"Host", "[::1]:9100"}, 200},
		{"through a tunnel with another port", local, "", "/", []string{"Host", "localhost:8080"}, 200},
		{"by the name of an attacker", local, "", "/", []string{"Host", "rebound.example.com"}, 421},
		{"by the name of an attacker, with the port", local, "", "/live", []string{"Host", "rebound.example.com:9100"}, 421},
		{"by a name that begins like ours", local, "", "/accounts", []string{"Host", "localhost.example.com"}, 421},
		{"without a name", local, "", "/", []string{"Host", ""}, 421},
		{"the page with a token that isn't needed", local, testToken, "/", nil, 200},
		{"metrics", local, "", "/metrics", nil, 200},
		{"no profiles", local, "", "/debug/pprof/", nil, 404},
		{"nothing", local, "", "/nothing", nil, 404},

		{"dead letters with no token set", local, "", "/accounts/shop-eu/dead-letters", []string{"Authorization", "Bearer "}, 403},
		{"dead letters without the token", local, testToken, "/accounts/shop-eu/dead-letters", nil, 401},
		{"dead letters with a wrong one", local, testToken, "/accounts/shop-eu/dead-letters", []string{"Authorization", wrong}, 401},
		{"dead letters with the token", local, testToken, "/accounts/shop-eu/dead-letters", []string{"Authorization", asBearer}, 200},
		{"dead letters in a browser", local, testToken, "/accounts/shop-eu/dead-letters", []string{"Authorization", asBasic(testToken)}, 200},
		{"dead letters of no account", local, testToken, "/accounts/none/dead-letters", []string{"Authorization", asBearer}, 404},

		{"a remote page without the token", remote, testToken, "/", nil, 401},
		{"remote metrics with a wrong one", remote, testToken, "/metrics", []string{"Authorization", wrong}, 401},
		{"remote metrics with it", remote, testToken, "/metrics", []string{"Authorization", asBearer}, 200},
		{"remote live with a wrong one", remote, testToken, "/live", []string{"Authorization", asBasic("token-of-nobody-4567")}, 401},
		{"a remote page in a browser", remote, testToken, "/", []string{"Host", "admin.example.com", "Authorization", asBasic(testToken)}, 200},
		{"remote dead letters without it", remote, testToken, "/accounts/shop-eu/dead-letters", nil, 401},
		{"remote health", remote, testToken, "/healthz", []string{"Host", "10.0.0.7:9100"}, 200},
		{"remote readiness", remote, testToken, "/readyz", []string{"Host", "10.0.0.7:9100"}, 200},
		{"all addresses", ":9100", testToken, "/accounts", nil, 401},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newServer(t, Config{Address: test.address, Token: test.token})
			got := ask(s, http.MethodGet, test.target, "", test.headers...)
			if got.Code != test.want {
				t.Errorf("%d %s, want %d", got.Code, got.Body, test.want)
			}
			if got.Code == 401 && len(got.Header().Values("WWW-Authenticate")) != 2 {
				t.Errorf("the response lacks the challenges: %v", got.Header())
			}
			for name := range securityHeaders {
				if got.Header().Get(name) == "" {
					t.Errorf("there is no %s", name)
				}
			}
		})
	}
}

// TestSettings refuses what would be open to all.
func TestSettings(t *testing.T) {
	for _, test := range []struct{ address, token, want string }{
		{"0.0.0.0:9100", "", "other machines can reach the admin address"},
		{":9100", "", "other machines can reach the admin address"},
		{"example.com:9100", "", "other machines can reach the admin address"},
		{"127.0.0.1:9100", "short", "fewer than 16 characters"},
		{"9100", "", "want HOST:PORT"},
	} {
		if _, err := New(Config{Accounts: everyState(at), Address: test.address, Token: test.token}); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %s", test.address, err, test.want)
		}
	}
}

func TestHealth(t *testing.T) {
	var why error
	s := newServer(t, Config{Ready: func() error { return why }, Profiles: true})
	for _, test := range []struct {
		why     error
		target  string
		want    int
		mention string
	}{
		{nil, "/readyz", 200, "ready"},
		{errors.New("the service is stopping"), "/readyz", 503, "stopping"},
		{errors.New("the service is stopping"), "/healthz", 200, "alive"},
		{errors.New("the service is stopping"), "/", 200, "accepts no events:</strong> the service is stopping"},
		{nil, "/debug/pprof/cmdline", 200, "admin.test"},
	} {
		why = test.why
		if got := ask(s, http.MethodGet, test.target, ""); got.Code != test.want || !strings.Contains(got.Body.String(), test.mention) {
			t.Errorf("%s: %d %s", test.target, got.Code, got.Body)
		}
	}
}

// TestAccountsDocument holds /accounts to the names that scripts read.
func TestAccountsDocument(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t, Config{Accounts: everyState(time.Now()), ID: "node-1"})
		got := ask(s, http.MethodGet, "/accounts", "")
		if got.Code != 200 || got.Header().Get("Content-Type") != "application/json" {
			t.Fatalf("%d %v", got.Code, got.Header())
		}
		var text bytes.Buffer
		if err := json.Indent(&text, got.Body.Bytes(), "", "  "); err != nil {
			t.Fatal(err)
		}
		// Numbers of seconds stand in one line.
		indented := regexp.MustCompile(`\[[\d\s,]+\]`).ReplaceAllFunc(text.Bytes(), func(list []byte) []byte {
			return regexp.MustCompile(`\s+`).ReplaceAll(list, nil)
		})
		const golden = "testdata/accounts.json"
		if *update {
			if err := os.WriteFile(golden, indented, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(indented)); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
	})
}

// TestNobodyReadsTwice has many viewers at once cost the store one reading a second.
func TestNobodyReadsTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		accounts := everyState(time.Now())
		s := newServer(t, Config{Accounts: accounts})
		for round := range int32(3) {
			var viewers sync.WaitGroup
			for range 10 {
				viewers.Go(func() { ask(s, http.MethodGet, "/", "") })
				viewers.Go(func() { ask(s, http.MethodGet, "/accounts", "") })
			}
			viewers.Wait()
			if got := accounts.reads.Load(); got != round+1 {
				t.Errorf("after %d s the store was read %d times", round, got)
			}
			time.Sleep(time.Second)
		}
	})
}

// TestDeadLetters checks that records are returned as they are stored.
func TestDeadLetters(t *testing.T) {
	accounts := everyState(at)
	accounts.kept = []stream.Letter{
		{Code: "invalid", Record: []byte(`{"line":1,"event":{"a":1}}` + "\n")},
		{Code: "missing_identifier", Record: []byte(`{"line":2,"event":{}}` + "\n")},
	}
	s := newServer(t, Config{Accounts: accounts, Token: testToken})
	for _, test := range []struct{ query, want string }{
		{"", `{"line":1,"event":{"a":1}}` + "\n" + `{"line":2,"event":{}}` + "\n"},
		{"?code=missing_identifier", `{"line":2,"event":{}}` + "\n"},
		{"?code=none", ""},
	} {
		got := ask(s, http.MethodGet, "/accounts/shop-eu/dead-letters"+test.query, "", "Authorization", asBearer)
		if got.Code != 200 || got.Body.String() != test.want || !strings.HasPrefix(got.Header().Get("Content-Type"), "application/jsonl") {
			t.Errorf("%s: %d %v %q", test.query, got.Code, got.Header(), got.Body)
		}
	}
}

// TestDelete is for programs with the token alone.
func TestDelete(t *testing.T) {
	accounts := everyState(at)
	s := newServer(t, Config{Accounts: accounts, Token: testToken})
	for _, test := range []struct {
		credential string
		want       int
	}{{"", 401}, {wrong, 401}, {asBasic(testToken), 401}, {asBearer, 200}} {
		accounts.deleted = nil
		got := ask(s, http.MethodDelete, "/accounts/shop-eu/dead-letters?code=invalid", "", "Authorization", test.credential)
		if got.Code != test.want || (len(accounts.deleted) > 0) != (test.want == 200) {
			t.Errorf("%q: %d, deleted %q", test.credential, got.Code, accounts.deleted)
		}
		if got.Code == 200 && (strings.TrimSpace(got.Body.String()) != `{"deleted":3}` || accounts.deleted[0] != "shop-eu invalid") {
			t.Errorf("%s, deleted %q", got.Body, accounts.deleted)
		}
	}
}

// TestDeadLettersCutOff doesn't have a reader take a part for all.
func TestDeadLettersCutOff(t *testing.T) {
	accounts := everyState(at)
	accounts.broken = errors.New("the store is unavailable")
	url, _ := run(t, Config{Accounts: accounts, Token: testToken})
	get := func() (int, string, error) {
		r, err := http.NewRequest(http.MethodGet, url+"/accounts/shop-eu/dead-letters", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", asBearer)
		r.Close = true
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			return 0, "", err
		}
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		return answer.StatusCode, string(text), err
	}
	if code, text, err := get(); code != 503 || !strings.Contains(text, "unavailable") || err != nil {
		t.Errorf("%d %s %v", code, text, err)
	}
	accounts.kept = []stream.Letter{{Code: "invalid", Record: bytes.Repeat([]byte("x"), 64<<10)}}
	if code, _, err := get(); err == nil {
		t.Errorf("%d, and no error", code)
	}
}

// proofOf is what the page's form has.
func proofOf(t testing.TB, h http.Handler) string {
	t.Helper()
	found := regexp.MustCompile(`name="proof" value="(\w+)"`).FindStringSubmatch(ask(h, http.MethodGet, "/", "").Body.String())
	if found == nil {
		t.Fatal("the page has no form")
	}
	return "proof=" + found[1]
}

// TestReplay is who may replay, and how they are answered.
func TestReplay(t *testing.T) {
	const target = "/accounts/shop-eu/dead-letters/replay?code=invalid"
	accounts := everyState(at)
	s := newServer(t, Config{Accounts: accounts, Token: testToken})
	proof := proofOf(t, s)
	form := []string{"Content-Type", "application/x-www-form-urlencoded"}
	tests := []struct {
		name, method, body string
		headers            []string
		want               int
		replays            bool
	}{
		{"a program", "POST", "", []string{"Authorization", asBearer}, 200, true},
		{"a program with a wrong token", "POST", "", []string{"Authorization", wrong}, 403, false},
		{"nobody", "POST", "", nil, 403, false},
		{"the page's form", "POST", proof, append(form, "Sec-Fetch-Site", "same-origin", "Accept", "text/html,*/*"), 303, true},
		{"the page's script", "POST", proof, append(form, "Sec-Fetch-Site", "same-origin", "Accept", "application/json"), 200, true},
		{"the form of an older browser", "POST", proof, append(form, "Origin", "http://127.0.0.1:9100"), 200, true},
		{"another site's form", "POST", proof, append(form, "Sec-Fetch-Site", "cross-site", "Origin", "http://evil.example"), 403, false},
		{"another site's form in an older browser", "POST", proof, append(form, "Origin", "http://evil.example"), 403, false},
		{"a form of another port of this machine", "POST", proof, append(form, "Sec-Fetch-Site", "same-site"), 403, false},
		{"a form without the proof", "POST", "proof=", append(form, "Sec-Fetch-Site", "same-origin"), 403, false},
		{"a form of the process before", "POST", "proof=ABCDEFGHIJKLMNOPQRSTUVWXYZ", append(form, "Sec-Fetch-Site", "same-origin"), 403, false},
		{"a password that the browser sends by itself", "POST", "", []string{"Authorization", asBasic(testToken)}, 403, false},
		{"a GET", "GET", "", []string{"Authorization", asBearer}, 405, false},
		{"a GET with the proof", "GET", proof, form, 405, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			accounts.replayed = nil
			got := ask(s, test.method, target, test.body, test.headers...)
			if got.Code != test.want || len(accounts.replayed) > 0 != test.replays {
				t.Fatalf("%d %s, replayed %q, want %d", got.Code, got.Body, accounts.replayed, test.want)
			}
			if test.replays && accounts.replayed[0] != "shop-eu invalid" {
				t.Errorf("replayed %q", accounts.replayed)
			}
			if got.Code == 200 && strings.TrimSpace(got.Body.String()) != `{"replayed":2}` {
				t.Errorf("%s", got.Body)
			}
			if want := "../../../?of=shop-eu&replayed=2#account-shop-eu"; got.Code == 303 && got.Header().Get("Location") != want {
				t.Errorf("redirected to %s, want %s", got.Header().Get("Location"), want)
			}
		})
	}
	if got := ask(s, "GET", "/?of=shop-eu&replayed=2", "").Body.String(); !strings.Contains(got, "2 events of shop-eu will be delivered again.") {
		t.Error("the page doesn't say what came of it")
	}
	for _, query := range []string{"?of=%3Cb%3Enobody&replayed=2", "?of=shop-eu&replayed=%3Cb%3E"} {
		if got := ask(s, "GET", "/"+query, "").Body.String(); !strings.Contains(got, `role="status" data-outcome="good"></p>`) {
			t.Errorf("the page says what %s wants", query)
		}
	}
}

// TestReplayByForm goes on if the browser no longer waits, and tells people what failed in words.
func TestReplayByForm(t *testing.T) {
	accounts := everyState(at)
	var cancel context.CancelFunc
	accounts.replay = func(ctx context.Context) error {
		cancel() // as a second click does
		if ctx.Err() != nil {
			t.Error("the replay ends with the request")
		}
		return errors.New("the store is unavailable")
	}
	s := newServer(t, Config{Accounts: accounts, Token: testToken})
	r := httptest.NewRequest(http.MethodPost, "/accounts/shop-eu/dead-letters/replay?code=invalid", strings.NewReader(proofOf(t, s)))
	r.Host = "127.0.0.1:9100"
	for name, value := range map[string]string{"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin", "Accept": "text/html"} {
		r.Header.Set(name, value)
	}
	var ctx context.Context
	ctx, cancel = context.WithCancel(t.Context())
	defer cancel()
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r.WithContext(ctx))
	if want := "1 event of shop-eu will be delivered again, and no more: the store is unavailable.\n"; w.Code != 503 || !strings.HasPrefix(w.Body.String(), want) {
		t.Errorf("%d %s, want %s", w.Code, w.Body, want)
	}
}

// TestReplayOnceAtATime refuses a second replay of an account, and ends the first when the
// service stops.
func TestReplayOnceAtATime(t *testing.T) {
	accounts := everyState(at)
	begun := make(chan struct{})
	accounts.replay = func(ctx context.Context) error {
		close(begun)
		<-ctx.Done()
		return ctx.Err()
	}
	url, s := run(t, Config{Accounts: accounts, Token: testToken})
	post := func() (int, string) {
		r, err := http.NewRequest(http.MethodPost, url+"/accounts/shop-eu/dead-letters/replay", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", asBearer)
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Error(err)
			return 0, ""
		}
		defer answer.Body.Close()
		text, _ := io.ReadAll(answer.Body)
		return answer.StatusCode, string(text)
	}
	var first sync.WaitGroup
	first.Go(func() {
		if code, text := post(); code != 503 || !strings.Contains(text, `"replayed":1,"error":`) {
			t.Errorf("%d %s", code, text)
		}
	})
	<-begun
	if code, text := post(); code != 409 {
		t.Errorf("the second: %d %s", code, text)
	}
	if err := s.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	first.Wait()
	http.DefaultClient.CloseIdleConnections()
}

// TestLive sends the page's main part again and again, longer than other responses may take,
// and doesn't hold a stop up.
func TestLive(t *testing.T) {
	accounts := everyState(time.Now())
	url, s := run(t, Config{Accounts: accounts}, func(s *Server) {
		s.http.WriteTimeout, s.http.ReadTimeout = 100*time.Millisecond, 100*time.Millisecond
	})
	if answer, err := http.Head(url + "/live"); err != nil || answer.StatusCode != 200 {
		t.Errorf("%v, %v", answer, err)
	}
	answer, err := http.Get(url + "/live")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if got := answer.Header.Get("Content-Type"); got != "text/event-stream" {
		t.Errorf("its type is %s", got)
	}
	lines := bufio.NewScanner(answer.Body)
	lines.Buffer(nil, 1<<20)
	events := 0
	for lines.Scan() {
		if lines.Text() == "" {
			if events++; events == 3 {
				break
			}
		} else if !strings.HasPrefix(lines.Text(), "data: ") {
			t.Fatalf("the line %q", lines.Text())
		}
	}
	if events != 3 {
		t.Fatalf("%d events, %v", events, lines.Err())
	}
	if err := s.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		t.Error(err)
	}
}

// TestPageIsSafe shows texts of others as text.
func TestPageIsSafe(t *testing.T) {
	accounts := everyState(at)
	accounts.statuses[1].DeadLetters["<script>alert(1)</script>"] = 1
	accounts.reasons["<script>alert(1)</script>"] = service.Reason{Message: "<img src=x onerror=alert(1)>", Pointer: "</p><script>"}
	got := ask(newServer(t, Config{Accounts: accounts}), http.MethodGet, "/", "")
	text := got.Body.String()
	for _, not := range []string{"<script>alert", "<img", "</p><script>", " style=", " onclick=", "http://", "https://"} {
		if strings.Contains(text, not) {
			t.Errorf("the page has %s", not)
		}
	}
	policy := got.Header().Get("Content-Security-Policy")
	nonce := regexp.MustCompile(`script-src 'nonce-(\w{20,})'`).FindStringSubmatch(policy)
	if nonce == nil || strings.Count(text, `nonce="`+nonce[1]+`"`) != 2 || strings.Contains(policy, "unsafe") || !strings.HasPrefix(policy, "default-src 'none';") {
		t.Errorf("the policy is %s", policy)
	}
	if again := ask(newServer(t, Config{Accounts: accounts}), http.MethodGet, "/", "").Header().Get("Content-Security-Policy"); again == policy {
		t.Error("the nonce is the same")
	}
}
