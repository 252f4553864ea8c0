package command

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/rudderklaviyo/rudderklaviyo/internal/problem"
	"github.com/rudderklaviyo/rudderklaviyo/internal/terminal"
	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// reasons say to a person why a value is where it is.
var reasons = map[mapper.Why]string{
	mapper.WhyRule:         "rule",
	mapper.WhyCustom:       "custom property: no rule has it",
	mapper.WhyRenamed:      "the metric's own name for it",
	mapper.WhyUnusable:     "custom property: can't be used where it belongs",
	mapper.WhyFlattened:    "flattened",
	mapper.WhyUserID:       "the user id, kept",
	mapper.WhyOtherFirst:   "another came first",
	mapper.WhyOverridden:   "traits have the same name",
	mapper.WhyNameTaken:    "its name is taken",
	mapper.WhyNull:         "null",
	mapper.WhyDecided:      "decided something, and is in no request",
	mapper.WhyNoIdentifier: "the channel's email or phone number isn't there",
	mapper.WhyNoPlace:      "no request has a place for it",
	mapper.WhyUnsendable:   "the event can't be sent",
	mapper.WhySkipped:      "the event is skipped",
}

// skips say to a person why an event is skipped, and name the value that says so.
var skips = map[mapper.SkipReason]struct{ reason, path string }{
	mapper.SkipUnsupportedType: {"only identify, track, screen and group become requests", "type"},
	mapper.SkipFiltered:        {"the settings' eventFilteringOption excludes it by its name", "event"},
	mapper.SkipNotForKlaviyo:   {"its integrations exclude Klaviyo", "integrations"},

	mapper.SkipNotASubscription: {"the group subscribes nobody", ""},
	mapper.SkipAnonymous:        {"it has no email, no phone number and no user id", ""},
	mapper.SkipNotProfiles:      {"its ids aren't both known to be Klaviyo's own", ""},
}

// maxFrom is how many paths are named that a rule read in vain.
const maxFrom = 3

func (e explained) printTable(w io.Writer, colour palette) error {
	var out strings.Builder
	heading := fmt.Sprintf("%s%s%s %s", colour.heading, problem.Place{Line: e.at.Line, Event: e.at.Event}, colour.end, e.Type)
	fmt.Fprintln(&out, strings.TrimRight(heading, " "))
	switch {
	case e.reason != nil:
		e.printFault(&out, colour, "can't be sent", e.reason.Error())
		if e.reason.Code != mapper.CodeInvalidJSON { // such as a name that is there twice
			e.valueRows(e.reason.Field).print(&out, len("  "), e.width)
		}
	case e.Skipped != "":
		e.printFault(&out, palette{}, "skipped", fmt.Sprintf("%s: %s", e.Skipped, skips[e.Skipped].reason))
		e.valueRows(skips[e.Skipped].path).print(&out, len("  "), e.width)
	}
	for _, warning := range e.Warnings {
		e.printFault(&out, colour, "warning", fmt.Sprintf("%s: %s: %s", warning.Code, warning.Field, warning.Message))
	}
	for i, request := range e.Requests {
		op := request.Operation()
		heading := terminal.Wrap(fmt.Sprintf("%s  %s %s", op.ID, op.Method, op.Path), e.width)
		fmt.Fprintf(&out, "\n%s%s%s%s\n", colour.heading, op.ID, colour.end, strings.TrimPrefix(strings.Join(heading, "\n  "), string(op.ID)))
		e.fieldRows(i, request.AppendBody(nil), colour).print(&out, len("  "), e.width)
	}
	if len(e.Unused) > 0 {
		fmt.Fprintf(&out, "\n%snot used%s\n", colour.heading, colour.end)
		e.unusedRows().print(&out, len("  "), e.width)
	}
	_, err := io.WriteString(w, out.String())
	return err
}

// printFault writes what is wrong, on several lines where the terminal is too narrow.
func (e explained) printFault(w io.Writer, colour palette, what, text string) {
	text = strings.Join(terminal.Wrap(what+": "+text, e.width-len("  ")), "\n  ")
	fmt.Fprintf(w, "%s%s%s%s\n", colour.bad, what, colour.end, strings.TrimPrefix(text, what))
}

// valueRows show the value at a dotted path of the event, if there is one.
func (e explained) valueRows(path string) colouredRows {
	value := valueAt(e.text, path)
	if path == "" || value == nil {
		return nil
	}
	text := terminal.OneLine(string(value))
	if e.width > 0 {
		text = terminal.Fit(text, mostValue)
	}
	return colouredRows{{columns: []string{terminal.OneLine(path), text}}}
}

func (e explained) fieldRows(request int, body []byte, colour palette) colouredRows {
	values := newPointedText(body)
	rows := colouredRows{{[]string{"field", "value", "from", "why"}, colour.quiet, colour.end}}
	for _, f := range e.Fields {
		if f.Request != request {
			continue
		}
		field := strings.TrimPrefix(f.Pointer, "/data/attributes/")
		value := terminal.OneLine(string(values.at(f.Pointer)))
		if f.Pointer == "" {
			field, value = "(the request itself)", ""
		}
		reason := why(f)
		if f.Why == mapper.WhyCustom && e.isMappedToo(f.Path) {
			reason = "custom property: mapped, and stays"
		}
		row := colouredRow{columns: []string{terminal.OneLine(field), value, terminal.OneLine(f.Path), reason}, end: colour.end}
		switch f.Why {
		case mapper.WhyCustom, mapper.WhyFlattened:
			row.colour = colour.custom
		case mapper.WhyUnusable:
			row.colour = colour.bad
		}
		rows = append(rows, row)
	}
	return rows
}

// unusedRows are one for each reason. What no request has a place for comes last: that is
// so of much in every event, and the others tell of it more.
func (e explained) unusedRows() (rows colouredRows) {
	var whys []mapper.Why
	paths := make(map[mapper.Why][]string)
	for _, u := range e.Unused {
		if paths[u.Why] == nil {
			whys = append(whys, u.Why)
		}
		path := cmp.Or(terminal.OneLine(u.Path), "all of it")
		if u.Instead != "" {
			path += " (" + terminal.OneLine(u.Instead) + ")"
		}
		paths[u.Why] = append(paths[u.Why], path)
	}
	if i := slices.Index(whys, mapper.WhyNoPlace); i >= 0 {
		whys = append(slices.Delete(whys, i, i+1), mapper.WhyNoPlace)
	}
	for _, why := range whys {
		rows = append(rows, colouredRow{columns: []string{reasons[why], strings.Join(paths[why], ", ")}})
	}
	return rows
}

// isMappedToo tells whether a rule has taken the value at a path, or one within it.
func (e explained) isMappedToo(path string) bool {
	return slices.ContainsFunc(e.Fields, func(f mapper.ExplainedField) bool {
		return f.Why == mapper.WhyRule && (f.Path == path || strings.HasPrefix(f.Path, path+"."))
	})
}

// why names the rule of a field, and where that looked before, or another reason.
func why(f mapper.ExplainedField) string {
	if f.Why != mapper.WhyRule {
		return reasons[f.Why]
	}
	reason := reasons[f.Why] + ": " + f.Rule
	if i := slices.Index(f.From, f.Path); i > 0 {
		reason += ", none usable in " + strings.Join(f.From[:min(i, maxFrom)], ", ")
		if more := i - maxFrom; more > 0 {
			reason += fmt.Sprintf(" and %d more", more)
		}
	}
	return reason
}
