package command

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"

	"github.com/rudderklaviyo/rudderklaviyo/internal/input"
	"github.com/rudderklaviyo/rudderklaviyo/internal/terminal"
	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// summary is what became of the events. Those of earlier runs count; their requests,
// time, skips by reason and warnings don't. The table and the last lines are made of
// what the JSON has, and of nothing else.
type summary struct {
	Events       int     `json:"events"`
	Delivered    int     `json:"delivered"`
	Skipped      int     `json:"skipped"`
	DeadLettered int     `json:"dead_lettered"` // could not be delivered, and are in the file
	Failed       int     `json:"failed"`        // could not be delivered, and are in the log alone
	NotDone      int     `json:"not_done"`      // were read, and are left to the next run
	Requests     int64   `json:"requests"`
	Retries      int64   `json:"retries"`
	RateLimited  int64   `json:"rate_limited"`
	Seconds      float64 `json:"seconds"`

	// Simulation is limits or fast, or left out where it was Klaviyo.
	Simulation simulation `json:"simulation,omitempty"`

	// Earlier is how many of the events earlier runs dealt with.
	Earlier int `json:"earlier_events,omitempty"`
	// Forms counts the events of this run by the form they were found in, and
	// Compressed the files by how they are compressed. JSON leaves them out where there
	// is nothing but plain JSON Lines.
	Forms      input.Forms               `json:"forms,omitempty"`
	Compressed map[input.Compression]int `json:"compressed,omitempty"`
	Skips      map[mapper.SkipReason]int `json:"skips,omitempty"`
	Warnings   map[string]int            `json:"warnings,omitempty"` // by code
	// Problems are the events of this run that weren't delivered, were skipped or have a
	// warning, by code, with the first places and the command that explains the first.
	Problems *problems `json:"problems,omitempty"`
	// DeadLetterFile is empty where there is none.
	DeadLetterFile string `json:"dead_letter_file,omitempty"`
	// ReplayCommand sends its events again, with the settings of this run. It is left out if
	// there are none.
	ReplayCommand string `json:"replay_command,omitempty"`
	Stopped       *stop  `json:"stopped,omitempty"`
}

// printers gives the forms of a summary by the values of --output.
var printers = map[string]func(summary, io.Writer) error{
	"table": summary.printTable,
	"json":  summary.printJSON,
}

func (s summary) printJSON(w io.Writer) error {
	s.Forms = s.Forms.Remarkable()
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false) // a command is there to be copied
	return encoder.Encode(s)
}

func (s summary) printTable(w io.Writer) error {
	rows := []figure{{"events", count(s.Events), ""}}
	if s.Earlier > 0 {
		rows = append(rows, figure{"of them in earlier runs", count(s.Earlier), ""})
	}
	rows = append(rows, figure{"delivered", count(s.Delivered), ""}, figure{"skipped", count(s.Skipped), ""})
	if s.DeadLettered > 0 || s.DeadLetterFile != "" {
		rows = append(rows, figure{"dead-lettered", count(s.DeadLettered), ""})
	}
	if s.Failed > 0 || s.DeadLetterFile == "" {
		rows = append(rows, figure{"failed", count(s.Failed), ""})
	}
	if s.NotDone > 0 {
		rows = append(rows, figure{"not done", count(s.NotDone), ""})
	}
	rows = append(rows,
		figure{"requests", count(s.Requests), ""},
		figure{"retries", count(s.Retries), ""},
		figure{"rate limited", count(s.RateLimited), ""},
		figure{"seconds", humanize.FormatFloat("#,###.#", s.Seconds), ""},
	)
	if s.Simulation.on() {
		rows = append(rows, figure{"simulation", string(s.Simulation), ""})
	}
	for _, form := range slices.Sorted(maps.Keys(s.Forms)) {
		rows = append(rows, figure{"events from " + form.Name(), count(s.Forms[form]), ""})
	}
	for _, compression := range slices.Sorted(maps.Keys(s.Compressed)) {
		rows = append(rows, figure{"files of " + string(compression), count(s.Compressed[compression]), ""})
	}
	if s.Earlier > 0 && s.Problems != nil {
		rows = append(rows, figure{name: "In this run:"})
	}
	for _, group := range s.Problems.groups() {
		for _, p := range group.problems {
			rows = append(rows, figure{group.name + " " + p.Code, count(p.Events), p.Places()})
		}
	}
	if err := printFigures(w, rows); err != nil {
		return err
	}
	if example := s.Problems.example(); example != "" {
		_, err := fmt.Fprintf(w, "To see why:\n  %s\n", example)
		return err
	}
	return nil
}

// figure is a row of a summary.
type figure struct{ name, value, note string }

// printFigures aligns the figures behind the longest name.
func printFigures(w io.Writer, rows []figure) error {
	names, values := 0, 0
	for _, r := range rows {
		names, values = max(names, terminal.Columns(r.name)), max(values, terminal.Columns(r.value))
	}
	for _, r := range rows {
		line := fmt.Sprintf("%s  %*s  %s", terminal.Pad(r.name, names), values, r.value, r.note)
		if _, err := fmt.Fprintln(w, strings.TrimRight(line, " ")); err != nil {
			return err
		}
	}
	return nil
}

// count is a number for a person.
func count[N int | int64](n N) string { return humanize.Comma(int64(n)) }

// err is the error that a command ends with, whose text is the last lines.
func (s summary) err() error {
	if s.Stopped != nil {
		return stopped(s.Stopped)
	}
	var lines []error
	if s.DeadLettered > 0 {
		where := "by an earlier run"
		if s.DeadLetterFile != "" {
			where = fmt.Sprintf("see %s. Fix the cause, and send them again:\n  %s", input.Name(s.DeadLetterFile), s.ReplayCommand)
		}
		lines = append(lines, fmt.Errorf("events dead-lettered: %s; %s", count(s.DeadLettered), where))
	}
	if s.Failed > 0 {
		lines = append(lines, fmt.Errorf("events failed: %s; nothing keeps them; --%s FILE would", count(s.Failed), deadLetterFlag))
	}
	if len(lines) == 0 {
		return nil
	}
	return &exitError{statusDeadLetters, errors.Join(lines...)}
}

// end prints the summary, writes the report, and gives the error that the command ends with.
func (p Program) end(s *sending, stop *stop, form string) error {
	sum := s.summary(stop)
	printErr := writeError(printers[form](sum, p.Stdout))
	var reportErr error
	if s.report != nil {
		s.report.ofSummary(sum)
		reportErr = s.report.write()
	}
	err := sum.err()
	switch {
	case reportErr != nil && stop == nil: // what follows isn't why the command failed
		return stopped(errors.Join(reportErr, err))
	case reportErr != nil:
		return errors.Join(err, reportErr)
	case err != nil:
		return err
	}
	return printErr
}

// compressed leaves out the files that aren't.
func compressed(files map[input.Compression]int) map[input.Compression]int {
	files = maps.Clone(files)
	delete(files, input.Uncompressed)
	return files
}
