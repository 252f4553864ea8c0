package command

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/client/klaviyotest"
	"github.com/rudderklaviyo/rudderklaviyo/internal/checkpoint"
)

func progressFile(t *testing.T) string { return filepath.Join(t.TempDir(), "progress.json") }

func TestCheckpointOfAStoppedSend(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := klaviyotest.New()
		first := write(t, "first.jsonl", lines(track(1, "m1"), "", "nonsense", `{"type":"page"}`))
		var events []string
		for i := range 200 {
			events = append(events, track(i%20, fmt.Sprint("n", i)))
		}
		second := write(t, "second.jsonl", lines(events...))
		saved, dead := progressFile(t), filepath.Join(t.TempDir(), "dead.jsonl")
		args := []string{"send", "--output=json", "--dead-letter=" + dead, "--checkpoint=" + saved, first, second}

		k.Inject(klaviyotest.Fault{Delay: 2 * time.Second, Times: -1})
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(7*time.Second, cancel)
		s := account(k)
		s.ctx = ctx
		r := s.run(t, args...)
		r.want(t, statusStopped, "interrupted", "give the same command again", "rudderklaviyo send --checkpoint="+saved+" --dead-letter="+dead+" --output=json "+first+" "+second)
		sent := len(k.Requests())
		if sent == 0 || sent > 150 {
			t.Fatalf("%d requests", sent)
		}

		k2 := klaviyotest.New()
		r = account(k2).run(t, args...)
		r.want(t, statusDeadLetters, "Resuming at line", second)
		want := map[string]int{"events": 203, "delivered": 201, "skipped": 1, "dead_lettered": 1, "failed": 0, "not_done": 0, "earlier_events": 64}
		got := r.counts(t)
		if got["requests"] >= 201 {
			t.Errorf("%d requests: the run sent everything again", got["requests"])
		}
		for name, n := range want {
			if got[name] != n {
				t.Errorf("%s: %d, want %d", name, got[name], n)
			}
		}
		all := append(messageIDs(k), messageIDs(k2)...)
		slices.Sort(all)
		if all = slices.Compact(all); len(all) != 201 {
			t.Errorf("%d of 201 events", len(all))
		}
		if got := len(codes(t, dead)); got != 1 {
			t.Errorf("%d dead letters", got)
		}

		// A third run has nothing to send.
		k3 := klaviyotest.New()
		r = account(k3).run(t, args...)
		r.want(t, statusDeadLetters, "Nothing to send")
		if !strings.Contains(r.stdout, `"seconds":0,`) {
			t.Errorf("took time: %s", r.stdout)
		}
		if got := r.counts(t); len(k3.Requests()) > 0 || got["events"] != 203 || got["delivered"] != 201 {
			t.Errorf("%d requests, %v", len(k3.Requests()), got)
		}
	})
}

// TestCheckpointIsWrittenEarlyAndThenEachSecond has an event done each 100 ms.
func TestCheckpointIsWrittenEarlyAndThenEachSecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := klaviyotest.New()
		const answer = 100 * time.Millisecond
		k.Inject(klaviyotest.Fault{Delay: answer, Times: -1})
		saved := progressFile(t)
		var events []string
		for i := range 100 {
			events = append(events, track(1, fmt.Sprint("m", i)))
		}
		go account(k).run(t, "send", "--no-dead-letter", "--checkpoint", saved, write(t, "events.jsonl", lines(events...)))
		began := time.Now()
		at := func() (line int) {
			synctest.Wait()
			var c checkpoint.Checkpoint
			if err := json.Unmarshal([]byte(read(t, saved)), &c); err != nil {
				t.Fatal(err)
			}
			return c.At.Line
		}
		if line := at(); line != 1 {
			t.Errorf("at line %d at first", line)
		}
		writes, last := 0, 1
		for time.Since(began) < 5*time.Second {
			time.Sleep(5 * time.Millisecond)
			line := at()
			if line == last {
				continue
			}
			writes, last = writes+1, line
			if late := time.Since(began) - time.Duration(line-1)*answer; writes == 1 && late > 20*time.Millisecond {
				t.Errorf("the first event done was saved %v later", late)
			}
		}
		if line := at(); line < 31 || line > 50 {
			t.Errorf("at line %d after 5 s", line)
		}
		if writes < 5 || writes > 15 {
			t.Errorf("written %d times in 5 s", writes)
		}
		time.Sleep(time.Minute)
	})
}

func TestTwoRunsDoNotShareACheckpoint(t *testing.T) {
	events, saved := write(t, "events.jsonl", lines(track(1, "m1"))), progressFile(t)
	k := klaviyotest.New()
	var second result
	k.Inject(klaviyotest.Fault{When: func(*http.Request) bool {
		second = account(klaviyotest.New()).run(t, "send", "--no-dead-letter", "--checkpoint", saved, events)
		return true
	}})
	account(k).run(t, "send", "--no-dead-letter", "--checkpoint", saved, events).want(t, statusDone)
	second.want(t, statusStopped, "another run is under way")
}

func TestCheckpointThatCanNotBeWritten(t *testing.T) {
	var events []string
	for i := range 300 {
		events = append(events, track(1, fmt.Sprint("m", i)))
	}
	path := write(t, "events.jsonl", lines(events...))

	t.Run("at first", func(t *testing.T) {
		k := klaviyotest.New()
		missing := filepath.Join(t.TempDir(), "missing", "progress.json")
		account(k).run(t, "send", "--no-dead-letter", "--checkpoint", missing, path).want(t, statusStopped, missing)
		if len(k.Requests()) > 0 {
			t.Error("a request was sent")
		}
	})
	t.Run("later", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			k := klaviyotest.New()
			k.Inject(klaviyotest.Fault{Delay: 100 * time.Millisecond, Times: -1})
			saved := progressFile(t)
			// The temporary file can't be created if a folder has its name.
			obstacle := filepath.Join(filepath.Dir(saved), ".progress.json.tmp")
			before := make(chan string, 1)
			time.AfterFunc(3500*time.Millisecond, func() {
				before <- read(t, saved)
				if err := os.Mkdir(obstacle, 0o700); err != nil {
					t.Error(err)
				}
			})
			args := []string{"send", "--no-dead-letter", "--output=json", "--checkpoint", saved, path}
			r := account(k).run(t, args...)
			r.want(t, statusStopped, "keep the checkpoint", "give the same command again")
			if n := len(k.Requests()); n < 30 || n > 50 {
				t.Errorf("%d requests", n)
			}
			if read(t, saved) != <-before {
				t.Error("the checkpoint isn't the last one that was written")
			}
			if err := os.Remove(obstacle); err != nil {
				t.Fatal(err)
			}
			r = account(k).run(t, args...)
			r.want(t, statusDone)
			if got := messageIDs(k); len(got) != 300 || r.counts(t)["delivered"] != 300 {
				t.Errorf("%d of 300 events, %v", len(got), r.counts(t))
			}
		})
	})
}
