package command

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rudderklaviyo/rudderklaviyo/client/klaviyotest"
	"github.com/rudderklaviyo/rudderklaviyo/internal/deadletter"
	"github.com/rudderklaviyo/rudderklaviyo/internal/input"
)

// TestKilledSendDoesNotRepeatDeadLetters continues at a checkpoint that is older than the dead
// letters, as after a kill.
func TestKilledSendDoesNotRepeatDeadLetters(t *testing.T) {
	for _, tt := range []struct {
		name  string
		files int
	}{{"of one file", 1}, {"of several", 3}} {
		t.Run(tt.name, func(t *testing.T) {
			k := klaviyotest.New()
			k.Inject(klaviyotest.Fault{Status: http.StatusBadRequest, Code: "invalid", Times: -1, When: func(r *http.Request) bool { return hasBody(r, "bad") }})
			var files []string
			for i := range tt.files {
				// Two of the lines are the same.
				text := lines(track(1, fmt.Sprint("m", i)), "nonsense", " "+track(2, "bad")+" ", "nonsense", "", `{"type":"track","event":"Ping","userId":"7"}`, "{\"a\":\"\xff\"}")
				files = append(files, write(t, fmt.Sprint(i, ".jsonl"), text))
			}
			saved, dead := progressFile(t), filepath.Join(t.TempDir(), "dead.jsonl")
			args := append([]string{"send", "--output=json", "--dead-letter", dead, "--checkpoint", saved}, files...)
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			s := account(k)
			s.ctx = ctx // ends with a checkpoint at the first line
			s.run(t, args...).want(t, statusStopped)
			first := read(t, saved)
			account(k).run(t, args...).want(t, statusDeadLetters)
			want := codes(t, dead)
			if len(want) != 5*tt.files {
				t.Fatalf("dead letters %v", want)
			}

			whole := read(t, dead)
			for cut := len(whole); cut > 0; cut -= len(whole) / 7 {
				for name, text := range map[string]string{saved: first, dead: whole[:cut]} {
					if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
						t.Fatal(err)
					}
				}
				r := account(k).run(t, args...)
				r.want(t, statusDeadLetters, "Resuming at line 1")
				if got := r.counts(t)["dead_lettered"]; got != len(want) {
					t.Errorf("%d counted as dead letters, want %d", got, len(want))
				}
				got := wholeCodes(t, dead)
				slices.Sort(got)
				sorted := slices.Sorted(slices.Values(want))
				if diff := cmp.Diff(sorted, got); diff != "" {
					t.Errorf("after the first %d of %d bytes (-want +got)\n%s", cut, len(whole), diff)
				}
			}
		})
	}
}

// wholeCodes returns the codes of the complete records.
func wholeCodes(t *testing.T, path string) (list []string) {
	t.Helper()
	for line := range strings.Lines(read(t, path)) {
		if letter, err := deadletter.Parse([]byte(line)); err == nil {
			list = append(list, fmt.Sprintf("%s:%d:%s", letter.File, letter.Line, letter.Error.Code))
		}
	}
	return list
}

// TestLettersThatAreNotThisDeliverys checks that records of another delivery in the file don't
// replace the dead letters of this one.
func TestLettersThatAreNotThisDeliverys(t *testing.T) {
	events := write(t, "events.jsonl", lines(track(1, "m1"), "nonsense", strings.Repeat("x", input.DefaultLimit+1)))
	saved, dead := progressFile(t), filepath.Join(t.TempDir(), "dead.jsonl")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s := account(klaviyotest.New())
	s.ctx = ctx
	s.run(t, "send", "--no-dead-letter", "--checkpoint", saved, events).want(t, statusStopped)

	file, err := deadletter.Open(dead)
	if err != nil {
		t.Fatal(err)
	}
	others := []deadletter.Letter{
		{Line: 2, Event: []byte("other nonsense"), Error: deadletter.Error{Code: "invalid_json"}},
		{Line: 2, Event: []byte("nonsense"), Error: deadletter.Error{Code: "other"}},
		{Line: 4, Event: []byte("nonsense"), Error: deadletter.Error{Code: "invalid_json"}},
		{File: events, Line: 2, Event: []byte("nonsense"), Error: deadletter.Error{Code: "invalid_json"}},
		{Line: 3, Error: deadletter.Error{Code: "line_too_long"}},
	}
	for _, other := range others {
		if err := file.Write(other); err != nil {
			t.Fatal(err)
		}
	}
	file.Close()
	account(klaviyotest.New()).run(t, "send", "--checkpoint", saved, "--dead-letter", dead, events).want(t, statusDeadLetters)
	if got := codes(t, dead)[len(others):]; !slices.Equal(got, []string{":2:invalid_json", ":3:line_too_long"}) {
		t.Errorf("dead letters %v", got)
	}
}

func TestDeadLetterThatCanNotBeKeptHoldsTheCheckpoint(t *testing.T) {
	const full = "/dev/full" // takes no bytes
	if _, err := os.Stat(full); err != nil {
		t.Skip("this system has no " + full)
	}
	events, saved := write(t, "events.jsonl", lines("", "nonsense", track(1, "m2"))), progressFile(t)
	account(klaviyotest.New()).run(t, "send", "--checkpoint", saved, "--dead-letter", full, events).
		want(t, statusStopped, "stopped at line 2 of "+events, "no space left", "give the same command again")
	dead := filepath.Join(t.TempDir(), "dead.jsonl")
	account(klaviyotest.New()).run(t, "send", "--checkpoint", saved, "--dead-letter", dead, events).want(t, statusDeadLetters, "Resuming at line 2")
	if got := codes(t, dead); !slices.Equal(got, []string{":2:invalid_json"}) {
		t.Errorf("dead letters %v", got)
	}
}
