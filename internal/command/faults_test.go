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

// A faultTest says what the program does about a fault. docs/reliability.md shows
// it as a row of a table.
type faultTest struct {
	fault string
	// strikes are the requests that meet it: the one of one event, or all.
	strikes strikes
	// cause makes it at the server, answer on the way there, and prepare elsewhere.
	cause  klaviyotest.Fault
	answer func(*http.Request) *http.Response
	broken error // instead of an answer
	// alter changes Klaviyo's own answer.
	alter   func(*http.Response)
	after   int // so many events pass first, or requests that have none
	times   int // that it strikes; 0 is always
	prepare func(*testing.T, *delivering)
	// needsCheckpoint tells that there is no such fault without one, inBulk that there is
	// none where each event goes alone.
	needsCheckpoint, inBulk bool
	// job is what becomes of each import.
	job klaviyotest.JobPlan

	// attempts is the most that any request was sent in the run; 0 is any number.
	attempts int
	// dead is the code of the dead letters of the events that the fault strikes, with the
	// pointer, or empty. In it {subscription} is where the revision has a batch's first.
	dead string
	// stops is what the program says where it stops, or empty where it goes on.
	stops string
	// atOnce tells that nothing is sent after the fault's first answer.
	atOnce bool
	// named tells that a call in bulk meets it once, for the answer names its events.
	named bool
	// least and most bound the time that the run takes; zero is any.
	least, most time.Duration
	// says is more that the program prints.
	says string
	// arrived checks what Klaviyo has at the end.
	arrived func(*testing.T, *klaviyotest.Klaviyo)
	// remark is for the page.
	remark string
}

// meetsBulk tells that, where events go in bulk, such a call is among those that meet the
// fault.
func (tt faultTest) meetsBulk() bool {
	return tt.after > 0 || slices.Contains([]strikes{oneTrack, threeTracks, oneNumber, everyBulk}, tt.strikes)
}

// status is the exit status that follows from the rest.
func (tt faultTest) status() int {
	switch {
	case tt.stops != "":
		return statusStopped
	case tt.dead != "":
		return statusDeadLetters
	}
	return statusDone
}

// TestFaults sends the same events in the face of each fault: in each revision, singly
// and in bulk, with a checkpoint and without.
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
		t.Errorf("it took %v, want %v to %v", took, tt.least, tt.most)
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

	// The cause mended, the command that the program names does the rest.
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
