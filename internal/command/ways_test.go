package command

import (
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
)

// A way is how the events go to Klaviyo.
type way struct {
	name, revision string
	args           []string
	// inBulk tells that most of the tracks go in one call, and most of the identifies.
	inBulk bool
	pointers
}

// pointers are where a revision's bodies have what the faults name.
type pointers struct {
	number       string // of a single event's profile
	subscription string // of a batch, by its index
}

var (
	flatPointers   = pointers{"/data/attributes/profile/$phone_number", "/data/attributes/subscriptions/%d"}
	nestedPointers = pointers{"/data/attributes/profile/data/attributes/phone_number", "/data/attributes/profiles/data/%d/attributes"}
)

// ways are those of the program, of each revision. What waits while the only call of its
// operation is under way goes in bulk.
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

// wayOf gives one with the revision of a request.
func wayOf(req *http.Request) way {
	return ways[slices.IndexFunc(ways, func(w way) bool { return w.revision == req.Header.Get("revision") })]
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
