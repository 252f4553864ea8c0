package client

import (
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
)

// discardLog keeps servers quiet.
var discardLog = log.New(io.Discard, "", 0)

// private is a value that no text may show.
const private = "ada@example.com"

// TestNoResponseCauses meets servers and proxies that aren't Klaviyo's.
func TestNoResponseCauses(t *testing.T) {
	ok := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusAccepted) })
	for _, test := range []struct {
		name string
		// server returns the base URL, and a transport unless that is the default.
		server   func(t *testing.T) (string, *http.Transport)
		want     []string
		attempts int
	}{
		{"https meets plain HTTP", func(t *testing.T) (string, *http.Transport) {
			return "https://" + serve(t, ok).Listener.Addr().String(), nil
		}, []string{"server gave HTTP response to HTTPS client", "1 attempt", advicePlainHTTP}, 1},
		{"https meets something else", func(t *testing.T) (string, *http.Transport) {
			return "https://" + saysOnly(t, "220 mail.example ESMTP "+private+"\r\n"), nil
		}, []string{"first record does not look like a TLS handshake", advicePlainHTTP}, 1},
		{"http meets something else", func(t *testing.T) (string, *http.Transport) {
			return "http://" + saysOnly(t, "220 mail.example ESMTP "+private+"\r\n"), nil
		}, []string{"malformed HTTP", adviceNotHTTP}, 2},
		{"a status that is none", func(t *testing.T) (string, *http.Transport) {
			return "http://" + saysOnly(t, "HTTP/1.1 "+private+" OK\r\n\r\n"), nil
		}, []string{"malformed HTTP status code", adviceNotHTTP}, 2},
		{"a header that is none", func(t *testing.T) (string, *http.Transport) {
			return "http://" + saysOnly(t, "HTTP/1.1 200 OK\r\n"+private+"\r\n\r\n"), nil
		}, []string{"malformed MIME header", adviceNotHTTP}, 2},
		{"an unknown certificate", func(t *testing.T) (string, *http.Transport) {
			server := httptest.NewUnstartedServer(ok)
			server.Config.ErrorLog = discardLog
			server.StartTLS()
			t.Cleanup(server.Close)
			return server.URL, nil
		}, []string{"certificate", adviceCertificate}, 1},
		{"versions of TLS that don't meet", func(t *testing.T) (string, *http.Transport) {
			server := httptest.NewUnstartedServer(ok)
			server.Config.ErrorLog = discardLog
			server.TLS = &tls.Config{MaxVersion: tls.VersionTLS12}
			server.StartTLS()
			t.Cleanup(server.Close)
			return server.URL, &http.Transport{TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS13}}
		}, []string{"alert tls: protocol version not supported", adviceTLS}, 2},
		{"nobody listens", func(t *testing.T) (string, *http.Transport) {
			return "https://" + unused(t), nil
		}, []string{"dial tcp 127.0.0.1", "connection refused", adviceRefused}, 2},
		{"a proxy that isn't there", func(t *testing.T) (string, *http.Transport) {
			return "https://a.klaviyo.test", through("http://ada:secret@" + unused(t))
		}, []string{"proxyconnect tcp", "connection refused", adviceProxy}, 2},
		{"a proxy that asks for a password", func(t *testing.T) (string, *http.Transport) {
			return "https://a.klaviyo.test", through(serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(http.StatusProxyAuthRequired)
			})).URL)
		}, []string{"the proxy answered 407 Proxy Authentication Required", adviceProxy}, 1},
		{"a proxy that doesn't reach Klaviyo", func(t *testing.T) (string, *http.Transport) {
			return "https://a.klaviyo.test", through(serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(http.StatusBadGateway)
			})).URL)
		}, []string{"the proxy answered 502 Bad Gateway", adviceProxy}, 2},
		{"a proxy that is no address", func(t *testing.T) (string, *http.Transport) {
			return "https://a.klaviyo.test", &http.Transport{Proxy: func(*http.Request) (*url.URL, error) {
				return nil, errors.New(`invalid proxy address "http://ada:secret@[": missing ']' in host`)
			}}
		}, []string{"invalid proxy address", adviceProxy}, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			base, transport := test.server(t)
			if transport == nil {
				transport = &http.Transport{}
			}
			t.Cleanup(transport.CloseIdleConnections)
			c, err := New(testKey, WithBaseURL(base), WithHTTPClient(&http.Client{Transport: transport}),
				WithRetry(RetryPolicy{MaxAttempts: 2, MinBackoff: 1, MaxBackoff: 1}))
			if err != nil {
				t.Fatal(err)
			}
			_, err = c.Send(t.Context(), event())
			var failed *Error
			kind := ErrUnavailable
			if test.attempts == 1 {
				kind = ErrMisdirected // waiting doesn't help
			}
			if !errors.As(err, &failed) || !errors.Is(err, kind) || failed.Attempts != test.attempts {
				t.Errorf("%v, want %v after %d attempts", err, kind, test.attempts)
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q, want %q in it", err, want)
				}
			}
			if strings.Contains(err.Error(), "ada") || strings.Contains(err.Error(), "secret") {
				t.Errorf("%q shows a value", err)
			}
		})
	}
}

func serve(t *testing.T, handler http.Handler) *httptest.Server {
	server := httptest.NewUnstartedServer(handler)
	server.Config.ErrorLog = discardLog
	server.Start()
	t.Cleanup(server.Close)
	return server
}

// saysOnly is the address of a server that says one thing to everybody.
func saysOnly(t *testing.T, greeting string) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = io.ReadAtLeast(conn, make([]byte, 1), 1) // net/http doesn't want to hear it unasked
			_, _ = io.WriteString(conn, greeting)
			conn.Close()
		}
	}()
	return listener.Addr().String()
}

// unused is an address where nobody listens.
func unused(t *testing.T) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

func through(proxy string) *http.Transport {
	return &http.Transport{Proxy: func(*http.Request) (*url.URL, error) { return url.Parse(proxy) }}
}

// TestDescribe shows types, positions and words of ours, and never a value. The texts are
// the same with each release of Go, though those of encoding/json are not.
func TestDescribe(t *testing.T) {
	encoding := func(v any) error {
		_, err := encode(v)
		return err
	}
	decoding := func(text string, v any) error { return json.Unmarshal([]byte(text), v) }
	cycle := map[string]any{}
	cycle["again"] = cycle
	var list klaviyo.ListPage
	var raw []json.RawMessage
	var anything any
	_, number := strconv.Atoi(private)
	for _, test := range []struct {
		err  error
		want string
	}{
		{encoding(map[string]any{"n": json.Number(private)}), "json: invalid number literal"},
		{encoding(json.RawMessage(`{"email":"` + private + `"]`)), "json: a json.RawMessage: invalid character after object key:value pair"},
		{encoding([]any{json.RawMessage(`"\uada@"`)}), "json: a json.RawMessage: invalid escape sequence in string"},
		{encoding(map[string]any{"f": func() {}}), "json: unsupported type: func()"},
		{encoding(map[string]any{"f": func(json.RawMessage) {}}), "json: unsupported type: func(json.RawMessage)"},
		{encoding(map[string]any{"f": math.NaN()}), "json: unsupported value: NaN"},
		{encoding(cycle), "json: unsupported value: encountered a cycle"},
		{encoding(map[string]any{"f": failingMarshaler{}}), "json: a client.failingMarshaler: an error of type *errors.errorString; Unwrap has its text"},
		{encoding(map[string]any{"f": &failingMarshaler{}}), "json: a client.failingMarshaler: an error of type *errors.errorString; Unwrap has its text"},
		{encoding(klaviyo.EventProfile{Email: private, Properties: json.RawMessage(`1`)}), "json: a klaviyo.EventProfile: EventProfile.Properties is not a JSON object"},
		{encoding(klaviyo.EventProfile{Email: private, Properties: json.RawMessage(`{"$email":"` + private + `"}`)}), "json: a klaviyo.EventProfile: EventProfile.Properties has the name of a field that is set"},

		{decoding(`{"data":[{"id":`, &list), "unexpected end of JSON input at offset 15"},
		{decoding(`{"data":'`, &list), "invalid character looking for beginning of value at offset 9"},
		{decoding(`{"data":trua`, &anything), "invalid character in literal at offset 12"},
		{decoding(`{"data":1.a`, &anything), "invalid character in numeric literal at offset 11"},
		{decoding(`{"data":1ea`, &anything), "invalid character in numeric literal at offset 11"},
		{decoding(`{"data":"\a"}`, &anything), "invalid escape sequence in string at offset 11"},
		{decoding("{\"data\":\"\n\"}", &anything), "invalid character in string at offset 10"},
		{decoding(`{1:2}`, &anything), "invalid character looking for beginning of object key string at offset 2"},
		{decoding(`{"a" 1}`, &anything), "invalid character after object key at offset 6"},
		{decoding(`{"a":1 "b"}`, &anything), "invalid character after object key:value pair at offset 8"},
		{decoding(`[1 2]`, &anything), "invalid character after array element at offset 4"},
		{decoding(`{} a`, &anything), "invalid character after top-level value at offset 4"},
		{decoding(strings.Repeat("[", 10_001), &anything), "exceeded max depth at offset 10001"},

		{decoding(`{"data":"`+private+`"}`, &list), "data is a JSON string, not a Go []klaviyo.List, at offset 25"},
		{decoding(`{"data":[{"id":20250147}]}`, &list), "data.id is a JSON number, not a Go string, at offset 23"},
		{decoding(`{"data":[{"id":{}}]}`, &list), "data.id is a JSON object, not a Go string, at offset 16"},
		{decoding(`{"m":{"`+private+`":[]}}`, &struct {
			M map[string]string `json:"m"`
		}{}), "m is a JSON array, not a Go string, at offset 25"},
		{decoding(`20250147`, new(string)), "the body is a JSON number, not a Go string, at offset 8"},
		{decoding(`{}`, &raw), "the body is a JSON object, not a Go []json.RawMessage, at offset 1"},

		{number, "strconv.Atoi: invalid syntax"},
		{&net.OpError{Op: "read", Net: "tcp", Err: errors.New(private)}, "read tcp: an error of type *errors.errorString; Unwrap has its text"},
		{errors.New(`net/http: invalid header field value for "X-` + private + `"`), "invalid header field"},
		{errors.New("stream error: stream ID 3; REFUSED_STREAM; " + private), "http2: stream error REFUSED_STREAM"},
		{errors.New(`http2: server sent GOAWAY and closed the connection; LastStreamID=1, ErrCode=NO_ERROR, debug="` + private + `"`), "http2: server sent GOAWAY and closed the connection"},
		{fmt.Errorf("%w of %s: %w", errIncomplete, private, io.ErrUnexpectedEOF), "the response was incomplete"},
		{fmt.Errorf("again, %s: %w", private, &ownError{}), "an error of type *client.ownError; Unwrap has its text"},
	} {
		if got := describe(test.err); got != test.want {
			t.Errorf("%q is described as %q, want %q", test.err, got, test.want)
		}
	}
}

// TestOffsetOfCharacter lets a release of Go count the first byte of a character that isn't
// ASCII, or all of them.
func TestOffsetOfCharacter(t *testing.T) {
	got := describe(json.Unmarshal([]byte(`{"data":é`), new(any)))
	const want = "invalid character looking for beginning of value at offset "
	if got != want+"9" && got != want+"10" {
		t.Errorf("%q, want %q with 9 or 10", got, want)
	}
}

type failingMarshaler struct{}

func (failingMarshaler) MarshalJSON() ([]byte, error) { return nil, errors.New(private) }

type ownError struct{}

func (*ownError) Error() string { return private }

// TestMessageIsForOperators too, who read it in the log of a program: it doesn't name the fields
// of Error, which hold what it leaves out.
func TestMessageIsForOperators(t *testing.T) {
	err := errorResponse(&call{attempts: 1, operation: klaviyo.OperationCreateEvent}, answer(http.StatusBadRequest, `{"errors":[`+
		`{"code":"invalid","detail":"`+private+` is bad","source":{"pointer":"/data"}},{"detail":"`+private+`","source":{"parameter":"filter"}}]}`))
	for _, e := range []*Error{
		err,
		unexpectedResponse(&Response{Operation: klaviyo.OperationCreateEvent}, []byte("{}"), nil, []string{"/data"}),
		unexpectedResponse(&Response{Operation: klaviyo.OperationGetProfiles}, []byte("{}"), nil, []string{"/data"}),
	} {
		got := e.Error()
		for field := range reflect.TypeFor[Error]().Fields() {
			if field.IsExported() && strings.Contains(got, field.Name) {
				t.Errorf("%q names the field %s", got, field.Name)
			}
		}
		if strings.Contains(got, private) {
			t.Errorf("%q shows a value", got)
		}
	}
	if err.Detail != private+" is bad" {
		t.Errorf("Detail is %q", err.Detail)
	}
}
