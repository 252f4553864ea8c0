package klaviyotest

import (
	"bytes"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
)

// Request is a request that arrived, whatever became of it.
type Request struct {
	// Operation is empty where method and path are no operation's.
	Operation *runtime.Operation
	// Method and Path are those of the request line, the path unescaped.
	Method, Path string
	// Query has what follows the path.
	Query url.Values
	// Header leaves Authorization out.
	Header http.Header
	// Body is the body to its end, or to one byte beyond the largest that is taken.
	Body []byte
	// Status is that of the answer, and 0 where there was none, or none yet.
	Status int
	// Time is when the request arrived.
	Time time.Time
}

// Requests gives the requests in the order in which they arrived, with those
// that were refused or met a fault.
func (k *Klaviyo) Requests() []Request {
	return k.log.requests()
}

// requestLog keeps requests.
type requestLog struct {
	off     bool
	mu      sync.Mutex
	entries []*Request
}

// add keeps a call and gives the entry that answered completes.
func (l *requestLog) add(c *call) *Request {
	if l.off {
		return nil
	}
	header := c.req.Header.Clone()
	header.Del("Authorization")
	entry := &Request{
		Operation: c.operation,
		Method:    c.req.Method,
		Path:      c.req.URL.Path,
		Query:     c.req.URL.Query(),
		Header:    header,
		Body:      c.body,
		Time:      c.time,
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.entries = append(l.entries, entry)
	return entry
}

func (l *requestLog) answered(entry *Request, a answer) {
	if entry == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	entry.Status = a.status
}

func (l *requestLog) requests() []Request {
	l.mu.Lock()
	defer l.mu.Unlock()
	requests := make([]Request, len(l.entries))
	for i, entry := range l.entries {
		requests[i] = *entry
		requests[i].Query = url.Values(http.Header(entry.Query).Clone())
		requests[i].Header = entry.Header.Clone()
		requests[i].Body = bytes.Clone(entry.Body)
	}
	return requests
}
