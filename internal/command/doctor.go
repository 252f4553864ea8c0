package command

import (
	"cmp"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/internal/delivery"
	"github.com/rudderklaviyo/rudderklaviyo/internal/doctor"
	"github.com/rudderklaviyo/rudderklaviyo/internal/terminal"
	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

func (p Program) doctorCommand() *cobra.Command {
	var settings settings
	var source source
	var flags destinationFlags
	var accounts string
	cmd := &cobra.Command{
		Use:   "doctor [FILE…]",
		Short: "Check whether a delivery would work",
		Long: `Check, before anything is sent, whether a delivery would work: the settings and
where each comes from, the key and its account, the scopes, the revision, the
lists, the metrics, the rate limits and the clock. Doctor takes the settings of
send. With FILE, or - for standard input, it also checks what these events need
of the account. It only reads: nothing in the account changes.

Each finding is ✓ (works), ! (works, but look at it, or can't be told) or ✗
(would not work), with what to do. send and replay check the key, the revision
and the list of the settings themselves before they begin.

With --accounts it checks each account of a service: whether all files can be
read, no two accounts share a key or a token, and the same of each as above.

Exit status: 0 if all is well, 3 if there are warnings (!) only, 1 if there is a
failure (✗) or doctor can't run.`,
		Example: `  rudderklaviyo doctor --config destination.yaml
  rudderklaviyo doctor --config destination.yaml events.jsonl.gz
  rudderklaviyo doctor --accounts accounts.yaml
  rudderklaviyo doctor --output json | jq -r '.findings[].text'`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if accounts != "" {
				return p.runDoctorOfAccounts(cmd, args, accounts, settings, flags)
			}
			return p.runDoctor(cmd, args, settings, source, flags)
		},
	}
	settings.register(cmd)
	addFlags(cmd, settingsGroup, func(flags *pflag.FlagSet) {
		flags.StringVar(&accounts, accountsFlag, "", "`file` of accounts, as for serve --config, to check each of them")
	})
	addFlags(cmd, eventsGroup, source.register)
	settings.registerQuiet(cmd)
	flags.register(cmd, "simulate", "concurrency", noPreflightFlag, reportFlag)
	return cmd
}

// reportPrinters gives the forms of a report by the values of --output.
var reportPrinters = map[string]func(Program, doctor.Report) error{
	"table": Program.printReport,
	"json":  func(p Program, r doctor.Report) error { return r.WriteJSON(p.Stdout) },
}

func (p Program) runDoctor(cmd *cobra.Command, args []string, settings settings, source source, flags destinationFlags) error {
	show := reportPrinters[flags.output]
	if err := flags.checkForDoctor(); err != nil {
		return err
	}
	if settings.quiet {
		p.terminal = nil
	}
	subject, m := p.subject(cmd, settings, flags)
	if len(args) > 0 && m != nil {
		if err := source.use(args); err != nil {
			return err
		}
		events, err := source.open(p, source.start(), settings.files()...)
		if err != nil {
			return err
		}
		defer events.Close()
		subject.Events = doctor.NewEvents()
		if at, err := p.addEvents(cmd.Context(), subject.Events, m, events, source.files, source.start(), false); err != nil {
			return stopped(source.stoppedPlan(cmd, at, err))
		}
		source.warnIfShort(p, events)
	}
	facts, err := p.look(cmd, subject, flags, p.logger(settings.log))
	if err != nil {
		return err
	}
	report := doctor.Examine(facts)
	if err := show(p, report); err != nil {
		return writeError(err)
	}
	return statusOf(report)
}

// checkForDoctor checks the flags of doctor.
func (f *destinationFlags) checkForDoctor() error {
	if reportPrinters[f.output] == nil {
		return wrongUsage(fmt.Errorf("--%s must be one of %s", outputFlag, strings.Join(slices.Sorted(maps.Keys(reportPrinters)), ", ")))
	}
	if f.simulate.on() {
		return wrongUsage(fmt.Errorf("doctor examines an account, and --simulate has none"))
	}
	return f.check()
}

// statusOf is the last line and the exit status after some reports.
func statusOf(reports ...doctor.Report) error {
	failures, warnings := 0, 0
	for _, r := range reports {
		failures += r.Count(doctor.Failure)
		warnings += r.Count(doctor.Warning)
	}
	switch {
	case failures > 0:
		return stopped(fmt.Errorf("a delivery would not work: failures: %d, warnings: %d", failures, warnings))
	case warnings > 0:
		return &exitError{statusDeadLetters, fmt.Errorf("no failures; warnings: %d", warnings)}
	}
	return nil
}

// subject is the delivery that the settings ask for, with its mapper. Settings that can't be
// used are a part of it, and the mapper then is nil.
func (p Program) subject(cmd *cobra.Command, settings settings, flags destinationFlags) (doctor.Subject, *mapper.Mapper) {
	loaded, err := p.loadSettings(cmd, settings)
	var m *mapper.Mapper
	if err == nil {
		m, err = newMapper(loaded.Config)
	}
	if key := p.Getenv(keyVariable); key != "" { // also where the file can't be read
		loaded.PrivateAPIKey = key
	}
	s := doctor.Subject{
		Key: loaded.PrivateAPIKey, KeySetting: p.keySetting(),
		Mapping: loaded.Config.Config, Revision: examined(cmp.Or(loaded.Revision, mapper.DefaultRevision())),
		TextWidth: textWidth(p.stdoutWidth(), flags.output),
	}
	if err != nil {
		s.Problems = []error{err}
	}
	if m != nil {
		s.Revision = examined(m.Revision())
	} else if s.Revision.Until == "" { // one that there isn't
		s.Revision = examined(mapper.DefaultRevision())
	}
	s.Bulk = delivery.Bulk(flags.bulk).Gathers(s.Revision.Name)
	for _, setting := range loaded.effectiveIn(cmd) {
		if setting.Source != sourceDefault {
			s.Settings = append(s.Settings, doctor.Setting{Name: setting.Name, Value: setting.text(), Source: setting.origin.String()})
		}
	}
	return s, m
}

// look has doctor read the account, unless there is no key to read it with.
func (p Program) look(cmd *cobra.Command, subject doctor.Subject, flags destinationFlags, logger *slog.Logger) (*doctor.Facts, error) {
	if _, err := client.New(subject.Key); err != nil {
		return doctor.Unread(subject), nil
	}
	c, err := flags.newDoctorsClient(p, subject.Key, logger)
	if err != nil {
		return nil, err
	}
	defer p.terminal.showWaiting("reading the account in Klaviyo")()
	facts := doctor.Look(cmd.Context(), c, subject)
	if cmd.Context().Err() != nil {
		return nil, stopped(errInterrupted)
	}
	return facts, nil
}

// symbols show the outcomes, with the colours of a terminal that has some.
var symbols = map[doctor.Outcome]struct{ text, colour string }{
	doctor.OK:      {"✓", "\x1b[32m"},
	doctor.Warning: {"!", "\x1b[33m"},
	doctor.Failure: {"✗", "\x1b[31m"},
}

// The columns of a name or a value in the table on a terminal.
const (
	mostText   = 60
	leastText  = 16
	besideText = 24 // the symbol, the check's name, and brackets
)

// textWidth is how many columns of a name or a value a report shows on a terminal of a width.
// It is 0 for all of them: in a pipe and in JSON nothing is cut.
func textWidth(width int, output string) int {
	if width == 0 || output == "json" {
		return 0
	}
	return max(leastText, min(mostText, width-besideText))
}

// printReport prints a report as a table.
func (p Program) printReport(r doctor.Report) error {
	return writeReport(p.Stdout, r, p.stdoutWidth(), p.stdoutIsTerminal() && p.wantsColours())
}

// writeReport writes a table of a symbol, the check's name, and the text with the advice below
// it, for a terminal of a width, or for a pipe if that is 0. In a pipe no text is broken.
func writeReport(w io.Writer, r doctor.Report, width int, coloured bool) error {
	names := 0
	for _, f := range r.Findings {
		names = max(names, terminal.Columns(f.Check))
	}
	const between = "  "
	indent := len("✗ ") - len("✗") + 1 + names + len(between)
	room := 0
	if width > 0 {
		room = max(width-indent, 20)
	}
	last := ""
	for _, f := range r.Findings {
		symbol, name := symbols[f.Outcome].text, f.Check
		if coloured {
			symbol = symbols[f.Outcome].colour + symbol + "\x1b[0m"
		}
		if name == last {
			name = ""
		}
		last = f.Check
		lines := terminal.Wrap(f.Text, room)
		if f.Advice != "" {
			for i, line := range terminal.Wrap(f.Advice, max(room-len(between), 0)) {
				if i == 0 {
					lines = append(lines, "→ "+line)
					continue
				}
				lines = append(lines, between+line)
			}
		}
		if _, err := fmt.Fprintf(w, "%s %s%s%s\n", symbol, terminal.Pad(name, names), between,
			strings.Join(lines, "\n"+strings.Repeat(" ", indent))); err != nil {
			return err
		}
	}
	return nil
}
