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

// DefaultBaseURL is where Klaviyo's API is.
const DefaultBaseURL = "https://a.klaviyo.com"

// Option sets up a [Client].
type Option func(*config) error

type config struct {
	baseURL        *url.URL
	httpClient     http.Client // a copy of the caller's
	logger         *slog.Logger
	retry          RetryPolicy
	externalIDOnly bool
	quotaShare     float64
	granted        grants
	people         int // to remember
	companyID      string
	userAgent      string
	hooks          []AttemptHook
}

func defaultConfig() config {
	return config{
		baseURL: &url.URL{Scheme: "https", Host: strings.TrimPrefix(DefaultBaseURL, "https://")},
		logger:  slog.New(slog.DiscardHandler),
		retry:   RetryPolicy{}.withDefaults(),

		quotaShare: 1,
		granted:    make(grants),
		people:     defaultPeople,
	}
}

// transport is what carries an attempt.
func (c config) transport() http.RoundTripper {
	if c.httpClient.Transport != nil {
		return c.httpClient.Transport
	}
	return defaultTransport()
}

// attemptTimeout is the policy's, or the caller's http.Client's if that is shorter.
func (c config) attemptTimeout() time.Duration {
	if t := c.httpClient.Timeout; t > 0 {
		return min(t, c.retry.AttemptTimeout)
	}
	return c.retry.AttemptTimeout
}

// defaultTransport is net/http's own, with as many idle connections to a single
// server as to all.
var defaultTransport = sync.OnceValue(func() http.RoundTripper {
	t, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return http.DefaultTransport
	}
	t = t.Clone()
	t.MaxIdleConnsPerHost = t.MaxIdleConns
	return t
})

// WithBaseURL sends the requests to another server than [DefaultBaseURL]. The URL
// may have a path, which then precedes the operations' paths, but no user
// information, query or fragment. Plain HTTP goes only to this machine:
// localhost, 127.0.0.0/8 and ::1.
func WithBaseURL(base string) Option {
	return func(c *config) error {
		// The URL itself stays out of the errors: it may hold a password.
		u, err := url.Parse(base)
		switch {
		case err != nil || u.Host == "" || u.Opaque != "":
			return optionError("WithBaseURL", "give an absolute URL, such as "+DefaultBaseURL)
		case u.User != nil:
			return optionError("WithBaseURL", "take the user information out of the URL; the key authenticates")
		case strings.HasSuffix(u.Host, ":"):
			return optionError("WithBaseURL", "give the port, or take the colon off the host")
		case strings.Contains(u.Path, "//") || path.Clean("/"+u.Path) != "/"+strings.Trim(u.Path, "/"):
			return optionError("WithBaseURL", "take //, . and .. out of the path")
		case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
			return optionError("WithBaseURL", "take the query and the fragment out of the URL")
		case u.Scheme != "https" && u.Scheme != "http":
			return optionError("WithBaseURL", "use an https URL")
		case u.Scheme == "http" && !isLoopback(u.Hostname()):
			return optionError("WithBaseURL", "use https: plain http goes only to localhost, 127.0.0.0/8 and ::1")
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

// WithHTTPClient sends the requests with hc: with its Transport, its Jar, and its
// Timeout if that is shorter than [RetryPolicy.AttemptTimeout]. The client is
// copied, not changed. Its CheckRedirect is not asked: Klaviyo's API doesn't
// redirect, and the key must not go elsewhere.
func WithHTTPClient(hc *http.Client) Option {
	return func(c *config) error {
		if hc == nil {
			return optionError("WithHTTPClient", "the client is nil; leave the option out")
		}
		c.httpClient = *hc
		return nil
	}
}

// WithLogger logs attempts at debug level. Of the retries while nothing is answered the first is
// a warning, as is the answer that ends them; the others are at debug level. They come with the
// operation, the status and the times, and why there was no answer; never a body, a
// query or the key.
func WithLogger(logger *slog.Logger) Option {
	return func(c *config) error {
		if logger == nil {
			return optionError("WithLogger", "the logger is nil; leave the option out")
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

// WithExternalIDOnly lets profiles and events through that have neither an email
// nor a phone number but an external id, for accounts that identify people by it.
// Subscriptions need an email or a phone number all the same.
func WithExternalIDOnly() Option {
	return func(c *config) error {
		c.externalIDOnly = true
		return nil
	}
}

// WithQuotaShare keeps each operation within a share of the calls that Klaviyo
// grants it in a second and in a minute, rounded down but at least one call, and
// leaves the rest to the account's other programs. It is above 0 and at most 1,
// which is the default.
func WithQuotaShare(share float64) Option {
	return func(c *config) error {
		if !(share > 0 && share <= 1) { // so that NaN isn't either
			return optionError("WithQuotaShare", "give a share above 0 and at most 1, such as 0.8")
		}
		c.quotaShare = share
		return nil
	}
}

// WithLimit sets how many calls of an operation's endpoint Klaviyo takes from the account
// in a second (burst) and in a minute (steady), where that isn't what the description says:
// Klaviyo has raised the account's limits, or another server has none. The calls of all
// revisions count. Answers that tell the limit of a minute are believed all the same, and a
// limit of a day stays. Both are at least 1.
func WithLimit(op *runtime.Operation, burst, steady int) Option {
	return func(c *config) error {
		switch {
		case op == nil:
			return optionError("WithLimit", "the operation is nil; give one of a generated package, such as klaviyo.OperationCreateEvent")
		case burst < 1 || steady < 1:
			return optionError("WithLimit", "give how many calls may go in a second and in a minute, each 1 at least")
		}
		c.granted[op.Endpoint()] = grant{burst, steady}
		return nil
	}
}

// defaultPeople is how many profiles a Client remembers unless told otherwise.
const defaultPeople = 100_000

// WithProfileMemory sets how many people's profile ids the Client remembers, so
// that a create_profile for one of them takes one call. Those who were written to
// last are kept. A person with email, phone number and external id takes about 200
// bytes, so the default of 100,000 people takes 20 MB; the identifiers themselves are
// not kept. 0 remembers nobody.
func WithProfileMemory(people int) Option {
	return func(c *config) error {
		if people < 0 {
			return optionError("WithProfileMemory", "give the number of people to remember, or 0 for none")
		}
		c.people = people
		return nil
	}
}

// WithCompanyID sets the account's public key, also called its company or site id,
// for the public calls: create_client_event, create_client_profile and
// create_client_subscription. It is no secret.
func WithCompanyID(id string) Option {
	return func(c *config) error {
		if err := checkCompanyID(id); err != nil {
			return optionError("WithCompanyID", err.Error())
		}
		c.companyID = id
		return nil
	}
}

// WithUserAgent names the program that uses the Client, such as acme-sync/1.2, to
// Klaviyo: in the header User-Agent, before the name of this module.
func WithUserAgent(program string) Option {
	return func(c *config) error {
		if strings.TrimSpace(program) == "" || strings.ContainsFunc(program, func(r rune) bool { return r < ' ' || r > '~' }) {
			return optionError("WithUserAgent", "give a name and perhaps a version in ASCII, such as acme-sync/1.2")
		}
		c.userAgent = strings.TrimSpace(program)
		return nil
	}
}

// optionError wraps the advice, for a program whose user doesn't know the option.
func optionError(option, advice string) error {
	return fmt.Errorf("client.%s: %w", option, errors.New(advice))
}

// companyIDLength is that of a public key, in letters and digits. A private key is longer
// and begins with pk_.
const companyIDLength = 6

// checkKey refuses what can't be a key, without showing it.
func checkKey(key string) error {
	switch {
	case key == "":
		return optionError("New", "the private API key is empty; make one in the account (Settings, API keys)")
	case len(key) == companyIDLength && !strings.ContainsFunc(key, isNoLetterOrDigit):
		return optionError("New", "this is the account's public key; give a private one, which begins with pk_ (Settings, API keys)")
	}
	for _, r := range key {
		if r <= ' ' || r > '~' {
			return optionError("New", "the private API key has a space, a line break or another character that no key has; copy it again")
		}
	}
	return nil
}

func isNoLetterOrDigit(r rune) bool {
	return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
}

// checkCompanyID refuses what can't be a public key, a private key above all: a
// company id is sent for all to see.
func checkCompanyID(id string) error {
	switch {
	case id == "":
		return errors.New("the company id is empty")
	case strings.HasPrefix(id, "pk_"):
		return errors.New("this is a private key, which must stay secret; give the account's public key")
	case !looksLikeName(id):
		return errors.New("the company id has a character that none has; copy it again")
	}
	return nil
}
