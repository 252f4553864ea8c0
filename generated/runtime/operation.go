package runtime

import (
	"fmt"
	"iter"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// OperationID is the operationId of a call in Klaviyo's API, such as create_event.
type OperationID string

// Endpoint is a method and a path without the slash at its end, such as
// "POST /api/events", with a parameter of the path in braces. Klaviyo limits the calls of
// an endpoint, whichever revision they are of.
type Endpoint string

// Operation is what a revision's description says of a call. A generated package has
// one for each of its calls; they are not to be changed.
type Operation struct {
	// Revision is the revision of the API, such as 2023-02-22.
	Revision string
	// ID is the operationId.
	ID OperationID
	// Method is the HTTP method.
	Method string
	// Path begins with a slash; a parameter in it stands in braces.
	Path string
	// MediaType is that of bodies, such as application/json.
	MediaType string
	// Burst and Steady hold at the same time, for each account, and so does Daily unless
	// it is zero.
	Burst, Steady, Daily RateLimit
	// Public operations take the company id as a parameter and no private key.
	Public bool
	// Scopes are those that the private key needs.
	Scopes []string
	// Success is what an answer to a call that succeeded has.
	Success Success
	// Upserts says that the call updates the profile that has the identifiers, where there
	// is one.
	Upserts bool
	// UpdatedBy is the operation that updates the profile which a 409 names. A call that
	// creates a profile and has one becomes an upsert by it.
	UpdatedBy *Operation
	// List leads, as a JSON Pointer, to the id of the list that a body is about. It is empty
	// where the operation has no place for one.
	List string
	// People are the places where a body says whom it is about. Operations that read, or
	// name profiles by their ids in the path, have none.
	People []People
}

// Success is what the description says of an answer that tells of success.
type Success struct {
	// Statuses are the statuses that it may have.
	Statuses []int
	// Data is what it has under "data".
	Data AnswerData
}

// AnswerData is the form of what an answer has under "data".
type AnswerData int

// The forms of an answer's data.
const (
	// AnswerNoData is an answer without a body.
	AnswerNoData AnswerData = iota
	// AnswerResource is an object with an id.
	AnswerResource
	// AnswerResources is an array.
	AnswerResources
)

// People is a place in a body where people are named. Places are JSON Pointers; what
// a body has no place for is empty.
type People struct {
	// At leads to a person's object. * in it stands for each element of a list.
	At string
	// Email, PhoneNumber, ExternalID and ProfileID lead from the object to the identifiers.
	// [Itself] says that the element is the identifier.
	Email, PhoneNumber, ExternalID, ProfileID string
	// Properties leads from the object to the custom properties, which can keep an
	// identifier that Klaviyo refuses. [Itself] says that they are members of the object.
	Properties string
	// EmailConsent and SMSConsent lead from the object to the consents to the channels that
	// the email and the phone number are for.
	EmailConsent, SMSConsent string
	// Instead leads from the top of the body to what may stand in place of people, such as
	// a list of them.
	Instead string
}

// Itself is the place of what isn't within an object but is it.
const Itself = "."

// RateLimit is a number of calls in a fixed window of time, which begins at the
// server's choice and not with each call.
type RateLimit struct {
	// Calls is how many calls of all programs a window takes.
	Calls int
	// Window is the window's length.
	Window time.Duration
}

// Endpoint is the endpoint that the operation calls.
func (op *Operation) Endpoint() Endpoint { return endpoint(op.Method, op.Path) }

func endpoint(method, path string) Endpoint {
	return Endpoint(method + " " + strings.TrimSuffix(path, "/"))
}

// String is the operationId, or nothing for nil.
func (op *Operation) String() string {
	if op == nil {
		return ""
	}
	return string(op.ID)
}

// MarshalText writes the operationId, for logs and JSON.
func (op *Operation) MarshalText() ([]byte, error) { return []byte(op.String()), nil }

// HasID says whether the path names a resource by its id.
func (op *Operation) HasID() bool { return strings.Contains(op.Path, "{") }

// PathOf is the operation's path with values for its parameters, or an error if one is
// missing or can't be a part of a path.
func (op *Operation) PathOf(values ...string) (string, error) {
	segments := strings.Split(op.Path, "/")
	for i, segment := range segments {
		if !isParameter(segment) {
			continue
		}
		if len(values) == 0 || values[0] == "" || values[0] == "." || values[0] == ".." {
			return "", fmt.Errorf("klaviyo: %s: the path parameter %s is empty or not an id", op.ID, strings.Trim(segment, "{}"))
		}
		segments[i], values = url.PathEscape(values[0]), values[1:]
	}
	return strings.Join(segments, "/"), nil
}

func isParameter(segment string) bool { return strings.HasPrefix(segment, "{") }

// Operations are those of a revision, in the order of their paths.
type Operations []*Operation

// All goes through the operations.
func (ops Operations) All() iter.Seq[*Operation] { return slices.Values(ops) }

// Lookup gives the operation with an operationId, and whether there is one.
func (ops Operations) Lookup(id OperationID) (*Operation, bool) {
	return ops.find(func(op *Operation) bool { return op.ID == id })
}

// Match gives the operation that a request with this method and URL path calls, and
// whether there is one.
func (ops Operations) Match(method, path string) (*Operation, bool) {
	segments := strings.Split(path, "/")
	return ops.find(func(op *Operation) bool {
		return op.Method == method && slices.EqualFunc(strings.Split(op.Path, "/"), segments, matchSegment)
	})
}

func (ops Operations) find(is func(*Operation) bool) (*Operation, bool) {
	if i := slices.IndexFunc(ops, is); i >= 0 {
		return ops[i], true
	}
	return nil, false
}

func matchSegment(pattern, segment string) bool {
	if isParameter(pattern) {
		return segment != ""
	}
	return pattern == segment
}

// MustParseRateLimit reads a limit in the form of the description, such as "350/s". It
// panics at any other text but the empty one, which is no limit: nobody could run a
// build with such a description, so nobody can ship it.
func MustParseRateLimit(s string) RateLimit {
	if s == "" {
		return RateLimit{}
	}
	calls, unit, _ := strings.Cut(s, "/")
	n, err := strconv.Atoi(calls)
	window, ok := windows[unit]
	if err != nil || n <= 0 || !ok {
		panic(fmt.Sprintf("klaviyo: x-klaviyo-ratelimit %q in the description", s))
	}
	return RateLimit{Calls: n, Window: window}
}

var windows = map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour}
