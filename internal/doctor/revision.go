package doctor

import (
	"context"
	"encoding/json"

	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
)

// revision is what a revision of Klaviyo's API has to say of the checks. It stands in a file
// of its own, which registers it.
type revision struct {
	name string
	// subscription gives the list that a body of the revision names, and whether it subscribes
	// to SMS.
	subscription func(body any) (list string, sms bool)
	// reading reads an account; nil where the revision shows too little.
	reading *reading
}

// reading are the calls that read an account. None writes anything.
type reading struct {
	account func(context.Context, runtime.Caller) (account, error)
	list    func(ctx context.Context, api runtime.Caller, id string) (list, error)
	metrics func(context.Context, runtime.Caller) ([]metric, error)
	// latest gives the properties of the latest event of a metric, nil where there is none.
	latest func(ctx context.Context, api runtime.Caller, metricID string) (json.RawMessage, error)
	// jobs looks at the jobs that import profiles.
	jobs func(context.Context, runtime.Caller) error
}

type account struct {
	id, name           string
	timeZone, currency string
	isTest             bool
}

type list struct{ name, optIn string }

// The ways in which people join a list.
const (
	singleOptIn = "single_opt_in"
	doubleOptIn = "double_opt_in"
)

// metric is a metric with the name of where its events come from: [fromAPI] or a shop system.
type metric struct{ id, name, source string }

const fromAPI = "api"

// revisions are all, by name, and shows is the latest that can read an account.
var (
	revisions = map[string]*revision{}
	shows     *revision
)

// register adds a revision.
func register(r *revision) bool {
	revisions[r.name] = r
	if r.reading != nil && (shows == nil || shows.name < r.name) {
		shows = r
	}
	return true
}
