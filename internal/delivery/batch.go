package delivery

import (
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// batchKey is what the requests of a batch have in common.
type batchKey struct {
	operation *runtime.Operation
	shared    any
}

// batchOf gives the batch that a request waits for others in, if there is one.
func batchOf(request mapper.Request) (key batchKey, ok bool) {
	b := batchings[request.Operation()]
	if b == nil || b.shared == nil {
		return batchKey{}, false
	}
	shared, ok := b.shared(request.Body())
	return batchKey{request.Operation(), shared}, ok
}

// batches are those that wait for more. A request joins when it is its event's
// turn and its person's, so that no two are of the same person, and none is ahead
// of what it follows.
type batches struct {
	waiting map[batchKey]*batch
	// expected counts the requests taken in that haven't joined yet.
	expected map[batchKey]int
}

type batch struct {
	tasks []*task
	timer *time.Timer // ends the wait
}

func newBatches() batches {
	return batches{waiting: make(map[batchKey]*batch), expected: make(map[batchKey]int)}
}

// expect counts the requests of an event that are to join a batch.
func (bs batches) expect(t *task) {
	for _, s := range t.steps {
		if s.batch != nil {
			bs.expected[*s.batch]++
		}
	}
}

// unexpect takes back one that has joined or won't.
func (bs batches) unexpect(key batchKey) {
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

// join puts an event into the batch of its next request. A full batch is ready.
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
	q.batches.unexpect(key)
	if len(b.tasks) == batchings[key.operation].most {
		q.flush(key)
		return
	}
	q.flushIfLast(key)
}

// flush makes a batch that waits a call.
func (q *Queue) flush(key batchKey) {
	b := q.batches.waiting[key]
	delete(q.batches.waiting, key)
	b.timer.Stop()
	q.lanes.add(callOf(b.tasks...))
}

// flushIfLast flushes the batch if there is one that nothing can join any more.
func (q *Queue) flushIfLast(key batchKey) {
	if q.complete && q.batches.waiting[key] != nil && q.batches.expected[key] == 0 {
		q.flush(key)
	}
}

// together is one request for events whose next requests can go in one call.
func (c *call) together() client.Request {
	bodies := make([]any, len(c.tasks))
	for i, t := range c.tasks {
		bodies[i] = t.requests[0].Body()
	}
	return combined{c.operation, c.batching().join(bodies)}
}
