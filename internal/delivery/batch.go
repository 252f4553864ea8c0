package delivery

import (
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// A batchKey identifies requests that can be in the same batch.
type batchKey struct {
	operation *runtime.Operation
	shared    any
}

// batchFor returns the batch that a request can join, if there is one.
func batchFor(request mapper.Request) (key batchKey, ok bool) {
	b := batchings[request.Operation()]
	if b == nil || b.sharedKey == nil {
		return batchKey{}, false
	}
	shared, ok := b.sharedKey(request.Body())
	return batchKey{request.Operation(), shared}, ok
}

// batches are the batches that wait for more requests. A request joins when its event and its
// person have their turn, so that a batch has at most one request per person, and no request
// overtakes another.
type batches struct {
	waiting map[batchKey]*batch
	// expected counts the pending requests that haven't joined yet.
	expected map[batchKey]int
}

type batch struct {
	tasks []*task
	timer *time.Timer // ends the wait
}

func newBatches() batches {
	return batches{waiting: make(map[batchKey]*batch), expected: make(map[batchKey]int)}
}

// expect counts the requests of an event that will join a batch.
func (bs batches) expect(t *task) {
	for _, s := range t.steps {
		if s.batch != nil {
			bs.expected[*s.batch]++
		}
	}
}

// expectLess uncounts a request that has joined or won't.
func (bs batches) expectLess(key batchKey) {
	if bs.expected[key]--; bs.expected[key] == 0 {
		delete(bs.expected, key)
	}
}

func (bs batches) isEmpty() bool { return len(bs.waiting) == 0 }

func (bs batches) each(do func(batchKey)) {
	for key := range bs.waiting {
		do(key)
	}
}

func (bs batches) stop() {
	for _, b := range bs.waiting {
		b.timer.Stop()
	}
}

// join adds an event to the batch of its next request. A full batch is ready.
func (q *Queue) join(key batchKey, t *task) {
	b := q.batches.waiting[key]
	if b == nil {
		b = &batch{}
		b.timer = time.AfterFunc(q.cfg.BatchWait, func() {
			q.mu.Lock()
			defer q.mu.Unlock()
			if q.batches.waiting[key] == b {
				q.flush(key)
				q.dispatch()
			}
		})
		q.batches.waiting[key] = b
	}
	b.tasks = append(b.tasks, t)
	t.steps[0].batch = nil
	q.batches.expectLess(key)
	if len(b.tasks) == batchings[key.operation].maxRequests {
		q.flush(key)
		return
	}
	q.flushIfLast(key)
}

// flush turns a waiting batch into a call.
func (q *Queue) flush(key batchKey) {
	b := q.batches.waiting[key]
	delete(q.batches.waiting, key)
	b.timer.Stop()
	q.lanes.add(callOf(b.tasks...))
}

// flushIfLast flushes the batch if no more requests can join it.
func (q *Queue) flushIfLast(key batchKey) {
	if q.complete && q.batches.waiting[key] != nil && q.batches.expected[key] == 0 {
		q.flush(key)
	}
}

// batchRequest returns one request for the next requests of all events of the call.
func (c *call) batchRequest() client.Request {
	bodies := make([]any, len(c.tasks))
	for i, t := range c.tasks {
		bodies[i] = t.requests[0].Body()
	}
	return batchRequest{c.operation, c.batching().join(bodies)}
}
