package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/openapi"
)

// TestKilledReplayLosesNothing kills replay at random moments around its end, when it replaces the
// file.
func TestKilledReplayLosesNothing(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it takes a while")
	}
	random := seeded(t)
	g, revisions := slowly(t), openapi.Revisions()
	done, kept := 0, 0
	for round := range 60 {
		var text strings.Builder
		var ids []string
		for i := range 20 {
			id, email := fmt.Sprintf("r%d-%d", round, i), fmt.Sprintf("p%d@example.com", i)
			if i%4 == 0 {
				email = "nobody" // fails again
			}
			ids = append(ids, id)
			fmt.Fprintf(&text, `{"line":%d,"event":{"type":"track","event":"Ping","messageId":%q,"context":{"traits":{"email":%q}}},"error":{"code":"unavailable"},"attempts":8}`+"\n", i+1, id, email)
		}
		path := filepath.Join(t.TempDir(), "dead.jsonl")
		if err := os.WriteFile(path, []byte(text.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		last := g.requests.Load() + 15 - random.Int64N(4)
		pause := time.Duration(random.Int64N(int64(15 * time.Millisecond)))
		newProcess(t, "replay", "--revision", revisions[round%len(revisions)], "--base-url", g.url, "--concurrency", "2", path).killWhen(func() bool {
			if g.requests.Load() < last {
				return false
			}
			time.Sleep(pause)
			return true
		})
		g.awaitSilence(t)

		left, delivered := lettersByID(t, path), map[string]bool{}
		for _, e := range g.Events() {
			delivered[e.UniqueID] = true
		}
		for _, id := range ids {
			if left[id] == "" && !delivered[id] {
				t.Fatalf("round %d: the event of record %s is gone", round, id)
			}
		}
		switch len(left) {
		case 5:
			done++
		case 20:
			kept++
		default:
			t.Errorf("round %d: %d records, want those of the old or the new file", round, len(left))
		}
	}
	t.Logf("killed with the old file %d times, with the new one %d times", kept, done)
}
