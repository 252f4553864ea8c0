package command

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/rudderklaviyo/rudderklaviyo/internal/input"
)

func (p Program) planCommand() *cobra.Command {
	var settings settings
	var source source
	var flags sendFlags
	cmd := &cobra.Command{
		Use:   "plan [FILE…]",
		Short: "Tell what send would do",
		Long: `Plan reads what send would read and tells what would be sent: how much of what, which
metrics the account gets, what can't be sent or is sent otherwise than it was meant,
how many calls that takes and how long. It needs no key and sends nothing. It takes
the arguments of send; those that are about the delivery alone have no effect.

Two figures with a dash between them are bounds. The lower one is where the people are
new to Klaviyo and everything joins one call that can, the upper one where they are
there already and each request goes alone. The time is at Klaviyo's limits, or the
share of them that --quota-share gives.

The exit status is 3 if there are events that can't be sent.`,
		Example: `  rudderklaviyo plan --config destination.yaml events.jsonl.gz
  rudderklaviyo plan --output json events.jsonl | jq '.metrics[].name'
  rudderklaviyo plan events.jsonl && rudderklaviyo send events.jsonl`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.runPlan(cmd, args, settings, source, flags)
		},
	}
	settings.register(cmd.Flags())
	source.register(cmd.Flags())
	flags.register(cmd.Flags())
	return cmd
}

// planPrinters gives the forms of a plan by the values of --output.
var planPrinters = map[string]func(*plan, io.Writer) error{
	"table": (*plan).printTable,
	"json":  func(plan *plan, w io.Writer) error { return json.NewEncoder(w).Encode(plan) },
}

func (p Program) runPlan(cmd *cobra.Command, args []string, settings settings, source source, flags sendFlags) error {
	if err := flags.check(); err != nil {
		return err
	}
	m, err := p.loadMapper(cmd, settings)
	if err != nil {
		return err
	}
	if err := source.use(args); err != nil {
		return err
	}
	events, err := source.open(p, source.start(), settings.files()...)
	if err != nil {
		return err
	}
	defer events.Close()

	planning := newPlanning(source.files)
	at := source.start()
	err = pipeline[[]mappedEvent]{
		work: func(chunk *input.Chunk, mapped *[]mappedEvent) bool {
			clear(*mapped)
			*mapped = (*mapped)[:0]
			for event, ok := chunk.Next(); ok; event, ok = chunk.Next() {
				result, reason := mapEvent(m, event)
				if result.Type == "" && chunk.Unwrap(event) {
					continue
				}
				*mapped = append(*mapped, mappedEvent{event, result, reason})
			}
			return false
		},
		deliver: func(mapped *[]mappedEvent) error {
			for _, event := range *mapped {
				planning.add(event)
				at = event.Next
			}
			return nil
		},
	}.run(cmd.Context(), events)
	if err != nil {
		return source.stoppedAt(cmd, at, err)
	}
	source.warnIfShort(p, events)
	plan := planning.plan(events.Files(), flags.quotaShare)
	if err := planPrinters[flags.output](plan, p.Stdout); err != nil {
		return writeError(err)
	}
	if plan.Unsendable > 0 {
		return &exitError{statusDeadLetters, fmt.Errorf("events that can't be sent: %d", plan.Unsendable)}
	}
	return nil
}
