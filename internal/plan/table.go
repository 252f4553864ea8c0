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

// nameWidth is the maximum width of a name in the table, in columns.
const nameWidth = 32

// A table writes rows of a name, a figure and notes, in groups.
type table struct {
	w   io.Writer
	err error
}

func (t *table) row(name, figure string, notes ...string) {
	if t.err == nil {
		line := fmt.Sprintf("%s %19s  %s", terminal.Pad(name, len("  ")+nameWidth), figure, strings.Join(notes, ", "))
		_, t.err = fmt.Fprintln(t.w, strings.TrimRight(line, " "))
	}
}

// group starts a group after a blank line.
func (t *table) group(name, figure string, notes ...string) {
	if t.err == nil {
		_, t.err = fmt.Fprintln(t.w)
	}
	t.row(name, figure, notes...)
}

// remark writes a remark about what follows.
func (t *table) remark(text string) { _, t.err = fmt.Fprintf(t.w, "%s\n\n", text) }

// WriteTable writes the plan as a table.
func (p *Plan) WriteTable(w io.Writer) error {
	t := &table{w: w}
	if p.Checkpoint != nil {
		t.remark(p.Checkpoint.String())
	}
	takes := ""
	if len(p.Calls) > 0 {
		takes = duration(p.Seconds) + " at Klaviyo's limits" + p.share()
	}
	t.row("events", thousands(p.Events), takes)
	for _, name := range p.TypesByCount() {
		t.row("  "+terminal.Fit(name, nameWidth), thousands(p.Types[name]))
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
	return t.err
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
		t.row("  "+terminal.Fit(m.Name, nameWidth), thousands(m.Events))
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
