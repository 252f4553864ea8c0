package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// load sends events as RudderStack does: a person's next event after the 200 to the last one. It
// repeats an event until it gets a 200, after the time that a 429 gives.
type load struct {
	urls   []string // of services; each attempt goes to one of them
	client *http.Client
	ctx    context.Context
	stop   context.CancelFunc
	group  sync.WaitGroup

	acknowledged atomic.Int64
	repeated     atomic.Int64 // attempts that were not the first
	cuts         atomic.Int64 // odd while the service's power is being cut
	mu           sync.Mutex
	unexpected   []string // responses that RudderStack would drop an event on
	people       []*person
}

// person is a person whose events are sent one after the other.
type person struct {
	account, token string
	name           string
	sent           []kind // that were tried; their messageIds have their numbers, counted from 1
	acknowledged   int
}

// kind is the expected outcome of an event.
type kind int

const (
	isOrder    kind = iota // an event at Klaviyo
	isIdentify             // a change of a profile
	isNobodys              // a dead letter
	isRefused              // a dead letter, by Klaviyo's answer
)

func (p *person) email() string { return p.name + "@example.com" }

// id returns the messageId of an event.
func (p *person) id(n int) string { return fmt.Sprintf("%s-%06d", p.name, n) }

func newLoad(urls ...string) *load {
	l := &load{urls: urls, client: &http.Client{
		Timeout:   5 * time.Second,
		Transport: &http.Transport{MaxIdleConnsPerHost: 512},
	}}
	l.ctx, l.stop = context.WithCancel(context.Background())
	return l
}

// of sends events of people of an account: perSecond events a second together, or as fast as they
// are accepted if it is 0.
func (l *load) of(random *rand.Rand, account, token string, people, perSecond int) {
	for i := range people {
		p := &person{account: account, token: token, name: fmt.Sprintf("%s-%03d", account, i)}
		l.people = append(l.people, p)
		own := rand.New(rand.NewPCG(random.Uint64(), random.Uint64()))
		l.group.Go(func() {
			var interval time.Duration
			if perSecond > 0 {
				interval = time.Duration(people) * time.Second / time.Duration(perSecond)
			}
			next := time.Now().Add(time.Duration(own.Float64() * float64(interval)))
			for l.rest(time.Until(next)) && l.send(p, own) {
				if next = next.Add(interval); next.Before(time.Now()) {
					next = time.Now() // what couldn't be sent isn't made up for
				}
			}
		})
	}
}

// end stops sending, and waits for the responses to the requests in flight.
func (l *load) end() {
	l.stop()
	l.group.Wait()
	l.client.CloseIdleConnections()
}

// rest waits. It reports whether to continue.
func (l *load) rest(d time.Duration) bool {
	if d > 0 {
		select {
		case <-time.After(d):
		case <-l.ctx.Done():
		}
	}
	return l.ctx.Err() == nil
}

// event returns the next event of a person.
func (p *person) event(random *rand.Rand) string {
	kind, n := isOrder, len(p.sent)+1
	switch r := random.IntN(20); {
	case r < 3:
		kind = isIdentify
	case r == 3:
		kind = isNobodys
	case r == 4:
		kind = isRefused
	}
	p.sent = append(p.sent, kind)
	switch kind {
	case isIdentify:
		return fmt.Sprintf(`{"type":"identify","messageId":%q,"traits":{"email":%q,"seen":%d}}`, p.id(n), p.email(), n)
	case isNobodys:
		return fmt.Sprintf(`{"type":"track","event":"Ping","userId":"7","messageId":%q}`, p.id(n))
	case isRefused:
		return fmt.Sprintf(`{"type":"track","event":%q,"messageId":%q,"context":{"traits":{"email":%q}}}`, refused, p.id(n), p.email())
	}
	return fmt.Sprintf(`{"type":"track","event":"Order Completed","messageId":%q,"context":{"traits":{"email":%q}},"properties":{"text":%q}}`, p.id(n), p.email(), filler)
}

// filler is text that makes an event as large as a typical one.
var filler = strings.Repeat("Two pairs of socks. ", 50)

// send sends an event until it is acknowledged.
func (l *load) send(p *person, random *rand.Rand) bool {
	text := p.event(random)
	for try := 0; ; try++ {
		if try > 0 {
			l.repeated.Add(1)
		}
		again, err := l.attempt(p.token, "/v1/webhook", text, random)
		if err == nil {
			break
		}
		if !l.rest(again) {
			return false
		}
	}
	p.acknowledged = len(p.sent)
	l.acknowledged.Add(1)
	return true
}

// duringCut runs a function that cuts the service's power. The requests in flight then get no
// response, as from a machine without power.
func (l *load) duringCut(cut func()) {
	l.cuts.Add(1)
	defer l.cuts.Add(1)
	cut()
}

// attempt posts a body. An error means that it wasn't acknowledged; again is the time to wait before
// the next attempt.
func (l *load) attempt(token, path, body string, random *rand.Rand) (again time.Duration, err error) {
	cuts := l.cuts.Load()
	url := l.urls[random.IntN(len(l.urls))] + path
	req, err := http.NewRequest(http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		panic(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	answer, err := l.client.Do(req)
	if err != nil {
		return 50 * time.Millisecond, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	switch {
	case err != nil:
		return 50 * time.Millisecond, err
	case cuts%2 != 0 || cuts != l.cuts.Load():
		return 50 * time.Millisecond, errors.New("the answer is lost with the power")
	case answer.StatusCode == http.StatusOK:
		return 0, nil
	case answer.StatusCode == http.StatusTooManyRequests:
		after, err := strconv.Atoi(answer.Header.Get("Retry-After"))
		if err == nil {
			// The service may be restarted before that.
			return min(time.Duration(after)*time.Second, time.Second), fmt.Errorf("%s", text)
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.unexpected = append(l.unexpected, fmt.Sprintf("%d %s", answer.StatusCode, text))
	return time.Second, fmt.Errorf("%d", answer.StatusCode)
}
