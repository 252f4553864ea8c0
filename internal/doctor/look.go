package doctor

import (
	"context"
	"encoding/json"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
)

// Retry is for the client of [Look]: somebody waits for what it finds. A wait that Klaviyo asks
// for isn't shortened, so that one beyond the patience ends the call at once.
var Retry = client.RetryPolicy{
	MaxAttempts: 2, MinBackoff: 100 * time.Millisecond, MaxBackoff: time.Second,
	MaxRateLimited: callPatience, MaxRetryAfter: time.Hour, AttemptTimeout: 8 * time.Second,
}

// How long somebody waits for all calls, and for one of them. A call that the rate limits don't
// allow by then fails at once.
const (
	patience      = 30 * time.Second
	firstPatience = 15 * time.Second // before a delivery
	callPatience  = 10 * time.Second
)

// maxLists is how many lists are looked up.
const maxLists = 100

// looking makes the calls that read the account, and remembers how they were answered.
type looking struct {
	*Facts
	client *client.Client
}

// Look reads all that the checks are about. The calls are of the latest revision, which shows
// most, also where the delivery's is another. What they fail with is among the facts.
func Look(ctx context.Context, c *client.Client, subject Subject) *Facts {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	l := newLooking(c, subject)
	l.readAll(ctx)
	l.rateLimited = c.Stats().RateLimited
	return l.Facts
}

// Unread are the facts of a delivery whose key can't be one, so that nothing can be read.
func Unread(subject Subject) *Facts {
	l := newLooking(nil, subject)
	l.account.err = errNoKey
	l.readAll(context.Background())
	return l.Facts
}

// LookFirst reads what [Obstacles] is about.
func LookFirst(ctx context.Context, c *client.Client, subject Subject) *Facts {
	ctx, cancel := context.WithTimeout(ctx, firstPatience)
	defer cancel()
	l := newLooking(c, subject)
	l.readFirst(ctx)
	return l.Facts
}

func newLooking(c *client.Client, subject Subject) *looking {
	return &looking{Facts: &Facts{Subject: subject, now: time.Now()}, client: c}
}

// Call makes a call, unless the one for the account has shown that none can succeed.
func (l *looking) Call(ctx context.Context, call runtime.Call) error {
	if refusesAll(l.account.err) {
		return l.account.err
	}
	ctx, cancel := context.WithTimeout(ctx, callPatience)
	defer cancel()
	if err := ctx.Err(); err != nil {
		return err
	}
	a := answer{operation: call.Operation, sent: time.Now()}
	call.Options = append(call.Options, runtime.WithResponseInfo(&a.ResponseInfo))
	err := l.client.Call(ctx, call)
	a.got, a.succeeded = time.Now(), err == nil
	l.answers = append(l.answers, a)
	return err
}

func (l *looking) readAll(ctx context.Context) {
	l.readFirst(ctx)
	l.metrics.value, l.metrics.err = l.readMetrics(ctx)
	if l.Bulk {
		l.jobs.err = l.readJobs(ctx)
	}
	for _, name := range metricsWithItems(l.Mapping) {
		if metric, ok := l.metric(name); ok {
			items := itemsRead{metric: name}
			items.value, items.err = l.readLatest(ctx, metric.id)
			l.items = append(l.items, items)
		}
	}
}

// readFirst reads what a delivery would stop at.
func (l *looking) readFirst(ctx context.Context) {
	l.account.value, l.account.err = l.readAccount(ctx)
	ids := l.listIDs()
	for _, id := range ids[:min(len(ids), maxLists)] {
		list := listRead{id: id}
		list.value, list.err = l.readList(ctx, id)
		l.lists = append(l.lists, list)
	}
	if !l.succeeded(l.Revision.Name) { // all revisions have get_metrics
		op, _ := client.Operations(l.Revision.Name).Lookup("get_metrics")
		var page json.RawMessage
		l.served.err = l.Call(ctx, runtime.Call{Operation: op, Response: &page})
	}
}
