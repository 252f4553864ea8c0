package command

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/rudderklaviyo/rudderklaviyo/internal/checkpoint"
	"github.com/rudderklaviyo/rudderklaviyo/internal/config"
	"github.com/rudderklaviyo/rudderklaviyo/internal/delivery"
	"github.com/rudderklaviyo/rudderklaviyo/internal/input"
	"github.com/rudderklaviyo/rudderklaviyo/internal/plan"
	"github.com/rudderklaviyo/rudderklaviyo/internal/transfer"
	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

func (p Program) planCommand() *cobra.Command {
	var settings settings
	var source source
	var flags sendFlags
	cmd := &cobra.Command{
		Use:   "plan [FILE…]",
		Short: "Tell what send would do",
		Long: `Print what send would do with the same input: the number of profiles, events
and subscriptions, the metrics in the account, the events that can't be sent or
have warnings, the number of API calls, and the time they take. Plan needs no
key, sends nothing and writes no file except --report. It takes the arguments of
send, including --dead-letter, --no-dead-letter and --concurrency, which have no
effect here. With --checkpoint it plans the rest, even while send is running.

Two figures with a dash between them are a range. The lower one applies if all
people are new to Klaviyo and requests are batched as much as possible, the
upper one if all people exist already and each request is sent alone. The time
is at Klaviyo's rate limits; --quota-share and --limit change them.

Errors, skipped events and warnings are counted by code, with the first three
places. docs/troubleshooting.md explains each code. Run explain --line N to see
one event.

The exit status is 3 if there are events that can't be sent.`,
		Example: `  rudderklaviyo plan --config destination.yaml events.jsonl.gz
  rudderklaviyo plan --output json events.jsonl | jq '.metrics[].name'
  rudderklaviyo plan events.jsonl && rudderklaviyo send events.jsonl
  rudderklaviyo plan --checkpoint progress.json events.jsonl`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.runPlan(cmd, args, settings, source, flags)
		},
	}
	settings.register(cmd)
	settings.registerQuiet(cmd)
	addFlags(cmd, eventsGroup, source.register)
	flags.register(cmd, "concurrency", noPreflightFlag, deadLetterFlag, noDeadLetterFlag)
	return cmd
}

// planPrinters gives the forms of a plan by the values of --output.
var planPrinters = map[string]func(Program, *plan.Plan) error{
	"table": func(p Program, planned *plan.Plan) error { return planned.WriteTable(p.Stdout, p.stdoutWidth()) },
	"json":  func(p Program, planned *plan.Plan) error { return planned.WriteJSON(p.Stdout) },
}

func (p Program) runPlan(cmd *cobra.Command, args []string, settings settings, source source, flags sendFlags) error {
	if settings.quiet {
		p.terminal = nil
	}
	if err := flags.checkTogether(cmd); err != nil {
		return err
	}
	if err := flags.check(); err != nil {
		return err
	}
	cfg, err := p.load(cmd, settings, p.logger(settings.log))
	if err != nil {
		return err
	}
	m, err := newMapper(cfg)
	if err != nil {
		return err
	}
	limits, err := parseLimits(flags.limits)
	if err != nil {
		return err
	}
	if err := source.use(args); err != nil {
		return err
	}
	if err := p.checkDistinct(p.deliveryFiles(settings, flags, source.files)...); err != nil {
		return err
	}

	report, err := openReport(cmd, flags.report, cfg.Revision, "", source.files, nil)
	if err != nil {
		return err
	}
	defer report.discard()
	draft := plan.New(source.files, delivery.Bulk(flags.bulk))
	from := source.start()
	if flags.checkpoint != "" {
		saved, err := readCheckpoint(flags, source.files, cfg)
		if err != nil {
			return err
		}
		if saved != nil {
			from = saved.At
			draft.Resume(flags.checkpoint, *saved)
		}
	}
	files := map[input.Compression]int{}
	if !draft.IsComplete() {
		events, err := source.open(p, from)
		if err != nil {
			return err
		}
		defer events.Close()
		at, err := p.addEvents(cmd.Context(), draft, m, events, source.files, from, flags.checkpoint != "")
		if err != nil {
			return stopped(source.stoppedPlan(cmd, at, err))
		}
		source.warnIfShort(p, events)
		files = compressed(events.Files())
	}
	planned := draft.Plan(files, quotaOf(limits, flags.quotaShare))
	planned.Explain(p.explainLine(cmd, source.files))
	if report != nil {
		report.ofPlan(planned)
		if err := report.write(); err != nil {
			return err
		}
	}
	if err := planPrinters[flags.output](p, planned); err != nil {
		return writeError(err)
	}
	if planned.Unsendable > 0 {
		return &exitError{statusDeadLetters, fmt.Errorf("events that can't be sent: %s; to see why:\n  %s", count(planned.Unsendable), planned.Errors[0].Explain)}
	}
	return nil
}

// readCheckpoint gives the checkpoint that the next send goes on by, or nil if there is
// none yet, and leaves it as it is. It returns the errors of send, but for that of the
// key where there is no key.
func readCheckpoint(flags sendFlags, files []string, cfg config.Config) (*checkpoint.Checkpoint, error) {
	sources, err := describeInput(files)
	if err != nil {
		return nil, err
	}
	key := cfg.PrivateAPIKey
	if flags.simulate.on() {
		key = simulated
	}
	settings, err := checkpoint.DescribeSettings(flags.server(), key, cfg.Config)
	if err != nil {
		return nil, stopped(err)
	}
	saved, err := checkpoint.Load(flags.checkpoint)
	if err == nil && saved != nil {
		err = goOnBy(saved, sources, settings, flags.keyToCheck(key))
	}
	if err != nil {
		return nil, checkpointError(flags.checkpoint, err)
	}
	return saved, nil
}

// planPiece is how many events are mapped before they are added to a plan, or fewer that
// are large, so that little waits for that even where a line holds millions.
const planPiece = 1_000

// addEvents adds all events to a draft, or to what else looks at them. If it can't, it tells from where on. A last line
// that isn't whole is left out where the input may grow.
func (p Program) addEvents(ctx context.Context, draft interface{ Add(plan.Event) }, m *mapper.Mapper, events *input.Reader, files []string, from input.Position, mayGrow bool) (at input.Position, err error) {
	progress, end := p.showReading(files, from)
	defer end()
	at = from
	err = pipeline[[]plan.Event]{
		work: func(chunk *input.Chunk, mapped *[]plan.Event) (more bool) {
			clear(*mapped)
			*mapped = (*mapped)[:0]
			size := 0
			for event, ok := chunk.Next(); ok; event, ok = chunk.Next() {
				result, reason := mapEvent(m, event)
				if result.Type == "" && chunk.Unwrap(event) {
					continue
				}
				*mapped = append(*mapped, plan.Event{Event: event, Result: result, Reason: reason})
				size += len(event.Text)
				if len(*mapped) == planPiece || size >= largePortion {
					return true
				}
			}
			return false
		},
		deliver: func(mapped *[]plan.Event) error {
			for _, event := range *mapped {
				if mayGrow && transfer.IsIncomplete(event.Event, len(files)) {
					fmt.Fprintf(p.Stderr, "Warning: line %d of %s is incomplete and has no newline. It is omitted: send stops there, since another program may still be writing it.\n",
						event.Line, input.Name(files[event.File]))
					continue
				}
				draft.Add(event)
				at = event.Next
			}
			progress.events.Add(int64(len(*mapped)))
			return nil
		},
		passed: progress.bytes.Store,
	}.run(ctx, events)
	return at, err
}
