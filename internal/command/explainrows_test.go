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
	}.print(&got, 0)
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
  email  "somebody.of.a.long.nam…  traits.email  rule: email, none usable in
                                                 userEmail, traits.email,
                                                 context.traits.email
`},
		{58, `
<  field  value                                from
      why>
  email  "somebody.of.a.long.name@example.c…  traits.email
      rule: email, none usable in userEmail, traits.email,
      context.traits.email
`},
	}
	for _, tt := range tests {
		var got strings.Builder
		rows.print(&got, tt.width)
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
		rows.print(&strings.Builder{}, width) // however narrow
	}
}
