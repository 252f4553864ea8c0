package gateway

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestNotHTTP holds what net/http itself answers, before a request is one.
func TestNotHTTP(t *testing.T) {
	s := start(t, &keeper{}, nil)
	const head = "POST /v1/webhook HTTP/1.1\r\nHost: gateway\r\n"
	for name, test := range map[string]struct {
		request string
		status  int
	}{
		"nonsense":                     {"nonsense\r\n\r\n", 400},
		"an unknown expectation":       {head + "Expect: tea\r\nContent-Length: 0\r\n\r\n", 417},
		"a header over 16 KiB":         {head + "X: " + strings.Repeat("x", maxHeader+4<<10) + "\r\n\r\n", 431},
		"an unknown transfer encoding": {head + "Transfer-Encoding: br, chunked\r\n\r\n", 501},
		"an unknown version":           {"POST /v1/webhook HTTP/3.0\r\nHost: gateway\r\n\r\n", 505},
	} {
		t.Run(name, func(t *testing.T) {
			conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if _, err := conn.Write([]byte(test.request)); err != nil {
				t.Fatal(err)
			}
			answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil || answer.StatusCode != test.status {
				t.Errorf("%+v, %v", answer, err)
			}
		})
	}
}

// TestAnswers has a request for each response that there is.
func TestAnswers(t *testing.T) {
	const bearer = "Authorization: Bearer " + tokenA + "\r\n"
	const event = `{"type":"identify","traits":{"email":"jane@example.com"}}`
	request := func(line, headers, body string) string {
		return fmt.Sprintf("%s HTTP/1.1\r\nHost: gateway\r\n%sContent-Length: %d\r\n\r\n%s", line, headers, len(body), body)
	}
	post := func(path, headers, body string) string { return request("POST "+path, headers, body) }
	for name, test := range map[string]struct {
		request string
		publish error
		status  int
		code    string
		header  string // a name and a value, with a space between
		events  []string
		halves  bool // the sender closes its half of the connection
	}{
		"kept":                  {request: post("/v1/webhook", bearer, event), status: 200, header: "Content-Type text/plain; charset=utf-8", events: []string{event}},
		"kept of the other":     {request: post("/v1/webhook", "Authorization: Bearer another-of-a\r\n", event), status: 200, events: []string{event}},
		"bearer in lower case":  {request: post("/v1/webhook", "authorization: bearer  "+tokenA+" \r\n", event), status: 200, events: []string{event}},
		"Basic":                 {request: post("/v1/webhook", "Authorization: Basic dG9rZW4tb2YtYS01ZjFjOg==\r\n", event), status: 200, events: []string{event}},
		"Basic with a password": {request: post("/v1/webhook", "Authorization: Basic dG9rZW4tb2YtYS01ZjFjOng=\r\n", event), status: 200, events: []string{event}},
		"a slash too many":      {request: post("//v1/webhook/", bearer, event), status: 200, events: []string{event}},
		"with a query":          {request: post("/v1/webhook?source=1", bearer, event), status: 200, events: []string{event}},
		"an absolute address":   {request: post("http://elsewhere/v1/webhook", bearer, event), status: 200, events: []string{event}},
		"no JSON":               {request: post("/v1/webhook", bearer+"Content-Type: application/xml\r\n", "<a/>"), status: 200, events: []string{"<a/>"}},
		"no body":               {request: post("/v1/webhook", bearer, ""), status: 200, events: []string{""}},
		"no events":             {request: post("/v1/batch", bearer, `{"batch":[]}`), publish: errors.New("not asked"), status: 200},
		"gzip":                  {request: post("/v1/webhook", bearer+"Content-Encoding: gzip\r\n", compressed(event)), status: 200, events: []string{event}},
		"x-gzip":                {request: post("/v1/webhook", bearer+"Content-Encoding: X-GZIP\r\n", compressed(event)), status: 200, events: []string{event}},
		"identity":              {request: post("/v1/webhook", bearer+"Content-Encoding: identity\r\n", event), status: 200, events: []string{event}},
		"half a connection":     {request: post("/v1/webhook", bearer, event), status: 200, events: []string{event}, halves: true},
		"expects a 100":         {request: post("/v1/webhook", bearer+"Expect: 100-continue\r\n", event), status: 100, events: []string{event}},
		"chunked": {request: "POST /v1/webhook HTTP/1.1\r\nHost: gateway\r\n" + bearer + "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
			status: 200, events: []string{"{}"}},

		"no token":             {request: post("/v1/webhook", "", event), status: 401, code: "unauthorized", header: `Www-Authenticate Bearer realm="rudderklaviyo"`},
		"a wrong token":        {request: post("/v1/webhook", "Authorization: Bearer "+noones+"\r\n", event), status: 401, code: "unauthorized"},
		"an empty token":       {request: post("/v1/webhook", "Authorization: Bearer \r\n", event), status: 401, code: "unauthorized"},
		"an empty user":        {request: post("/v1/webhook", "Authorization: Basic Og==\r\n", event), status: 401, code: "unauthorized"},
		"another scheme":       {request: post("/v1/webhook", "Authorization: Digest "+tokenA+"\r\n", event), status: 401, code: "unauthorized"},
		"a part of one":        {request: post("/v1/webhook", "Authorization: Bearer "+tokenA[:9]+"\r\n", event), status: 401, code: "unauthorized"},
		"another path":         {request: post("/v1/merge", bearer, event), status: 404, code: "not_found"},
		"the root":             {request: post("/", bearer, event), status: 404, code: "not_found"},
		"GET":                  {request: request("GET /v1/webhook", bearer, ""), status: 405, code: "method_not_allowed", header: "Allow POST"},
		"a browser asks":       {request: request("OPTIONS /v1/track", "Origin: https://shop.example\r\nAccess-Control-Request-Method: POST\r\n", ""), status: 405, code: "method_not_allowed", header: "Access-Control-Allow-Origin "},
		"PUT":                  {request: request("PUT /v1/webhook", bearer, event), status: 405, code: "method_not_allowed", header: "Connection close"},
		"another encoding":     {request: post("/v1/webhook", bearer+"Content-Encoding: br\r\n", event), status: 415, code: "unknown_encoding", header: "Accept-Encoding gzip, identity"},
		"two encodings":        {request: post("/v1/webhook", bearer+"Content-Encoding: gzip, gzip\r\n", event), status: 415, code: "unknown_encoding"},
		"encoded in two lines": {request: post("/v1/webhook", bearer+"Content-Encoding: gzip\r\nContent-Encoding: gzip\r\n", event), status: 415, code: "unknown_encoding"},

		"no gzip":              {request: post("/v1/webhook", bearer+"Content-Encoding: gzip\r\n", event), status: 400, code: "broken_gzip"},
		"half of the gzip":     {request: post("/v1/webhook", bearer+"Content-Encoding: gzip\r\n", compressed(event)[:30]), status: 400, code: "broken_gzip"},
		"gzip of nothing":      {request: post("/v1/webhook", bearer+"Content-Encoding: gzip\r\n", ""), status: 400, code: "broken_gzip"},
		"something after gzip": {request: post("/v1/webhook", bearer+"Content-Encoding: gzip\r\n", compressed(event)+"x"), status: 400, code: "broken_gzip"},
		"a wrong checksum":     {request: post("/v1/webhook", bearer+"Content-Encoding: gzip\r\n", compressed(event)[:len(compressed(event))-6]+"123456"), status: 400, code: "broken_gzip"},
		"a short body":         {request: post("/v1/webhook", bearer, event)[:130], status: 400, code: "broken_body", halves: true},
		"no chunk": {request: "POST /v1/webhook HTTP/1.1\r\nHost: gateway\r\n" + bearer + "Transfer-Encoding: chunked\r\n\r\nzz\r\n",
			status: 400, code: "broken_body"},
		"too large, as it says": {request: "POST /v1/webhook HTTP/1.1\r\nHost: gateway\r\n" + bearer + "Content-Length: 1001\r\n\r\n", status: 413, code: "too_large"},
		"a hundred megabytes, as it says": {request: "POST /v1/webhook HTTP/1.1\r\nHost: gateway\r\n" + bearer + "Expect: 100-continue\r\nContent-Length: 100000000\r\n\r\n",
			status: 413, code: "too_large", header: "Connection close"},
		"too large in chunks": {request: "POST /v1/webhook HTTP/1.1\r\nHost: gateway\r\n" + bearer + "Transfer-Encoding: chunked\r\n\r\n3e9\r\n" + strings.Repeat(" ", 1001) + "\r\n0\r\n\r\n",
			status: 413, code: "too_large"},
		"as large as it may be":   {request: post("/v1/webhook", bearer, strings.Repeat(" ", 1000)), status: 200, events: []string{strings.Repeat(" ", 1000)}},
		"too large once unpacked": {request: post("/v1/webhook", bearer+"Content-Encoding: gzip\r\n", compressed(strings.Repeat(" ", 1001))), status: 413, code: "too_large"},
		"as large once unpacked":  {request: post("/v1/webhook", bearer+"Content-Encoding: gzip\r\n", compressed(strings.Repeat(" ", 1000))), status: 200, events: []string{strings.Repeat(" ", 1000)}},

		"full":        {request: post("/v1/webhook", bearer, event), publish: fmt.Errorf("stream: %w", ErrFull), status: 429, code: "full", header: "Retry-After 30"},
		"unavailable": {request: post("/v1/webhook", bearer, event), publish: errNotKept, status: 429, code: "unavailable", header: "Retry-After 5"},
		"starting":    {request: post("/v1/webhook", bearer, event), publish: ErrStarting, status: 429, code: "starting", header: "Retry-After 2"},
		"any error":   {request: post("/v1/webhook", bearer, event), publish: errors.New("jane@example.com"), status: 429, code: "unavailable"},
	} {
		t.Run(name, func(t *testing.T) {
			var failed error
			s := start(t, &keeper{before: func(context.Context, string, int) error { return test.publish }}, func(c *Config) {
				c.MaxBody = 1000
				c.Observer.Failed = func(_ string, err error) { failed = err }
			})
			conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if _, err := conn.Write([]byte(test.request)); err != nil {
				t.Fatal(err)
			}
			if test.halves {
				if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
					t.Fatal(err)
				}
			}
			reader := bufio.NewReader(conn)
			answer, err := http.ReadResponse(reader, nil)
			if err != nil {
				t.Fatal(err)
			}
			if answer.StatusCode != test.status {
				t.Errorf("status %d, want %d", answer.StatusCode, test.status)
			}
			if answer.StatusCode == http.StatusContinue {
				if answer, err = http.ReadResponse(reader, nil); err != nil || answer.StatusCode != 200 {
					t.Fatalf("%v, %v", answer, err)
				}
			}
			var body struct {
				Error struct{ Code, Message string }
			}
			if test.code != "" {
				if err := json.NewDecoder(answer.Body).Decode(&body); err != nil {
					t.Errorf("the body is no JSON: %v", err)
				}
				if body.Error.Code != test.code || body.Error.Message == "" || strings.Contains(body.Error.Message, "jane") {
					t.Errorf("%+v", body)
				}
			}
			if answer.Close {
				answer.Header.Set("Connection", "close") // which reading took away
			}
			if name, value, _ := strings.Cut(test.header, " "); answer.Header.Get(name) != value && name != "" {
				t.Errorf("headers %v", answer.Header)
			}
			if answer.StatusCode == 429 && answer.Header.Get("Retry-After") == "" {
				t.Error("no Retry-After")
			}
			if diff := cmp.Diff(test.events, s.events(t)); diff != "" {
				t.Error(diff)
			}
			if wasAsked := test.publish != nil && test.code != ""; !errors.Is(failed, test.publish) && wasAsked {
				t.Errorf("Failed was told %v", failed)
			}
			conn.Close()
			s.stopped(t)
			if len(s.answered) != 1 {
				t.Fatalf("%+v", s.answered)
			}
			seen := s.answered[0]
			hasAccount := answer.StatusCode != 401 && answer.StatusCode != 404 && answer.StatusCode != 405
			if seen.Code != answer.StatusCode || seen.Reason != test.code || seen.Events != len(test.events) || (seen.Account == "a") != hasAccount || seen.Took <= 0 {
				t.Errorf("Answered was told %+v", seen)
			}
		})
	}
}

// stopped stops the server, so that all has been told that is to be told.
func (r *running) stopped(t testing.TB) {
	t.Helper()
	if err := r.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// TestKinds holds the paths to what becomes of an event.
func TestKinds(t *testing.T) {
	s := start(t, new(keeper), nil)
	c := client(t)
	for path, kind := range map[string]string{
		"webhook": "webhook", "batch": "batch", "import": "batch", "identify": "identify", "track": "track", "group": "group",
		"screen": "screen", "page": "page", "alias": "alias",
	} {
		answer, text := post(t, c, s.url+"/v1/"+path, tokenB, strings.NewReader("{}"))
		if answer.StatusCode != 200 || text != "OK\n" {
			t.Errorf("%s: %s %s", path, answer.Status, text)
		}
		all := s.all()
		last := all[len(all)-1]
		if !strings.Contains(string(last.data), `"kind":"`+kind+`"`) || last.account != "b" || last.events != 1 || last.id == "" {
			t.Errorf("%s: %s of %s", path, last.data, last.account)
		}
	}
}

func TestNew(t *testing.T) {
	k := new(keeper)
	for name, cfg := range map[string]Config{
		"no publisher":         {Accounts: new(Tokens)},
		"no accounts":          {Publisher: k},
		"a message too small":  {Accounts: new(Tokens), Publisher: k, MaxMessage: 4 << 20},
		"no room for one body": {Accounts: new(Tokens), Publisher: k, MaxBytes: 7 << 20},
	} {
		if _, err := New(cfg); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := New(Config{Accounts: new(Tokens), Publisher: k}); err != nil {
		t.Error(err)
	}
}

func TestTokens(t *testing.T) {
	var tokens Tokens
	if name, err := tokens.Account("x"); err != ErrUnknownToken {
		t.Errorf("no tokens: %s, %v", name, err)
	}
	use(t, &tokens, map[string][]string{"a": {"one", "two"}, "b": {"three"}, "c": {"four", "five"}})
	for _, bad := range []map[string][]string{{"a": {"secret"}, "b": {"secret"}}, {"a": {""}}} {
		if _, err := NewTokenList(bad); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%v: %v", bad, err)
		}
	}
	type whose struct {
		name string
		err  error
	}
	unknown := whose{"", ErrUnknownToken}
	want := func(when string, all map[string]whose) {
		t.Helper()
		for token, want := range all {
			if name, err := tokens.Account(token); name != want.name || err != want.err {
				t.Errorf("%s, %q: %s, %v, want %+v", when, token, name, err, want)
			}
		}
	}
	want("at first", map[string]whose{"one": {"a", nil}, "two": {"a", nil}, "three": {"b", nil}, "thre": unknown, "three ": unknown, "": unknown})
	use(t, &tokens, map[string][]string{"a": {"two", "two"}, "d": {"four"}})
	removed := map[string]whose{
		"one": unknown, "two": {"a", nil}, // a token that was taken away from an account
		"three": {"b", ErrAccountRemoved},                     // whose account was removed
		"four":  {"d", nil}, "five": {"c", ErrAccountRemoved}, // whose account was renamed
	}
	want("after a removal", removed)
	use(t, &tokens, map[string][]string{"a": {"two"}, "d": {"four"}})
	want("after another reload", removed)
	use(t, &tokens, map[string][]string{"a": {"two"}, "b": {"six"}})
	want("once it is there again", map[string]whose{"three": unknown, "six": {"b", nil}, "four": {"d", ErrAccountRemoved}})
}

// TestRemovedAccount has senders of an account that was removed keep their events: on a 401 they
// would drop them.
func TestRemovedAccount(t *testing.T) {
	known := tokens(t)
	s := start(t, new(keeper), func(c *Config) { c.Accounts = known })
	use(t, known, map[string][]string{"a": {tokenA}})
	for token, want := range map[string]int{tokenA: 200, tokenB: 429, "another-of-a": 401, noones: 401} {
		answer, text := post(t, client(t), s.url+"/v1/webhook", token, strings.NewReader("{}"))
		removed := want == 429
		if answer.StatusCode != want || strings.Contains(text, `"account_removed"`) != removed || (answer.Header.Get("Retry-After") == "60") != removed {
			t.Errorf("%s: %s %s", token, answer.Status, text)
		}
	}
	s.stopped(t)
	for _, a := range s.answered {
		if (a.Account == "b") != (a.Reason == "account_removed") {
			t.Errorf("Answered was told %+v", a)
		}
	}
	if got := len(s.all()); got != 1 {
		t.Errorf("%d messages are kept", got)
	}
}
