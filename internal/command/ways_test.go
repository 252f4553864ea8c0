package command

import (
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
)

// A way is a way to send the events to Klaviyo.
type way struct {
	name, revision string
	args           []string
	// inBulk means that most tracks are sent in one call, and most identifies in one import.
	inBulk bool
	pointers
}

// pointers are a revision's pointers to the parts of a body that faults name.
type pointers struct {
	number       string // of a single event's profile
	subscription string // of a batch, by its index
}

var (
	flatPointers   = pointers{"/data/attributes/profile/$phone_number", "/data/attributes/subscriptions/%d"}
	nestedPointers = pointers{"/data/attributes/profile/data/attributes/phone_number", "/data/attributes/profiles/data/%d/attributes"}
)

// ways are the ways of each revision. With a concurrency of 1, events that wait for a call are
// sent in bulk.
var ways = allWays()

func allWays() []way {
	all := []way{{older, older, nil, false, flatPointers}}
	for _, r := range revisions[1:] {
		all = append(all,
			way{r.name, r.name, []string{"--bulk=never"}, false, nestedPointers},
			way{r.name + " in bulk", r.name, []string{"--concurrency=1"}, true, nestedPointers})
	}
	return all
}

// wayOf returns a way with the revision of a request.
func wayOf(req *http.Request) way {
	return ways[slices.IndexFunc(ways, func(w way) bool { return w.revision == req.Header.Get("revision") })]
}

// TestWays checks that the ways of the fault tests cover all revisions, and that each way sends
// the events singly, or most of them in bulk.
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
