package delivery

// Rejection is an event that can't be delivered.
type Rejection struct {
	// Event is without Identity and Requests.
	Event  Event
	Reason error
}

// letters are the rejected events that aren't kept yet. While some are being kept
// others wait, to be kept together.
type letters struct {
	waiting []letter
	busy    bool
}

type letter struct {
	task   *task
	reason error
}

// reject has an event kept that can't be delivered.
func (q *Queue) reject(t *task, reason error) {
	q.letters.waiting = append(q.letters.waiting, letter{t, reason})
	if !q.letters.busy {
		q.letters.busy = true
		q.start(q.keepLetters)
	}
}

// keepLetters keeps the events that wait, and takes them out. It takes the lock.
func (q *Queue) keepLetters() {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.letters.waiting) > 0 {
		some := q.letters.waiting
		q.letters.waiting = nil
		rejections := make([]Rejection, len(some))
		for i, l := range some {
			rejections[i] = Rejection{l.task.event(), l.reason}
		}
		q.mu.Unlock()
		err := q.cfg.Reject(rejections)
		q.mu.Lock()
		if err != nil {
			q.letters.waiting = nil
			q.stop(err)
			break
		}
		for _, l := range some {
			q.finish(l.task)
		}
		q.dispatch()
	}
	q.letters.busy = false
}
