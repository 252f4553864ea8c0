package command

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// faultyNetwork is the way to a Klaviyo. It remembers what went along.
type faultyNetwork struct {
	next http.RoundTripper
	test faultTest
	// inBulk has requests take a moment, in which others wait.
	inBulk bool

	mu    sync.Mutex
	spare int // events that will pass before the fault strikes
	left  int // times that it will strike then; negative is always
	sent  []passage
	met   []int // the events of each request that met the fault
}

// passage is a request with its answer.
type passage struct {
	request     string // the same for all attempts
	events      int    // in it
	began, over time.Time
	failed      bool
}

var (
	errRefused = &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	uniqueID   = regexp.MustCompile(`"unique_id":"(m\d+)"`)
)

func (n *faultyNetwork) RoundTrip(req *http.Request) (*http.Response, error) {
	body := bodyOf(req)
	name := req.Method + " " + req.URL.Path + " " + string(body)
	ids := uniqueID.FindAllSubmatch(body, -1)
	if len(ids) == 1 {
		name = string(ids[0][1])
	}
	began := time.Now()
	if n.inBulk {
		time.Sleep(networkDelay / 5)
	}
	if req.Body != nil {
		req.Body = io.NopCloser(bytes.NewReader(body))
	}
	resp, err := n.pass(req, body)

	n.mu.Lock()
	defer n.mu.Unlock()
	n.sent = append(n.sent, passage{name, len(ids), began, time.Now(), err != nil || resp.StatusCode >= 300})
	return resp, err
}

// pass meets the fault, if it is the network's, or else Klaviyo.
func (n *faultyNetwork) pass(req *http.Request, body []byte) (*http.Response, error) {
	answer, broken := n.test.answer, n.test.broken
	if n.test.alter != nil {
		resp, err := n.next.RoundTrip(req)
		if err == nil {
			n.test.alter(resp)
		}
		return resp, err
	}
	if answer == nil && broken == nil || !n.test.strikes.meets(req, body) || !n.use(body) {
		return n.next.RoundTrip(req)
	}
	time.Sleep(networkDelay)
	if broken != nil {
		return nil, broken
	}
	resp := answer(req)
	resp.Request = req
	return resp, nil
}

// strikes tells whether a request meets the fault at Klaviyo.
func (n *faultyNetwork) strikes(req *http.Request) bool {
	body := bodyOf(req)
	return n.test.strikes.meets(req, body) && n.use(body)
}

// isBulk tells whether a request's body is of a call for many events.
func isBulk(body []byte) bool { return bytes.Contains(body, []byte(`"events-bulk-create"`)) }

// use takes one of the times that the fault strikes.
func (n *faultyNetwork) use(body []byte) bool {
	events := max(len(uniqueID.FindAll(body, -1)), 1)

	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case n.left == 0:
		return false
	case n.spare >= events:
		n.spare -= events
		return false
	case n.left > 0:
		n.left--
	}
	n.spare = 0
	n.met = append(n.met, events)
	return true
}

func (n *faultyNetwork) heal() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.left = 0
}

// struck counts the requests that met the fault, those in bulk apart.
func (n *faultyNetwork) struck() (singly, bulk int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, events := range n.met {
		if events > 1 {
			bulk++
		} else {
			singly++
		}
	}
	return singly, bulk
}

// mostAttempts is how often the request was sent that was sent most often. One that only
// looks is none: it is made again while a job goes on.
func (n *faultyNetwork) mostAttempts() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	attempts := map[string]int{}
	most := 0
	for _, p := range n.sent {
		if strings.HasPrefix(p.request, http.MethodGet) {
			continue
		}
		attempts[p.request]++
		most = max(most, attempts[p.request])
	}
	return most
}

// afterFailure counts the requests that were sent after the first had failed.
func (n *faultyNetwork) afterFailure() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	failed := slices.IndexFunc(n.sent, func(p passage) bool { return p.failed }) // in the order of the answers
	count := 0
	for _, p := range n.sent {
		if failed >= 0 && p.began.After(n.sent[failed].over) {
			count++
		}
	}
	return count
}

// networkDelay lets other requests be on their way when a fault is seen.
const networkDelay = 100 * time.Millisecond

func bodyOf(req *http.Request) []byte {
	if req.Body == nil {
		return nil
	}
	body, err := io.ReadAll(req.Body)
	if err != nil {
		panic(err) // it is in memory
	}
	return body
}
