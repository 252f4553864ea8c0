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

// Endpoint is a method and a path without a trailing slash, such as "POST /api/events", with
// parameters of the path in braces. Klaviyo's rate limits apply to an endpoint, across
// revisions.
type Endpoint string

// Operation describes a call of one revision of the API. A generated package has a variable for
// each of its operations. Don't modify them.
type Operation struct {
	// Revision is the revision of the API, such as 2023-02-22.
	Revision string
	// ID is the operationId.
	ID OperationID
	// Method is the HTTP method.
	Method string
	// Path begins with a slash. It has parameters in braces.
	Path string
	// MediaType is the media type of the request body and the response, such as
	// application/json.
	MediaType string
	// Burst, Steady and Daily are rate limits that apply to each account at the same time.
	// Daily is zero if there is no daily limit.
	Burst, Steady, Daily RateLimit
	// Public operations take the company id as a query parameter, and no private key.
	Public bool
	// Scopes are the scopes that the private key needs.
	Scopes []string
	// Success describes a successful response.
	Success Success
	// Upserts reports whether the call updates the profile with the identifiers if there is
	// one.
	Upserts bool
	// UpdatedBy is the operation that updates the profile which a 409 response names. A client
	// uses it to turn a call that creates a profile into an upsert.
	UpdatedBy *Operation
	// List is the location of a list id in the body, a JSON Pointer. It is empty if the body
	// has none.
	List string
	// People are the locations of people in the body. It is empty for operations that only
	// read, or that have a profile id in the path.
	People []People
}

// Success describes a successful response.
type Success struct {
	// Statuses are the possible status codes.
	Statuses []int
	// Data is the form of the member "data".
	Data ResponseData
}

// ResponseData is the form of the member "data" of a response.
type ResponseData int

// Forms of the data of a response.
const (
	// ResponseEmpty is a response without a body.
	ResponseEmpty ResponseData = iota
	// ResponseResource is an object with an id.
	ResponseResource
	// ResponseResources is an array.
	ResponseResources
)

// People locates people in a body. Locations are JSON Pointers. A location that the body
// doesn't have is empty.
type People struct {
	// At is the location of a person's object. A * in it stands for each element of a list.
	At string
	// Email, PhoneNumber, ExternalID and ProfileID are the locations of the identifiers within
	// the object. [Self] means that the element itself is the identifier.
	Email, PhoneNumber, ExternalID, ProfileID string
	// Properties is the location, within the object, of the custom properties, to which an
	// identifier is moved that Klaviyo rejects. [Self] means that they are members of the
	// object.
	Properties string
	// EmailConsent and SMSConsent are the locations, within the object, of the consent to email
	// and to SMS.
	EmailConsent, SMSConsent string
	// Instead is the location, within the body, of what can replace people, such as a list id.
	Instead string
}

// Self is the location of the object or element itself.
const Self = "."

// RateLimit is the number of calls allowed in a rate limit window. Windows have a fixed length
// and begin when the server decides, not with each call.
type RateLimit struct {
	// Calls is the number of calls allowed in a window, by all programs together.
	Calls int
	// Window is the length of the window.
	Window time.Duration
}

// CallLimits are the rate limits of an endpoint that differ from those of the API description.
type CallLimits struct {
	// PerSecond is the burst limit, and PerMinute the steady limit.
	PerSecond, PerMinute int
}

// Endpoint returns the endpoint of the operation.
func (op *Operation) Endpoint() Endpoint { return endpoint(op.Method, op.Path) }

func endpoint(method, path string) Endpoint {
	return Endpoint(method + " " + strings.TrimSuffix(path, "/"))
}

// String returns the operationId. It returns "" if op is nil.
func (op *Operation) String() string {
	if op == nil {
		return ""
	}
	return string(op.ID)
}

// MarshalText returns the operationId, for logs and JSON.
func (op *Operation) MarshalText() ([]byte, error) { return []byte(op.String()), nil }

// HasID reports whether the path has a parameter, the id of a resource.
func (op *Operation) HasID() bool { return strings.Contains(op.Path, "{") }

// PathOf returns the path with the values of its parameters. It returns an error if a value is
// missing, empty, "." or "..".
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

// Operations are the operations of a revision, ordered by path.
type Operations []*Operation

// All iterates over the operations.
func (ops Operations) All() iter.Seq[*Operation] { return slices.Values(ops) }

// Lookup returns the operation with the id, and whether there is one.
func (ops Operations) Lookup(id OperationID) (*Operation, bool) {
	return ops.find(func(op *Operation) bool { return op.ID == id })
}

// Match returns the operation with the method whose path matches the URL path, and whether
// there is one.
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

// MustParseRateLimit parses a rate limit of the API description, such as "350/s". An empty
// string means no limit. It panics if s is invalid, which can only happen if the generated code
// is wrong.
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
