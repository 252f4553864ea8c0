package command

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/client/klaviyotest"
	"github.com/rudderklaviyo/rudderklaviyo/internal/config"
	"github.com/rudderklaviyo/rudderklaviyo/internal/delivery"
	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// sendFlags are the flags that send alone has.
type sendFlags struct {
	simulate    bool
	baseURL     string
	deadLetter  string
	output      string
	concurrency int
}

func (f *sendFlags) register(flags *pflag.FlagSet) {
	flags.BoolVar(&f.simulate, "simulate", false, "deliver to a Klaviyo inside the program, which needs no key")
	flags.StringVar(&f.baseURL, "base-url", client.DefaultBaseURL, "`URL` of the API; plain HTTP goes only to this machine")
	flags.StringVar(&f.deadLetter, "dead-letter", "", "`file` to append the events to that can't be delivered, with the reason")
	flags.StringVar(&f.output, "output", "table", "`form` of the summary: table or json")
	flags.IntVar(&f.concurrency, "concurrency", delivery.DefaultConcurrency, "`number` of requests under way at once")
}

func (f *sendFlags) check() error {
	if printers[f.output] == nil {
		return wrongUsage(fmt.Errorf("--output is one of %s", strings.Join(slices.Sorted(maps.Keys(printers)), ", ")))
	}
	if f.concurrency < 1 {
		return wrongUsage(errors.New("--concurrency is at least 1"))
	}
	return nil
}

func (p Program) sendCommand() *cobra.Command {
	var settings settings
	var source source
	var flags sendFlags
	cmd := &cobra.Command{
		Use:   "send [FILE…]",
		Short: "Send events to Klaviyo",
		Long: `Send delivers events to Klaviyo and prints a summary. It reads the files, or
standard input where there is none or the name is -.

The events of one person are sent in their order. Klaviyo's limits are kept, and
requests that fail for a while are made again. An event that can't be delivered
goes to the file of --dead-letter, one JSON object a line:

  {"line":1,"event":{…},"error":{"code":"…","field":"…","message":"…","status":400,
   "detail":"…","pointer":"…"},"attempts":1}

When the key is refused, Klaviyo can't be reached or the command is interrupted,
it stops and says how to go on. What has been delivered beyond that line is then
sent again, which Klaviyo counts once for each messageId.`,
		Example: `  rudderklaviyo send --simulate events.jsonl
  rudderklaviyo send --config destination.yaml --dead-letter dead.jsonl events.jsonl
  zcat events.jsonl.gz | rudderklaviyo send --output json
  jq -c .event dead.jsonl | rudderklaviyo send`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.runSend(cmd, args, settings, source, flags)
		},
	}
	settings.register(cmd.Flags())
	source.register(cmd.Flags())
	flags.register(cmd.Flags())
	cmd.MarkFlagsMutuallyExclusive("simulate", "base-url")
	return cmd
}

func (p Program) runSend(cmd *cobra.Command, args []string, settings settings, source source, flags sendFlags) error {
	if err := flags.check(); err != nil {
		return err
	}
	logger := p.logger(settings)
	cfg, err := p.load(cmd, settings, logger)
	if err != nil {
		return err
	}
	m, err := newMapper(cfg)
	if err != nil {
		return err
	}
	c, err := p.newClient(cfg, flags, logger)
	if err != nil {
		return err
	}
	lines, err := source.open(p, args, nil)
	if err != nil {
		return err
	}
	defer lines.Close()
	dead, err := p.openDeadLetters(flags.deadLetter, source.files, logger)
	if err != nil {
		return err
	}
	if flags.simulate {
		fmt.Fprintln(p.Stderr, "This is a simulation: nothing leaves the program.")
	}

	defer p.announceStop(cmd.Context())()

	s := &sending{
		mapper: m, client: c, dead: dead, logger: logger,
		queue:    delivery.Start(cmd.Context(), delivery.Config{Sender: c, Reject: dead.reject, Concurrency: flags.concurrency}),
		began:    time.Now(),
		next:     source.start(),
		warnings: map[mapper.Code]int{},
	}
	readErr := s.read(lines)
	report := s.queue.Wait()
	closeErr := dead.close()

	summary := s.summary(report)
	if flags.output == "json" && len(summary.warnings) > 0 {
		logger.Warn("the mapping warned; --log-level info shows the lines", "counts", summary.warnings)
	}
	printErr := writeError(printers[flags.output](summary, p.Stdout))
	switch {
	case report.Undone != nil:
		return source.stoppedAt(cmd, *report.Undone, report.Err)
	case readErr != nil:
		return source.stoppedAt(cmd, s.next, readErr)
	case closeErr != nil:
		return stopped(closeErr)
	case summary.DeadLettered > 0:
		return withDeadLetters(summary.DeadLettered, flags.deadLetter)
	}
	return printErr
}

// announceStop tells a person who interrupts the command that it heard. Its
// result is called at the end.
func (p Program) announceStop(ctx context.Context) func() {
	announced := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(announced)
		fmt.Fprintln(p.Stderr, "Stopping: the requests on their way are finished first. Interrupt again to end at once.")
	})
	return func() {
		if !stop() {
			<-announced
		}
	}
}

func withDeadLetters(n int, file string) error {
	where := "--dead-letter FILE would keep them"
	if file != "" {
		where = "see " + file
	}
	return &exitError{statusDeadLetters, fmt.Errorf("events that could not be delivered: %d; %s", n, where)}
}

// newClient makes the client that the flags and the settings ask for.
func (p Program) newClient(cfg config.Config, flags sendFlags, logger *slog.Logger) (*client.Client, error) {
	transport := p.Transport
	switch {
	case flags.simulate:
		cfg.PrivateAPIKey = "simulation"
		transport = klaviyotest.New(klaviyotest.WithoutRequestLog()).Transport()
	case cfg.PrivateAPIKey == "":
		return nil, wrongUsage(errors.New("there is no private API key: set KLAVIYO_API_KEY, or privateApiKey in the file of --config; --simulate needs none"))
	case transport == nil:
		transport = network(flags.concurrency)
	}
	options := []client.Option{
		client.WithBaseURL(flags.baseURL),
		client.WithHTTPClient(&http.Client{Transport: delivery.Transport(transport)}),
		client.WithLogger(logger),
	}
	if cfg.AllowExternalIDOnly && !cfg.EnforceEmailAsPrimary {
		options = append(options, client.WithExternalIDOnly())
	}
	c, err := client.New(cfg.PrivateAPIKey, options...)
	if err != nil {
		return nil, wrongUsage(err)
	}
	return c, nil
}

// network is net/http's transport with a connection for each request under way.
func network(concurrency int) http.RoundTripper {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConns, transport.MaxIdleConnsPerHost = concurrency, concurrency
	return transport
}
