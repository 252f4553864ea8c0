package client

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
)

// A statusRule is the meaning of responses with some statuses.
type statusRule struct {
	statuses []statusRange
	when     condition
	// kind is one of the Err… variables, or nil for success. kindBlames maps it to a Blame.
	kind error
}

// statusRules classify every response. The first match counts. Statuses that can be the fault
// of the request are listed; an unknown response means that something other than the API
// responded. docs/reliability.md shows the table.
var statusRules = []statusRule{
	{between(200, 299), asDescribed, nil},

	{on(400, 410), namesRevision, ErrRevisionRetired},
	{on(404), lacksRevision, ErrRevisionRetired},
	{on(410), hasNoID, ErrRevisionRetired},
	{on(401), always, ErrUnauthorized},
	{on(402), isJSONOrEmpty, ErrUnauthorized},
	{on(403), hasJSON, ErrUnauthorized},

	{on(403, 408, 425), always, ErrUnavailable}, // a 403 without JSON is from a gateway
	{between(500, 599), always, ErrUnavailable},
	{on(429), always, ErrRateLimited},

	{on(413, 414), always, ErrInvalidRequest},
	{on(400, 415, 422), isJSONOrEmpty, ErrInvalidRequest},
	{on(405), fromAPI, ErrInvalidRequest},
	{on(404), fromAPI, ErrNotFound},
	{on(410), isJSONOrEmpty, ErrNotFound},
	{on(409), isJSONOrEmpty, ErrConflict},

	{between(0, 999), always, ErrMisdirected},
}

// A statusRange is a range of statuses, including both ends.
type statusRange struct{ from, to int }

func between(from, to int) []statusRange { return []statusRange{{from, to}} }

func on(statuses ...int) []statusRange {
	spans := make([]statusRange, len(statuses))
	for i, status := range statuses {
		spans[i] = statusRange{status, status}
	}
	return spans
}

// A condition is what a rule requires of a response besides the status.
type condition struct {
	name    string // for the table in the docs
	matches func(response) bool
}

var (
	always        = condition{"", func(response) bool { return true }}
	asDescribed   = condition{"with the status, and the id or list, of the operation's description", response.isSuccess}
	hasJSON       = condition{"with JSON", func(r response) bool { return isJSON(r.body) }}
	isJSONOrEmpty = condition{"with JSON or an empty body", func(r response) bool { return !isNotJSON(r.body) }}
	fromAPI       = condition{"with Klaviyo's errors; if the path has an id, with JSON or an empty body", response.isFromAPI}
	namesRevision = condition{"that names the revision", response.namesRevision}
	lacksRevision = condition{"that finds no valid revision, if the revision describes the operation", response.lacksRevision}
	hasNoID       = condition{"if the operation's path has no id", func(r response) bool { return !r.op.HasID() }}
)

// A response is a response to a call of an operation.
type response struct {
	op     *runtime.Operation
	status int
	body   []byte
}

func readResponse(op *runtime.Operation, resp *http.Response) response {
	return response{op, resp.StatusCode, bufferedBody(resp)}
}

// kind returns the kind of error that the response means, or nil for success.
func (r response) kind() error {
	for _, v := range statusRules {
		if slices.ContainsFunc(v.statuses, func(s statusRange) bool { return s.from <= r.status && r.status <= s.to }) && v.when.matches(r) {
			return v.kind
		}
	}
	return ErrMisdirected
}

// isSuccess reports whether the response has what the description requires. Otherwise any
// server that responds 2XX, such as a captive portal, would seem to accept the requests, and
// they would be lost.
func (r response) isSuccess() bool {
	// An operation that isn't described may have any 2XX status.
	if r.isDescribed() && !slices.Contains(r.op.Success.Statuses, r.status) {
		return false
	}
	var answer struct {
		Data json.RawMessage `json:"data"`
	}
	var resource struct {
		ID string `json:"id"`
	}
	switch r.op.Success.Data {
	case runtime.ResponseResource:
		// The types of other members are checked when the response is decoded.
		return json.Unmarshal(r.body, &answer) == nil && json.Unmarshal(answer.Data, &resource) == nil && isID(resource.ID)
	case runtime.ResponseResources:
		return json.Unmarshal(r.body, &answer) == nil && bytes.HasPrefix(answer.Data, []byte("["))
	default:
		return isEmpty(r.body) || isJSON(r.body)
	}
}

// isDescribed reports whether the API description of the revision has the operation.
func (r response) isDescribed() bool { return len(r.op.Success.Statuses) > 0 }

// isFromAPI reports whether an error response is about the resource with an id, and not from a
// server that lacks the path.
func (r response) isFromAPI() bool {
	return len(parseFaults(r.body)) > 0 || r.op.HasID() && !isNotJSON(r.body)
}

// namesRevision reports whether the first fault is about the revision. A fault about a field of
// the body isn't, even if its name or value contains the word.
func (r response) namesRevision() bool {
	faults := parseFaults(r.body)
	if len(faults) == 0 {
		return false
	}
	fault := faults[0]
	text := fault.Code + " " + fault.Title + " " + fault.Detail
	if source := fault.Source; source != nil {
		if strings.EqualFold(source.Parameter, "revision") {
			return true
		}
		if source.Parameter != "" || strings.HasPrefix(strings.TrimSuffix(source.Pointer, "/"), "/data/") {
			return false
		}
		text += " " + source.Pointer
	}
	return strings.Contains(strings.ToLower(text), "revision")
}

// lacksRevision reports whether the API has no revision with the operation. It looks for the
// whole phrase, since a 404 may quote an id that contains the word. The response to an unknown
// path is the same, so the operation must be described.
func (r response) lacksRevision() bool {
	return r.isDescribed() && slices.ContainsFunc(parseFaults(r.body), func(fault apiFault) bool {
		return strings.Contains(strings.ToLower(fault.Title+" "+fault.Detail), "no valid revision")
	})
}

// isID reports whether an id from the server is valid and can be part of a path.
func isID(id string) bool {
	return looksLikeName(id) && !strings.ContainsAny(id, "/.")
}

func isEmpty(body []byte) bool { return len(bytes.TrimSpace(body)) == 0 }

// isJSON reports whether a body is a JSON object, like all bodies of the API.
func isJSON(body []byte) bool {
	return bytes.HasPrefix(bytes.TrimSpace(body), []byte("{")) && json.Valid(body)
}

// isNotJSON reports whether a body can't be from the API, or be the beginning of such a body.
func isNotJSON(body []byte) bool {
	return !isEmpty(body) && !bytes.HasPrefix(bytes.TrimSpace(body), []byte("{"))
}
