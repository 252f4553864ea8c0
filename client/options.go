package client

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
)

// DefaultBaseURL is the base URL of Klaviyo's API.
const DefaultBaseURL = "https://a.klaviyo.com"

// Option configures a [Client].
type Option func(*config) error

type config struct {
	baseURL        *url.URL
	httpClient     http.Client // a copy of the caller's client
	logger         *slog.Logger
	retry          RetryPolicy
	externalIDOnly bool
	quotaShare     float64
	limitOverrides map[runtime.Endpoint]CallLimits
	memorySize     int // to remember
	companyID      string
	userAgent      string
	hooks          []AttemptHook
}

func defaultConfig() config {
	return config{
		baseURL: &url.URL{Scheme: "https", Host: strings.TrimPrefix(DefaultBaseURL, "https://")},
		logger:  slog.New(slog.DiscardHandler),
		retry:   RetryPolicy{}.withDefaults(),

		quotaShare:     1,
		limitOverrides: make(map[runtime.Endpoint]CallLimits),
		memorySize:     defaultMemorySize,
	}
}

// transport returns the transport that sends attempts.
func (c config) transport() http.RoundTripper {
	if c.httpClient.Transport != nil {
		return c.httpClient.Transport
	}
	return defaultTransport()
}

// attemptTimeout is the shorter of the timeouts of the policy and the caller's http.Client.
func (c config) attemptTimeout() time.Duration {
	if t := c.httpClient.Timeout; t > 0 {
		return min(t, c.retry.AttemptTimeout)
	}
	return c.retry.AttemptTimeout
}

// defaultTransport is net/http's default transport, but a single host can use all idle
// connections.
var defaultTransport = sync.OnceValue(func() http.RoundTripper {
	t, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return http.DefaultTransport
	}
	t = t.Clone()
	t.MaxIdleConnsPerHost = t.MaxIdleConns
	return t
})

// WithBaseURL sets the URL of the server. The default is [DefaultBaseURL]. The URL may have a
// path, which is prefixed to the paths of operations, but no user information, query or
// fragment. Plain HTTP is allowed only for localhost, 127.0.0.0/8 and ::1.
func WithBaseURL(base string) Option {
	return func(c *config) error {
		// The errors don't contain the URL, which may contain a password.
		u, err := url.Parse(base)
		switch {
		case err != nil || u.Host == "" || u.Opaque != "":
			return optionError("WithBaseURL", "give an absolute URL, such as "+DefaultBaseURL)
		case u.User != nil:
			return optionError("WithBaseURL", "remove the user information from the URL; requests authenticate with the key")
		case strings.HasSuffix(u.Host, ":"):
			return optionError("WithBaseURL", "add a port, or remove the colon after the host")
		case strings.Contains(u.Path, "//") || path.Clean("/"+u.Path) != "/"+strings.Trim(u.Path, "/"):
			return optionError("WithBaseURL", "remove //, . and .. from the path")
		case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
			return optionError("WithBaseURL", "remove the query and the fragment from the URL")
		case u.Scheme != "https" && u.Scheme != "http":
			return optionError("WithBaseURL", "use an https URL")
		case u.Scheme == "http" && !isLoopback(u.Hostname()):
			return optionError("WithBaseURL", "use https: plain http is allowed only for localhost, 127.0.0.0/8 and ::1")
		}
		c.baseURL = u
		return nil
	}
}

func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}

// WithHTTPClient sends the requests with the Transport and the Jar of hc, and with its Timeout
// if that is shorter than [RetryPolicy.AttemptTimeout]. hc is copied and not changed.
// CheckRedirect isn't used: Klaviyo's API doesn't redirect, and the key must not reach
// another server.
func WithHTTPClient(hc *http.Client) Option {
	return func(c *config) error {
		if hc == nil {
			return optionError("WithHTTPClient", "the client is nil; omit the option")
		}
		c.httpClient = *hc
		return nil
	}
}

// WithLogger logs each attempt at debug level. While the API doesn't respond, the first retry
// is logged as a warning, and so is the response that ends the outage; the other retries are
// at debug level. Records have the operation, the status, the times, and why there was no
// response. They never contain a body, a query or the key. By default nothing is logged.
func WithLogger(logger *slog.Logger) Option {
	return func(c *config) error {
		if logger == nil {
			return optionError("WithLogger", "the logger is nil; omit the option")
		}
		c.logger = logger
		return nil
	}
}

// WithRetry replaces the default [RetryPolicy].
func WithRetry(policy RetryPolicy) Option {
	return func(c *config) error {
		policy, err := policy.validate()
		if err != nil {
			return optionError("WithRetry", err.Error())
		}
		c.retry = policy
		return nil
	}
}

// WithExternalIDOnly allows profiles and events that have an external id but no email and no
// phone number, for accounts that identify people by external id. Subscriptions still need
// an email or a phone number.
func WithExternalIDOnly() Option {
	return func(c *config) error {
		c.externalIDOnly = true
		return nil
	}
}

// WithQuotaShare limits each operation to a share of its burst and steady rate limits, and
// leaves the rest to other programs that use the account. The share is above 0 and at most 1,
// which is the default. The limits are rounded down, to at least one call.
func WithQuotaShare(share float64) Option {
	return func(c *config) error {
		if !(share > 0 && share <= 1) { // also rejects NaN
			return optionError("WithQuotaShare", "give a share above 0 and at most 1, such as 0.8")
		}
		c.quotaShare = share
		return nil
	}
}

// CallLimits are the rate limits of an endpoint: PerSecond is the burst limit, and PerMinute
// the steady limit.
type CallLimits = runtime.CallLimits

// WithLimit sets the rate limits of an operation's endpoint. Use it if they differ from the API
// description, for example because Klaviyo has raised the account's limits. Calls of all
// revisions count. A steady limit in response headers takes precedence, and a daily limit stays
// in effect. Both limits must be at least 1.
func WithLimit(op *runtime.Operation, limits CallLimits) Option {
	return func(c *config) error {
		switch {
		case op == nil:
			return optionError("WithLimit", "the operation is nil; give one of a generated package, such as klaviyo.OperationCreateEvent")
		case limits.PerSecond < 1 || limits.PerMinute < 1:
			return optionError("WithLimit", "PerSecond and PerMinute must both be at least 1")
		}
		c.limitOverrides[op.Endpoint()] = limits
		return nil
	}
}

// defaultMemorySize is the default of WithProfileMemory.
const defaultMemorySize = 100_000

// WithProfileMemory sets the number of people whose profile ids the Client remembers, so that
// a create_profile for one of them takes one call. The least recently written are forgotten
// first. A person with an email, a phone number and an external id takes about 200 bytes, so
// the default of 100,000 people takes 20 MB. The identifiers themselves aren't stored. 0
// disables the memory.
func WithProfileMemory(people int) Option {
	return func(c *config) error {
		if people < 0 {
			return optionError("WithProfileMemory", "give the number of people to remember, or 0 for none")
		}
		c.memorySize = people
		return nil
	}
}

// WithCompanyID sets the account's public key, also called company id or site id, for the
// public calls: create_client_event, create_client_profile and create_client_subscription. It
// isn't secret.
func WithCompanyID(id string) Option {
	return func(c *config) error {
		if err := checkCompanyID(id); err != nil {
			return optionError("WithCompanyID", err.Error())
		}
		c.companyID = id
		return nil
	}
}

// WithUserAgent identifies your program to Klaviyo, such as acme-sync/1.2. It is added to the
// User-Agent header, before the name of this module.
func WithUserAgent(program string) Option {
	return func(c *config) error {
		if strings.TrimSpace(program) == "" || strings.ContainsFunc(program, func(r rune) bool { return r < ' ' || r > '~' }) {
			return optionError("WithUserAgent", "give a name and perhaps a version in ASCII, such as acme-sync/1.2")
		}
		c.userAgent = strings.TrimSpace(program)
		return nil
	}
}

// optionError prefixes the advice with the option. The wrapped error is the advice alone, for
// programs whose users don't know the option.
func optionError(option, advice string) error {
	return fmt.Errorf("client.%s: %w", option, errors.New(advice))
}

// companyIDLength is the length of a public key, which consists of letters and digits. A
// private key is longer and begins with pk_.
const companyIDLength = 6

// checkKey validates the form of a private key. The error doesn't contain the key.
func checkKey(key string) error {
	switch {
	case key == "":
		return optionError("New", "the private API key is empty; create one in the Klaviyo account (Settings, API keys)")
	case len(key) == companyIDLength && !strings.ContainsFunc(key, isNotAlphanumeric):
		return optionError("New", "this is the account's public key; give a private one, which begins with pk_ (Settings, API keys)")
	}
	for _, r := range key {
		if r == '"' || r == '\'' {
			return optionError("New", "the private API key contains a quotation mark; give it without any")
		}
		if r <= ' ' || r > '~' {
			return optionError("New", "the private API key contains a space, a line break or another invalid character; copy it again")
		}
	}
	return nil
}

func isNotAlphanumeric(r rune) bool {
	return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
}

// checkCompanyID validates the form of a public key. Above all it rejects a private key,
// since a company id is sent in the open.
func checkCompanyID(id string) error {
	switch {
	case id == "":
		return errors.New("the company id is empty")
	case strings.HasPrefix(id, "pk_"):
		return errors.New("this is a private key, which must stay secret; give the account's public key")
	case !looksLikeName(id):
		return errors.New("the company id contains an invalid character; copy it again")
	}
	return nil
}
