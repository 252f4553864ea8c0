package command

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

const eventToExplain = `{"type":"track","event":"Product Added","userId":7,"messageId":"m1","traits":{"email":"ann@example.com","phone":"12","plan":"<gold>"},` +
	`"context":{"ip":"192.0.2.1","page":{},"traits":{"email":"ben@example.com"}},"properties":{"sku":"G-32","gift":true,"note":null,"long":"` + "x\u009b" + `"}}`

func TestExplain(t *testing.T) {
	r := setup{stdin: strings.NewReader(eventToExplain)}.run(t, "explain")
	r.want(t, statusDone)
	want := `line 1 track
warning: invalid_phone: traits.phone: invalid phone number: it has no country calling code, and its country isn't known; start it with +, or add a country to the traits or defaultCountry to the config; kept as a custom property

create_event  POST /api/events/
  field                    value              from             why
  metric/name              "Added to Cart"    event            rule: metric
  profile/$email           "ann@example.com"  traits.email     rule: email
  profile/$id              "7"                userId           rule: external id
  profile/phone            "12"               traits.phone     custom property: can't be used where it belongs
  profile/plan             "<gold>"           traits.plan      custom property: no rule has it
  properties/AddedItemSKU  "G-32"             properties.sku   the metric's own name for it
  properties/gift          true               properties.gift  custom property: no rule has it
  properties/note          null               properties.note  custom property: no rule has it
  properties/long          "x·"               properties.long  custom property: no rule has it
  unique_id                "m1"               messageId        rule: unique_id

not used
  another came first             context.traits.email (traits.email)
  no request has a place for it  context.ip, context.page
`
	if diff := cmp.Diff(want, r.stdout); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestExplainNamesWhereARuleLookedBefore has two values further back in their rules: the
// paths before them are what somebody may mend, those behind them are not.
func TestExplainNamesWhereARuleLookedBefore(t *testing.T) {
	event := `{"type":"identify","userId":"7","traits":{"address":{"region":"CA"}},"properties":{"email":"ann@example.com","zip":"1"}}`
	r := setup{stdin: strings.NewReader(event)}.run(t, "explain")
	r.want(t, statusDone)
	for _, want := range []string{
		"rule: location.region, none usable in traits.region, traits.province\n",
		"rule: email, none usable in traits.email, context.traits.email\n",
		"rule: external id\n",
	} {
		if !strings.Contains(r.stdout, want) {
			t.Errorf("%q isn't there:\n%s", want, r.stdout)
		}
	}
}

// TestExplainNamesFewOfManyPaths has a rule that read more paths in vain than a line holds.
func TestExplainNamesFewOfManyPaths(t *testing.T) {
	f := mapper.ExplainedField{Why: mapper.WhyRule, Rule: "email", Path: "f", From: []string{"a", "b", "c", "d", "e", "f", "g"}}
	if got, want := why(f), "rule: email, none usable in a, b, c and 2 more"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	f.Path = "d"
	if got, want := why(f), "rule: email, none usable in a, b, c"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestExplainTellsOfTraitsThatStay(t *testing.T) {
	event := `{"type":"identify","traits":{"email":"ann@example.com","state":"CA","address":{"street":"4 Example Mews"},"plan":"gold"}}`
	r := setup{stdin: strings.NewReader(event)}.run(t, "explain")
	r.want(t, statusDone)
	for _, want := range []string{
		"traits.state           custom property: mapped, and stays",
		"traits.address         custom property: mapped, and stays",
		"custom property: no rule has it",
	} {
		if strings.Count(r.stdout, want) != 1 {
			t.Errorf("%q isn't there once:\n%s", want, r.stdout)
		}
	}
}

func TestExplainAsJSON(t *testing.T) {
	events := write(t, "events.jsonl", lines(`{"type":"page"}`, `{"batch":[`+eventToExplain+`,{"type":"track"}]}`))
	mapped := setup{}.run(t, "map", "--from-line=2", events).stdout
	r := setup{}.run(t, "explain", "--line=2", "--event=1", "--output=json", events)
	r.want(t, statusDone)
	begin, _, _ := strings.Cut(mapped, "\n")
	if !strings.HasPrefix(r.stdout, strings.TrimSuffix(begin, "}")+`,"fields":[{"request":0,"pointer":"/data/attributes/metric/name","path":"event","rule":"metric",`) {
		t.Errorf("the output differs from the beginning of that of map:\n%s\n%s", begin, r.stdout)
	}
	var got struct {
		Unused []struct{ Path, Why, Instead string }
	}
	if err := json.Unmarshal([]byte(r.stdout), &got); err != nil || strings.Count(r.stdout, "\n") != 1 {
		t.Fatalf("%v in %s", err, r.stdout)
	}
	if len(got.Unused) != 3 || got.Unused[2].Instead != "traits.email" {
		t.Errorf("unused %v", got.Unused)
	}
}

func TestExplainOfOtherEvents(t *testing.T) {
	events := write(t, "events.jsonl", lines("", `{"type":"page"}`, `[{"type":"page"},{"type":"track","userId":"7"}]`, "nonsense"))
	tests := []struct {
		args   []string
		status int
		want   string
	}{
		{nil, statusDone, "line 2 page\nskipped: unsupported_type"},
		{[]string{"--line=3", "--event=2"}, statusDeadLetters, "line 3 event 2 track\ncan't be sent: missing_identifier"},
		{[]string{"--event=2"}, statusDeadLetters, "line 3 event 2 track\n"},
		{[]string{"--event=3"}, statusStopped, "has no list with an event 3"},
		{[]string{"--line=4"}, statusDeadLetters, "line 4\ncan't be sent: invalid_json"},
		{[]string{"--line=1"}, statusStopped, "has no event at line 1"},
		{[]string{"--line=5"}, statusStopped, "has no event at line 5"},
		{[]string{"--line=3", "--event=3"}, statusStopped, "has no event at line 3, event 3\n"},
		{[]string{"--line=-1"}, statusUsage, "counted from 1"},
		{[]string{"--line=0"}, statusUsage, "counted from 1"},
		{[]string{"--event=0"}, statusUsage, "counted from 1"},
		{[]string{"--max-line-bytes=10"}, statusDeadLetters, "line_too_long"},
		{[]string{"--max-line-bytes=0"}, statusUsage, "--max-line-bytes must be a number of bytes"},
		{[]string{"--output=xml"}, statusUsage, "--output"},
		{[]string{events}, statusUsage, "reads one FILE"},
	}
	for _, tt := range tests {
		r := setup{}.run(t, append([]string{"explain", events}, tt.args...)...)
		if r.want(t, tt.status); !strings.Contains(r.stdout+r.stderr, tt.want) {
			t.Errorf("%v: %s%s, want %q", tt.args, r.stdout, r.stderr, tt.want)
		}
	}
	setup{stdin: strings.NewReader("\n")}.run(t, "explain").want(t, statusStopped, "standard input has no event")
}

// TestInterruptedExplain waits for an event that doesn't come.
func TestInterruptedExplain(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	stdin, w := io.Pipe()
	defer w.Close()
	setup{ctx: ctx, stdin: stdin}.run(t, "explain").want(t, statusStopped, "rudderklaviyo: interrupted\n")
}

// TestExplainOfEventsWithoutRequests shows the reason with the value behind it, and nothing
// that looks as if it were sent.
func TestExplainOfEventsWithoutRequests(t *testing.T) {
	const unsent, skipped = "\nnot used\n  the event can't be sent  all of it\n", "\nnot used\n  the event is skipped  all of it\n"
	properties := `"p":0`
	for i := range 300 {
		properties += fmt.Sprintf(`,"p%d":%[1]d`, i)
	}
	config := write(t, "config.yaml", "eventFilteringOption: blacklistedEvents\nblacklistedEvents: [{eventName: Ping}]")
	tests := []struct {
		name, event, want, why string
	}{
		{"missing identifier", `{"type":"track","event":"x","userId":"7","properties":{"a":1}}`,
			"line 1 track\ncan't be sent: missing_identifier: no email and no phone number in traits, context.traits or properties; set allowExternalIdOnly to send it by user id\n" + unsent, "unsendable"},
		{"too many properties", `{"type":"track","event":"x","traits":{"email":"ann@example.com"},"properties":{` + properties + `}}`,
			"line 1 track\ncan't be sent: too_many_properties: properties: an event can have at most 300 properties\n" +
				"  properties  {" + properties + "}\n" + unsent, "unsendable"},
		{"bad time", `{"type":"track","event":"x","timestamp":"soon","traits":{"email":"ann@example.com"}}`,
			"line 1 track\ncan't be sent: invalid_time: timestamp: invalid time: write it as 2026-03-01T09:30:00Z\n" +
				"  timestamp  \"soon\"\n" + unsent, "unsendable"},
		{"bad type", `{"type":5,"traits":{"email":"ann@example.com"}}`,
			"line 1\ncan't be sent: wrong_type: type: must be a string, such as track or identify\n  type  5\n" + unsent, "unsendable"},
		{"no JSON", `{"type":"track","type":"page"}`,
			"line 1\ncan't be sent: invalid_json: type: duplicate name", "unsendable"},
		{"unsupported type", `{"type":"page","traits":{"email":"ann@example.com"}}`,
			"line 1 page\nskipped: unsupported_type: only identify, track, screen and group become requests\n  type  \"page\"\n" + skipped, "skipped"},
		{"filtered", track(1, "m1"),
			"line 1 track\nskipped: filtered: the settings' eventFilteringOption excludes it by its name\n  event  \"Ping\"\n" + skipped, "skipped"},
		{"not for Klaviyo", `{"type":"track","event":"x","integrations":{"All":false},"traits":{"email":"ann@example.com"}}`,
			"line 1 track\nskipped: not_for_klaviyo: its integrations exclude Klaviyo\n  integrations  {\"All\":false}\n" + skipped, "skipped"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := setup{stdin: strings.NewReader(tt.event)}.run(t, "explain", "--config", config)
			if !strings.HasPrefix(r.stdout, tt.want) {
				t.Errorf("(-want +got)\n%s", cmp.Diff(tt.want, r.stdout))
			}
			r = setup{stdin: strings.NewReader(tt.event)}.run(t, "explain", "--output=json", "--config", config)
			if want := `"fields":[],"unused":[{"path":"","why":"` + tt.why + `"}]}` + "\n"; !strings.HasSuffix(r.stdout, want) {
				t.Errorf("%s doesn't end in %s", r.stdout, want)
			}
		})
	}
}

func TestColoursAreForTerminals(t *testing.T) {
	device := openTerminal(t)
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	file, err := os.Create(write(t, "out", ""))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	env := func(set map[string]string) func(string) string { return func(name string) string { return set[name] } }
	for _, set := range []map[string]string{nil, {"NO_COLOR": ""}, {"TERM": "xterm"}} {
		if got := (Program{Stdout: device, Getenv: env(set)}).palette(); got != colours {
			t.Errorf("no colours for a terminal and %v", set)
		}
	}
	for _, set := range []map[string]string{{"NO_COLOR": "0"}, {"TERM": "dumb"}} {
		if got := (Program{Stdout: device, Getenv: env(set)}).palette(); got != (palette{}) {
			t.Errorf("colours in spite of %v", set)
		}
	}
	for name, stdout := range map[string]io.Writer{"a file": file, "the null device": null, "no file": &strings.Builder{}} {
		if (Program{Stdout: stdout, Getenv: env(nil)}).palette() != (palette{}) {
			t.Errorf("colours for %s", name)
		}
	}
}

// openTerminal opens a terminal that nobody sits at, or skips the test where there are none.
func openTerminal(t *testing.T) *os.File {
	t.Helper()
	device, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skip("no terminal can be opened here: ", err)
	}
	t.Cleanup(func() { device.Close() })
	return device
}

// TestExplainOfManyTraits holds the table's work to the event's size: it doesn't read the
// body again for each field.
func TestExplainOfManyTraits(t *testing.T) {
	var event strings.Builder
	event.WriteString(`{"type":"track","event":"x","messageId":"m1","traits":{"email":"ann@example.com"`)
	for i := range 1_000 {
		fmt.Fprintf(&event, `,"t%d":"%060d"`, i, i)
	}
	event.WriteString("}}")
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	r := setup{stdin: strings.NewReader(event.String())}.run(t, "explain")
	runtime.ReadMemStats(&after)
	if r.want(t, statusDone); strings.Count(r.stdout, "  profile/t") != 1_000 {
		t.Errorf("not each trait is there:\n%.2000s", r.stdout)
	}
	if took := after.TotalAlloc - before.TotalAlloc; took > 30<<20 {
		t.Errorf("%d bytes for an event of %d", took, event.Len())
	}
}
