package delivery

import (
	"encoding/json"
	"maps"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
)

// A batching says how requests of an operation are sent together. Which operations have
// one is a revision's affair, and stands in the revision's file. Bodies are pointers to the
// revision's generated types.
type batching struct {
	// operation takes several requests in one call. It is nil where the requests' own does.
	operation *runtime.Operation
	// most is how many requests a call takes, and size how many bytes its body may have; 0
	// if their number alone counts.
	most, size int
	// fewest is from how many on the operation is worth its call, by the crossover of the
	// limits. With fewer that are ready each goes alone, at once.
	fewest int
	// wrapping is how many bytes a request may take in the call's body beyond those of its
	// own body.
	wrapping int

	// shared gives what all requests of a call have in common, which can be compared, and
	// whether the body can be one of several. It is nil if they have nothing in common.
	shared func(body any) (shared any, ok bool)
	// takes tells whether a body can be one of those that are gathered. It is nil if all can.
	takes func(body any) bool
	// job is what is to be watched after a call, nil if the answer is the end of it.
	job *job
	// join makes the body of a call.
	join func(bodies []any) any
	// lists are those of the call's body, by their JSON Pointers, with how many elements a
	// request's body adds to each. A refusal that points at an element names its request.
	lists map[string]func(body any) int

	// merge makes one request of two neighbouring ones of a person, if they have one result
	// together. It is nil where none do.
	merge func(earlier, later any) (merged any, ok bool)
}

// batchings are those of all revisions, by the requests' operation.
var batchings = map[*runtime.Operation]*batching{}

// register adds those of a revision.
func register(revision map[*runtime.Operation]*batching) bool {
	for single, b := range revision {
		if b.operation != nil {
			b.fewest = crossover(single, b.operation)
		}
	}
	maps.Copy(batchings, revision)
	return true
}

// crossover is how many requests make a call for many worth more than calls of one each. An
// account that has 150 of those a minute against 3,500 of these sends more by 150 calls of 24.
func crossover(single, many *runtime.Operation) int {
	one, all := single.Steady, many.Steady
	return int(time.Duration(one.Calls)*all.Window/(time.Duration(all.Calls)*one.Window)) + 1
}

// gathers tells whether requests that are ready are taken into a call of another operation.
func (b *batching) gathers() bool { return b != nil && b.operation != nil }

// canGather tells whether a request with a body may be one of those.
func (b *batching) canGather(body any) bool {
	return b.gathers() && (b.takes == nil || b.takes(body))
}

// sharing makes the function of a batching of one that takes the generated type.
func sharing[B any, S comparable](shared func(*B) (S, bool)) func(any) (any, bool) {
	return func(body any) (any, bool) { return shared(body.(*B)) }
}

// joining makes the function of a batching of one that takes generated types.
func joining[B, J any](join func([]*B) J) func([]any) any {
	return func(bodies []any) any {
		typed := make([]*B, len(bodies))
		for i, body := range bodies {
			typed[i] = body.(*B)
		}
		joined := join(typed)
		return &joined
	}
}

// merging makes the function of a batching of one that takes the generated type.
func merging[B any](merge func(earlier, later *B) (B, bool)) func(any, any) (any, bool) {
	return func(earlier, later any) (any, bool) {
		merged, ok := merge(earlier.(*B), later.(*B))
		return &merged, ok
	}
}

// each goes through what the bodies have.
func each[B, E any](bodies []*B, elements func(*B) []E) []E {
	var all []E
	for _, body := range bodies {
		all = append(all, elements(body)...)
	}
	return all
}

// elements counts what a body has.
func elements[B, E any](list func(*B) []E) func(any) int {
	return func(body any) int { return len(list(body.(*B))) }
}

// taking makes the function of a batching of one that takes the generated type.
func taking[B any](takes func(*B) bool) func(any) bool {
	return func(body any) bool { return takes(body.(*B)) }
}

// combined is a request that stands for those of several events.
type combined struct {
	operation *runtime.Operation
	body      any
}

var _ client.Request = combined{}

func (c combined) Operation() *runtime.Operation { return c.operation }
func (c combined) Body() any                     { return c.body }

// AppendBody appends the body as it goes over the wire.
func (c combined) AppendBody(dst []byte) []byte { return appendBody(dst, c.body) }

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
