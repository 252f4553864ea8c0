package delivery

import (
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// maxBatch is how many people a call of subscribe_profiles or of
// unsubscribe_profiles takes.
const maxBatch = 100

// batchKey is what the requests of a batch have in common.
type batchKey struct {
	operation    *klaviyo.Operation
	listID       string // may be empty in unsubscribe_profiles
	customSource string
}

// batchOf gives the batch that a request can join, if it is of one person.
func batchOf(request mapper.Request) (batchKey, bool) {
	key := batchKey{operation: request.Operation()}
	switch body := request.Body().(type) {
	case *klaviyo.SubscriptionCreateJobCreateQuery:
		a := &body.Data.Attributes
		key.listID, key.customSource = a.ListID, a.CustomSource
		return key, len(a.Subscriptions) == 1
	case *klaviyo.UnsubscriptionCreateJobCreateQuery:
		a := &body.Data.Attributes
		key.listID = a.ListID
		return key, len(a.Emails) <= 1 && len(a.PhoneNumbers) <= 1
	}
	return batchKey{}, false
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
	if len(b.tasks) == maxBatch {
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

// combined is a request that stands for those of several events.
type combined struct {
	operation *klaviyo.Operation
	body      any
}

func (c combined) Operation() *klaviyo.Operation { return c.operation }
func (c combined) Body() any                     { return c.body }

// together is one request for events whose next requests are of the same batch.
func together(tasks []*task) client.Request {
	request := tasks[0].requests[0]
	switch first := request.Body().(type) {
	case *klaviyo.SubscriptionCreateJobCreateQuery:
		all := first.Data.Attributes
		all.Subscriptions = nil
		for _, t := range tasks {
			one := t.requests[0].Body().(*klaviyo.SubscriptionCreateJobCreateQuery)
			all.Subscriptions = append(all.Subscriptions, one.Data.Attributes.Subscriptions...)
		}
		return combined{request.Operation(), klaviyo.NewSubscribeProfilesBody(all)}
	case *klaviyo.UnsubscriptionCreateJobCreateQuery:
		all := first.Data.Attributes
		all.Emails, all.PhoneNumbers = nil, nil
		for _, t := range tasks {
			one := t.requests[0].Body().(*klaviyo.UnsubscriptionCreateJobCreateQuery)
			all.Emails = append(all.Emails, one.Data.Attributes.Emails...)
			all.PhoneNumbers = append(all.PhoneNumbers, one.Data.Attributes.PhoneNumbers...)
		}
		return combined{request.Operation(), klaviyo.NewUnsubscribeProfilesBody(all)}
	}
	return nil // nothing else is batched
}
