package mapper

import (
	"bytes"
	"encoding/json"
	"slices"

	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
)

// Request is an API call to send, for the revision that the [Config] selects.
type Request interface {
	// Kind returns what the call does, independently of the revision.
	Kind() Kind
	// Operation returns the API operation to call.
	Operation() *runtime.Operation
	// Body returns the request body, a pointer to the generated type of the revision.
	// Don't modify it.
	Body() any
	// AppendBody appends the body as JSON and returns the extended slice. The result is
	// that of encoding/json without HTML escaping, but faster.
	AppendBody(dst []byte) []byte
	// Event returns what identifies the event. It is empty unless the Kind is KindEvent.
	Event() EventKey
}

// Kind is what a request does.
type Kind string

// Kinds of requests.
const (
	// KindProfile creates a profile, or updates the one with the same identifiers.
	KindProfile Kind = "profile"
	// KindEvent records an event.
	KindEvent Kind = "event"
	// KindSubscription subscribes one person to a list.
	KindSubscription Kind = "subscription"
	// KindUnsubscription unsubscribes one person from a list, or from all marketing.
	KindUnsubscription Kind = "unsubscription"
	// KindMerge merges a profile into another.
	KindMerge Kind = "merge"
)

// EventKey is what identifies an event of a profile in Klaviyo.
type EventKey struct {
	// Metric is the metric's name.
	Metric string
	// Time is when the event happened, in RFC 3339 format. It is empty if the event has no
	// time.
	Time string
	// UniqueID is the deduplication key: the event's messageId, or a UUID derived from the
	// event.
	UniqueID string
}

// request implements Request with a body of the generated type B.
type request[B any] struct {
	kind      Kind
	operation *runtime.Operation
	body      B
	event     EventKey
	raw       int // bytes of the body that are already JSON
}

func (r *request[B]) Kind() Kind                    { return r.kind }
func (r *request[B]) Operation() *runtime.Operation { return r.operation }
func (r *request[B]) Body() any                     { return &r.body }
func (r *request[B]) Event() EventKey               { return r.event }

func (r *request[B]) AppendBody(dst []byte) []byte {
	if body, ok := any(&r.body).(interface{ AppendJSON([]byte) []byte }); ok {
		return body.AppendJSON(slices.Grow(dst, r.raw))
	}
	return appendJSON(dst, &r.body) // too rare to generate an encoder
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
