package delivery

import (
	"maps"
	"math"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
	"github.com/rudderklaviyo/rudderklaviyo/internal/tally"
)

// Estimate counts the calls that events need, without making any. The number depends on what
// waits at the same time and on what Klaviyo already knows, so Estimate has lower and upper
// bounds. It isn't safe for concurrent use.
type Estimate struct {
	bulk    Bulk
	calls   map[*runtime.Operation]Calls
	people  *people     // for its identifiers
	written *tally.Seen // people that the client remembers
	read    int         // bytes of the events so far, as in the backlog
	// recent has the calls that the next event of a person may join, by identifier. older has
	// those before.
	recent, older map[id]*estimatedCall
	rotatedAt     int // value of read when recent became older
	batches       map[batchKey]*estimatedCall
}

// Calls are bounds of a number of calls.
type Calls struct {
	// Fewest is the number if all people are new and batches are as large as the Queue allows.
	// Most is the number if all people exist in Klaviyo and each event is sent alone.
	Fewest, Most int
}

// An estimatedCall is a number of requests that become one call.
type estimatedCall struct {
	start int // value of read when the first was added
	count int
	bytes int // of their events
}

// rememberedIdentifiers is about the number of identifiers that the client remembers, for
// 100,000 people.
const rememberedIdentifiers = 150_000

// NewEstimate returns an empty Estimate for a Queue with the same Bulk.
func NewEstimate(bulk Bulk) *Estimate {
	return &Estimate{
		bulk:    bulk,
		calls:   map[*runtime.Operation]Calls{},
		people:  newPeople(),
		written: tally.NewSeen(rememberedIdentifiers),
		recent:  map[id]*estimatedCall{},
		older:   map[id]*estimatedCall{},
		batches: map[batchKey]*estimatedCall{},
	}
}

// Calls returns the bounds for each operation that is called.
func (e *Estimate) Calls() map[*runtime.Operation]Calls { return e.calls }

// Add counts an event. It doesn't retain it.
func (e *Estimate) Add(event Event) {
	size := taskBytes + len(event.Text)
	e.read += size
	if e.read-e.rotatedAt > maxBytes {
		e.recent, e.older, e.rotatedAt = e.older, e.recent, e.read
		clear(e.recent)
		maps.DeleteFunc(e.batches, func(_ batchKey, b *estimatedCall) bool { return e.read-b.start > maxBytes })
	}
	ids := e.people.identifiers(event.Identity)
	for i, request := range event.Requests {
		op := request.Operation()
		key, batched := batchFor(request)
		gathered := e.bulk.batching(op)
		if !gathered.canBulk(request.Body()) {
			gathered = nil
		}
		switch {
		case isMerged(op):
			e.identify(op, gathered, ids, len(event.Text), i == len(event.Requests)-1)
		case batched:
			fewest := 1
			if e.addToBatch(key, batchings[op], len(event.Text)).count > 1 {
				fewest = 0
			}
			e.count(op, fewest, 1)
		case gathered != nil:
			e.addBulk(op, gathered, len(event.Text))
		default:
			e.count(op, 1, 1)
		}
		if !isMerged(op) && i == 0 {
			e.endPreviousCall(ids)
		}
	}
}

func (e *Estimate) count(op *runtime.Operation, fewest, most int) {
	calls := e.calls[op]
	e.calls[op] = Calls{calls.Fewest + fewest, calls.Most + most}
}

// identify counts an identify. It joins the previous call of the person if they can be merged.
// Otherwise it is a call, or sent in bulk unless gathered is nil.
func (e *Estimate) identify(op *runtime.Operation, gathered *batching, ids []id, size int, last bool) {
	before, same := e.previousCall(ids)
	joins := same && before.count < maxCoalesced && before.bytes+size <= maxProfileBytes &&
		e.read-before.start <= maxBytes
	if !joins {
		before = &estimatedCall{start: e.read}
	}
	before.count++
	before.bytes += size
	if last {
		e.setPreviousCall(ids, before)
	} else {
		e.endPreviousCall(ids)
	}

	fewest := 1
	if joins {
		fewest = 0
	}
	switch isKnown := e.recordWritten(ids); {
	case gathered != nil && !joins:
		e.addBulk(op, gathered, size)
	case op.UpdatedBy == nil:
		e.count(op, fewest, 1)
	case isKnown:
		e.count(op.UpdatedBy, fewest, 1)
	default:
		e.count(op, 1, 1)
		e.count(op.UpdatedBy, 0, 1)
	}
}

// isMerged reports whether successive requests of a person can be merged.
func isMerged(op *runtime.Operation) bool {
	b := batchings[op]
	return b != nil && b.merge != nil
}

// recordWritten reports whether a person with one of the identifiers was written before.
func (e *Estimate) recordWritten(ids []id) (isKnown bool) {
	for _, id := range ids {
		if e.written.Add(tally.Key(id)) {
			isKnown = true
		}
	}
	return isKnown
}

// previousCall returns the last call of the person, if it is the same for all identifiers.
func (e *Estimate) previousCall(ids []id) (before *estimatedCall, same bool) {
	for i, id := range ids {
		j := e.recent[id]
		if j == nil {
			j = e.older[id]
		}
		if j == nil || i > 0 && j != before {
			return nil, false
		}
		before = j
	}
	return before, before != nil
}

func (e *Estimate) setPreviousCall(ids []id, j *estimatedCall) {
	for _, id := range ids {
		e.recent[id] = j
	}
}

// endPreviousCall prevents later requests from joining the person's last call: the event isn't
// an identify, or has further requests.
func (e *Estimate) endPreviousCall(ids []id) {
	for _, id := range ids {
		delete(e.recent, id)
		delete(e.older, id)
	}
}

// addToBatch adds a request to a batch, or starts a new one.
func (e *Estimate) addToBatch(key batchKey, b *batching, size int) *estimatedCall {
	j := e.batches[key]
	if j == nil || j.count == b.maxRequests || b.maxSize > 0 && j.bytes+size > b.maxSize || e.read-j.start > maxBytes {
		j = &estimatedCall{start: e.read}
		e.batches[key] = j
	}
	j.count++
	j.bytes += size
	return j
}

// addBulk counts a request that is sent singly until enough wait with it.
func (e *Estimate) addBulk(op *runtime.Operation, b *batching, size int) {
	switch j := e.addToBatch(batchKey{operation: b.operation}, b, size); {
	case j.count < b.minRequests:
		e.count(op, 1, 1)
	case j.count == b.minRequests:
		e.count(op, 1-b.minRequests, 0)
		e.count(b.operation, 1, 1)
	}
}

// Duration returns how long calls of an operation take at a share of Klaviyo's limits: the
// quota of each minute is used at burst speed.
func Duration(op *runtime.Operation, calls int, share float64) time.Duration {
	if calls == 0 {
		return 0
	}
	quota := func(limit runtime.RateLimit) int { return max(1, int(float64(limit.Calls)*share)) }
	windows := (calls - 1) / quota(op.Steady)
	rest := calls - windows*quota(op.Steady)
	bursts := math.Ceil(float64(rest)/float64(quota(op.Burst))) - 1
	return time.Duration(windows)*op.Steady.Window + time.Duration(bursts)*op.Burst.Window
}
