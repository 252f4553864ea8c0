package command

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rudderklaviyo/rudderklaviyo/internal/input"
	"github.com/rudderklaviyo/rudderklaviyo/internal/problem"
)

// TestSummaryIsAligned has a name that is longer than all that the program knows, and numbers
// that need separators.
func TestSummaryIsAligned(t *testing.T) {
	s := summary{
		Events: 1_234_567, Delivered: 1_234_000, Requests: 12_345, Seconds: 4_321.04, Simulation: simulationFast,
		Forms:   input.Forms{input.FormJSONLines: 1_000, input.FormArchive: 2},
		Earlier: 1,
		Problems: &problems{
			Errors:   []*problem.Problem{{Code: "a_code_that_is_longer_than_all_others", Events: 1_000, First: []problem.Place{{Line: 7}}}},
			Warnings: []*problem.Problem{{Code: "short", Events: 1, First: []problem.Place{{Line: 8}}}},
		},
	}
	var out strings.Builder
	if err := s.printTable(&out); err != nil {
		t.Fatal(err)
	}
	want := `events                                                1,234,567
of them in earlier runs                                       1
delivered                                             1,234,000
skipped                                                       0
failed                                                        0
requests                                                 12,345
retries                                                       0
rate limited                                                  0
seconds                                                 4,321.0
simulation                                                 fast
events from RudderStack's archive                             2
events from JSON Lines                                    1,000
In this run:
not delivered: a_code_that_is_longer_than_all_others      1,000  line 7, …
warning short                                                 1  line 8
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestReplayCommandKeepsTheSettings since a copied command must not send to Klaviyo what was
// only simulated.
func TestReplayCommandKeepsTheSettings(t *testing.T) {
	dir := t.TempDir()
	events, dead := filepath.Join(dir, "events.jsonl"), filepath.Join(dir, "dead.jsonl")
	if err := os.WriteFile(events, []byte(`{"type":"track","event":"Ping","userId":"7"}`+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	send := setup{}.run(t, "send", "--simulate=fast", "--revision=2026-07-15", "--report="+filepath.Join(dir, "r.html"), "--dead-letter="+dead, events)
	send.want(t, statusDeadLetters, "  rudderklaviyo replay --revision=2026-07-15 --simulate=fast "+dead+"\n")
}
