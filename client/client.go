package client

import (
	"log/slog"
	"net/http"
	"net/url"
)

// Client sends requests to Klaviyo. It is safe for concurrent use, and a program
// needs one for each account: two clients don't know of each other's limits.
type Client struct {
	baseURL        *url.URL
	logger         *slog.Logger
	chain          http.RoundTripper
	limiters       *limiters
	counters       *counters
	memory         *profileMemory
	externalIDOnly bool
}

// New makes a Client that authenticates with a private API key. Without options
// it talks to https://a.klaviyo.com, retries as the zero [RetryPolicy] says, and
// logs nothing. A public key, six letters and digits, is refused: only a private one
// makes these calls. The key goes with private calls only; with [WithCompanyID] the Client
// makes the public ones too.
func New(key string, opts ...Option) (*Client, error) {
	if err := checkKey(key); err != nil {
		return nil, err
	}
	return newClient(key, opts)
}

// NewPublic makes a Client without a private key, for programs in the hands of
// others. It makes the public calls, those under /client/, for the account with a
// company id, which is the account's public key of six letters and digits. They are
// checked, limited and retried as others are. Any other call fails with
// [ErrMissingCredentials], and nothing is sent.
func NewPublic(companyID string, opts ...Option) (*Client, error) {
	if err := checkCompanyID(companyID); err != nil {
		return nil, optionError("NewPublic", err.Error())
	}
	withCompanyID := func(c *config) error { c.companyID = companyID; return nil }
	return newClient("", append([]Option{withCompanyID}, opts...))
}

func newClient(key string, opts []Option) (*Client, error) {
	cfg := defaultConfig()
	for _, opt := range opts {
		if err := opt(&cfg); err != nil {
			return nil, err
		}
	}

	c := &Client{
		baseURL:        cfg.baseURL,
		logger:         cfg.logger,
		limiters:       newLimiters(cfg.retry, cfg.quotaShare, cfg.granted),
		counters:       &counters{},
		memory:         newProfileMemory(cfg.people),
		externalIDOnly: cfg.externalIDOnly,
	}
	c.chain = chain(cfg.transport(), links(key, cfg, c.limiters, c.counters)...)
	return c, nil
}

// links are what every request passes on its way out, from top to bottom, and
// its answer on its way back. What stands below retry happens for every attempt.
func links(key string, cfg config, limiters *limiters, counters *counters) []link {
	return []link{
		checkIdentifiers(cfg.externalIDOnly),
		authorize(key, cfg.companyID, cfg.userAgent),
		retry(cfg.retry, cfg.httpClient, cfg.logger),
		limit(limiters),
		observe(cfg.logger, counters, cfg.hooks),
		maskKey(key),
		limitTime(cfg.attemptTimeout()),
	}
}

// Stats tells what the Client has done so far.
func (c *Client) Stats() Stats { return c.counters.stats() }

// String names the server. It doesn't show the key, nor do GoString and LogValue.
func (c *Client) String() string { return "Klaviyo client of " + c.baseURL.String() }

// GoString is String.
func (c *Client) GoString() string { return c.String() }

// LogValue is String.
func (c *Client) LogValue() slog.Value { return slog.StringValue(c.String()) }
