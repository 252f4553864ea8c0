package gateway

import (
	"context"
	"crypto/rand"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/internal/inbox"
)

// joiner publishes the requests of each account one message after the other. While one is
// on its way the requests that come gather, and are the next message: the more there are,
// the less each costs.
type joiner struct {
	cfg    Config
	ctx    context.Context // of the messages on their way
	stop   context.CancelFunc
	pulse  *pulse
	prefix string // of the messages' ids
	count  atomic.Uint64

	mu    sync.Mutex
	lanes map[string]*lane // by account; none that has nothing to publish
}

// lane has the requests of an account that wait for their message.
type lane struct{ waiting []*request }

// request is a request that is to be kept.
type request struct {
	inbox.Request
	events int
	done   chan answer // gets one, unless the request is forgotten
}

func newJoiner(cfg Config, pulse *pulse) *joiner {
	ctx, stop := context.WithCancel(context.Background())
	return &joiner{cfg: cfg, ctx: ctx, stop: stop, pulse: pulse, prefix: rand.Text() + "-", lanes: map[string]*lane{}}
}

// keep gives the answer to a request once its message is kept. One that has waited long
// enough is forgotten, unless it is part of a message by then: that may be kept yet, and the
// sender tries again, so that its events are kept twice. A sender that goes away changes
// nothing: it can't be told from one that has closed its half of the connection.
func (j *joiner) keep(account string, r *request) answer {
	r.done = make(chan answer, 1)
	j.put(account, r)
	timer := time.NewTimer(j.cfg.AnswerTimeout)
	defer timer.Stop()
	select {
	case a := <-r.done:
		return a
	case <-timer.C:
		j.forget(account, r)
		return unavailable
	}
}

// forget takes out a request that still waits, and lets go of its body.
func (j *joiner) forget(account string, r *request) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if l := j.lanes[account]; l != nil {
		l.waiting = slices.DeleteFunc(l.waiting, func(waiting *request) bool { return waiting == r })
	}
}

func (j *joiner) put(account string, r *request) {
	j.mu.Lock()
	defer j.mu.Unlock()
	l := j.lanes[account]
	if l == nil {
		l = new(lane)
		j.lanes[account] = l
		go j.run(account, l)
	}
	l.waiting = append(l.waiting, r)
}

// run publishes the requests of an account until there are none.
func (j *joiner) run(account string, l *lane) {
	var message []byte
	for {
		joined := j.next(account, l)
		if len(joined) == 0 {
			return
		}
		events := 0
		message = message[:0]
		for _, r := range joined {
			message = inbox.Append(message, r.Request)
			events += r.events
			r.Body = nil
		}
		a := published(j.publish(account, message, events))
		for _, r := range joined {
			r.done <- a
		}
		if cap(message) > j.cfg.MaxJoined {
			message = nil
		}
	}
}

// next takes the requests of the next message. After the last the lane is gone.
func (j *joiner) next(account string, l *lane) (joined []*request) {
	j.mu.Lock()
	defer j.mu.Unlock()
	size, taken := 0, 0
	for _, r := range l.waiting {
		if size += len(r.Body) + inbox.MaxOverhead; len(joined) > 0 && size > j.cfg.MaxJoined {
			break
		}
		taken++
		if j.pulse.missed(r.Received, time.Now()) {
			size -= len(r.Body) + inbox.MaxOverhead
			r.done <- heldUp
			continue
		}
		joined = append(joined, r)
	}
	if l.waiting = append([]*request(nil), l.waiting[taken:]...); len(joined) == 0 {
		delete(j.lanes, account)
	}
	return joined
}

func (j *joiner) publish(account string, message []byte, events int) error {
	ctx, cancel := context.WithTimeout(j.ctx, j.cfg.PublishTimeout)
	defer cancel()
	id := j.prefix + strconv.FormatUint(j.count.Add(1), 10)
	err := j.cfg.Publisher.Publish(ctx, account, message, events, id)
	if err != nil {
		j.cfg.Observer.Failed(account, err)
	}
	return err
}
