package command

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rudderklaviyo/rudderklaviyo/client/klaviyotest"
	"github.com/rudderklaviyo/rudderklaviyo/internal/input"
)

// TestCheckpointOfInputThatGrows continues an input whose last line is still being written.
func TestCheckpointOfInputThatGrows(t *testing.T) {
	k := klaviyotest.New()
	saved := progressFile(t)
	first := write(t, "first.jsonl", lines(track(1, "m0"), "nonsense"))
	events := write(t, "events.jsonl", track(1, "m1")+"\n\n"+track(1, "m2")[:20])
	dead := filepath.Join(t.TempDir(), "dead.jsonl")
	send := func() result {
		return account(k).run(t, "send", "--output=json", "--checkpoint", saved, "--dead-letter", dead, first, events)
	}
	for range 2 {
		r := send()
		r.want(t, statusStopped, "stopped at line 3 of "+events, "another program may still be writing it", "give the same command again")
		if got := r.counts(t); got["events"] != 4 || got["delivered"] != 2 || got["dead_lettered"] != 1 {
			t.Errorf("with the incomplete line: %v", got)
		}
	}
	grow(t, events, track(1, "m2")[20:])
	r := send()
	r.want(t, statusDeadLetters, "Resuming at line 3 of "+events)
	if got := r.counts(t); got["events"] != 4 || got["delivered"] != 3 {
		t.Errorf("with the completed line: %v", got)
	}
	grow(t, events, lines("", track(1, "m3"), "nonsense"))
	send().want(t, statusDeadLetters)
	send().want(t, statusDeadLetters, "Nothing to send")
	if got := messageIDs(k); !slices.Equal(got, []string{"m0", "m1", "m2", "m3"}) {
		t.Errorf("events %v", got)
	}
	if got, want := codes(t, dead), []string{first + ":2:invalid_json", events + ":5:invalid_json"}; !slices.Equal(got, want) {
		t.Errorf("dead letters %v", got)
	}
}

// TestLastLineWithoutItsEnd checks how a last line without a newline is handled: it may be
// complete, or another program may still be writing it.
func TestLastLineWithoutItsEnd(t *testing.T) {
	half := track(1, "m2")[:20]
	for name, tt := range map[string]struct {
		text       string
		checkpoint bool
		status     int
		dead       int
	}{
		"whole":                     {track(1, "m1"), true, statusDone, 0},
		"whole, but can't be sent":  {`{"type":"track","userId":"7"}`, true, statusDeadLetters, 1},
		"cut":                       {half, true, statusStopped, 0},
		"cut, too long":             {strings.Repeat("x", input.DefaultLimit+1), true, statusStopped, 0},
		"cut, but ended":            {half + "\n", true, statusDeadLetters, 1},
		"cut, without a checkpoint": {half, false, statusDeadLetters, 1},
		"of a file that isn't last": {"", true, statusDeadLetters, 1},
		"blank":                     {track(1, "m1") + "\n  ", true, statusDone, 0},
	} {
		t.Run(name, func(t *testing.T) {
			dead := filepath.Join(t.TempDir(), "dead.jsonl")
			args := []string{"send", "--dead-letter", dead}
			if tt.checkpoint {
				args = append(args, "--checkpoint", progressFile(t))
			}
			if tt.text == "" {
				args = append(args, write(t, "first.jsonl", half))
			}
			account(klaviyotest.New()).run(t, append(args, write(t, "events.jsonl", tt.text))...).want(t, tt.status)
			if got := codes(t, dead); len(got) != tt.dead {
				t.Errorf("dead letters %v", got)
			}
		})
	}
}

func grow(t *testing.T, path, text string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
}
