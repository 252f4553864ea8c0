package delivery

import (
	"encoding/json"
	"maps"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
)

// A batching describes how requests of an operation are sent together. It is defined in the
// file of its revision. Bodies are pointers to the generated types of the revision.
type batching struct {
	// operation accepts several requests in one call. It is nil if the operation of the
	// requests does so itself.
	operation *runtime.Operation
	// maxRequests is the maximum number of requests in a call, and maxSize the maximum size of
	// its body in bytes; 0 means no limit.
	maxRequests, maxSize int
	// minRequests is the number of requests from which a call of operation is worthwhile, given
	// the rate limits. Fewer ready requests are sent singly, at once.
	minRequests int
	// overhead is the number of bytes that a request may take in the call's body in addition to
	// its own body.
	overhead int

	// sharedKey returns what all requests of a call must have in common, as a comparable value,
	// and whether the request can be batched. It is nil if they have nothing in common.
	sharedKey func(body any) (shared any, ok bool)
	// accepts reports whether a request can be sent in bulk. nil accepts all.
	accepts func(body any) bool
	// job describes the job that a call starts, or is nil if there is none.
	job *job
	// join builds the body of a call.
	join func(bodies []any) any
	// lists has the lists of the call's body, by their JSON Pointers, and how many elements a
	// request adds to each. An error that points at an element identifies its request.
	lists map[string]func(body any) int

	// merge merges two successive requests of a person if one request has the same result. It
	// is nil if requests can't be merged.
	merge func(earlier, later any) (merged any, ok bool)
}

// batchings has the batchings of all revisions, by the operation of the requests.
var batchings = map[*runtime.Operation]*batching{}

// register adds the batchings of a revision.
func register(revision map[*runtime.Operation]*batching) bool {
	for single, b := range revision {
		if b.operation != nil {
			b.minRequests = minBulkRequests(single, b.operation)
		}
	}
	maps.Copy(batchings, revision)
	return true
}

// minBulkRequests returns the number of requests from which a bulk call is faster than single
// calls. With limits of 150 bulk calls and 3,500 single calls a minute, that is 24.
func minBulkRequests(single, many *runtime.Operation) int {
	one, all := single.Steady, many.Steady
	return int(time.Duration(one.Calls)*all.Window/(time.Duration(all.Calls)*one.Window)) + 1
}

// isBulk reports whether ready requests are sent by another operation, in bulk.
func (b *batching) isBulk() bool { return b != nil && b.operation != nil }

// canBulk reports whether a request with the body can be sent in bulk.
func (b *batching) canBulk(body any) bool {
	return b.isBulk() && (b.accepts == nil || b.accepts(body))
}

// sharedKeyOf adapts a function on the generated type for batching.sharedKey.
func sharedKeyOf[B any, S comparable](shared func(*B) (S, bool)) func(any) (any, bool) {
	return func(body any) (any, bool) { return shared(body.(*B)) }
}

// joinOf adapts a function on generated types for batching.join.
func joinOf[B, J any](join func([]*B) J) func([]any) any {
	return func(bodies []any) any {
		typed := make([]*B, len(bodies))
		for i, body := range bodies {
			typed[i] = body.(*B)
		}
		joined := join(typed)
		return &joined
	}
}

// mergeOf adapts a function on the generated type for batching.merge.
func mergeOf[B any](merge func(earlier, later *B) (B, bool)) func(any, any) (any, bool) {
	return func(earlier, later any) (any, bool) {
		merged, ok := merge(earlier.(*B), later.(*B))
		return &merged, ok
	}
}

// concat concatenates the elements of all bodies.
func concat[B, E any](bodies []*B, elements func(*B) []E) []E {
	var all []E
	for _, body := range bodies {
		all = append(all, elements(body)...)
	}
	return all
}

// elementCount returns a function that counts the elements of a body.
func elementCount[B, E any](list func(*B) []E) func(any) int {
	return func(body any) int { return len(list(body.(*B))) }
}

// acceptsOf adapts a function on the generated type for batching.accepts.
func acceptsOf[B any](takes func(*B) bool) func(any) bool {
	return func(body any) bool { return takes(body.(*B)) }
}

// A batchRequest is one request for several events.
type batchRequest struct {
	operation *runtime.Operation
	body      any
}

var _ client.Request = batchRequest{}

func (c batchRequest) Operation() *runtime.Operation { return c.operation }
func (c batchRequest) Body() any                     { return c.body }

// AppendBody appends the encoded body.
func (c batchRequest) AppendBody(dst []byte) []byte { return appendBody(dst, c.body) }

func appendBody(dst []byte, body any) []byte {
	if body, ok := body.(interface{ AppendJSON([]byte) []byte }); ok {
		return body.AppendJSON(dst)
	}
	text, err := json.Marshal(body)
	if err != nil {
		panic(err) // the generated types of bodies can all be encoded
	}
	return append(dst, text...)
}
