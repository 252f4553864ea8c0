package command

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rudderklaviyo/rudderklaviyo/client/klaviyotest"
	"github.com/rudderklaviyo/rudderklaviyo/internal/plan"
	"github.com/rudderklaviyo/rudderklaviyo/internal/problem"
)

// TestPlanOfWhatIsLeft plans before, while and after a checkpointed send is in progress, and
// once there is more to send. It has no key.
func TestPlanOfWhatIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := klaviyotest.New()
		k.Inject(klaviyotest.Fault{Delay: 10 * time.Second, Times: -1})
		first := write(t, "first.jsonl", lines(track(1, "m1"), track(1, "m2"), "nonsense"))
		second := write(t, "second.jsonl", lines(track(1, "m3"), track(1, "m4"), track(2, "m5")))
		saved := progressFile(t)
		args := []string{"--checkpoint=" + saved, first, second}
		planned := func(status int) (*plan.Checkpoint, int) {
			t.Helper()
			before, entries := textOf(t, saved), namesBeside(t, saved)
			p := plannedOf(t, status, args...)
			if after := textOf(t, saved); after != before || namesBeside(t, saved) != entries {
				t.Errorf("the checkpoint was %s, and is %s", before, after)
			}
			return p.Checkpoint, p.Events
		}
		want := func(got *plan.Checkpoint, events int, want *plan.Checkpoint, wantEvents int) {
			t.Helper()
			if diff := cmp.Diff(want, got); diff != "" || events != wantEvents {
				t.Errorf("%d events, want %d; (-want +got)\n%s", events, wantEvents, diff)
			}
		}

		got, events := planned(statusDeadLetters)
		want(got, events, nil, 6)

		go account(k).run(t, append([]string{"send", "--no-dead-letter"}, args...)...)
		time.Sleep(35 * time.Second) // the events of one person are sent one by one
		got, events = planned(statusDone)
		want(got, events, &plan.Checkpoint{Name: saved, At: problem.Place{File: second, Line: 2}, EventsDone: 4}, 2)
		setup{}.run(t, append([]string{"send", "--no-dead-letter", "--simulate"}, args...)...).want(t, statusStopped, "another run is under way")

		time.Sleep(time.Minute)
		got, events = planned(statusDone)
		want(got, events, &plan.Checkpoint{Name: saved, At: problem.Place{File: second, Line: 4}, EventsDone: 6, Complete: true}, 0)

		grow(t, second, lines(track(1, "m6")))
		got, events = planned(statusDone)
		want(got, events, &plan.Checkpoint{Name: saved, At: problem.Place{File: second, Line: 4}}, 1)
		r := setup{}.run(t, append([]string{"plan"}, args...)...)
		r.want(t, statusDone)
		if begin := "What is left from " + second + " line 4 on, by " + saved + ".\n\nevents     "; !strings.HasPrefix(r.stdout, begin) {
			t.Errorf("%s", r.stdout)
		}
	})
}

func textOf(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		return "absent"
	}
	return string(text)
}

func namesBeside(t *testing.T, path string) string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(filepath.Dir(path), "*"))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(names, " ")
}

// TestPlanRefusesTheCheckpointsThatSendRefuses compares the two, with a key.
func TestPlanRefusesTheCheckpointsThatSendRefuses(t *testing.T) {
	events, other := write(t, "events.jsonl", lines(track(1, "m1"))), write(t, "other.jsonl", lines(track(1, "m2")))
	saved := progressFile(t)
	account(klaviyotest.New()).run(t, "send", "--no-dead-letter", "--checkpoint="+saved, events).want(t, statusDone)
	tests := []struct {
		name string
		key  string
		args []string
		want string
	}{
		{"other input", key, []string{"--checkpoint=" + saved, other}, "its input is " + events},
		{"other mapping", key, []string{"--checkpoint=" + saved, "--default-country=DE", events}, "the settings of the mapping have changed"},
		{"other server", key, []string{"--checkpoint=" + saved, "--base-url=https://klaviyo.test", events}, "it belongs to a delivery to"},
		{"other key", "pk_another", []string{"--checkpoint=" + saved, events}, "another private key"},
		{"not a checkpoint", key, []string{"--checkpoint=" + other, events}, "not a checkpoint"},
		{"no file", key, []string{"--checkpoint=" + os.DevNull, events}, "not a checkpoint"},
		{"standard input", key, []string{"--checkpoint=" + saved}, "standard input can't be read again"},
		{"first line", key, []string{"--checkpoint=" + saved, "--from-line=2", events}, "exclude each other"},
		{"new key without a checkpoint", key, []string{"--new-key", events}, "give --checkpoint too"},
		{"one file twice", key, []string{"--checkpoint=" + events, events}, "is the input too"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := account(klaviyotest.New())
			s.env = map[string]string{"KLAVIYO_API_KEY": tt.key}
			planned, sent := s.run(t, append([]string{"plan"}, tt.args...)...), s.run(t, append([]string{"send", "--no-dead-letter"}, tt.args...)...)
			planned.want(t, statusUsage, tt.want)
			if diff := cmp.Diff(sent, planned, cmp.AllowUnexported(result{})); diff != "" {
				t.Errorf("(-send +plan)\n%s", diff)
			}
		})
	}
	another := setup{env: map[string]string{"KLAVIYO_API_KEY": "pk_another"}}
	another.run(t, "plan", "--checkpoint="+saved, "--new-key", events).want(t, statusDone)
	setup{}.run(t, "plan", "--checkpoint="+saved, events).want(t, statusDone)
}

// TestPlanLeavesOutALineThatIsCut, as send does where the input may grow.
func TestPlanLeavesOutALineThatIsCut(t *testing.T) {
	events := write(t, "events.jsonl", track(1, "m1")+"\n"+track(1, "m2")[:20])
	r := setup{}.run(t, "plan", "--checkpoint="+progressFile(t), events)
	r.want(t, statusDone, "Warning: line 2 of "+events+" is incomplete and has no newline")
	setup{}.run(t, "plan", events).want(t, statusDeadLetters)
}
