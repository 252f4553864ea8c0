// Package inbox says how requests are kept in a message of a stream, and which events are
// in them. A request is kept as it came: a line of JSON that says when it came, what it is
// and how long its body is, then the body, then a newline. Nothing is read or changed before
// it is kept, so that what is kept can be read by a later version that knows better.
package inbox

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/rudderklaviyo/rudderklaviyo/internal/input"
)

// Kind says what a request's body is.
type Kind string

// The values of Kind.
const (
	// Webhook is what RudderStack's Webhook destination sends: an event. A batch, an array,
	// or a line of RudderStack's archive is read as in a file.
	Webhook Kind = "webhook"
	// Batch is an SDK's call with a list of events.
	Batch Kind = "batch"
	// Event is an event as it is, whatever it holds: one that was a dead letter.
	Event Kind = "event"

	// The others are an SDK's calls with one event each, of the type that the kind is
	// named after.

	Identify Kind = "identify"
	Track    Kind = "track"
	Group    Kind = "group"
	Screen   Kind = "screen"
	Page     Kind = "page"
	Alias    Kind = "alias"
)

// kinds has what an event of each kind's type is, where its body is a single event.
var kinds = map[Kind]struct{ eventType string }{
	Webhook:  {},
	Batch:    {},
	Event:    {},
	Identify: {"identify"},
	Track:    {"track"},
	Group:    {"group"},
	Screen:   {"screen"},
	Page:     {"page"},
	Alias:    {"alias"},
}

// Request is a request that is to be kept.
type Request struct {
	Kind     Kind
	Received time.Time
	// Body is the request's body, decompressed.
	Body []byte
}

// header is the line before a body.
type header struct {
	Received time.Time `json:"receivedAt"`
	Kind     Kind      `json:"kind"`
	Bytes    int       `json:"bytes"`
}

// MaxOverhead is how many bytes Append adds to a body at the most.
const MaxOverhead = 128

// Append appends a request, as it is kept, to a message.
func Append(message []byte, r Request) []byte {
	message = append(message, `{"receivedAt":"`...)
	message = r.Received.UTC().AppendFormat(message, time.RFC3339Nano)
	message = append(message, `","kind":"`...)
	message = append(message, r.Kind...)
	message = append(message, `","bytes":`...)
	message = strconv.AppendInt(message, int64(len(r.Body)), 10)
	message = append(message, "}\n"...)
	message = append(message, r.Body...)
	return append(message, '\n')
}

// cut takes the first request off a message that isn't empty.
func cut(message []byte) (r Request, rest []byte, err error) {
	line, rest, ended := bytes.Cut(message, []byte("\n"))
	var h header
	switch err := json.Unmarshal(line, &h); {
	case !ended:
		return Request{}, nil, errors.New("a request's first line has no end")
	case err != nil:
		return Request{}, nil, errors.New("a request's first line isn't JSON with receivedAt, kind and bytes")
	}
	if _, known := kinds[h.Kind]; !known {
		return Request{}, nil, errors.New("a request has a kind that this version doesn't know")
	}
	if h.Bytes < 0 || h.Bytes >= len(rest) || rest[h.Bytes] != '\n' {
		return Request{}, nil, fmt.Errorf("a request's body doesn't have the %d bytes that its first line says", h.Bytes)
	}
	return Request{Kind: h.Kind, Received: h.Received, Body: rest[:h.Bytes:h.Bytes]}, rest[h.Bytes+1:], nil
}

// Count is how many events a body holds. There may be none in a list.
func Count(kind Kind, body []byte) int {
	held, _ := hold(kind, input.Event{Form: input.FormJSON, Text: body})
	return held.Count()
}

// byteOrderMark is what some programs put before a text.
var byteOrderMark = []byte("\uFEFF")

// hold gives the events of a body as they came, and what its batch has for sentAt.
func hold(kind Kind, body input.Event) (held input.Iterator, sentAt []byte) {
	body.Text = bytes.TrimPrefix(body.Text, byteOrderMark)
	switch kind {
	case Webhook:
		return input.Split(body), nil
	case Batch:
		return input.SplitBatch(body)
	}
	return input.Single(body), nil
}
