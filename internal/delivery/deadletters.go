package delivery

// Rejection is an event that can't be delivered.
type Rejection struct {
	// Event has no Identity and Requests.
	Event  Event
	Reason error
}

// deadLetters are the rejected events that aren't written yet. While some are written, others
// wait, so that they are written together.
type deadLetters struct {
	waiting []deadLetter
	busy    bool
}

type deadLetter struct {
	task   *task
	reason error
}

// reject records an event as a dead letter.
func (q *Queue) reject(t *task, reason error) {
	q.deadLetters.waiting = append(q.deadLetters.waiting, deadLetter{t, reason})
	if !q.deadLetters.busy {
		q.deadLetters.busy = true
		q.goDispatch(q.writeDeadLetters)
	}
}

// writeDeadLetters writes the waiting dead letters, and removes their events. It takes the
// lock.
func (q *Queue) writeDeadLetters() {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.deadLetters.waiting) > 0 {
		some := q.deadLetters.waiting
		q.deadLetters.waiting = nil
		rejections := make([]Rejection, len(some))
		for i, l := range some {
			rejections[i] = Rejection{l.task.event(), l.reason}
		}
		q.mu.Unlock()
		err := q.cfg.Reject(rejections)
		q.mu.Lock()
		if err != nil {
			q.deadLetters.waiting = nil
			q.stop(err)
			break
		}
		for _, l := range some {
			q.finish(l.task)
		}
		q.dispatch()
	}
	q.deadLetters.busy = false
}
