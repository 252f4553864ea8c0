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

// faultyNetwork is the transport to a Klaviyo account. It records the requests.
type faultyNetwork struct {
	next http.RoundTripper
	test faultTest
	// inBulk delays each request, so that others wait and are sent in bulk.
	inBulk bool

	mu    sync.Mutex
	spare int // the number of events that still pass before the fault
	left  int // how often the fault still occurs then; negative means always
	sent  []passage
	met   []int // the number of events of each request that met the fault
}

// passage is a request with its response.
type passage struct {
	request     string // identifies the request; the same for all attempts
	events      int    // the number of events in it
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

// pass returns the fault if the network causes it, or else sends the request to Klaviyo.
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

// strikes reports whether a request meets a fault at the server.
func (n *faultyNetwork) strikes(req *http.Request) bool {
	body := bodyOf(req)
	return n.test.strikes.meets(req, body) && n.use(body)
}

// isBulk reports whether a request's body is of a call for many events.
func isBulk(body []byte) bool { return bytes.Contains(body, []byte(`"events-bulk-create"`)) }

// use reports whether the fault occurs for a request, and counts it.
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

// struck returns how many requests met the fault: single calls and bulk calls.
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

// mostAttempts returns the maximum number of attempts of a request. GET requests don't count:
// they are repeated while a job is in progress.
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
	failed := slices.IndexFunc(n.sent, func(p passage) bool { return p.failed }) // in the order of the responses
	count := 0
	for _, p := range n.sent {
		if failed >= 0 && p.began.After(n.sent[failed].over) {
			count++
		}
	}
	return count
}

// networkDelay delays a fault, so that other requests are in flight when the program sees it.
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
