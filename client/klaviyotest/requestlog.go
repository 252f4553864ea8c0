package klaviyotest

import (
	"bytes"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
)

// Request is a request that arrived, including rejected ones.
type Request struct {
	// Operation is nil if the method and path match no operation.
	Operation *runtime.Operation
	// Method and Path are those of the request line. Path is unescaped.
	Method, Path string
	// Query has the query parameters.
	Query url.Values
	// Header has the headers except Authorization.
	Header http.Header
	// Body is the body, or its beginning if it exceeds the size limit.
	Body []byte
	// Status is the status of the response. It is 0 if there is no response yet or at all.
	Status int
	// Time is when the request arrived.
	Time time.Time
}

// Requests returns all requests in order of arrival, including those that were rejected or
// affected by a fault.
func (k *Klaviyo) Requests() []Request {
	return k.log.requests()
}

// A requestLog records requests.
type requestLog struct {
	off     bool
	mu      sync.Mutex
	entries []*Request
}

// add records a call, and returns the entry for answered to complete.
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

func (l *requestLog) answered(entry *Request, a response) {
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
