package command

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/rudderklaviyo/rudderklaviyo/client/klaviyotest"
)

// A simulation takes as long as Klaviyo's limits have it, unless it keeps none. The time is
// that of a clock which jumps.
func TestSimulations(t *testing.T) {
	const n = 2_000
	var text strings.Builder
	for i := range n {
		text.WriteString(track(i, fmt.Sprint("m", i)) + "\n" + identify(i) + "\n")
	}
	for _, tt := range []struct {
		args        []string
		form        string
		least, most float64 // seconds
	}{
		{[]string{"--simulate"}, "limits", 60, 1_000},
		{[]string{"--simulate=true"}, "limits", 60, 1_000},
		{[]string{"--simulate=limits"}, "limits", 60, 1_000},
		{[]string{"--simulate", "--limit=create_event=1000/s,60000/m", "--limit=create_profile=1000/s,60000/m", "--limit=update_profile=1000/s,60000/m"}, "limits", 1, 20},
		{[]string{"--simulate=fast"}, "fast", 0, 1},
		{[]string{"--simulate=fast", "--revision=" + revisions[len(revisions)-1].name}, "fast", 0, 20}, // it awaits jobs
	} {
		t.Run(strings.Join(tt.args, " "), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := setup{stdin: strings.NewReader(text.String())}
				r := s.run(t, append([]string{"send", "--output=json"}, tt.args...)...)
				r.want(t, statusDone, "This is a simulation")
				var sum struct {
					Delivered   int
					Simulation  string
					Seconds     float64
					RateLimited int `json:"rate_limited"`
				}
				if err := json.Unmarshal([]byte(r.stdout), &sum); err != nil {
					t.Fatal(err)
				}
				if sum.Delivered != 2*n || sum.Simulation != tt.form || sum.Seconds < tt.least || sum.Seconds > tt.most || sum.RateLimited > 0 {
					t.Errorf("%+v", sum)
				}
			})
		})
	}
}

func TestSimulationInTheTable(t *testing.T) {
	events := write(t, "events.jsonl", lines(identify(1)))
	for _, form := range []string{"limits", "fast"} {
		r := setup{}.run(t, "send", "--simulate="+form, events)
		r.want(t, statusDone)
		if fields := strings.Fields(r.stdout[strings.Index(r.stdout, "simulation"):]); fields[1] != form {
			t.Errorf("the summary of %s:\n%s", form, r.stdout)
		}
	}
	r := account(klaviyotest.New()).run(t, "send", "--simulate=false", events)
	r.want(t, statusDone)
	if strings.Contains(r.stdout+r.stderr, "simulation") {
		t.Errorf("no simulation:\n%s", r.stdout+r.stderr)
	}
	setup{}.run(t, "send", "--simulate=fast", "--limit=create_event=1/s,2/m", events).want(t, statusUsage, "leave --limit out")
}

// noTransport is a transport that must not be used.
type noTransport struct{ t *testing.T }

func (n noTransport) RoundTrip(*http.Request) (*http.Response, error) {
	n.t.Error("a request left the program")
	return nil, errors.New("no network")
}

func TestSimulationNeedsNothing(t *testing.T) {
	r := setup{transport: noTransport{t}, stdin: strings.NewReader(lines(identify(1), identify(1), track(1, "m")))}.
		run(t, "send", "--simulate", "--output=json")
	r.want(t, statusDone, "simulation")
	// The second identify is of a known profile, and takes one request.
	if got := r.counts(t); got["delivered"] != 3 || got["requests"] != 3 {
		t.Errorf("%v", got)
	}
}
