package command

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/internal/config"
	"github.com/rudderklaviyo/rudderklaviyo/internal/delivery"
	"github.com/rudderklaviyo/rudderklaviyo/internal/quota"
	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// clientFlags say how Klaviyo is called.
type clientFlags struct {
	simulate    simulation
	baseURL     string
	concurrency int
	quotaShare  float64
	limits      []string
	bulk        string
}

func (f *clientFlags) register(flags *pflag.FlagSet) {
	registerSimulation(flags, &f.simulate)
	flags.StringVar(&f.baseURL, "base-url", client.DefaultBaseURL, "`URL` of the API; plain HTTP goes only to this machine")
	flags.IntVar(&f.concurrency, "concurrency", delivery.DefaultConcurrency, "`number` of concurrent requests of each operation")
	flags.Float64Var(&f.quotaShare, quotaShareFlag, 1, "`share` of Klaviyo's rate limits to use, such as 0.8, which leaves the rest to other programs")
	flags.StringArrayVar(&f.limits, limitFlag, nil, "rate `limit` that Klaviyo has raised for the account, such as bulk_create_events=20/s,300/m; repeat it for each operation, which plan names")
	flags.StringVar(&f.bulk, "bulk", string(delivery.BulkAuto), "`when` to send events and profiles in bulk calls: auto (if enough are waiting and the revision has such calls) or never")
}

func (f *clientFlags) check() error {
	if f.concurrency < 1 || f.concurrency > maxConcurrency {
		return wrongUsage(fmt.Errorf("--concurrency must be from 1 to %d", maxConcurrency))
	}
	if bulk := delivery.Bulk(f.bulk); bulk != delivery.BulkAuto && bulk != delivery.BulkNever {
		return wrongUsage(fmt.Errorf("--bulk must be %s or %s", delivery.BulkAuto, delivery.BulkNever))
	}
	if err := quota.CheckShare(f.quotaShare); err != nil {
		return wrongUsage(fmt.Errorf("--%s %w", quotaShareFlag, err))
	}
	if _, err := client.New(simulated, client.WithBaseURL(f.baseURL)); err != nil {
		return wrongUsage(fmt.Errorf("--base-url: %w", errors.Unwrap(err)))
	}
	if f.simulate == simulationFast && len(f.limits) > 0 {
		return wrongUsage(fmt.Errorf("--simulate=fast keeps no limits: leave --%s out", limitFlag))
	}
	return nil
}

// of gives the flags for an account of the service, whose own limits go before those of the
// flags.
func (f clientFlags) of(a config.Account) clientFlags {
	f.limits = slices.Concat(f.limits, a.Limits) // the last one of an operation holds
	if a.QuotaShare > 0 {
		f.quotaShare = a.QuotaShare
	}
	return f
}

// server is where the requests go.
func (f *clientFlags) server() string {
	if f.simulate.on() {
		return simulated
	}
	return strings.TrimSuffix(f.baseURL, "/")
}

// transport carries the requests: to Klaviyo, or to the simulation.
func (f *clientFlags) transport(p Program) http.RoundTripper {
	switch {
	case f.simulate.on():
		return f.simulate.transport(f.limits)
	case p.Transport != nil:
		return p.Transport
	}
	return network(f.concurrency)
}

// newClient makes the client that the flags ask for, with a key and for the requests of a
// mapping. The flags and the key are checked before.
func (f *clientFlags) newClient(key string, mapping mapper.Config, transport http.RoundTripper, logger *slog.Logger, more ...client.Option) (*client.Client, error) {
	options := append([]client.Option{
		client.WithBaseURL(f.baseURL),
		client.WithHTTPClient(&http.Client{Transport: transport}),
		client.WithLogger(logger),
		client.WithQuotaShare(f.quotaShare),
	}, more...)
	limits, err := parseLimits(f.limits)
	if err != nil {
		return nil, err
	}
	if f.simulate == simulationFast {
		limits = noLimits()
	}
	for _, l := range limits {
		options = append(options, client.WithLimit(l.Operation, client.CallLimits{PerSecond: l.Burst, PerMinute: l.Steady}))
	}
	if mapping.AllowExternalIDOnly && !mapping.EnforceEmailAsPrimary {
		options = append(options, client.WithExternalIDOnly())
	}
	return client.New(key, options...)
}

// maxConcurrency is far beyond what reaches Klaviyo's limits.
const maxConcurrency = 1000

// network is net/http's transport with a connection for each request under way: the
// mapper's requests are of four operations.
func network(concurrency int) http.RoundTripper {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConns = 4 * concurrency
	transport.MaxIdleConnsPerHost = transport.MaxIdleConns
	return transport
}
