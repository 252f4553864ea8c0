package delivery

import (
	"maps"
	"math"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
	"github.com/rudderklaviyo/rudderklaviyo/internal/tally"
)

// Estimate counts the calls that events take, without making any. How many it will
// be depends on what waits at the same time, and on what Klaviyo knows already, so
// it gives bounds. It isn't safe for concurrent use.
type Estimate struct {
	bulk   Bulk
	calls  map[*runtime.Operation]Calls
	people *people     // for its identifiers
	known  *tally.Seen // who was written to, as far as the client remembers them
	read   int         // bytes of the events so far, as the backlog counts them
	// recent are the identifies that the next event of the person may join, by its
	// identifiers, and older those before them.
	recent, older map[id]*joined
	turned        int // read when recent became older
	batches       map[batchKey]*joined
}

// Calls bounds a number of calls.
type Calls struct {
	// Fewest is where people are new and all waits together that the Queue has room
	// for, Most where people are Klaviyo's already and each event goes alone.
	Fewest, Most int
}

// joined are the requests that become one call.
type joined struct {
	begun int // read when the first was taken in
	count int
	bytes int // of their events
}

// rememberedIdentifiers is about how many the client remembers, of 100,000 people.
const rememberedIdentifiers = 150_000

// NewEstimate makes an Estimate of no events, for a Queue of the same Bulk.
func NewEstimate(bulk Bulk) *Estimate {
	return &Estimate{
		bulk:    bulk,
		calls:   map[*runtime.Operation]Calls{},
		people:  newPeople(),
		known:   tally.NewSeen(rememberedIdentifiers),
		recent:  map[id]*joined{},
		older:   map[id]*joined{},
		batches: map[batchKey]*joined{},
	}
}

// Calls gives the bounds for each operation that is called.
func (e *Estimate) Calls() map[*runtime.Operation]Calls { return e.calls }

// Add counts an event. It keeps nothing of its memory.
func (e *Estimate) Add(event Event) {
	size := taskBytes + len(event.Text)
	e.read += size
	if e.read-e.turned > maxBytes {
		e.recent, e.older, e.turned = e.older, e.recent, e.read
		clear(e.recent)
		maps.DeleteFunc(e.batches, func(_ batchKey, b *joined) bool { return e.read-b.begun > maxBytes })
	}
	ids := e.people.identifiers(event.Identity)
	for i, request := range event.Requests {
		op := request.Operation()
		key, batched := batchOf(request)
		gathered := e.bulk.of(op)
		if !gathered.canGather(request.Body()) {
			gathered = nil
		}
		switch {
		case isMerged(op):
			e.identify(op, gathered, ids, len(event.Text), i == len(event.Requests)-1)
		case batched:
			fewest := 1
			if e.joinBatch(key, batchings[op], len(event.Text)).count > 1 {
				fewest = 0
			}
			e.count(op, fewest, 1)
		case gathered != nil:
			e.gather(op, gathered, len(event.Text))
		default:
			e.count(op, 1, 1)
		}
		if !isMerged(op) && i == 0 {
			e.close(ids)
		}
	}
}

func (e *Estimate) count(op *runtime.Operation, fewest, most int) {
	calls := e.calls[op]
	e.calls[op] = Calls{calls.Fewest + fewest, calls.Most + most}
}

// identify counts an identify: with the one before it of the same person, if the two
// can be one call, else as one of its own, or gathered unless that is nil.
func (e *Estimate) identify(op *runtime.Operation, gathered *batching, ids []id, size int, last bool) {
	before, same := e.before(ids)
	joins := same && before.count < maxCoalesced && before.bytes+size <= maxProfileBytes &&
		e.read-before.begun <= maxBytes
	if !joins {
		before = &joined{begun: e.read}
	}
	before.count++
	before.bytes += size
	if last {
		e.follow(ids, before)
	} else {
		e.close(ids)
	}

	fewest := 1
	if joins {
		fewest = 0
	}
	switch isKnown := e.learn(ids); {
	case gathered != nil && !joins:
		e.gather(op, gathered, size)
	case op.UpdatedBy == nil:
		e.count(op, fewest, 1)
	case isKnown:
		e.count(op.UpdatedBy, fewest, 1)
	default:
		e.count(op, 1, 1)
		e.count(op.UpdatedBy, 0, 1)
	}
}

// isMerged tells whether neighbouring requests of a person may become one.
func isMerged(op *runtime.Operation) bool {
	b := batchings[op]
	return b != nil && b.merge != nil
}

// learn tells whether somebody with one of the identifiers was written to before.
func (e *Estimate) learn(ids []id) (isKnown bool) {
	for _, id := range ids {
		if e.known.Add(tally.Key(id)) {
			isKnown = true
		}
	}
	return isKnown
}

// before gives what the identifiers' last event joined, if that is the same of all.
func (e *Estimate) before(ids []id) (before *joined, same bool) {
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

func (e *Estimate) follow(ids []id, j *joined) {
	for _, id := range ids {
		e.recent[id] = j
	}
}

// close lets nothing more join the last identify of the identifiers: an event followed
// that is none, or it has further requests.
func (e *Estimate) close(ids []id) {
	for _, id := range ids {
		delete(e.recent, id)
		delete(e.older, id)
	}
}

// joinBatch adds a request to others that wait, or begins with it.
func (e *Estimate) joinBatch(key batchKey, b *batching, size int) *joined {
	j := e.batches[key]
	if j == nil || j.count == b.most || b.size > 0 && j.bytes+size > b.size || e.read-j.begun > maxBytes {
		j = &joined{begun: e.read}
		e.batches[key] = j
	}
	j.count++
	j.bytes += size
	return j
}

// gather counts a request that goes alone until enough wait with it.
func (e *Estimate) gather(op *runtime.Operation, b *batching, size int) {
	switch j := e.joinBatch(batchKey{operation: b.operation}, b, size); {
	case j.count < b.fewest:
		e.count(op, 1, 1)
	case j.count == b.fewest:
		e.count(op, 1-b.fewest, 0)
		e.count(b.operation, 1, 1)
	}
}

// Duration is how long a number of calls of an operation take at Klaviyo's limits, of
// which a share may be used: a minute's quota at burst speed, then the next.
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
