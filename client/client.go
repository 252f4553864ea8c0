package client

import (
	"log/slog"
	"net/http"
	"net/url"
)

// Client sends requests to Klaviyo. It is safe for concurrent use. Use one Client for each
// account, since Clients don't share their view of the rate limits.
type Client struct {
	baseURL        *url.URL
	logger         *slog.Logger
	chain          http.RoundTripper
	limiters       *limiters
	counters       *counters
	memory         *profileMemory
	externalIDOnly bool
}

// New returns a Client that authenticates with a private API key. By default it sends requests
// to https://a.klaviyo.com, retries with the default [RetryPolicy], and logs nothing. A public
// key (six letters and digits) is an error. The key is used for private calls only. With
// [WithCompanyID], the Client can make public calls too.
func New(key string, opts ...Option) (*Client, error) {
	if err := checkKey(key); err != nil {
		return nil, err
	}
	return newClient(key, opts)
}

// NewPublic returns a Client without a private key, for programs that run on devices of other
// people. It makes the public calls, under /client/, for the account with the company id,
// which is the account's public key of six letters and digits. Public calls are checked,
// rate limited and retried like others. Any other call isn't sent and fails with
// [ErrMissingCredentials].
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
		limiters:       newLimiters(cfg.retry, cfg.quotaShare, cfg.limitOverrides),
		counters:       &counters{},
		memory:         newProfileMemory(cfg.memorySize),
		externalIDOnly: cfg.externalIDOnly,
	}
	c.chain = chain(cfg.transport(), middlewares(key, cfg, c.limiters, c.counters)...)
	return c, nil
}

// middlewares returns the steps that each request passes through from first to last, and its
// response in reverse. The steps after retry run for each attempt.
func middlewares(key string, cfg config, limiters *limiters, counters *counters) []middleware {
	return []middleware{
		checkIdentifiers(cfg.externalIDOnly),
		authorize(key, cfg.companyID, cfg.userAgent),
		retry(cfg.retry, cfg.httpClient, cfg.logger),
		limit(limiters),
		observe(cfg.logger, counters, cfg.hooks),
		maskKey(key),
		limitDuration(cfg.attemptTimeout()),
	}
}

// Stats returns the counters of the Client.
func (c *Client) Stats() Stats { return c.counters.stats() }

// String returns the base URL. Like GoString and LogValue, it doesn't contain the key.
func (c *Client) String() string { return "Klaviyo client of " + c.baseURL.String() }

// GoString returns the same as String.
func (c *Client) GoString() string { return c.String() }

// LogValue returns the same as String.
func (c *Client) LogValue() slog.Value { return slog.StringValue(c.String()) }
