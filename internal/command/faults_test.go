package command

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
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

// strikes says which requests meet a fault.
type strikes int

const (
	oneTrack    strikes = iota // those that one event is in
	threeTracks                // and two others, one of them the same person's
	oneNumber                  // those that a phone number is in, as one
	oneIdentify
	oneSubscription
	oneImported // alone or with others
	oneImportedAlone
	everyImport
	everyLook   // at an import
	everyErrors // of an import
	everyTrack
	everyBulk // with many events
	everything
	nothing // the fault is the machine's
)

// lines are those of the events whose requests alone meet the fault.
func (s strikes) lines() []int {
	return map[strikes][]int{oneTrack: {trackLine}, threeTracks: {trackLine, otherTrackLine, laterTrackLine}, oneIdentify: {identifyLine}, oneImported: {importedLine}, oneImportedAlone: {importedLine}, oneSubscription: {subscriptionLine}}[s]
}

// meets tells whether the request with a body meets the fault.
func (s strikes) meets(req *http.Request, body []byte) bool {
	_, ofImport := strings.CutPrefix(req.URL.Path, "/api/profile-bulk-import-jobs/")
	switch s {
	case everyImport:
		return isImport(body)
	case oneImportedAlone:
		return !isImport(body) && oneImported.meets(req, body)
	case everyLook:
		return ofImport && !strings.Contains(req.URL.Path, "/import-errors")
	case everyErrors:
		return ofImport && strings.Contains(req.URL.Path, "/import-errors")
	case everything:
		return true
	case nothing:
		return false
	case everyTrack:
		return uniqueID.Match(body)
	case everyBulk:
		return isBulk(body)
	case oneNumber:
		return bytes.Contains(body, []byte(`phone_number":"`+numberOnTrackLine))
	case oneIdentify:
		return bytes.Contains(body, []byte(identifiedPerson))
	}
	return slices.ContainsFunc(s.lines(), func(line int) bool { return bytes.Contains(body, []byte(idOnLine(line))) })
}

// meetsBulk tells that, where events go in bulk, such a call is among those that meet the
// fault.
func (tt faultTest) meetsBulk() bool {
	return tt.after > 0 || slices.Contains([]strikes{oneTrack, threeTracks, oneNumber, everyBulk}, tt.strikes)
}

const second, minute = time.Second, time.Minute

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

var faultTests = []faultTest{
	{fault: "Connection refused, temporarily", broken: errRefused, times: 3, attempts: 4},
	{fault: "Connection refused, for good", strikes: everything, broken: errRefused, stops: "no request got a response for 1m0s", least: minute, most: 4 * minute},
	{fault: "Connection reset, temporarily", cause: klaviyotest.ConnectionReset(), times: 3, attempts: 4},
	{fault: "Connection reset after Klaviyo accepted the request", cause: klaviyotest.Fault{Reset: true, AfterAccept: true}, times: 2, attempts: 3,
		remark: "counted once, by `unique_id`"},
	{fault: "Connection reset, for good on one event", cause: klaviyotest.ConnectionReset(), attempts: 16, dead: "unavailable"},
	{fault: "No response, twice", cause: klaviyotest.Slow(time.Hour), times: 2, attempts: 3, least: 60 * second,
		remark: "an attempt may take 30 s"},
	{fault: "No response, for good", strikes: everything, cause: klaviyotest.Slow(time.Hour), attempts: 8, stops: "no response within 30s"},
	{fault: "A truncated response", cause: klaviyotest.Fault{CutOff: true}, times: 2, attempts: 3, remark: "counted once, by `unique_id`; so is each event of a bulk call"},
	{fault: "Slow responses", strikes: everything, cause: klaviyotest.Slow(20 * second), attempts: 1, least: 40 * second},
	{fault: "408", cause: klaviyotest.Fault{Status: http.StatusRequestTimeout}, times: 2, attempts: 3},
	{fault: "425", cause: klaviyotest.Fault{Status: http.StatusTooEarly}, times: 2, attempts: 3},
	{fault: "429 with a short `Retry-After`", cause: klaviyotest.RateLimited(3 * second), times: 2, attempts: 3, least: 6 * second, most: 10 * second,
		remark: "all requests of the operation wait as long as it says"},
	{fault: "429 with a long `Retry-After`", cause: klaviyotest.RateLimited(90 * second), times: 2, attempts: 3, least: 180 * second, most: 190 * second,
		remark: "all requests of the operation wait as long as it says"},
	{fault: "429 with an absurd `Retry-After`", cause: klaviyotest.RateLimited(1000 * time.Hour), times: 2, attempts: 3, least: 4 * minute, most: 5 * minute,
		remark: "all requests of the operation wait 2 minutes"},
	{fault: "429 with an invalid `Retry-After`", answer: answers(http.StatusTooManyRequests, "{}", "Retry-After", "soon"), times: 2, attempts: 3,
		least: second, most: 5 * second, remark: "treated as missing"},
	{fault: "429 without `Retry-After`", cause: klaviyotest.RateLimited(0), times: 2, attempts: 3, least: second, most: 5 * second,
		remark: "waits a second, plus a random time"},
	{fault: "429, often", cause: klaviyotest.RateLimited(20 * second), times: 30, attempts: 31, least: 10 * minute,
		remark: "ten minutes of 429 cost no event"},
	{fault: "429 ten times, then 500 twice", cause: klaviyotest.RateLimited(second), times: 10, prepare: thenServerErrors, attempts: 13,
		remark: "a 429 doesn't count as one of the 8 attempts"},
	{fault: "429, for good", strikes: everything, cause: klaviyotest.RateLimited(70 * second), stops: "other programs may be using the account's quota",
		least: 13 * minute, most: 15 * minute, remark: "all requests of an operation are given up together, before they would wait longer than 15 minutes"},
	{fault: "500, temporarily", cause: klaviyotest.ServerError(), times: 5, attempts: 6},
	{fault: "500, for good on one event", cause: klaviyotest.ServerError(), attempts: 16, dead: "error"},
	{fault: "503, for good on everything", strikes: everything, cause: klaviyotest.Fault{Status: http.StatusServiceUnavailable}, stops: "answered 503); the last", least: minute, most: 4 * minute,
		remark: "one minute stops a run in which Klaviyo has answered nothing"},
	{fault: "503 for good, from the middle on", strikes: everything, after: 50, cause: klaviyotest.Fault{Status: http.StatusServiceUnavailable}, stops: "no request succeeded for 5m0s", least: 5 * minute, most: 8 * minute,
		remark: "five minutes stop any run"},
	{fault: "503 on everything for four minutes, from the middle on", strikes: everything, after: 50, cause: klaviyotest.Fault{Status: http.StatusServiceUnavailable}, prepare: mendAfter(4 * minute),
		least: 4 * minute, most: 6 * minute, remark: "the program tries one request at a time"},
	{fault: "502 after Klaviyo accepted the request", cause: klaviyotest.Fault{Status: http.StatusBadGateway, AfterAccept: true}, times: 1, attempts: 2,
		remark: "counted once, by `unique_id`"},
	{fault: "403 with an HTML page, temporarily", cause: klaviyotest.Challenge(), times: 2, attempts: 3, remark: "it comes from a gateway, not from Klaviyo's API"},
	{fault: "403 with an HTML page, for good", strikes: everything, cause: klaviyotest.Challenge(), stops: "answered 403); the last"},
	{fault: "403 with JSON", strikes: everything, cause: delayed(klaviyotest.MissingScope()), attempts: 1, stops: "with the scopes", atOnce: true},
	{fault: "401", strikes: everything, cause: delayed(klaviyotest.Unauthorized()), attempts: 1, stops: "set KLAVIYO_API_KEY", atOnce: true},
	{fault: "401 for one request", cause: delayed(klaviyotest.Unauthorized()), attempts: 1, stops: "set KLAVIYO_API_KEY"},
	{fault: "400 with a pointer", answer: refusesTracks(oneTrack), named: true, attempts: 1, dead: "invalid /data/attributes/time",
		remark: "in a bulk call the pointer names the event, which is sent alone, and the others without it"},
	{fault: "400 for several events, with a pointer at each", strikes: threeTracks, answer: refusesTracks(threeTracks), named: true, attempts: 1, dead: "invalid /data/attributes/time",
		remark: "in a bulk call one response names them all; they are sent alone, and the others without them"},
	{fault: "400 without a pointer", cause: klaviyotest.Fault{Status: http.StatusBadRequest, Code: "invalid"}, attempts: 1, dead: "invalid",
		remark: "a bulk call is halved, and parts of fewer than 24 are sent event by event"},
	{fault: "400 without a pointer, for several events", strikes: threeTracks, cause: klaviyotest.Fault{Status: http.StatusBadRequest, Code: "invalid"}, attempts: 1, dead: "invalid"},
	{fault: "400 with a pointer at an event that isn't at fault", strikes: everyBulk, inBulk: true, answer: refuses("invalid", `"pointer":"/data/attributes/events-bulk-create/data/0/attributes/events/data/0/attributes/time"`), attempts: 1,
		remark: "in a bulk call: Klaviyo accepts it alone, and then the others are halved"},
	{fault: "400 with a pointer at the phone number of a person who has an email", strikes: oneNumber, answer: refusesNumber, named: true, attempts: 2, says: "code=invalid_phone", arrived: withoutNumber,
		remark: "sent again without the number, which becomes the custom property `phone`, with a warning"},
	{fault: "400 for one subscription of a batch", strikes: oneSubscription, answer: refusesSubscription, attempts: 1,
		dead: "invalid {subscription}/email", remark: "the pointer names it; it is sent alone, and the others without it"},
	{fault: "500, for good for one subscription of a batch", strikes: oneSubscription, cause: klaviyotest.ServerError(), attempts: 16, dead: "error",
		remark: "the batch is halved until the subscription is alone"},
	{fault: "An import that fails for a profile", strikes: nothing, inBulk: true, job: klaviyotest.JobPlan{Queued: minute, Fail: failsImported}, least: minute, most: 2 * minute,
		remark: "the profile is sent alone as `create_or_update_profile`"},
	{fault: "An import that fails for a profile, which Klaviyo rejects alone too", strikes: oneImportedAlone, inBulk: true, job: klaviyotest.JobPlan{Fail: failsImported},
		answer: refusesImported, attempts: 1, dead: "invalid /data/attributes/email"},
	{fault: "An import that is cancelled", strikes: nothing, inBulk: true, job: klaviyotest.JobPlan{Processing: minute, Cancelled: true}, least: minute / 2, most: 2 * minute,
		remark: "all of its profiles are sent alone"},
	{fault: "An import that never ends", strikes: nothing, inBulk: true, job: klaviyotest.JobPlan{Endless: true}, least: 10 * minute, most: 11 * minute,
		remark: "after ten minutes in which it does nothing, all of its profiles are sent alone"},
	{fault: "An import that expires", strikes: nothing, inBulk: true, job: klaviyotest.JobPlan{Queued: time.Hour, Lifetime: minute}, least: minute, most: 2 * minute,
		remark: "its id gets a 404; all of its profiles are sent alone"},
	{fault: "Requests for an import's status answered 503, temporarily", strikes: everyLook, inBulk: true, cause: klaviyotest.Fault{Status: http.StatusServiceUnavailable}, times: 12},
	{fault: "A truncated response to a request for an import's errors", strikes: everyErrors, inBulk: true, job: klaviyotest.JobPlan{Fail: failsImported}, cause: klaviyotest.Fault{CutOff: true}, times: 2},
	{fault: "A truncated response to a request for an import's errors, for good", strikes: everyErrors, inBulk: true, job: klaviyotest.JobPlan{Fail: failsImported}, cause: klaviyotest.Fault{CutOff: true},
		remark: "all of its profiles are sent alone"},
	{fault: "Connection reset after Klaviyo accepted an import", strikes: everyImport, inBulk: true, cause: klaviyotest.Fault{Reset: true, AfterAccept: true}, job: klaviyotest.JobPlan{Queued: minute}, times: 2, attempts: 3,
		remark: "the program looks for the imports that it may have started, and waits for them"},
	{fault: "400 for one profile of an import", strikes: oneImported, inBulk: true, answer: refusesImported, attempts: 1, dead: "invalid /data/attributes/email",
		remark: "the pointer names it; it is sent alone, and the others without it"},
	{fault: "400 without a pointer, for one profile of an import", strikes: oneImported, inBulk: true, cause: klaviyotest.Fault{Status: http.StatusBadRequest, Code: "invalid"}, attempts: 1, dead: "invalid",
		remark: "halved, and parts of fewer than 6 are sent profile by profile"},
	{fault: "413 for imports", strikes: everyImport, inBulk: true, cause: klaviyotest.Fault{Status: http.StatusRequestEntityTooLarge}, attempts: 1,
		remark: "halved, and parts of fewer than 6 are sent profile by profile"},
	{fault: "403 with JSON for imports", strikes: everyImport, inBulk: true, cause: klaviyotest.MissingScope(), attempts: 1,
		remark: "the key may not create imports, so each profile is sent alone"},
	{fault: "413", cause: klaviyotest.Fault{Status: http.StatusRequestEntityTooLarge}, attempts: 1, dead: "payload_too_large"},
	{fault: "413 for bulk calls", strikes: everyBulk, inBulk: true, cause: klaviyotest.Fault{Status: http.StatusRequestEntityTooLarge}, attempts: 1,
		remark: "halved, and parts of fewer than 24 go event by event"},
	{fault: "403 with JSON for bulk calls", strikes: everyBulk, inBulk: true, cause: klaviyotest.MissingScope(), attempts: 1,
		remark: "the key may not make bulk calls, so each event is sent alone"},
	{fault: "The revision is retired", strikes: everything, answer: revisionRetired, attempts: 1, stops: "no longer serves revision", atOnce: true,
		remark: "410: each request asks for it, so that Klaviyo doesn't read it as one of a later revision"},
	{fault: "The revision is retired in the middle of the run", strikes: everything, after: 50, answer: revisionRetired, prepare: retireForGood, attempts: 1, stops: "no longer serves revision"},
	{fault: "410", strikes: everything, cause: delayed(klaviyotest.Fault{Status: http.StatusGone}), attempts: 1, stops: "no longer serves revision", atOnce: true},
	{fault: "404 that finds no valid revision", strikes: everything, answer: answers(http.StatusNotFound, `{"errors":[{"code":"not_found","title":"Not found.","detail":"No valid revisions found for method POST."}]}`), attempts: 1,
		stops: "no longer serves revision", atOnce: true},
	{fault: "400 that names the revision", strikes: everything, answer: refuses("invalid", `"parameter":"revision"`), attempts: 1, stops: "no longer serves revision", atOnce: true},
	{fault: "400 for every event, with a pointer at its profile", strikes: everyTrack, answer: refuses("invalid", `"pointer":"/data/attributes/profile"`), attempts: 1, stops: "no longer serves revision",
		remark: "the server reads a retired revision as another; the first ten such responses show it, and none makes a dead letter"},
	{fault: "400 for one event, with a pointer at its profile", answer: refuses("invalid", `"pointer":"/data/attributes/profile"`), attempts: 1, dead: "invalid /data/attributes/profile",
		remark: "Klaviyo accepts others, so the event is at fault"},
	{fault: "A redirect", strikes: everything, answer: answers(http.StatusFound, "", "Location", "https://klaviyo.test/"), attempts: 1, stops: "check the base URL",
		remark: "not followed, because that would send the key along"},
	{fault: "A redirect for one event", answer: answers(http.StatusFound, "", "Location", "https://klaviyo.test/"), attempts: 2, stops: "(1 answered 302)"},
	{fault: "200 with an HTML page", strikes: everything, answer: answers(http.StatusOK, "<!DOCTYPE html><title>Log in</title>"), attempts: 1, stops: "check the base URL", says: `status=200 body="<!DOCTYPE html><title>Log in</title>"`,
		remark: "not a response of the API, so the event doesn't count as delivered"},
	{fault: "200 with an HTML page, for one event", answer: answers(http.StatusOK, "<!DOCTYPE html><title>Log in</title>"), attempts: 2, stops: "(1 answered 200)",
		remark: "no event is at fault: it is sent again once Klaviyo answers another, and then the run stops"},
	{fault: "200 with an HTML page, once", answer: answers(http.StatusOK, "<!DOCTYPE html><title>Log in</title>"), times: 1, attempts: 2},
	{fault: "200 without a body", strikes: everything, answer: answers(http.StatusOK, ""), attempts: 1, stops: "check the base URL",
		remark: "Klaviyo answers 202 to an event, and 201 or 200 with an id to a profile; the same applies to the next rows"},
	{fault: "204", strikes: everything, answer: answers(http.StatusNoContent, ""), attempts: 1, stops: "check the base URL"},
	{fault: "205", strikes: everything, answer: answers(http.StatusResetContent, ""), attempts: 1, stops: "check the base URL"},
	{fault: "206", strikes: everything, answer: answers(http.StatusPartialContent, ""), attempts: 1, stops: "check the base URL"},
	{fault: "201 without an id, for a profile", strikes: oneIdentify, answer: answers(http.StatusCreated, `{"data":{"type":"profile"}}`), attempts: 2, stops: "(1 answered 201)"},
	{fault: "201 whose id is null", strikes: oneIdentify, answer: answers(http.StatusCreated, `{"data":{"type":"profile","id":null}}`), attempts: 2, stops: "(1 answered 201)"},
	{fault: "201 whose id is a path", strikes: oneIdentify, answer: answers(http.StatusCreated, `{"data":{"type":"profile","id":"../lists/L"}}`), attempts: 2, stops: "(1 answered 201)"},
	{fault: "201 without a body", strikes: oneIdentify, answer: answers(http.StatusCreated, ""), attempts: 2, stops: "(1 answered 201)"},
	{fault: "A success larger than 10 MB", answer: hugeSuccess, attempts: 2, stops: "the response is larger than 10 MB"},
	{fault: "402", strikes: everything, answer: answers(http.StatusPaymentRequired, `{"errors":[{"code":"payment_required","detail":"…"}]}`), attempts: 1, stops: "check the account's plan and billing", atOnce: true},
	{fault: "407", strikes: everything, answer: answers(http.StatusProxyAuthRequired, ""), attempts: 1, stops: "check HTTPS_PROXY"},
	{fault: "421", strikes: everything, answer: answers(http.StatusMisdirectedRequest, ""), attempts: 1, stops: "check the base URL"},
	{fault: "451", strikes: everything, answer: answers(http.StatusUnavailableForLegalReasons, `{"errors":[{"code":"blocked","detail":"…"}]}`), attempts: 1, stops: "check the base URL"},
	{fault: "418, an unexpected status", strikes: everything, answer: answers(http.StatusTeapot, ""), attempts: 1, stops: "check the base URL"},
	{fault: "400 with an HTML page", strikes: everything, answer: answers(http.StatusBadRequest, "<!DOCTYPE html><title>400 Bad Request</title>"), attempts: 1, stops: "check the base URL"},
	{fault: "404 with JSON that isn't Klaviyo's", strikes: everything, answer: answers(http.StatusNotFound, `{"message":"Not Found"}`), attempts: 1, stops: "check the base URL"},
	{fault: "404 with an HTML page", strikes: everything, answer: answers(http.StatusNotFound, "<!DOCTYPE html><title>Not found</title>"), attempts: 1, stops: "check the base URL",
		remark: "not a response of the API, whose 404 has JSON or an empty body"},
	{fault: "404 with an HTML page, for one event", answer: answers(http.StatusNotFound, "<!DOCTYPE html><title>Not found</title>"), attempts: 2, stops: "(1 answered 404)"},
	{fault: "`RateLimit-Remaining: 0` with a far reset, on every success", strikes: nothing, alter: saysNothingIsLeft, attempts: 1, most: 10 * second,
		remark: "no rate limit window of the operation is that long, so the header is ignored"},
	{fault: "The disk is full when a dead letter must be written", cause: klaviyotest.Fault{Status: http.StatusBadRequest}, prepare: fillDeadLetters, attempts: 1, stops: "no space left",
		remark: "the event isn't done, and the next run sends it again"},
	{fault: "The dead letter file is moved during the run", cause: klaviyotest.Fault{Status: http.StatusBadRequest, Code: "invalid", Delay: 2 * second}, prepare: moveDeadLetters, attempts: 1, dead: "invalid",
		remark: "the next record creates a new file"},
	{fault: "The last line of the input is incomplete", strikes: nothing, prepare: cutInput, needsCheckpoint: true, attempts: 1, stops: "another program may still be writing it",
		remark: "only with `--checkpoint`; everything before it is done"},
	{fault: "The checkpoint can't be written, for example because the disk is full", strikes: nothing, prepare: blockCheckpoint, needsCheckpoint: true, attempts: 1, stops: "keep the checkpoint",
		most: 7 * second, remark: "the previous one stays"},
	{fault: "SIGTERM, SIGHUP or Ctrl-C", strikes: nothing, prepare: interrupt, attempts: 1, stops: "interrupted",
		least: second, most: 2 * second, remark: "requests in progress are finished"},
	{fault: "SIGTERM, SIGHUP or Ctrl-C while no response comes", strikes: everything, cause: klaviyotest.Slow(time.Hour), prepare: interrupt, attempts: 1, stops: "interrupted",
		least: 30 * second, most: 31 * second, remark: "the program waits for requests in progress, 30 s at most"},
	{fault: "SIGTERM, SIGHUP or Ctrl-C while Klaviyo is unavailable", strikes: everything, cause: klaviyotest.ServerError(), prepare: interrupt, stops: "interrupted",
		most: 2 * second, remark: "nothing more is sent"},
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

// TestWays holds the ways of the fault matrix against the program's revisions, and what
// they are for: that the events go singly, or nearly all in bulk.
func TestWays(t *testing.T) {
	tested := map[string]bool{}
	for _, w := range ways {
		tested[w.revision] = true
		t.Run(w.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDelivering(t, faultTest{strikes: nothing}, w, false)
				d.run(t, "send", d.args...).want(t, statusDone)
				events, bulk := 0, 0
				for _, p := range d.network.sent {
					events += p.events
					if p.events > 1 {
						bulk += p.events
					}
				}
				if sent := lastLine - 2 - (lastImported - firstSubscription + 1); events != sent || w.inBulk != (bulk > sent/2) || !w.inBulk && bulk > 0 {
					t.Errorf("%d events were sent, %d of them in bulk; want %d", events, bulk, sent)
				}
				var imported []int
				for _, j := range d.klaviyo.Jobs() {
					imported = append(imported, j.Total)
				}
				if want := map[bool]int{true: lastImported - firstImported + 1}[w.inBulk]; w.inBulk != slices.Equal(imported, []int{want}) {
					t.Errorf("imports of %d, want one of %d", imported, want)
				}
			})
		})
	}
	for _, r := range revisions {
		if !tested[r.name] {
			t.Errorf("no way of revision %s", r.name)
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

// revisionRetired is the answer of an account that doesn't serve the request's revision.
func revisionRetired(req *http.Request) *http.Response {
	resp, err := klaviyotest.New(klaviyotest.WithRetiredRevision(req.Header.Get("revision"))).Transport().RoundTrip(req)
	if err != nil {
		panic(err) // it is in memory
	}
	return resp
}

// retireForGood has the account not serve the revision again, if there is a later one for
// the command that goes on.
func retireForGood(_ *testing.T, d *delivering) {
	if _, ok := latestAfter(d.way.revision); ok {
		d.mend = func() { d.klaviyo.Retire(d.way.revision) }
	}
}

// hugeSuccess is what is asked for, with more after it than anybody reads.
func hugeSuccess(req *http.Request) *http.Response {
	return answers(http.StatusAccepted, strings.Repeat(" ", 11<<20))(req)
}

// saysNothingIsLeft tells of a quota that is used up for a day.
func saysNothingIsLeft(resp *http.Response) {
	resp.Header.Set("RateLimit-Remaining", "0")
	resp.Header.Set("RateLimit-Reset", "86400")
}

// thenServerErrors follows the fault of the track with two of another kind.
func thenServerErrors(_ *testing.T, d *delivering) {
	fault := klaviyotest.ServerError()
	fault.Times = 2
	fault.When = func(req *http.Request) bool { return hasBody(req, idOnLine(trackLine)) }
	d.klaviyo.Inject(fault)
}

// mendAfter ends the fault after a time.
func mendAfter(d time.Duration) func(*testing.T, *delivering) {
	return func(_ *testing.T, delivering *delivering) { time.AfterFunc(d, delivering.heal) }
}

// delayed lets other requests be on their way when the fault is seen.
func delayed(fault klaviyotest.Fault) klaviyotest.Fault {
	fault.Delay = networkDelay
	return fault
}

const fullDisk = "/dev/full" // takes no bytes

// fillDeadLetters makes the file of dead letters one that takes no bytes.
func fillDeadLetters(t *testing.T, d *delivering) {
	if _, err := os.Stat(fullDisk); err != nil {
		t.Skip("this system has no " + fullDisk)
	}
	if err := os.Symlink(fullDisk, d.dead); err != nil {
		t.Fatal(err)
	}
	d.mend = func() {
		if err := os.Remove(d.dead); err != nil {
			t.Error(err)
		}
	}
}

// moveDeadLetters moves the file of dead letters while the program has it open.
func moveDeadLetters(t *testing.T, d *delivering) {
	time.AfterFunc(second, func() {
		if err := os.Rename(d.dead, d.dead+".1"); err != nil {
			t.Error(err)
		}
	})
}

// cutInput has the writer of the input in the middle of the last line.
func cutInput(t *testing.T, d *delivering) {
	path := d.args[len(d.args)-1]
	whole := read(t, path)
	if err := os.WriteFile(path, []byte(whole[:len(whole)-20]), 0o600); err != nil {
		t.Fatal(err)
	}
	d.mend = func() { grow(t, path, whole[len(whole)-20:]) }
}

// blockCheckpoint puts a folder in the place of the checkpoint's next version, after
// some have been written.
func blockCheckpoint(t *testing.T, d *delivering) {
	d.klaviyo.Inject(klaviyotest.Fault{Delay: 2 * second, Times: -1})
	obstacle := filepath.Join(filepath.Dir(d.checkpoint), ".progress.json.tmp")
	time.AfterFunc(2500*time.Millisecond, func() {
		if err := os.Mkdir(obstacle, 0o700); err != nil {
			t.Error(err)
		}
	})
	d.mend = func() {
		if err := os.Remove(obstacle); err != nil {
			t.Error(err)
		}
	}
}

// interrupt cancels the run's context, as the signals do.
func interrupt(t *testing.T, d *delivering) {
	d.klaviyo.Inject(klaviyotest.Fault{Delay: second, Times: -1})
	ctx, cancel := context.WithCancel(t.Context())
	d.ctx = ctx
	time.AfterFunc(700*time.Millisecond, cancel)
	d.mend = func() { d.ctx = nil }
}

// refuses makes a 400 with a code and the source of the fault.
func refuses(code, source string) func(*http.Request) *http.Response {
	return answers(http.StatusBadRequest, fmt.Sprintf(`{"errors":[{"id":"1","code":%q,"title":"Invalid input.","detail":"…","source":{%s}}]}`, code, source))
}

// refusesTracks refuses those of some tracks that are in the request, in one answer.
func refusesTracks(tracks strikes) func(*http.Request) *http.Response {
	return func(req *http.Request) *http.Response {
		return refusesEvents(req, "/data/attributes/time", "attributes/events/data/0/attributes/time", func(id string) bool {
			return slices.ContainsFunc(tracks.lines(), func(line int) bool { return id == idOnLine(line) })
		})
	}
}

// refusesNumber refuses the phone number of a track.
func refusesNumber(req *http.Request) *http.Response {
	return refusesEvents(req, wayOf(req).number, "attributes/profile/data/attributes/phone_number", func(id string) bool { return id == idOnLine(trackLine) })
}

// refusesEvents refuses some of a request's events, with the pointer that fits a call for
// one, or that into an event's entry in bulk.
func refusesEvents(req *http.Request, single, inEntry string, refused func(id string) bool) *http.Response {
	body := bodyOf(req)
	var faults []string
	for i, id := range uniqueID.FindAllSubmatch(body, -1) {
		if !refused(string(id[1])) {
			continue
		}
		pointer := single
		if isBulk(body) {
			pointer = fmt.Sprintf("/data/attributes/events-bulk-create/data/%d/%s", i, inEntry)
		}
		faults = append(faults, fmt.Sprintf(`{"id":"%d","code":"invalid","title":"Invalid input.","detail":"…","source":{"pointer":%q}}`, i, pointer))
	}
	return answers(http.StatusBadRequest, `{"errors":[`+strings.Join(faults, ",")+`]}`)(req)
}

// refusesSubscription refuses a batch for the one subscription in it, wherever it is.
func refusesSubscription(req *http.Request) *http.Response {
	before, _, _ := bytes.Cut(bodyOf(req), []byte(idOnLine(subscriptionLine)))
	at := bytes.Count(before, []byte(`"email":"`)) - 1
	return refuses("invalid", fmt.Sprintf(`"pointer":%q`, fmt.Sprintf(wayOf(req).subscription, at)+"/email"))(req)
}

// isImport tells whether a request's body is that of an import.
func isImport(body []byte) bool { return bytes.Contains(body, []byte(`"profile-bulk-import-job"`)) }

// failsImported fails the identify with a fault of its own.
func failsImported(profile json.RawMessage) bool {
	return bytes.Contains(profile, []byte(idOnLine(importedLine)))
}

// refusesImported refuses the identify with a fault of its own, alone or among others.
func refusesImported(req *http.Request) *http.Response {
	body := bodyOf(req)
	at := "/data/attributes"
	if isImport(body) {
		before, _, _ := bytes.Cut(body, []byte(idOnLine(importedLine)))
		at = fmt.Sprintf("/data/attributes/profiles/data/%d/attributes", bytes.Count(before, []byte(`"email":"`))-1)
	}
	return refuses("invalid", fmt.Sprintf(`"pointer":%q`, at+"/email"))(req)
}

func bodyOf(req *http.Request) []byte {
	if req.Body == nil {
		return nil
	}
	body, err := io.ReadAll(req.Body)
	if err != nil {
		panic(err) // it is in memory
	}
	return body
}

// withoutNumber checks that the number of the faulty event is a custom property.
func withoutNumber(t *testing.T, k *klaviyotest.Klaviyo) {
	p, ok := k.Profile(fmt.Sprintf("p%d@example.com", trackLine))
	if !ok || p.Attributes.PhoneNumber != "" || !strings.Contains(string(p.Attributes.Properties), `"phone":"`+numberOnTrackLine+`"`) {
		t.Errorf("profile %v", p.Attributes)
	}
}
