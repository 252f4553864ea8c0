package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
)

// writings are the ways in which a server may write the key into JSON.
var writings = map[string]func(key string) string{
	"as it is":      func(key string) string { return key },
	"in a header":   func(key string) string { return "Klaviyo-API-Key " + key },
	"with escapes":  func(key string) string { return eachCharacter(key, `\u%04x`) },
	"in capitals":   func(key string) string { return eachCharacter(key, `\u%04X`) },
	"one escape":    func(key string) string { return fmt.Sprintf(`\u%04x`, key[0]) + key[1:] },
	"in a URL":      func(key string) string { return "https://x.example/?key=" + eachCharacter(key, "%%%02X") },
	"half in a URL": func(key string) string { return strings.Replace(key, "_", "%5f", 1) },
	"twice in URLs": func(key string) string { return strings.Replace(key, "_", "%255F", 1) },
	"in JSON in JSON": func(key string) string {
		return quoted(quoted(`{"key":"` + key + `"}`))
	},
	"with an escape in JSON in JSON": func(key string) string { return `\` + fmt.Sprintf(`\u%04x`, key[0]) + key[1:] },
	"after a backslash":              func(key string) string { return `\\` + key },
	"twice":                          func(key string) string { return key + key },
}

func eachCharacter(key, format string) string {
	var b strings.Builder
	for i := range len(key) {
		fmt.Fprintf(&b, format, key[i])
	}
	return b.String()
}

// quoted is a text as it stands between the quotation marks of JSON.
func quoted(s string) string {
	text, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(text[1 : len(text)-1])
}

var escapes = regexp.MustCompile(`\\*u00([0-9A-Fa-f]{2})|%([0-9A-Fa-f]{2})`)

// showsKey reports whether somebody who decodes a text finds the key.
func showsKey(text, key string) bool {
	for range 3 {
		if strings.Contains(text, key) || strings.Contains(strings.ReplaceAll(text, `\`, ""), key) {
			return true
		}
		text = escapes.ReplaceAllStringFunc(text, func(escape string) string {
			c, err := strconv.ParseUint(escape[len(escape)-2:], 16, 8)
			if err != nil {
				panic(err)
			}
			return string(rune(c))
		})
	}
	return false
}

func TestWithoutKey(t *testing.T) {
	for _, key := range []string{testKey, "pk_test", `a"b\c/d%e<f>g\\h`} {
		for name, write := range writings {
			text := `{"detail":"The key ` + write(quoted(key)) + ` is bad."}`
			if !json.Valid([]byte(text)) {
				t.Fatalf("%s: %s is not JSON", name, text)
			}
			if !showsKey(text, key) && !strings.ContainsAny(key, `\%`) {
				t.Fatalf("%s: the test doesn't see the key in %s", name, text)
			}
			if name != "as it is" && strings.Contains(key, "%") {
				continue // only a URL tells what a % in a URL is
			}
			shown := withoutKey([]byte(text), key)
			var body struct{ Detail string }
			if err := json.Unmarshal(shown, &body); err != nil || !strings.Contains(body.Detail, keyMask) || showsKey(body.Detail, key) {
				t.Errorf("%s: %s became %s", name, text, shown)
			}
			if !strings.HasPrefix(body.Detail, "The key ") || !strings.HasSuffix(body.Detail, " is bad.") {
				t.Errorf("%s: %s lost more than the key: %s", name, text, shown)
			}
		}
		for cut := minTruncatedKey; cut < len(key); cut++ {
			if shown := string(withoutKey([]byte("bad key: "+key[:cut]), key)); shown != "bad key: "+keyMask {
				t.Errorf("the first %d characters of the key became %q", cut, shown)
			}
		}
		for cut := 1; cut < 6; cut++ {
			if shown := string(withoutKey([]byte("bad: pk_0123"+`\u0034`[:cut]), testKey)); shown != "bad: "+keyMask {
				t.Errorf("a key that is cut off in an escape became %q", shown)
			}
		}
	}
	for _, text := range []string{"", "pk_", "pk_0123 and more", `{"id":"pk_0123456789abcdeX","next":null}`, `\`, `\u`, `\u0070`, "%", "%7", "%70", "%25", "100 %", testKey[1:]} {
		if shown := string(withoutKey([]byte(text), testKey)); shown != text {
			t.Errorf("%q became %q", text, shown)
		}
	}
}

// Were each place of a row read to the row's end, these would take hours.
func TestLongEscapesOfTheKey(t *testing.T) {
	for _, row := range []string{`\`, "%25", "25", testKey[:minTruncatedKey]} {
		before := strings.Repeat(row, 4<<20/len(row)) + " "
		if got, want := string(withoutKey([]byte(before+testKey), testKey)), before+keyMask; got != want {
			t.Errorf("after a row of %q, withoutKey leaves %q at the end; want %q", row, got[max(0, len(got)-50):], keyMask)
		}
		before = strings.Repeat(row, 4<<20/len(row))
		if got := withoutKey([]byte(before+testKey), testKey); bytes.Contains(got, []byte(testKey)) {
			t.Errorf("directly after a row of %q, withoutKey leaves the key", row)
		}
	}
}

// TestTheKeyInResponses lets a server repeat the key in every place of a response, whatever
// the status and the way it is written: no field of an Error or of what is read, no
// message and no log shows it.
func TestTheKeyInResponses(t *testing.T) {
	const (
		faults    = `{"errors":[{"id":"K","code":"K","title":"K","detail":"K","source":{"pointer":"/K","parameter":"K"},"meta":{"duplicate_profile_id":"K"}},{"code":"K","detail":"K"}],"K":"K"}`
		lists     = `{"data":[{"type":"K","id":"K","attributes":{"name":"K"}}],"links":{"self":"K","next":"https://x.example/?page[cursor]=K"}}`
		wrongType = `{"data":[{"type":"K","id":"K","attributes":{"name":{"K":"K"}}}]}`
	)
	for name, write := range writings {
		for _, test := range []struct {
			status int
			body   string
		}{
			{200, lists}, {200, wrongType}, {200, `K`}, {200, `{"K`}, {204, ""},
			{301, faults}, {400, faults}, {400, "K"}, {400, `{"errors":["K"]}`}, {401, faults}, {402, "<K>"}, {403, faults}, {403, "K"}, {404, faults},
			{409, faults}, {410, faults}, {418, faults}, {429, faults}, {500, faults}, {503, "K"},
		} {
			t.Run(fmt.Sprintf("%s, %d %.8s", name, test.status, test.body), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					key := write(testKey)
					shown := everythingShown(t, func(*http.Request) (*http.Response, error) {
						resp := answer(test.status, strings.ReplaceAll(test.body, "K", key))
						for _, header := range []string{"Retry-After", "RateLimit-Remaining", "RateLimit-Reset", "Location", "Date", "X-Other"} {
							resp.Header.Set(header, key)
						}
						return resp, nil
					})
					if showsKey(shown, testKey) {
						t.Errorf("the key is shown:\n%s", shown)
					}
				})
			})
		}
	}
}

// everythingShown is all that a Client logs, gives and tells hooks when it reads, sends
// and upserts.
func everythingShown(t *testing.T, transport roundTripperFunc) string {
	t.Helper()
	var shown bytes.Buffer
	logger := slog.New(slog.NewJSONHandler(&shown, &slog.HandlerOptions{Level: slog.LevelDebug}))
	c := newTestClient(t, transport, WithLogger(logger),
		WithRetry(RetryPolicy{MaxAttempts: 2, MinBackoff: 1, MaxBackoff: 1, MaxRateLimited: 1}),
		WithAttemptHook(func(_ context.Context, a Attempt) { fmt.Fprintf(&shown, "%+v\n", a) }))

	read, readErr := klaviyo.NewAPI(c).GetLists(t.Context(), nil)
	sent, sendErr := c.Send(t.Context(), event())
	upserted, upsertErr := c.Send(t.Context(), NewRequest(klaviyo.OperationCreateProfile, klaviyo.NewCreateProfileBody(klaviyo.ProfileCreateAttributes{Email: "ada@example.com"})))
	fmt.Fprintf(&shown, "%+v %+v %+v\n", read, sent, upserted)
	for _, err := range []error{readErr, sendErr, upsertErr} {
		logger.Error("failed", "error", err)
		var failed *Error
		if !errors.As(err, &failed) {
			continue
		}
		fields, err := json.Marshal(failed)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&shown, "%s %+v %#v\n", fields, *failed, *failed)
		for _, cause := range failed.Unwrap() {
			fmt.Fprintf(&shown, "%v %#v\n", cause, cause)
		}
	}
	return shown.String()
}
