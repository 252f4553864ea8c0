package klaviyotest

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jarcoal/httpmock"
)

func readAll(t *testing.T, body io.ReadCloser) string {
	t.Helper()
	defer body.Close()
	read, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	return string(read)
}

func TestSocketAndTransportShareTheState(t *testing.T) {
	k := New()
	server := httptest.NewServer(k)
	defer server.Close()
	id := createProfile(t, k, `"external_id":"1"`)
	rsp, err := server.Client().Do(newRequest(t, "POST", server.URL+"/api/profiles/", profileWith(`"external_id":"1"`)))
	if err != nil {
		t.Fatal(err)
	}
	r := reply{rsp.StatusCode, rsp.Header, readAll(t, rsp.Body)}
	if r.status != 409 || r.errors(t)[0].Meta.DuplicateProfileID != id || r.header.Get("RateLimit-Remaining") != "698" {
		t.Errorf("status %d, headers %v: %s", r.status, r.header, r.body)
	}
	rsp, err = server.Client().Do(newRequest(t, "POST", server.URL+"/api/events/", eventWith(`"unique_id":"u"`)))
	if err != nil {
		t.Fatal(err)
	}
	if body := readAll(t, rsp.Body); rsp.StatusCode != 202 || body != "" {
		t.Errorf("status %d: %s", rsp.StatusCode, body)
	}
}

func TestFaultsOfASocket(t *testing.T) {
	k := New()
	server := httptest.NewServer(k)
	defer server.Close()
	get := func() (*http.Response, error) {
		return server.Client().Do(newRequest(t, "GET", server.URL+"/api/lists/", ""))
	}

	k.Inject(Fault{Reset: true, Times: -1})
	if _, err := get(); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("reset: error %v", err)
	}

	k2 := New()
	server2 := httptest.NewServer(k2)
	defer server2.Close()
	k2.Inject(Fault{CutOff: true}, Challenge())
	rsp, err := server2.Client().Do(newRequest(t, "GET", server2.URL+"/api/lists/", ""))
	if err != nil {
		t.Fatal(err)
	}
	if read, err := io.ReadAll(rsp.Body); err == nil || len(read) == 0 {
		t.Errorf("cut off: read %d bytes, %v", len(read), err)
	}
	_ = rsp.Body.Close()
	rsp, err = server2.Client().Do(newRequest(t, "GET", server2.URL+"/api/lists/", ""))
	if err != nil {
		t.Fatal(err)
	}
	if body := readAll(t, rsp.Body); rsp.StatusCode != 403 || !strings.Contains(body, "<title>") {
		t.Errorf("challenge: status %d: %s", rsp.StatusCode, body)
	}
}

// A client that gives up leaves nothing behind that a test has to wait for.
func TestClientOfASocketGivesUp(t *testing.T) {
	k := New()
	k.Inject(Slow(time.Hour))
	server := httptest.NewServer(k)
	defer server.Close() // waits for the handler
	hc := &http.Client{Transport: server.Client().Transport, Timeout: 20 * time.Millisecond}
	if _, err := hc.Do(newRequest(t, "POST", server.URL+"/api/profiles/", profileWith(`"external_id":"1"`))); err == nil {
		t.Error("the request got a response")
	}
}

// A recorder can't be hijacked, so the connection is aborted the other way.
func TestResetWithoutSocket(t *testing.T) {
	k := New()
	k.Inject(ConnectionReset())
	defer func() {
		if got := recover(); got != http.ErrAbortHandler {
			t.Errorf("recovered %v", got)
		}
	}()
	k.ServeHTTP(httptest.NewRecorder(), newRequest(t, "GET", "/api/lists/", ""))
}

// A Klaviyo answers what the responders of a httpmock transport leave over.
func TestTransportBesideResponders(t *testing.T) {
	k := New()
	transport := httpmock.NewMockTransport()
	transport.RegisterNoResponder(k.Transport().RoundTrip)
	transport.RegisterResponder("GET", "https://example.com/", httpmock.NewStringResponder(200, "mine"))
	rsp, err := transport.RoundTrip(newRequest(t, "GET", "https://example.com/", ""))
	if err != nil {
		t.Fatal(err)
	}
	if got := readAll(t, rsp.Body); got != "mine" {
		t.Errorf("body %q", got)
	}
	rsp, err = transport.RoundTrip(newRequest(t, "GET", "http://127.0.0.1:1/api/lists/", ""))
	if err != nil || rsp.StatusCode != 200 || rsp.Request == nil {
		t.Errorf("another host: %v, %v", rsp, err)
	}
	if n := transport.GetTotalCallCount(); n != 2 {
		t.Errorf("%d calls", n)
	}
}

func TestTransportClosesTheBody(t *testing.T) {
	body := &closable{Reader: strings.NewReader(profileWith(`"external_id":"1"`))}
	r := newRequest(t, "POST", "/api/profiles/", "x", func(r *http.Request) { r.Body = body })
	if _, err := New().Transport().RoundTrip(r); err != nil {
		t.Fatal(err)
	}
	if !body.closed {
		t.Error("the connection is still open")
	}
}

type closable struct {
	io.Reader
	closed bool
}

func (c *closable) Close() error { c.closed = true; return nil }
