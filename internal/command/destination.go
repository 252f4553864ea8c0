package command

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/client/klaviyotest"
	"github.com/rudderklaviyo/rudderklaviyo/internal/config"
	"github.com/rudderklaviyo/rudderklaviyo/internal/delivery"
	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// destinationFlags are the flags of the commands that send, besides the settings.
type destinationFlags struct {
	simulate    bool
	baseURL     string
	output      string
	concurrency int
	quotaShare  float64
	limits      []string
	bulk        string
}

func (f *destinationFlags) register(flags *pflag.FlagSet) {
	flags.BoolVar(&f.simulate, "simulate", false, "deliver to a Klaviyo inside the program, which needs no key")
	flags.StringVar(&f.baseURL, "base-url", client.DefaultBaseURL, "`URL` of the API; plain HTTP goes only to this machine")
	flags.StringVar(&f.output, "output", "table", "`form` of the summary: table or json")
	flags.IntVar(&f.concurrency, "concurrency", delivery.DefaultConcurrency, "`number` of requests of an operation under way at once")
	flags.Float64Var(&f.quotaShare, "quota-share", 1, "`share` of Klaviyo's limits to use, such as 0.8, which leaves the rest to other programs")
	flags.StringArrayVar(&f.limits, limitFlag, nil, "`limit` of an account that Klaviyo has raised, in place of the published one, such as bulk_create_events=20/s,300/m; once for each operation")
	flags.StringVar(&f.bulk, "bulk", string(delivery.BulkAuto), "`when` events and profiles go in calls for many: auto (if enough wait and the revision has such calls) or never")
}

func (f *destinationFlags) check() error {
	if printers[f.output] == nil {
		return wrongUsage(fmt.Errorf("--output is one of %s", strings.Join(slices.Sorted(maps.Keys(printers)), ", ")))
	}
	if f.concurrency < 1 || f.concurrency > maxConcurrency {
		return wrongUsage(fmt.Errorf("--concurrency is from 1 to %d", maxConcurrency))
	}
	if bulk := delivery.Bulk(f.bulk); bulk != delivery.BulkAuto && bulk != delivery.BulkNever {
		return wrongUsage(fmt.Errorf("--bulk is %s or %s", delivery.BulkAuto, delivery.BulkNever))
	}
	if !(f.quotaShare > 0 && f.quotaShare <= 1) {
		return wrongUsage(errors.New("--quota-share is above 0 and at most 1"))
	}
	return nil
}

// simulation stands for a base URL where nothing leaves the program.
const simulation = "simulation"

// server is where the requests go.
func (f *destinationFlags) server() string {
	if f.simulate {
		return simulation
	}
	return strings.TrimSuffix(f.baseURL, "/")
}

// destination is where events go, and how.
type destination struct {
	logger  *slog.Logger
	key     string // or the simulation's
	mapping mapper.Config
	mapper  *mapper.Mapper
	client  *client.Client
}

// newDestination puts together what the settings and the flags ask for.
func (p Program) newDestination(cmd *cobra.Command, settings settings, flags destinationFlags) (*destination, error) {
	if err := flags.check(); err != nil {
		return nil, err
	}
	if err := checkExclusive(cmd, [2]string{"simulate", "base-url"}); err != nil {
		return nil, err
	}
	logger := p.logger(settings)
	cfg, err := p.load(cmd, settings, logger)
	if err != nil {
		return nil, err
	}
	m, err := newMapper(cfg)
	if err != nil {
		return nil, err
	}
	if flags.simulate {
		cfg.PrivateAPIKey = simulation
	}
	granted, err := grantsOf(flags.limits, m.Revision())
	if err != nil {
		return nil, err
	}
	c, err := p.newClient(cfg, flags, granted, logger)
	if err != nil {
		return nil, err
	}
	return &destination{logger: logger, key: cfg.PrivateAPIKey, mapping: cfg.Config, mapper: m, client: c}, nil
}

// newClient makes the client that the flags and the settings ask for.
func (p Program) newClient(cfg config.Config, flags destinationFlags, granted []grant, logger *slog.Logger) (*client.Client, error) {
	transport := p.Transport
	switch {
	case flags.simulate:
		transport = klaviyotest.New(klaviyotest.WithAnyList(), klaviyotest.WithoutRequestLog()).Transport()
	case cfg.PrivateAPIKey == "":
		return nil, wrongUsage(errors.New("there is no private API key: set KLAVIYO_API_KEY, or privateApiKey in the file of --config; --simulate needs none"))
	case transport == nil:
		transport = network(flags.concurrency)
	}
	options := []client.Option{
		client.WithBaseURL(flags.baseURL),
		client.WithHTTPClient(&http.Client{Transport: delivery.Transport(transport)}),
		client.WithLogger(logger),
		client.WithQuotaShare(flags.quotaShare),
	}
	for _, g := range granted {
		options = append(options, client.WithLimit(g.operation, g.burst, g.steady))
	}
	if cfg.AllowExternalIDOnly && !cfg.EnforceEmailAsPrimary {
		options = append(options, client.WithExternalIDOnly())
	}
	// The errors wrap what to do; the names before that are the client's.
	if _, err := client.New(cfg.PrivateAPIKey); err != nil {
		return nil, wrongUsage(fmt.Errorf("%s: %w", p.keySetting(), errors.Unwrap(err)))
	}
	c, err := client.New(cfg.PrivateAPIKey, options...)
	if err != nil { // the other options are checked
		return nil, wrongUsage(fmt.Errorf("--base-url: %w", errors.Unwrap(err)))
	}
	return c, nil
}

// keySetting names the setting that the private key comes from.
func (p Program) keySetting() string {
	if p.Getenv(keyVariable) != "" {
		return keyVariable
	}
	return "privateApiKey"
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
