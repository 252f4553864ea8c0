package command

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/rudderklaviyo/rudderklaviyo/client/klaviyotest"
	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
)

// An account's own limits hold for send as well as plan, each for its operation.
func TestLimits(t *testing.T) {
	var events []string
	for i := range 200 {
		events = append(events, track(i, fmt.Sprint("m", i)))
	}
	file := write(t, "events.jsonl", lines(events...))
	limits := []string{"--limit=create_event=20/s,100/m", "--limit=create_profile=1000/s,9000/m", "--limit=bulk_create_events=20/s,300/m"}
	synctest.Test(t, func(t *testing.T) {
		s := account(klaviyotest.New(klaviyotest.WithLimit(klaviyo.OperationCreateEvent, klaviyotest.CallLimits{PerSecond: 20, PerMinute: 100})))
		sum := s.run(t, append([]string{"send", "--output=json", file}, limits...)...)
		sum.want(t, statusDone)
		if !strings.Contains(sum.stdout, `"rate_limited":0,"seconds":6`) {
			t.Errorf("200 calls of 100 a minute: %s", sum.stdout)
		}
	})
	if planned := plannedOf(t, statusDone, append(limits, file)...); planned.Seconds.Least != 64 {
		t.Errorf("a plan takes %+v, want 60 s and four more of 20 calls each", planned.Seconds)
	}
}

// The command that goes on repeats each limit.
func TestLimitsInTheCommandThatGoesOn(t *testing.T) {
	k := klaviyotest.New()
	k.Inject(klaviyotest.Fault{Status: 401, Times: -1})
	file := write(t, "events.jsonl", lines(identify(1)))
	account(k).run(t, "send", "--limit=create_event=20/s,100/m", "--limit=create_profile=1/s,1/m", file).want(t, statusStopped,
		"  rudderklaviyo send --limit=create_event=20/s,100/m --limit=create_profile=1/s,1/m --from-line=1 "+file)
}
