package command

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/internal/delivery"
	"github.com/rudderklaviyo/rudderklaviyo/internal/report"
	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// destinationFlags are the flags of the commands that send files, besides the settings.
type destinationFlags struct {
	clientFlags
	noPreflight bool
	output      string
	report      string
}

const noPreflightFlag = "no-preflight"

func (f *destinationFlags) register(cmd *cobra.Command, noEffect ...string) {
	addFlags(cmd, klaviyoGroup, f.clientFlags.register, noEffect...)
	addFlags(cmd, klaviyoGroup, func(flags *pflag.FlagSet) {
		flags.BoolVar(&f.noPreflight, noPreflightFlag, false, "don't check the key, the revision and the list before sending")
	}, noEffect...)
	addFlags(cmd, resultsGroup, func(flags *pflag.FlagSet) { registerOutput(flags, &f.output, "summary") })
	addFlags(cmd, resultsGroup, func(flags *pflag.FlagSet) {
		flags.StringVar(&f.report, reportFlag, "", "`file` to write an HTML report to")
	}, noEffect...)
}

// registerOutput is for commands whose results a person or a program reads.
func registerOutput(flags *pflag.FlagSet, form *string, what string) {
	flags.StringVar(form, outputFlag, "table", "`format` of the "+what+": table or json")
}

const outputFlag = "output"

func (f *destinationFlags) check() error {
	if printers[f.output] == nil {
		return wrongUsage(fmt.Errorf("--output must be one of %s", strings.Join(slices.Sorted(maps.Keys(printers)), ", ")))
	}
	return f.clientFlags.check()
}

// destination is where events go, and how.
type destination struct {
	logger  *slog.Logger
	key     string // or the simulation's
	mapping mapper.Config
	mapper  *mapper.Mapper
	client  *client.Client

	simulation simulation // or none
	recorder   *report.Recorder
	made       *made
}

// newDestination puts together what the settings and the flags ask for.
func (p Program) newDestination(cmd *cobra.Command, settings settings, flags destinationFlags) (*destination, error) {
	if err := flags.check(); err != nil {
		return nil, err
	}
	if err := checkExclusive(cmd, [2]string{"simulate", "base-url"}); err != nil {
		return nil, err
	}
	logger := p.logger(settings.log)
	cfg, err := p.load(cmd, settings, logger)
	if err != nil {
		return nil, err
	}
	m, err := newMapper(cfg)
	if err != nil {
		return nil, err
	}
	if flags.simulate.on() {
		cfg.PrivateAPIKey = simulated
	}
	if err := p.checkKey(cfg.PrivateAPIKey); err != nil {
		return nil, err
	}
	if p.LimitMemory != nil && delivery.Bulk(flags.bulk).Gathers(cmp.Or(cfg.Revision, mapper.DefaultRevision())) {
		p.LimitMemory(bulkMemoryLimit)
	}
	recorder, calls := report.NewRecorder(time.Now()), new(made)
	more := []client.Option{client.WithAttemptHook(calls.attempt)}
	if flags.report != "" {
		more = append(more, client.WithAttemptHook(recorder.Attempt))
	}
	c, err := flags.newClient(cfg.PrivateAPIKey, cfg.Config, delivery.Transport(flags.transport(p)), logger, more...)
	if err != nil {
		return nil, err
	}
	return &destination{logger: logger, key: cfg.PrivateAPIKey, mapping: cfg.Config, mapper: m, client: c, simulation: flags.simulate, recorder: recorder, made: calls}, nil
}

// notice is what has to be known of a run, or empty.
func (d *destination) notice() string {
	if d.simulation.on() {
		return d.simulation.notice()
	}
	return ""
}

// checkKey refuses a key that can't be one, and says which setting it comes from.
func (p Program) checkKey(key string) error {
	if key == "" {
		return wrongUsage(errors.New("there is no private API key: set KLAVIYO_API_KEY, or privateApiKey in the file of --config; --simulate needs none"))
	}
	if _, err := client.New(key); err != nil {
		return wrongUsage(fmt.Errorf("%s: %w", p.keySetting(), errors.Unwrap(err)))
	}
	return nil
}

// keySetting names the setting that the private key comes from.
func (p Program) keySetting() string {
	if p.Getenv(keyVariable) != "" {
		return keyVariable
	}
	return "privateApiKey"
}
