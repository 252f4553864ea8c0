package command

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/rudderklaviyo/rudderklaviyo/client/klaviyotest"
	"github.com/rudderklaviyo/rudderklaviyo/internal/problem"
)

// checkExplained runs the command that a problem names, and checks that what it explains is
// an event with that code.
func checkExplained(t *testing.T, p *problem.Problem) {
	t.Helper()
	words := strings.Fields(p.Explain) // none has a space
	if len(words) < 2 || words[0] != "rudderklaviyo" {
		t.Errorf("%s: no command: %q", p.Code, p.Explain)
		return
	}
	r := setup{}.run(t, append(words[1:], "--output", "json")...)
	if !strings.Contains(r.stdout, `"code":"`+p.Code+`"`) && !strings.Contains(r.stdout, `"skipped":"`+p.Code+`"`) {
		t.Errorf("%s: %s gives\n%s%s", p.Code, p.Explain, r.stdout, r.stderr)
	}
}

// TestEachProblemIsExplained by the command that a summary and a plan name for it, with the
// settings of the run.
func TestEachProblemIsExplained(t *testing.T) {
	first := write(t, "first.jsonl", lines(
		identify(1),
		`{"type":"identify","traits":{"email":"p2@example.com","phone":"0171 1234567","notes":{"a":null}}}`,
		`{"type":"identify","traits":{"email":"p3@example.com","phone":"12"}}`,
		`{"type":"page","userId":"7"}`,
		`nonsense`,
	))
	second := write(t, "second.json", `[`+identify(4)+`,
		{"type":"track","event":"Ping","userId":"7"},
		{"type":"track","event":"Pong","anonymousId":"7"}]`)
	settings := []string{"--default-country=DE", "--log-level=error"}
	want := problems{
		Errors: []*problem.Problem{
			{Code: "invalid_json", Events: 1, First: []problem.Place{{File: first, Line: 5}}, Explain: "rudderklaviyo explain --line 5 --default-country=DE " + first},
			{Code: "missing_identifier", Events: 1, First: []problem.Place{{File: second, Line: 2, Event: 2}}, Explain: "rudderklaviyo explain --line 2 --event 2 --default-country=DE " + second},
		},
		Skipped: []*problem.Problem{
			{Code: "anonymous", Events: 1, First: []problem.Place{{File: second, Line: 3, Event: 3}}, Explain: "rudderklaviyo explain --line 3 --event 3 --default-country=DE " + second},
			{Code: "unsupported_type", Events: 1, First: []problem.Place{{File: first, Line: 4}}, Explain: "rudderklaviyo explain --line 4 --default-country=DE " + first},
		},
		Warnings: []*problem.Problem{
			{Code: "invalid_phone", Events: 1, First: []problem.Place{{File: first, Line: 3}}, Explain: "rudderklaviyo explain --line 3 --default-country=DE " + first},
		},
	}
	check := func(command string, got problems) {
		t.Helper()
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", command, diff)
		}
		for _, group := range got.groups() {
			for _, p := range group.problems {
				checkExplained(t, p)
			}
		}
	}
	r := setup{}.run(t, append([]string{"send", "--simulate", "--output=json", first, second}, settings...)...)
	var sent summary
	if err := json.Unmarshal([]byte(r.stdout), &sent); err != nil || sent.Problems == nil {
		t.Fatalf("%v\n%s", err, r.stdout)
	}
	check("send", *sent.Problems)
	r = setup{}.run(t, append([]string{"plan", "--output=json", first, second}, settings...)...)
	var planned problems
	if err := json.Unmarshal([]byte(r.stdout), &planned); err != nil {
		t.Fatal(err)
	}
	check("plan", planned)
}

// TestReplayExplainsRecords names a record of the file of dead letters, which explain reads
// too.
func TestReplayExplainsRecords(t *testing.T) {
	events := write(t, "events.jsonl", lines(identify(1), `{"type":"track","event":"Ping","userId":"7"}`))
	dead := t.TempDir() + "/dead.jsonl"
	setup{}.run(t, "send", "--simulate", "--dead-letter", dead, events).want(t, statusDeadLetters)
	r := setup{}.run(t, "replay", "--simulate", "--output=json", dead)
	var got summary
	if err := json.Unmarshal([]byte(r.stdout), &got); err != nil || got.Problems == nil || len(got.Problems.Errors) != 1 {
		t.Fatalf("%v\n%s", err, r.stdout)
	}
	checkExplained(t, got.Problems.Errors[0])
}

// TestDeadLettersOfKlaviyoAreListed are those of events that are refused when they are sent,
// which the table names by Klaviyo's code.
func TestDeadLettersOfKlaviyoAreListed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := klaviyotest.New(klaviyotest.WithKey(key))
		k.Inject(klaviyotest.Fault{Status: http.StatusBadRequest, Code: "invalid"})
		s := account(k)
		s.stdin = strings.NewReader(lines(identify(1), identify(2)))
		r := s.run(t, "send")
		r.want(t, statusDeadLetters)
		if !strings.Contains(r.stdout, "not delivered: invalid") || !strings.Contains(r.stdout, "1  line ") {
			t.Errorf("%s", r.stdout)
		}
	})
}

// TestIgnoredSettingsSayWhatDiffers has a key whose meaning is another setting's here, beside
// one that means nothing.
func TestIgnoredSettingsSayWhatDiffers(t *testing.T) {
	cfg := write(t, "config.yaml", "apiVersion: v2\nconnectionMode: {web: cloud}\n")
	s := setup{stdin: strings.NewReader(lines(identify(1)))}
	r := s.run(t, "send", "--simulate", "--config", cfg)
	r.want(t, statusDone, "key=apiVersion", "--revision", "keys=[connectionMode]")
	if strings.Count(r.stderr, "apiVersion") != 1 {
		t.Error(r.stderr)
	}
}
