package mapper

import (
	"bytes"
	"encoding/json"
	"slices"

	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
)

// Request is a single call, of the revision that the config names.
type Request interface {
	// Kind is what the call does, whatever it is called in its revision.
	Kind() Kind
	// Operation is the call to make.
	Operation() *runtime.Operation
	// Body is the body of the call: a pointer to the revision's generated type. It is not
	// to be changed.
	Body() any
	// AppendBody appends the body as JSON, as it goes over the wire: what
	// encoding/json makes of Body, but without escapes for HTML, and faster.
	AppendBody(dst []byte) []byte
	// Event is what an event is known by. It is empty if the Kind is another.
	Event() EventKey
}

// Kind is what a request does.
type Kind string

// The kinds of requests.
const (
	// KindProfile creates a profile or, where one with its identifiers exists, updates it.
	KindProfile Kind = "profile"
	// KindEvent records an event.
	KindEvent Kind = "event"
	// KindSubscription subscribes one person to a list.
	KindSubscription Kind = "subscription"
	// KindUnsubscription unsubscribes one person from a list, or from all.
	KindUnsubscription Kind = "unsubscription"
	// KindMerge merges a profile into another.
	KindMerge Kind = "merge"
)

// EventKey is what Klaviyo knows an event of a profile by.
type EventKey struct {
	// Metric is the metric's name.
	Metric string
	// Time is when it happened, in RFC 3339. It is empty if the event doesn't say.
	Time string
	// UniqueID is the key against duplicates: the event's messageId, or a UUID made of the event.
	UniqueID string
}

// request is a Request whose body is a B, one of the generated types.
type request[B any] struct {
	kind      Kind
	operation *runtime.Operation
	body      B
	event     EventKey
	raw       int // bytes of JSON in the body that need no encoding
}

func (r *request[B]) Kind() Kind                    { return r.kind }
func (r *request[B]) Operation() *runtime.Operation { return r.operation }
func (r *request[B]) Body() any                     { return &r.body }
func (r *request[B]) Event() EventKey               { return r.event }

func (r *request[B]) AppendBody(dst []byte) []byte {
	if body, ok := any(&r.body).(interface{ AppendJSON([]byte) []byte }); ok {
		return body.AppendJSON(slices.Grow(dst, r.raw))
	}
	return appendJSON(dst, &r.body) // of a kind that is too rare for an encoder of its own
}

func appendJSON(dst []byte, body any) []byte {
	buffer := bytes.NewBuffer(dst)
	encoder := json.NewEncoder(buffer)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(body); err != nil {
		panic(err) // the generated types of bodies can all be encoded
	}
	return bytes.TrimSuffix(buffer.Bytes(), []byte("\n"))
}
