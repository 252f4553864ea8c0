package client

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
)

const testKey = "pk_0123456789abcdef"

// operation returns an operation of package klaviyo.
func operation(id *klaviyo.Operation) *klaviyo.Operation {
	return id
}

// answer is a response of a transport.
func answer(status int, body string) *http.Response {
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}
}

// success is a response that has no more than the description asks for.
func success(req *http.Request) *http.Response {
	op := callOf(req).operation
	body := map[runtime.ResponseData]string{runtime.ResponseResource: `{"data":{"id":"01A"}}`, runtime.ResponseResources: `{"data":[]}`}
	return answer(op.Success.Statuses[0], body[op.Success.Data])
}

// newTestClient has a transport of the test's own.
func newTestClient(t *testing.T, transport roundTripperFunc, opts ...Option) *Client {
	t.Helper()
	c, err := New(testKey, append([]Option{WithHTTPClient(&http.Client{Transport: transport})}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestTypedCallsPassTheChain(t *testing.T) {
	c := newTestClient(t, func(req *http.Request) (*http.Response, error) {
		if got := req.Header.Get("Authorization"); got != "Klaviyo-API-Key "+testKey {
			t.Errorf("Authorization: %q", got)
		}
		return answer(http.StatusOK, `{"data":[{"type":"list","id":"L1","attributes":{"name":"News"}}],"links":{}}`), nil
	})
	lists, err := klaviyo.NewAPI(c).GetLists(t.Context(), nil)
	if err != nil || len(lists.Data) != 1 || lists.Data[0].ID != "L1" {
		t.Errorf("%+v, %v", lists, err)
	}

	err = klaviyo.NewAPI(c).CreateEvent(t.Context(), klaviyo.EventCreateAttributes{})
	if !errors.Is(err, ErrMissingIdentifier) {
		t.Errorf("err = %v, want ErrMissingIdentifier", err)
	}
	if got := c.Stats().Requests; got != 1 {
		t.Errorf("%d requests were sent, want 1", got)
	}
}

func TestTypedCallsFailWithError(t *testing.T) {
	c := newTestClient(t, func(*http.Request) (*http.Response, error) {
		return answer(http.StatusNotFound, `{"errors":[{"id":"e1","code":"not_found","title":"","detail":""}]}`), nil
	})
	_, err := klaviyo.NewAPI(c).GetProfile(t.Context(), "01A", nil)
	var e *Error
	if !errors.As(err, &e) || !errors.Is(err, ErrNotFound) || e.Operation != klaviyo.OperationGetProfile || e.Code != "not_found" {
		t.Errorf("err = %v, want ErrNotFound of get_profile", err)
	}
}

func TestBaseURLWithAPath(t *testing.T) {
	var path string
	c := newTestClient(t, func(req *http.Request) (*http.Response, error) {
		path = req.URL.Path
		return success(req), nil
	}, WithBaseURL("https://proxy.example/klaviyo/"))
	if _, err := klaviyo.NewAPI(c).GetLists(t.Context(), nil); err != nil || path != "/klaviyo/api/lists/" {
		t.Errorf("typed call: path %q, %v", path, err)
	}
	if _, err := c.Send(t.Context(), event()); err != nil || path != "/klaviyo/api/events/" {
		t.Errorf("Send: path %q, %v", path, err)
	}
}

// A path of a caller's own can't lead the key to another server, nor out of the base URL's
// path.
func TestDoStaysAtTheBaseURL(t *testing.T) {
	c := newTestClient(t, func(*http.Request) (*http.Response, error) {
		t.Error("a request was sent")
		return nil, io.EOF
	}, WithBaseURL("https://proxy.example/klaviyo"))
	for _, path := range []string{
		"", "api/lists/", "@evil.example/api/lists/", ".evil.example/", "https://evil.example/", "/api/../../lists", "/./lists",
		"//evil.example/", "/api/lists/?a=b", "/api/lists/#a", "/%zz", "/a b",
	} {
		if err := c.Do(t.Context(), http.MethodGet, path, nil, nil, nil); !errors.Is(err, ErrInvalidRequest) {
			t.Errorf("%q: err = %v, want ErrInvalidRequest", path, err)
		}
	}
}

// An id can't lead a typed call to another operation.
func TestIDsStayInTheirSegment(t *testing.T) {
	c := newTestClient(t, func(req *http.Request) (*http.Response, error) {
		if got, want := req.URL.EscapedPath(), "/api/profiles/..%2Flists/"; got != want {
			t.Errorf("path %q, want %q", got, want)
		}
		return answer(http.StatusNotFound, ""), nil
	})
	_, err := klaviyo.NewAPI(c).GetProfile(t.Context(), "../lists", nil)
	var e *Error
	if !errors.As(err, &e) || e.Operation != klaviyo.OperationGetProfile {
		t.Errorf("err = %v, want one of get_profile", err)
	}
}

// The key stays where it is, though a server asks to go elsewhere.
func TestRedirectsAreNotFollowed(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("%s %s came with Authorization %v", r.Method, r.URL, r.Header.Get("Authorization") != "")
	}))
	defer elsewhere.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		server := httptest.NewServer(http.RedirectHandler(elsewhere.URL, status))
		c, err := New(testKey, WithBaseURL(server.URL), WithHTTPClient(server.Client()))
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.Send(t.Context(), event())
		var e *Error
		if !errors.As(err, &e) || e.StatusCode != status || e.Attempts != 1 || !strings.Contains(err.Error(), "check the base URL") {
			t.Errorf("%d: err = %v, want one that says to check the base URL", status, err)
		}
		server.Close()
	}
}

func TestTheKeyIsNeverShown(t *testing.T) {
	var log bytes.Buffer
	logger := slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	c := newTestClient(t, func(req *http.Request) (*http.Response, error) {
		return nil, &url.Error{Op: "Post", URL: req.URL.String() + "?key=" + testKey, Err: errors.New(req.Header.Get("Authorization"))}
	}, WithLogger(logger), WithRetry(RetryPolicy{MaxAttempts: 2, MinBackoff: 1, MaxBackoff: 1}))
	_, err := c.Send(t.Context(), event())
	logger.Info("done", "client", c, "err", err)

	shown := log.String() + err.Error()
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		shown += fmt.Sprintf(format, c) + fmt.Sprintf(format, *c) + fmt.Sprintf(format, klaviyo.NewAPI(c)) + fmt.Sprintf(format, struct{ C *Client }{c})
	}
	if strings.Contains(shown, testKey) {
		t.Error("the key is shown")
	}
	if want := "Klaviyo client of https://a.klaviyo.com"; c.String() != want || fmt.Sprintf("%#v", c) != want {
		t.Errorf("%s, %#v; want %q", c, c, want)
	}
}
