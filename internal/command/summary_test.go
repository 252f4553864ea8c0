package command

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/rudderklaviyo/rudderklaviyo/internal/input"
	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// TestSummaryIsAligned prints the longest names that a summary has.
func TestSummaryIsAligned(t *testing.T) {
	s := summary{
		Forms:    input.Forms{input.FormJSONLines: 1, input.FormArchive: 2, input.FormJSONArray: 3},
		Earlier:  1,
		Warnings: map[string]int{string(mapper.CodeSubscribeWithoutList): 1, string(mapper.CodeChannelWithoutIdentifier): 1},
		Skips:    map[mapper.SkipReason]int{mapper.SkipUnsupportedType: 1},
	}
	var out strings.Builder
	if err := s.printTable(&out); err != nil {
		t.Fatal(err)
	}
	rows := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	for _, row := range rows {
		if utf8.RuneCountInString(row) != utf8.RuneCountInString(rows[0]) {
			t.Errorf("%q stands out", row)
		}
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
