package command

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/internal/input"
)

// What an account may have of metrics, and from where on a plan warns.
const (
	maxMetrics  = 200
	manyMetrics = 180
)

// shownMetrics is how many metrics the table shows; the others are in the JSON.
const shownMetrics = 20

// table writes rows of a name, a figure and a note, in groups.
type table struct {
	w   io.Writer
	err error
}

func (t *table) row(name, figure string, notes ...string) {
	if t.err == nil {
		line := fmt.Sprintf("%-34s %19s  %s", name, figure, strings.Join(notes, ", "))
		_, t.err = fmt.Fprintln(t.w, strings.TrimRight(line, " "))
	}
}

// group begins a group, which is set off from the one before.
func (t *table) group(name, figure string, notes ...string) {
	if t.err == nil {
		_, t.err = fmt.Fprintln(t.w)
	}
	t.row(name, figure, notes...)
}

func (p *plan) printTable(w io.Writer) error {
	t := &table{w: w}
	takes := ""
	if len(p.Calls) > 0 {
		takes = duration(p.Seconds) + " at Klaviyo's limits" + p.share()
	}
	t.row("events", thousands(p.Events), takes)
	for _, name := range byCount(p.Types) {
		t.row("  "+shorten(name), thousands(p.Types[name]))
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
		t.group("same metric, person and second", thousands(p.SameSecond.Events), "count apart by their messageId")
		if n := p.SameSecond.WithoutUniqueID; n > 0 {
			t.row("  without a messageId", thousands(n), "won't count")
		}
	}
	if p.RepeatedUniqueIDs > 0 {
		t.group("repeated messageIds", thousands(p.RepeatedUniqueIDs), "won't count again")
	}

	var calls bounds
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

func (p *plan) share() string {
	if p.QuotaShare == 1 {
		return ""
	}
	return fmt.Sprintf(", of which it uses %g %%", p.QuotaShare*100)
}

func (p *plan) printProblems(t *table, name string, problems []*problem) {
	total := 0
	for _, problem := range problems {
		total += problem.Events
	}
	if total == 0 {
		return
	}
	t.group(name, thousands(total))
	for _, problem := range problems {
		places := make([]string, len(problem.First))
		for i, place := range problem.First {
			places[i] = place.String()
		}
		if problem.Events > len(places) {
			places = append(places, "…")
		}
		t.row("  "+problem.Code, thousands(problem.Events), places...)
	}
}

func (p *plan) printMetrics(t *table) {
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
		t.row("  "+shorten(m.Name), thousands(m.Events))
	}
	if more := len(p.Metrics) - shownMetrics; more > 0 {
		t.row("  and others", thousands(more), "--output json names them")
	}
}

func (p *plan) printInput(t *table) {
	if p.Forms.remarkable() == nil && len(p.Compressed) == 0 {
		return
	}
	t.group("read from", "")
	for _, form := range slices.Sorted(maps.Keys(p.Forms)) {
		t.row("  "+formNames[form], thousands(p.Forms[form]))
	}
	for _, compression := range []input.Compression{input.Gzip, input.Zstd} {
		if n := p.Compressed[compression]; n > 0 {
			t.row("  files of "+string(compression), thousands(n))
		}
	}
}

func (p eventPlace) String() string {
	place := "line " + strconv.Itoa(p.Line)
	if p.Event > 0 {
		place += " event " + strconv.Itoa(p.Event)
	}
	if p.File != "" {
		place = p.File + " " + place
	}
	return place
}

// byCount gives the names with the highest counts first.
func byCount(counts map[string]int) []string {
	names := slices.Sorted(maps.Keys(counts))
	slices.SortStableFunc(names, func(a, b string) int { return counts[b] - counts[a] })
	return names
}

func (b bounds) String() string {
	if b.Least == b.Most {
		return thousands(b.Least)
	}
	return thousands(b.Least) + " – " + thousands(b.Most)
}

// thousands writes a number with a comma between its thousands.
func thousands(n int) string {
	digits := strconv.Itoa(n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// duration writes a time for a person, rounded up.
func duration(seconds bounds) string {
	least, most := inWords(seconds.Least), inWords(seconds.Most)
	if least == most {
		return least
	}
	return least + " – " + most
}

func inWords(seconds int) string {
	d := time.Duration(seconds) * time.Second
	minutes := int((d + time.Minute - 1) / time.Minute)
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", max(seconds, 1))
	case minutes < 60:
		return fmt.Sprintf("%d min", minutes)
	}
	return fmt.Sprintf("%d h %d min", minutes/60, minutes%60)
}
