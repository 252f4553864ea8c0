package command

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// TestRowsOfWideCharacters are aligned on a terminal, where お and 🎁 take two columns.
func TestRowsOfWideCharacters(t *testing.T) {
	var got strings.Builder
	colouredRows{
		{columns: []string{"metric/name", `"お茶"`, "event"}},
		{columns: []string{"properties/🎁", `"a"`, "properties.🎁"}},
	}.print(&got, 2, 0)
	want := `  metric/name    "お茶"  event
  properties/🎁  "a"     properties.🎁
`
	if diff := cmp.Diff(want, got.String()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestRowsFitTheTerminal(t *testing.T) {
	rows := colouredRows{
		{columns: []string{"field", "value", "from", "why"}, colour: "<", end: ">"},
		{columns: []string{"email", `"somebody.of.a.long.name@example.com"`, "traits.email", "rule: email, none usable in userEmail, traits.email, context.traits.email"}},
	}
	tests := []struct {
		width int
		want  string
	}{
		{0, `
<  field  value                                  from          why>
  email  "somebody.of.a.long.name@example.com"  traits.email  rule: email, none usable in userEmail, traits.email, context.traits.email
`},
		{110, `
<  field  value                                  from          why>
  email  "somebody.of.a.long.name@example.com"  traits.email  rule: email, none usable in userEmail,
                                                              traits.email, context.traits.email
`},
		{80, `
<  field  value                     from          why>
  email  "somebody.of…xample.com"  traits.email  rule: email, none usable in
                                                 userEmail, traits.email,
                                                 context.traits.email
`},
		{58, `
<  field  value                                from
      why>
  email  "somebody.of.a.lo…name@example.com"  traits.email
      rule: email, none usable in userEmail, traits.email,
      context.traits.email
`},
		{36, `
<  field
      value
      from
      why>
  email
      "somebody.of.a.…e@example.com"
      traits.email
      rule: email, none usable in
      userEmail, traits.email,
      context.traits.email
`},
	}
	for _, tt := range tests {
		var got strings.Builder
		rows.print(&got, 2, tt.width)
		if diff := cmp.Diff(tt.want[1:], got.String()); diff != "" {
			t.Errorf("%d characters (-want +got)\n%s", tt.width, diff)
		}
		for line := range strings.Lines(got.String()) {
			if n := utf8.RuneCountInString(strings.Trim(line, "<>\n")); tt.width > 0 && n > tt.width {
				t.Errorf("%d characters in a line of %d: %s", n, tt.width, line)
			}
		}
	}
	for width := range 30 {
		rows.print(&strings.Builder{}, 2, width) // however narrow
	}
}

// TestNamesAreNotCut has two properties that differ in the middle alone.
func TestNamesAreNotCut(t *testing.T) {
	long := func(middle string) string {
		return "properties/the_name_of_this_one_is_very_long_" + middle + "_and_goes_on_for_quite_some_time"
	}
	rows := colouredRows{
		{columns: []string{long("up"), `"a value that isn't short either, and that takes long"`, long("up"), "custom property: no rule has it"}},
		{columns: []string{long("in"), "2", long("in"), "custom property: no rule has it"}},
	}
	for _, width := range []int{0, 40, 80, 200} {
		var got strings.Builder
		rows.print(&got, 2, width)
		for _, name := range []string{long("up"), long("in")} {
			if strings.Count(got.String(), name) != 2 {
				t.Errorf("%d columns: %s isn't there twice:\n%s", width, name, &got)
			}
		}
		if width == 0 && !strings.Contains(got.String(), rows[0].columns[valueColumn]) {
			t.Errorf("in a pipe a value is cut:\n%s", &got)
		}
	}
}

// TestTwoColumnsFitTheTerminal has a first column that leaves no room beside it.
func TestTwoColumnsFitTheTerminal(t *testing.T) {
	var got strings.Builder
	colouredRows{{columns: []string{"the channel's email or phone number isn't there", "consent, traits.consent"}}}.print(&got, 2, 40)
	want := `  the channel's email or phone
      number isn't there
      consent, traits.consent
`
	if diff := cmp.Diff(want, got.String()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
