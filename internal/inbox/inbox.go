// Package inbox defines how requests are stored in a message of a stream, and reads the events
// in them. A request is stored as it was received: a line of JSON with its time, its kind and
// the length of its body, then the body, then a newline. It isn't parsed or changed before it is
// stored, so that a later version can read it differently.
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

// Kind is the kind of a request's body.
type Kind string

// The values of Kind.
const (
	// Webhook is an event as RudderStack's Webhook destination sends it. A batch, an array, or a
	// line of RudderStack's archive is read as in a file.
	Webhook Kind = "webhook"
	// Batch is a list of events from an SDK.
	Batch Kind = "batch"
	// Event is a single event that was a dead letter. It isn't read as a list, whatever it holds.
	Event Kind = "event"

	// The other kinds are single events from an SDK, of the type with the same name.

	Identify Kind = "identify"
	Track    Kind = "track"
	Group    Kind = "group"
	Screen   Kind = "screen"
	Page     Kind = "page"
	Alias    Kind = "alias"
)

// kinds has all kinds, with the type of their events if the kind determines it.
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

// Request is a request to store.
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

// MaxOverhead is the maximum number of bytes that Append adds to a body.
const MaxOverhead = 128

// Append appends a request to a message, in the stored form.
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

// cut returns the first request of a message that isn't empty, and the rest of the message.
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

// Count returns the number of events in a body. An empty list has none.
func Count(kind Kind, body []byte) int {
	held, _ := hold(kind, input.Event{Form: input.FormJSON, Text: body})
	return held.Count()
}

// byteOrderMark is a prefix that some programs add to a text.
var byteOrderMark = []byte("\uFEFF")

// hold returns the events of a body as they were received, and the sentAt of its batch.
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
