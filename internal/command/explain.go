package command

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/rudderklaviyo/rudderklaviyo/internal/deadletter"
	"github.com/rudderklaviyo/rudderklaviyo/internal/input"
	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// explainFlags are the flags of explain, besides the settings.
type explainFlags struct {
	line, event int
	maxLine     int
	output      string
}

func (f *explainFlags) register(cmd *cobra.Command) {
	addFlags(cmd, eventsGroup, func(flags *pflag.FlagSet) {
		flags.IntVar(&f.line, "line", 0, "line `number` of the event; the default is the first line with an event")
		flags.IntVar(&f.event, "event", 0, "`number` of the event in a line or an array with several")
		registerMaxLine(flags, &f.maxLine)
	})
	addFlags(cmd, resultsGroup, func(flags *pflag.FlagSet) { registerOutput(flags, &f.output, "explanation") })
}

func (p Program) explainCommand() *cobra.Command {
	var settings settings
	var flags explainFlags
	cmd := &cobra.Command{
		Use:   "explain [FILE]",
		Short: "Tell where each field of a request comes from",
		Long: `Explain how one event is mapped. For each field of its requests, explain shows
the value's path in the event and the rule that set it. It also shows what
became a custom property and why, and which values aren't used. It reads a file,
or standard input if there is no file or its name is -, and sends nothing. In a
file of dead letters, it explains the event in the record.

The exit status is 3 if the event can't be sent.`,
		Example: `  rudderklaviyo explain --line 7 events.jsonl
  head -1 events.jsonl | rudderklaviyo explain --output json | jq .unused`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return errors.New("explain reads one FILE, or standard input")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.runExplain(cmd, args, settings, flags)
		},
	}
	settings.register(cmd)
	flags.register(cmd)
	return cmd
}

// explained is an event with its explanation.
type explained struct {
	mapper.Explanation
	at     input.Position
	text   []byte // nil if it is too long
	reason *mapper.Error
	width  int // of the terminal that it is shown on, or 0
}

// explainPrinters give the forms of an explanation by the values of --output.
var explainPrinters = map[string]func(explained, io.Writer, palette) error{
	"table": explained.printTable,
	"json":  func(e explained, w io.Writer, _ palette) error { return e.printJSON(w) },
}

func (p Program) runExplain(cmd *cobra.Command, args []string, settings settings, flags explainFlags) error {
	if explainPrinters[flags.output] == nil {
		return wrongUsage(errors.New("--output must be one of json, table"))
	}
	if given := cmd.Flags().Changed; given("line") && flags.line < 1 || given("event") && flags.event < 1 {
		return wrongUsage(errors.New("--line and --event are counted from 1"))
	}
	m, err := p.loadMapper(cmd, settings)
	if err != nil {
		return err
	}
	source := source{fromLine: max(flags.line, 1), fromEvent: max(flags.event, 1), maxLine: flags.maxLine}
	if err := source.use(args); err != nil {
		return err
	}
	event, err := p.findEvent(cmd, settings, source, flags)
	if err != nil {
		return err
	}
	if letter, err := deadletter.Parse(event.Text); err == nil && letter.Event != nil {
		event.Text = letter.Event
	}
	e := explained{at: event.Position, text: event.Text, reason: tooLong, width: p.stdoutWidth()}
	e.Unused = []mapper.UnusedField{{Why: mapper.WhyUnsendable}}
	if !event.TooLong {
		explanation, err := m.Explain(event.Text)
		e.Explanation, e.reason = explanation, nil
		errors.As(err, &e.reason)
	}
	if err := explainPrinters[flags.output](e, p.Stdout, p.palette()); err != nil {
		return writeError(err)
	}
	if e.reason != nil {
		return &exitError{statusDeadLetters, errors.New("the event can't be sent")}
	}
	return nil
}

// findEvent gives the event that the flags name.
func (p Program) findEvent(cmd *cobra.Command, settings settings, source source, flags explainFlags) (input.Event, error) {
	events, err := source.open(p, source.start(), settings.files()...)
	if err != nil {
		return input.Event{}, err
	}
	defer events.Close()
	event, err := events.Next(cmd.Context())
	for err == nil && flags.line == 0 && flags.event > 1 && event.Event != flags.event {
		event, err = events.Next(cmd.Context())
	}
	file := input.Name(source.files[0])
	switch {
	case errors.Is(err, io.EOF) && flags.line == 0 && flags.event > 1:
		return event, stopped(fmt.Errorf("%s has no list with an event %d", file, flags.event))
	case errors.Is(err, io.EOF) && flags.line == 0:
		return event, stopped(fmt.Errorf("%s has no event", file))
	case err != nil && !errors.Is(err, io.EOF):
		return event, stopped(whyStopped(cmd.Context(), err))
	case err != nil || flags.line > 0 && event.Line != flags.line || flags.event > 1 && event.Event != flags.event:
		return event, stopped(fmt.Errorf("%s has no event at %s", file, strings.TrimSuffix(place(source.start()), ",")))
	}
	return event, nil
}

// printJSON prints what map prints of the event, with the fields and what isn't used.
func (e explained) printJSON(w io.Writer) error {
	object := appendMapped(nil, e.at, e.Result, e.reason)
	var more bytes.Buffer
	encoder := json.NewEncoder(&more)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(struct {
		Fields []mapper.ExplainedField `json:"fields"`
		Unused []mapper.UnusedField    `json:"unused"`
	}{append([]mapper.ExplainedField{}, e.Fields...), append([]mapper.UnusedField{}, e.Unused...)})
	if err != nil {
		return err
	}
	object = append(object[:len(object)-1], ',')
	_, err = w.Write(onOneLine(append(object, more.Bytes()[1:]...), 0))
	return err
}

// palette are the colours of a terminal, or none.
type palette struct{ heading, custom, quiet, bad, end string }

var colours = palette{heading: "\x1b[1m", custom: "\x1b[36m", quiet: "\x1b[2m", bad: "\x1b[31m", end: "\x1b[0m"}

// wantsColours tells whether the user's terminals have colours and the user doesn't mind.
func (p Program) wantsColours() bool { return p.Getenv("NO_COLOR") == "" && p.takesEscapes() }

// palette gives colours if standard output is a terminal that has them and the user doesn't
// mind, see https://no-color.org. An empty NO_COLOR is no wish.
func (p Program) palette() palette {
	if !p.wantsColours() || !p.stdoutIsTerminal() {
		return palette{}
	}
	return colours
}
