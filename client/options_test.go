package client

import (
	"errors"
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
)

func TestNewChecksTheKey(t *testing.T) {
	if _, err := New(""); err == nil || !strings.Contains(err.Error(), "the private API key is empty") {
		t.Errorf("err = %v, want one that says so", err)
	}
	for _, key := range []string{" pk_secret", "pk_secret\n", "pk secret", "pk\x00secret", "pk_sécret"} {
		if _, err := New(key); err == nil || strings.Contains(err.Error(), "cret") {
			t.Errorf("New(%q): err = %v, want one without the key", key, err)
		}
	}
}

func TestNewRefusesAPublicKey(t *testing.T) {
	for _, key := range []string{"AbC123", "ABCDEF", "123456"} {
		if _, err := New(key); err == nil || !strings.Contains(err.Error(), "public key") || strings.Contains(err.Error(), key) {
			t.Errorf("New(%q): err = %v, want one that says what it is without showing it", key, err)
		}
	}
	for _, key := range []string{"pk_123", "AbC12", "AbC1234"} {
		if _, err := New(key); err != nil {
			t.Errorf("New(%q): %v", key, err)
		}
	}
}

func TestWithBaseURL(t *testing.T) {
	for _, base := range []string{
		"https://a.klaviyo.com", "https://proxy.example:8443/klaviyo/", "HTTPS://a.klaviyo.com",
		"http://localhost:8080", "http://LocalHost", "http://127.0.0.1:80", "http://127.9.9.9", "http://[::1]:8080",
	} {
		if _, err := New(testKey, WithBaseURL(base)); err != nil {
			t.Errorf("%s: %v", base, err)
		}
	}
	for base, want := range map[string]string{
		"":                                   "absolute",
		"a.klaviyo.com":                      "absolute",
		"https:a.klaviyo.com":                "absolute",
		"https://[::1":                       "absolute",
		"ftp://a.klaviyo.com":                "https",
		"http://a.klaviyo.com":               "plain http",
		"http://localhost.evil.example":      "plain http",
		"http://127.0.0.1.evil.example":      "plain http",
		"http://10.0.0.1":                    "plain http",
		"https://user:hunter2@a.klaviyo.com": "user information",
		"https://a.klaviyo.com?key=hunter2":  "query",
		"https://a.klaviyo.com?":             "query",
		"https://a.klaviyo.com#hunter2":      "fragment",
	} {
		_, err := New(testKey, WithBaseURL(base))
		if err == nil || !strings.Contains(err.Error(), "WithBaseURL: ") || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: err = %v, want one about %q", base, err, want)
		} else if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: err = %v shows the password", base, err)
		}
	}
}

func TestInvalidOptions(t *testing.T) {
	for want, opt := range map[string]Option{
		"WithHTTPClient":                          WithHTTPClient(nil),
		"WithUserAgent: give a name":              WithUserAgent(" "),
		"such as acme-sync/1.2":                   WithUserAgent("acme\r\nAuthorization: x"),
		"WithLogger":                              WithLogger(nil),
		"WithRetry: MaxAttempts is negative":      WithRetry(RetryPolicy{MaxAttempts: -1}),
		"WithRetry: MinBackoff is negative":       WithRetry(RetryPolicy{MinBackoff: -1}),
		"WithRetry: MaxBackoff is negative":       WithRetry(RetryPolicy{MaxBackoff: -1}),
		"WithRetry: MaxRetryAfter is negative":    WithRetry(RetryPolicy{MaxRetryAfter: -1}),
		"WithRetry: AttemptTimeout is negative":   WithRetry(RetryPolicy{AttemptTimeout: -1}),
		"WithRetry: MaxRateLimited is negative":   WithRetry(RetryPolicy{MaxRateLimited: -1}),
		"WithProfileMemory":                       WithProfileMemory(-1),
		"WithLimit: the operation is nil":         WithLimit(nil, CallLimits{PerSecond: 1, PerMinute: 1}),
		"WithLimit: PerSecond and PerMinute must": WithLimit(klaviyo.OperationGetLists, CallLimits{PerSecond: 1}),
		"WithRetry: MinBackoff 1m0s is above":     WithRetry(RetryPolicy{MinBackoff: time.Minute}),
	} {
		if _, err := New(testKey, opt); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("err = %v, want %q in it", err, want)
		}
	}
}

func TestWithQuotaShare(t *testing.T) {
	for _, share := range []float64{0, -0.5, 1.01, math.Inf(1), math.NaN()} {
		if _, err := New(testKey, WithQuotaShare(share)); err == nil || !strings.Contains(err.Error(), "WithQuotaShare") {
			t.Errorf("%v: err = %v, want one that names WithQuotaShare", share, err)
		}
	}
	for _, share := range []float64{0.001, 0.8, 1} {
		if _, err := New(testKey, WithQuotaShare(share)); err != nil {
			t.Errorf("%v: %v", share, err)
		}
	}
}

func TestRetryPolicyDefaults(t *testing.T) {
	got, err := RetryPolicy{MaxAttempts: 3}.validate()
	want := RetryPolicy{MaxAttempts: 3, MaxRateLimited: 15 * time.Minute, MinBackoff: 500 * time.Millisecond, MaxBackoff: 30 * time.Second, MaxRetryAfter: 2 * time.Minute, AttemptTimeout: 30 * time.Second}
	if err != nil || got != want {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
}

func TestWithExternalIDOnly(t *testing.T) {
	profile := profileOf(`{"external_id":"42"}`)
	accept := func(*http.Request) (*http.Response, error) {
		return answer(http.StatusCreated, `{"data":{"id":"01A"}}`), nil
	}
	if _, err := newTestClient(t, accept).Send(t.Context(), profile); !errors.Is(err, ErrMissingIdentifier) {
		t.Errorf("without the option: err = %v, want ErrMissingIdentifier", err)
	}
	if _, err := newTestClient(t, accept, WithExternalIDOnly()).Send(t.Context(), profile); err != nil {
		t.Errorf("with the option: %v", err)
	}
}
