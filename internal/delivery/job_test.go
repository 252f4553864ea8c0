package delivery

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/client/klaviyotest"
	"github.com/rudderklaviyo/rudderklaviyo/generated/2026-07-15/klaviyo"
	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// is is an identify of somebody.
func is(t testing.TB, line int, email string) Event {
	return mapped(t, line, plain2026, fmt.Sprintf(`{"type":"identify","messageId":"i%d","traits":{"email":%q,"n":%d,"l%d":1}}`, line, email, line, line%7))
}

// sendTo delivers events to a Klaviyo by a client and gives the dead letters' lines.
func sendTo(t *testing.T, k *klaviyotest.Klaviyo, cfg Config, events ...Event) []int {
	t.Helper()
	var letters rejected
	c := newClient(t, k)
	cfg.Sender, cfg.Jobs, cfg.Reject, cfg.Map = c, c, letters.reject, remap
	report := deliver(t.Context(), cfg, events...)
	if report.Err != nil || report.Undone != nil || report.Delivered+len(letters.lines) != len(events) {
		t.Errorf("%+v, %d dead letters, of %d events", report, len(letters.lines), len(events))
	}
	return letters.lines
}

func countOf(k *klaviyotest.Klaviyo, op *klaviyo.Operation) (n int) {
	for _, r := range k.Requests() {
		if r.Operation == op {
			n++
		}
	}
	return n
}

// crowd are events of two hundred people: two identifies and a track of each.
func crowd(t testing.TB) []Event {
	var events []Event
	for i := range 600 {
		email := fmt.Sprintf("p%d@example.com", i%200)
		if line := i + 1; i < 400 {
			events = append(events, is(t, line, email))
		} else {
			events = append(events, does(t, line, email, fmt.Sprint("m", line)))
		}
	}
	return events
}

// Whatever becomes of a job, everybody is written to, and the events of a person come after.
func TestImports(t *testing.T) {
	failing := func(emails ...string) func(json.RawMessage) bool {
		return func(profile json.RawMessage) bool {
			return slices.ContainsFunc(emails, func(email string) bool { return strings.Contains(string(profile), `"`+email+`"`) })
		}
	}
	tests := []struct {
		name   string
		plan   klaviyotest.JobPlan
		fault  *klaviyotest.Fault
		singly [2]int // calls of create_or_update_profile, at least and at most
	}{
		{"a job that is done at once", klaviyotest.JobPlan{}, nil, [2]int{32, 80}},
		{"a job that takes its time", klaviyotest.JobPlan{Queued: time.Minute, Processing: time.Hour}, nil, [2]int{32, 80}},
		{"profiles that fail", klaviyotest.JobPlan{Fail: failing("p60@example.com", "p70@example.com", "p199@example.com")}, nil, [2]int{35, 90}},
		{"a job that is cancelled", klaviyotest.JobPlan{Processing: time.Minute, Cancelled: true}, nil, [2]int{200, 400}},
		{"a job that never ends", klaviyotest.JobPlan{Endless: true}, nil, [2]int{200, 400}},
		{"a job that expires", klaviyotest.JobPlan{Queued: time.Hour, Lifetime: time.Minute}, nil, [2]int{200, 400}},
		{"an answer that is lost", klaviyotest.JobPlan{}, &klaviyotest.Fault{Operation: klaviyo.OperationBulkImportProfiles, AfterAccept: true, Reset: true}, [2]int{32, 80}},
		{"an answer that is cut", klaviyotest.JobPlan{}, &klaviyotest.Fault{Operation: klaviyo.OperationBulkImportProfiles, AfterAccept: true, CutOff: true}, [2]int{32, 400}},
		{"looks that fail", klaviyotest.JobPlan{Queued: time.Minute}, &klaviyotest.Fault{Operation: klaviyo.OperationGetBulkImportProfilesJob, Status: 503, Times: 7}, [2]int{32, 80}},
		{"a page of errors that is cut", klaviyotest.JobPlan{Fail: failing("p60@example.com")}, &klaviyotest.Fault{Operation: klaviyo.OperationGetErrorsForBulkImportProfilesJob, CutOff: true}, [2]int{33, 400}},
		{"a key that may not import", klaviyotest.JobPlan{}, &klaviyotest.Fault{Operation: klaviyo.OperationBulkImportProfiles, Status: http.StatusForbidden, Times: -1}, [2]int{200, 400}},
		{"a key that may not look", klaviyotest.JobPlan{}, &klaviyotest.Fault{Operation: klaviyo.OperationGetBulkImportProfilesJob, Status: http.StatusForbidden, Times: -1}, [2]int{200, 400}},
		{"a request that is too large", klaviyotest.JobPlan{}, &klaviyotest.Fault{Operation: klaviyo.OperationBulkImportProfiles, Status: http.StatusRequestEntityTooLarge, Times: -1}, [2]int{200, 400}},
	}
	events := crowd(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k := klaviyotest.New(klaviyotest.WithJobs(func(klaviyotest.Job) klaviyotest.JobPlan { return tt.plan }))
				if tt.fault != nil {
					k.Inject(*tt.fault)
				}
				if dead := sendTo(t, k, Config{}, events...); len(dead) > 0 {
					t.Errorf("dead letters %v", dead)
				}
				if n := countOf(k, klaviyo.OperationCreateOrUpdateProfile); n < tt.singly[0] || n > tt.singly[1] {
					t.Errorf("%d profiles singly, want %d to %d", n, tt.singly[0], tt.singly[1])
				}
				if n := len(k.Events()); n != 200 {
					t.Errorf("%d events", n)
				}
				if n := len(k.Profiles()); n != 200 {
					t.Errorf("%d profiles", n)
				}
				for _, p := range k.Profiles() {
					var line int
					fmt.Sscanf(p.Attributes.Email, "p%d@", &line)
					if want := fmt.Sprintf(`"n":%d`, line+201); !strings.Contains(string(p.Attributes.Properties), want+",") && !strings.Contains(string(p.Attributes.Properties), want+"}") {
						t.Errorf("%s has %s", p.Attributes.Email, p.Attributes.Properties)
					}
				}
			})
		})
	}
}

// A profile that the job doesn't take, and nor does the single call, is a dead letter.
func TestProfileThatIsAlwaysRejected(t *testing.T) {
	var events []Event
	for line := 1; line <= 100; line++ {
		events = append(events, is(t, line, fmt.Sprintf("p%d@example.com", line)))
	}
	isBad := func(body string) bool { return strings.Contains(body, "p77@example.com") }
	synctest.Test(t, func(t *testing.T) {
		k := klaviyotest.New(klaviyotest.WithJobs(func(klaviyotest.Job) klaviyotest.JobPlan {
			return klaviyotest.JobPlan{Fail: func(profile json.RawMessage) bool { return isBad(string(profile)) }}
		}))
		k.Inject(klaviyotest.Fault{Operation: klaviyo.OperationCreateOrUpdateProfile, Status: http.StatusBadRequest, Times: -1, When: func(r *http.Request) bool {
			body := make([]byte, 1000)
			n, _ := r.Body.Read(body)
			return isBad(string(body[:n]))
		}})
		if dead := sendTo(t, k, Config{}, events...); !slices.Equal(dead, []int{77}) {
			t.Errorf("dead letters %v", dead)
		}
		if n := countOf(k, klaviyo.OperationBulkImportProfiles); n != 1 {
			t.Errorf("%d imports", n)
		}
	})
}

// Only null itself can't be imported: not the word in a value or in a name, nor null inside a
// custom property, which clears nothing.
func TestProfilesThatCanBeImported(t *testing.T) {
	nulls := mapperOf(mapper.Config{Revision: "2026-07-15", SendNulls: true})
	takes := batchings[klaviyo.OperationCreateOrUpdateProfile].accepts
	for traits, want := range map[string]bool{
		`"a":1`:                           true,
		`"firstName":"null"`:              true,
		`"a":"is \"null\", not nullable"`: true,
		`"null":1`:                        true,
		`"a":{"b":null,"c":[null]}`:       true,
		`"firstName":null`:                false,
		`"a":null`:                        false,
		`"a":"null","b":null`:             false,
		`"city":null`:                     false,
		`"latitude":null`:                 false,
	} {
		event := mapped(t, 1, nulls, `{"type":"identify","traits":{"email":"ada@example.com",`+traits+`}}`)
		body := event.Requests[0].Body()
		if got := takes(body); got != want {
			t.Errorf("%s can be imported: %t: %s", traits, got, event.Requests[0].AppendBody(nil))
		}
	}
}

// What an import can't do goes alone.
func TestProfilesThatAreNotImported(t *testing.T) {
	nulls := mapperOf(mapper.Config{Revision: "2026-07-15", SendNulls: true})
	var events []Event
	for line := 1; line <= 100; line++ {
		text := fmt.Sprintf(`{"type":"identify","traits":{"email":"p%d@example.com","firstName":null}}`, line)
		if line%2 == 0 {
			text = fmt.Sprintf(`{"type":"identify","traits":{"email":"p%d@example.com","a":1},"integrations":{"Klaviyo":{"fieldsToUnset":["a"]}}}`, line)
		}
		events = append(events, mapped(t, line, nulls, text))
	}
	synctest.Test(t, func(t *testing.T) {
		k := klaviyotest.New()
		sendTo(t, k, Config{}, events...)
		if imports, singly := countOf(k, klaviyo.OperationBulkImportProfiles), countOf(k, klaviyo.OperationCreateOrUpdateProfile); imports > 0 || singly != 100 {
			t.Errorf("%d imports and %d profiles singly", imports, singly)
		}
	})
}

// TestBulkHasTheSameResult sends random events of a few people one by one, and in bulk with
// faults, and compares what Klaviyo has: nothing is lost, nothing is there twice, and of each
// person the last counts.
func TestBulkHasTheSameResult(t *testing.T) {
	imports, bulk := 0, 0
	for seed := range uint64(4) {
		random := rand.New(rand.NewPCG(seed, 5))
		count := 5 + random.IntN(300)
		var events []Event
		for line := 1; line <= 1500; line++ {
			email := fmt.Sprintf("p%d@example.com", random.IntN(count))
			var text string
			switch n := random.IntN(10); {
			case n < 4:
				text = fmt.Sprintf(`{"type":"identify","messageId":"m%d","traits":{"email":%q,"n":%d,"l%d":%d}}`, line, email, line, line%7, line)
			case n < 9:
				text = fmt.Sprintf(`{"type":"track","event":"Ping","messageId":"m%d","context":{"traits":{"email":%q,"n":%d}},"properties":{"line":%d}}`, line, email, line, line)
			default:
				text = fmt.Sprintf(`{"type":"group","groupId":"L","traits":{"email":%q,"subscribe":%t}}`, email, random.IntN(2) == 0)
			}
			events = append(events, mapped(t, line, plain2026, text))
		}
		var alone, together *klaviyotest.Klaviyo
		synctest.Test(t, func(t *testing.T) {
			alone = klaviyotest.New(klaviyotest.WithAnyList())
			sendTo(t, alone, Config{Bulk: BulkNever}, events...)
		})
		synctest.Test(t, func(t *testing.T) {
			together = klaviyotest.New(klaviyotest.WithAnyList(), klaviyotest.WithJobs(func(klaviyotest.Job) klaviyotest.JobPlan {
				plan := klaviyotest.JobPlan{Queued: time.Duration(random.IntN(20)) * time.Second, Processing: time.Duration(random.IntN(60)) * time.Second}
				if random.IntN(4) == 0 {
					plan.Cancelled = true
				}
				return plan
			}))
			together.Inject(
				klaviyotest.Fault{Operation: klaviyo.OperationBulkCreateEvents, AfterAccept: true, Reset: true},
				klaviyotest.Fault{Operation: klaviyo.OperationBulkCreateEvents, Status: http.StatusRequestEntityTooLarge, Times: 2},
				klaviyotest.Fault{Operation: klaviyo.OperationBulkImportProfiles, AfterAccept: true, Status: 503},
				klaviyotest.Fault{Operation: klaviyo.OperationGetBulkImportProfilesJob, Status: 500, Times: 6},
				klaviyotest.Fault{Delay: time.Second, Times: 400},
			)
			sendTo(t, together, Config{}, events...)
		})
		if diff := cmp.Diff(statesOf(alone), statesOf(together)); diff != "" {
			t.Errorf("seed %d: profiles (-alone +together)\n%s", seed, diff)
		}
		if diff := cmp.Diff(eventsOf(alone), eventsOf(together)); diff != "" {
			t.Errorf("seed %d: events (-alone +together)\n%s", seed, diff)
		}
		imports += countOf(together, klaviyo.OperationBulkImportProfiles)
		bulk += countOf(together, klaviyo.OperationBulkCreateEvents)
	}
	if imports < 4 || bulk < 4 {
		t.Errorf("%d imports and %d calls of events in bulk", imports, bulk)
	}
}

// eventsOf returns the unique ids of each person's events, in the order in which they came.
func eventsOf(k *klaviyotest.Klaviyo) map[string][]string {
	found := map[string][]string{}
	emails := map[string]string{}
	for _, p := range k.Profiles() {
		emails[p.ID] = p.Attributes.Email
	}
	for _, e := range k.Events() {
		found[emails[e.ProfileID]] = append(found[emails[e.ProfileID]], e.UniqueID)
	}
	return found
}

// statesOf returns what the profiles say, by email, but for the times.
func statesOf(k *klaviyotest.Klaviyo) map[string]string {
	found := map[string]string{}
	for _, p := range k.Profiles() {
		consents := map[klaviyotest.Channel]string{}
		for channel, c := range p.Attributes.Consents {
			consents[channel] = c.State
		}
		found[p.Attributes.Email] = fmt.Sprint(string(p.Attributes.Properties), consents)
	}
	return found
}

// A phone number that Klaviyo refuses, of somebody with an email, costs no event in bulk
// either: the call names whose it is, and the single call does without it.
func TestRefusedPhoneNumbersInBulk(t *testing.T) {
	var events []Event
	for line := 1; line <= 700; line++ {
		traits := fmt.Sprintf(`"email":"p%d@example.com","phone":"+1202555%04d"`, line, line)
		text := fmt.Sprintf(`{"type":"track","event":"Ping","messageId":"m%d","context":{"traits":{%s}}}`, line, traits)
		if line%2 == 0 {
			text = fmt.Sprintf(`{"type":"identify","traits":{%s}}`, traits)
		}
		events = append(events, mapped(t, line, plain2026, text))
	}
	synctest.Test(t, func(t *testing.T) {
		k := klaviyotest.New(klaviyotest.WithRefusedPhoneNumbers(func(number string) bool {
			return strings.HasSuffix(number, "00") || strings.HasSuffix(number, "51")
		}))
		k.Inject(klaviyotest.Fault{Delay: time.Second, Times: -1})
		var mu sync.Mutex
		var warned []int
		warn := func(e Event, w client.Warning) {
			mu.Lock()
			defer mu.Unlock()
			warned = append(warned, e.Line)
		}
		c := newClient(t, k)
		var letters rejected
		report := deliver(t.Context(), Config{Sender: c, Jobs: c, Warn: warn, Map: remap, Reject: letters.reject}, events...)
		if report.Delivered != len(events) || report.Err != nil {
			t.Errorf("%+v, dead letters %v", report, letters.lines)
		}
		slices.Sort(warned)
		if want := []int{51, 100, 151, 200, 251, 300, 351, 400, 451, 500, 551, 600, 651, 700}; !slices.Equal(warned, want) {
			t.Errorf("warnings of lines %v, want %v", warned, want)
		}
		if len(k.Profiles()) != 700 || len(k.Events()) != 350 {
			t.Errorf("%d profiles, %d events", len(k.Profiles()), len(k.Events()))
		}
		if n := countOf(k, klaviyo.OperationBulkCreateEvents); n > 3 {
			t.Errorf("%d calls of events in bulk", n)
		}
	})
}

// An outage in the middle of a backlog costs no event.
func TestOutageWhileInBulk(t *testing.T) {
	events := crowd(t)
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		k := klaviyotest.New(klaviyotest.WithJobs(func(klaviyotest.Job) klaviyotest.JobPlan {
			return klaviyotest.JobPlan{Queued: time.Minute}
		}))
		k.Inject(klaviyotest.Fault{Status: http.StatusServiceUnavailable, Times: -1, When: func(*http.Request) bool {
			since := time.Since(begin)
			return since > 3*time.Second && since < 4*time.Minute
		}}, klaviyotest.Fault{Delay: time.Second, Times: -1})
		if dead := sendTo(t, k, Config{}, events...); len(dead) > 0 {
			t.Errorf("dead letters %v", dead)
		}
		if n := len(k.Events()); n != 200 {
			t.Errorf("%d events", n)
		}
		if since := time.Since(begin); since < 4*time.Minute {
			t.Errorf("over in %v", since)
		}
	})
}

// An outage that begins while a job is polled stops delivery as any other does, and takes no
// event with it: polling a job again isn't yet a response.
func TestOutageWhileAJobIsPolled(t *testing.T) {
	for others := range maxFailures + 1 {
		t.Run(fmt.Sprintf("%d other events", others), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				k := klaviyotest.New(klaviyotest.WithJobs(func(klaviyotest.Job) klaviyotest.JobPlan {
					return klaviyotest.JobPlan{Queued: time.Hour}
				}))
				k.Inject(klaviyotest.Fault{Status: http.StatusServiceUnavailable, Times: -1, When: func(*http.Request) bool {
					return time.Since(began) > 5*time.Second
				}}, klaviyotest.Fault{Delay: time.Second, Times: -1})
				var letters rejected
				c := newClient(t, k)
				q := Start(t.Context(), Config{Sender: c, Jobs: c, Map: remap, Reject: letters.reject})
				for line := 1; line <= 100; line++ {
					if err := q.Add(is(t, line, fmt.Sprintf("p%d@example.com", line))); err != nil {
						t.Fatal(err)
					}
				}
				time.Sleep(10 * time.Second)
				if countOf(k, klaviyo.OperationBulkImportProfiles) != 1 {
					t.Fatal("no job has begun")
				}
				for i := range others {
					line := 101 + i
					if err := q.Add(does(t, line, fmt.Sprintf("p%d@example.com", line), fmt.Sprint("m", line))); err != nil {
						t.Fatal(err)
					}
				}
				time.Sleep(15 * time.Minute)
				if err := context.Cause(q.Context()); !errors.Is(err, client.ErrUnavailable) {
					t.Errorf("after 15 minutes delivery has stopped for: %v", err)
				}
				q.stop(nil)
				if report := q.Wait(); len(letters.lines) > 0 {
					t.Errorf("%+v, dead letters %v", report, letters.lines)
				}
			})
		})
	}
}

// An import that shows that Klaviyo responds holds up nothing afterwards, while its job runs.
func TestProbeWhoseJobTakesLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := klaviyotest.New(klaviyotest.WithJobs(func(klaviyotest.Job) klaviyotest.JobPlan {
			return klaviyotest.JobPlan{Queued: time.Hour}
		}))
		k.Inject(klaviyotest.Fault{Operation: klaviyo.OperationCreateEvent, Status: http.StatusServiceUnavailable, Times: -1, When: func(r *http.Request) bool {
			body, _ := io.ReadAll(r.Body)
			return strings.Contains(string(body), "first@example.com")
		}}, klaviyotest.Fault{Delay: time.Second, Times: -1})
		var letters rejected
		c := newClient(t, k)
		q := Start(t.Context(), Config{Sender: c, Jobs: c, Map: remap, Reject: letters.reject})
		add := func(e Event) {
			t.Helper()
			if err := q.Add(e); err != nil {
				t.Fatal(err)
			}
		}
		add(does(t, 1, "p1@example.com", "m1"))
		time.Sleep(2 * time.Second)
		add(does(t, 2, "first@example.com", "m2"))
		for !q.Status().Outage {
			time.Sleep(time.Second)
		}
		for line := 3; line <= 102; line++ {
			add(is(t, line, fmt.Sprintf("p%d@example.com", line)))
		}
		time.Sleep(3 * time.Minute)
		if countOf(k, klaviyo.OperationBulkImportProfiles) != 1 {
			t.Fatal("no job has begun")
		}
		before := q.Status().Delivered
		add(does(t, 103, "second@example.com", "m103"))
		time.Sleep(time.Minute)
		if delivered := q.Status().Delivered - before; delivered != 1 {
			t.Errorf("%d events are delivered in a minute", delivered)
		}
		if report := q.Wait(); report.Err != nil || report.Delivered != 102 || !slices.Equal(letters.lines, []int{2}) {
			t.Errorf("%+v, dead letters %v", report, letters.lines)
		}
	})
}

// A run that is stopped at any moment loses nothing: another goes on from the first event
// that isn't done, and what both send is there once.
func TestRunThatIsStoppedInBulk(t *testing.T) {
	events := crowd(t)
	for i, stop := range []time.Duration{500 * time.Millisecond, 1500 * time.Millisecond, 2500 * time.Millisecond, 4 * time.Second, 30 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			stopped := false
			k := klaviyotest.New(klaviyotest.WithJobs(func(klaviyotest.Job) klaviyotest.JobPlan {
				if stopped {
					return klaviyotest.JobPlan{}
				}
				return klaviyotest.JobPlan{Queued: 5 * time.Minute} // ends after those of the next run would
			}))
			k.Inject(klaviyotest.Fault{Delay: time.Second, Times: -1})
			began := time.Now()
			ctx, cancel := context.WithTimeout(t.Context(), stop)
			defer cancel()
			c := newClient(t, k)
			report := deliver(ctx, Config{Sender: c, Jobs: c, Map: remap, Reject: new(rejected).reject}, events...)
			if report.Undone == nil || report.Err == nil {
				t.Fatalf("stop %d: %+v", i, report)
			}
			stopped = true
			if dead := sendTo(t, k, Config{Earlier: &Earlier{Began: began}}, events[report.Undone.Line-1:]...); len(dead) > 0 {
				t.Errorf("stop %d: dead letters %v", i, dead)
			}
			if events, people := len(k.Events()), len(k.Profiles()); events != 200 || people != 200 {
				t.Errorf("stop %d: %d events of %d people", i, events, people)
			}
			for _, p := range k.Profiles() {
				var person int
				fmt.Sscanf(p.Attributes.Email, "p%d@", &person)
				if !strings.Contains(string(p.Attributes.Properties), fmt.Sprintf(`"n":%d`, person+201)) {
					t.Errorf("stop %d: %s has %s", i, p.Attributes.Email, p.Attributes.Properties)
				}
			}
		})
	}
}

// A backlog has ten full imports under way: while it has no room for more, what is left over
// waits for the ends of others, and none goes as a small one.
func TestLongBacklogGoesInFullImports(t *testing.T) {
	if testing.Short() {
		t.Skip("it delivers 400,000 events")
	}
	const n = 4 * maxEventsAhead
	synctest.Test(t, func(t *testing.T) {
		transport := newQuotas(time.Second)
		c, err := client.New("pk_test", client.WithHTTPClient(&http.Client{Transport: transport}))
		if err != nil {
			t.Fatal(err)
		}
		s := newStreamOf(t, plain2026, Config{Sender: c, Jobs: c})
		start := time.Now()
		for i := range n {
			s.add(fmt.Sprintf(`{"type":"identify","messageId":"m%d","traits":{"email":"p%d@example.com","n":%d}}`, i, i, i))
		}
		s.end()
		imports := transport.of[klaviyo.OperationBulkImportProfiles]
		if full := n / 10_000; imports > full+full/10 {
			t.Errorf("%d imports, of which %d would hold all", imports, full)
		}
		if looks := transport.of[klaviyo.OperationGetBulkImportProfilesJob]; looks != imports {
			t.Errorf("%d looks at %d jobs that were done at once", looks, imports)
		}
		if took, most := time.Since(start), n/maxEventsAhead*3*time.Second; took > most {
			t.Errorf("took %v, want %v at most: a response, a wait and a look for each ten", took, most)
		}
	})
}

// Jobs are looked at in proportion to the time that they take, as soon as that is known.
func TestJobPolling(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := Start(t.Context(), Config{})
		defer q.Wait()
		for _, tt := range []struct {
			name        string
			elements    int
			takes       time.Duration
			looks, late int // at most; in hundredths of its time and a quarter second
		}{
			{"a job that is done at once", 10, 0, 1, 100},
			{"the first that takes long", 10_000, 20 * time.Second, 12, 50},
			{"another", 10_000, 20 * time.Second, 3, 50},
			{"one of few elements, which is done at once", 10, 0, 1, 100},
			{"one of more elements, which is done at once", 600, 0, 1, 100},
			{"one that takes very long", 10_000, time.Hour, 400, 1},
			{"one that takes less than the one before", 10_000, time.Second, 1, 1000},
		} {
			looks := 0
			began := time.Now()
			_, isKnown, err := q.waitForJob("J", &job{poll: func(context.Context, runtime.Caller, string) (jobState, error) {
				looks++
				return jobState{ended: time.Since(began) >= tt.takes, done: looks}, nil
			}}, nil, nil, tt.elements, func() {})
			if err != nil || !isKnown {
				t.Errorf("%s: %v, %v", tt.name, isKnown, err)
			}
			late := time.Since(began) - tt.takes
			if most := tt.takes*time.Duration(tt.late)/100 + minPoll; looks > tt.looks || late > most {
				t.Errorf("%s: %d looks, and %v late, want %d and %v at most", tt.name, looks, late, tt.looks, most)
			}
		}
	})
}
