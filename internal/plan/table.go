package plan

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/rudderklaviyo/rudderklaviyo/internal/input"
	"github.com/rudderklaviyo/rudderklaviyo/internal/problem"
	"github.com/rudderklaviyo/rudderklaviyo/internal/terminal"
)

// The maximum number of metrics of an account, and the number from which a plan warns.
const (
	maxMetrics  = 200
	manyMetrics = 180
)

// shownMetrics is the number of metrics in the table; the JSON has all.
const shownMetrics = 20

// The usual widths of the columns. Longer names widen theirs, unless the terminal is too narrow.
const (
	nameWidth   = len("  ") + 32
	figureWidth = 19
	leastName   = 16
	leastNotes  = 24 // beside the others
	belowIndent = 6
)

// A table gathers rows of a name, a figure and notes, in groups.
type table struct{ rows []row }

// A row without a name separates groups.
type row struct {
	name, figure string
	notes        string
}

func (t *table) row(name, figure string, notes ...string) {
	t.rows = append(t.rows, row{name, figure, strings.Join(notes, ", ")})
}

// group starts a group after a blank line.
func (t *table) group(name, figure string, notes ...string) {
	t.rows = append(t.rows, row{})
	t.row(name, figure, notes...)
}

// write writes the rows for a terminal of a width, or for a pipe if that is 0. In a pipe no
// name is cut.
func (t *table) write(w io.Writer, width int) error {
	names, figures := nameWidth, 0
	for _, r := range t.rows {
		names, figures = max(names, terminal.Columns(r.name)), max(figures, terminal.Columns(r.figure))
	}
	if width == 0 || width >= nameWidth+len(" ")+figureWidth {
		figures = max(figures, figureWidth)
	}
	if width > 0 {
		names = max(leastName, min(names, width-len(" ")-figures))
	}
	for _, r := range t.rows {
		name := r.name
		if width > 0 {
			name = terminal.Fit(name, names)
		}
		line := fmt.Sprintf("%s %*s  ", terminal.Pad(name, names), figures, r.figure)
		if _, err := fmt.Fprintln(w, strings.Join(withNotes(line, r.notes, width), "\n")); err != nil {
			return err
		}
	}
	return nil
}

// withNotes adds notes to a line, below it if a terminal of a width has no room beside it.
func withNotes(line, notes string, width int) []string {
	indent := terminal.Columns(line)
	if room := width - indent; notes == "" || width == 0 || room >= min(leastNotes, terminal.Columns(notes)) {
		lines := terminal.Wrap(notes, max(room, 0))
		lines[0] = strings.TrimRight(line+lines[0], " ")
		for i := range lines[1:] {
			lines[1+i] = strings.Repeat(" ", indent) + lines[1+i]
		}
		return lines
	}
	lines := []string{strings.TrimRight(line, " ")}
	for _, note := range terminal.Wrap(notes, width-belowIndent) {
		lines = append(lines, strings.Repeat(" ", belowIndent)+note)
	}
	return lines
}

// WriteTable writes the plan as a table for a terminal of a width, or for a pipe if that is 0.
func (p *Plan) WriteTable(w io.Writer, width int) error {
	if p.Checkpoint != nil {
		if _, err := fmt.Fprintf(w, "%s\n\n", p.Checkpoint); err != nil {
			return err
		}
	}
	t := new(table)
	takes := ""
	if len(p.Calls) > 0 {
		takes = duration(p.Seconds) + " at Klaviyo's limits" + p.share()
	}
	t.row("events", thousands(p.Events), takes)
	for _, name := range p.TypesByCount() {
		t.row("  "+terminal.OneLine(name), thousands(p.Types[name]))
	}
	p.printProblems(t, "can't be sent", p.Errors)
	p.printProblems(t, "skipped", p.Skipped)
	p.printProblems(t, "warnings", p.Warnings)

	about := thousands(p.People)
	if p.PeopleEstimated {
		about = "about " + about
	}
	t.group("people", about)
	p.printMetrics(t)
	if p.SameSecond.Events > 0 {
		t.group("same metric, person and second", thousands(p.SameSecond.Events), "as an earlier event; they count all the same")
	}
	if p.RepeatedUniqueIDs > 0 {
		t.group("repeated messageIds", thousands(p.RepeatedUniqueIDs), "won't count again")
	}

	var calls Bounds
	for _, c := range p.Calls {
		calls.Least += c.Calls.Least
		calls.Most += c.Calls.Most
	}
	t.group("calls", calls.String())
	for _, c := range p.Calls {
		t.row("  "+string(c.Operation), c.Calls.String(), duration(c.Seconds))
	}
	p.printInput(t)
	return t.write(w, width)
}

func (p *Plan) share() string {
	if p.QuotaShare == 1 {
		return ""
	}
	return fmt.Sprintf(", of which it uses %g %%", p.QuotaShare*100)
}

func (p *Plan) printProblems(t *table, name string, problems []*problem.Problem) {
	total := 0
	for _, p := range problems {
		total += p.Events
	}
	if total == 0 {
		return
	}
	t.group(name, thousands(total))
	for _, p := range problems {
		t.row("  "+p.Code, thousands(p.Events), p.Places())
	}
}

func (p *Plan) printMetrics(t *table) {
	var notes []string
	switch n := len(p.Metrics); {
	case p.MetricsLeftOut > 0:
		notes = []string{fmt.Sprintf("and more; an account has %d at most", maxMetrics)}
	case n > maxMetrics:
		notes = []string{fmt.Sprintf("too many: an account has %d at most", maxMetrics)}
	case n >= manyMetrics:
		notes = []string{fmt.Sprintf("near the %d that an account may have, those it has now among them", maxMetrics)}
	}
	t.group("metrics", thousands(len(p.Metrics)), notes...)
	for _, m := range p.Metrics[:min(len(p.Metrics), shownMetrics)] {
		t.row("  "+terminal.OneLine(m.Name), thousands(m.Events))
	}
	if more := len(p.Metrics) - shownMetrics; more > 0 {
		t.row("  and others", thousands(more), "--output json names them")
	}
}

func (p *Plan) printInput(t *table) {
	if len(p.Forms) == 0 && len(p.Compressed) == 0 {
		return
	}
	t.group("events from", "")
	for _, form := range slices.Sorted(maps.Keys(p.Forms)) {
		t.row("  "+form.Name(), thousands(p.Forms[form]))
	}
	for _, compression := range []input.Compression{input.Gzip, input.Zstd} {
		if n := p.Compressed[compression]; n > 0 {
			t.row("  files of "+string(compression), thousands(n))
		}
	}
}

// TypesByCount returns the types of events, most frequent first.
func (p *Plan) TypesByCount() []string { return byCount(p.Types) }

// byCount returns the names with the highest counts first.
func byCount(counts map[string]int) []string {
	names := slices.Sorted(maps.Keys(counts))
	slices.SortStableFunc(names, func(a, b string) int { return counts[b] - counts[a] })
	return names
}
