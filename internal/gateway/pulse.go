package gateway

import (
	"sync"
	"time"
)

const (
	beat = 250 * time.Millisecond
	// heldUpAfter is less than the time-out of any sender, and more than what a busy machine
	// takes from a process.
	heldUpAfter = 3 * time.Second
	// catchUp is how long requests of before may take to be read afterwards.
	catchUp = 2 * time.Second
)

// pulse notices that the process was held up: stopped, or suspended with its machine. Senders
// have given up meanwhile, and may have sent the same event and the person's next ones to
// another service. What is still in the sockets would be kept behind them, and a profile
// would be changed back.
type pulse struct {
	mu    sync.Mutex
	last  time.Time // of the beats; zero before the first
	until time.Time // up to when requests are of before
}

// beats until stop is closed.
func (p *pulse) beats(stop <-chan struct{}) {
	ticker := time.NewTicker(beat)
	defer ticker.Stop()
	for {
		p.feel(time.Now())
		select {
		case <-ticker.C:
		case <-stop:
			p.mu.Lock()
			p.last = time.Time{}
			p.mu.Unlock()
			return
		}
	}
}

// feel is a beat at a time.
func (p *pulse) feel(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.look(now)
	p.last = now
}

// look notes that the process was held up until now, if it was. A machine's clock may stand
// while it is suspended, so the time of day counts too.
func (p *pulse) look(now time.Time) {
	if !p.last.IsZero() && max(now.Sub(p.last), now.Round(0).Sub(p.last.Round(0))) > heldUpAfter {
		p.until = now.Add(catchUp)
		p.last = now
	}
}

// missed tells whether a request that was read at a time may be one whose sender has given
// up while the process was held up.
func (p *pulse) missed(received, now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.look(now)
	return received.Before(p.until)
}
