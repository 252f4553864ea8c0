package command

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/client/klaviyotest"
)

// A faultTest describes a fault and how the program handles it. docs/reliability.md shows it as
// a row of a table.
type faultTest struct {
	fault string
	// strikes selects the requests that meet the fault.
	strikes strikes
	// cause makes the fault at the server, answer in the network, and prepare elsewhere.
	cause  klaviyotest.Fault
	answer func(*http.Request) *http.Response
	broken error // instead of a response
	// alter changes Klaviyo's own response.
	alter   func(*http.Response)
	after   int // the number of events that pass first; a request without events counts as one
	times   int // how often the fault occurs; 0 means always
	prepare func(*testing.T, *delivering)
	// needsCheckpoint means that the fault needs a checkpoint, inBulk that it needs events to be
	// sent in bulk.
	needsCheckpoint, inBulk bool
	// job is the result of each import.
	job klaviyotest.JobPlan

	// attempts is the maximum number of attempts of a request in the run; 0 means any number.
	attempts int
	// dead is the code of the dead letters of the events that meet the fault, with the pointer,
	// or empty. In it {subscription} stands for the revision's pointer to the first subscription.
	dead string
	// stops is a part of the message if the run stops, or empty if it doesn't.
	stops string
	// atOnce means that no request is sent after the first response with the fault.
	atOnce bool
	// named means that one bulk call meets the fault, since the response names the events.
	named bool
	// least and most bound the duration of the run; zero means no bound.
	least, most time.Duration
	// says is other text that the program prints.
	says string
	// arrived checks the Klaviyo account at the end.
	arrived func(*testing.T, *klaviyotest.Klaviyo)
	// remark is the remark in docs/reliability.md.
	remark string
}

// meetsBulk reports whether a bulk call meets the fault, if events are sent in bulk.
func (tt faultTest) meetsBulk() bool {
	return tt.after > 0 || slices.Contains([]strikes{oneTrack, threeTracks, oneNumber, everyBulk}, tt.strikes)
}

// status returns the expected exit status.
func (tt faultTest) status() int {
	switch {
	case tt.stops != "":
		return statusStopped
	case tt.dead != "":
		return statusDeadLetters
	}
	return statusDone
}

// TestFaults sends the same events with each fault: in each revision, singly and in bulk, with a
// checkpoint and without.
func TestFaults(t *testing.T) {
	for _, tt := range faultTests {
		for _, w := range ways {
			for _, checkpoint := range []bool{false, true} {
				if tt.needsCheckpoint && !checkpoint || tt.inBulk && !w.inBulk {
					continue
				}
				t.Run(fmt.Sprintf("%s/%s/checkpoint=%t", tt.fault, w.name, checkpoint), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) { tt.run(t, w, checkpoint) })
				})
			}
		}
	}
}

func (tt faultTest) run(t *testing.T, w way, checkpoint bool) {
	d := newDelivering(t, tt, w, checkpoint)
	if tt.prepare != nil {
		tt.prepare(t, d)
	}
	began := time.Now()
	r := d.run(t, "send", d.args...)
	took := time.Since(began)

	singly, bulk := d.network.struck()
	switch {
	case tt.strikes == nothing || tt.alter != nil:
	case singly+bulk == 0, w.inBulk && tt.meetsBulk() && bulk == 0, w.inBulk && tt.named && bulk != 1:
		t.Errorf("%d requests for one event met the fault, and %d in bulk", singly, bulk)
	}
	r.want(t, tt.status(), tt.stops, tt.says)
	if got := d.network.mostAttempts(); tt.attempts > 0 && got != tt.attempts {
		t.Errorf("%d attempts, want %d", got, tt.attempts)
	}
	if took < tt.least || tt.most > 0 && took > tt.most {
		t.Errorf("took %v, want %v to %v", took, tt.least, tt.most)
	}
	if late := d.network.afterFailure(); tt.atOnce && late > 0 {
		t.Errorf("%d requests were sent after the first answer", late)
	}
	dead := map[int]string{}
	if tt.dead != "" {
		for _, line := range tt.strikes.lines() {
			dead[line] = strings.ReplaceAll(tt.dead, "{subscription}", fmt.Sprintf(w.subscription, 0))
		}
	}
	d.checkDeadLetters(t, dead)
	if tt.stops == "" {
		d.checkSummary(t, r, len(dead))
	} else {
		r.checkStop(t)
	}
	d.checkNothingIsLost(t, r.undone())
	d.checkOrder(t)

	// Once the cause is fixed, the command that the program prints does the rest.
	d.heal()
	switch tt.status() {
	case statusStopped:
		command, args := r.resumption(t)
		d.run(t, command, args...).want(t, statusDone)
		d.checkOrder(t)
	case statusDeadLetters:
		d.run(t, "replay", "--revision="+w.revision, d.dead).want(t, statusDone)
	}
	d.checkDeadLetters(t, map[int]string{})
	d.checkNothingIsLost(t, 0)
	if tt.arrived != nil {
		tt.arrived(t, d.klaviyo)
	}
}

// withoutNumber checks that the number of the faulty event is a custom property.
func withoutNumber(t *testing.T, k *klaviyotest.Klaviyo) {
	p, ok := k.Profile(fmt.Sprintf("p%d@example.com", trackLine))
	if !ok || p.Attributes.PhoneNumber != "" || !strings.Contains(string(p.Attributes.Properties), `"phone":"`+numberOnTrackLine+`"`) {
		t.Errorf("profile %v", p.Attributes)
	}
}
