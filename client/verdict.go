package client

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
)

// A verdict is what answers with some statuses mean.
type verdict struct {
	statuses []span
	when     condition
	// kind is one of the Err… variables, nil for success. kindBlames has whose fault it is.
	kind error
}

// verdicts are the rules for every answer: the first that fits holds. What can be a
// request's own fault is listed; an answer that nothing is known of is the path's.
// docs/reliability.md shows the table.
var verdicts = []verdict{
	{between(200, 299), asDescribed, nil},

	{on(400, 410), blamesRevision, ErrRevisionRetired},
	{on(404), findsNoRevision, ErrRevisionRetired},
	{on(410), hasNoID, ErrRevisionRetired},
	{on(401), always, ErrUnauthorized},
	{on(402), isNoPage, ErrUnauthorized},
	{on(403), hasJSON, ErrUnauthorized},

	{on(403, 408, 425), always, ErrUnavailable}, // that 403 is a gateway's
	{between(500, 599), always, ErrUnavailable},
	{on(429), always, ErrRateLimited},

	{on(413, 414), always, ErrInvalidRequest},
	{on(400, 415, 422), isNoPage, ErrInvalidRequest},
	{on(405), isOfAPI, ErrInvalidRequest},
	{on(404), isOfAPI, ErrNotFound},
	{on(410), isNoPage, ErrNotFound},
	{on(409), isNoPage, ErrConflict},

	{between(0, 999), always, ErrMisdirected},
}

// A span is a range of statuses, both ends included.
type span struct{ from, to int }

func between(from, to int) []span { return []span{{from, to}} }

func on(statuses ...int) []span {
	spans := make([]span, len(statuses))
	for i, status := range statuses {
		spans[i] = span{status, status}
	}
	return spans
}

// A condition is what of an answer a verdict asks for beside the status.
type condition struct {
	name  string // for the table
	holds func(reply) bool
}

var (
	always          = condition{"", func(reply) bool { return true }}
	asDescribed     = condition{"with the status, and the id or list, of the operation's description", reply.isSuccess}
	hasJSON         = condition{"with JSON", func(r reply) bool { return isJSON(r.body) }}
	isNoPage        = condition{"with JSON or an empty body", func(r reply) bool { return !isPage(r.body) }}
	isOfAPI         = condition{"with Klaviyo's errors; if the path has an id, with JSON or an empty body", reply.isOfAPI}
	blamesRevision  = condition{"that names the revision", reply.blamesRevision}
	findsNoRevision = condition{"that finds no valid revision, if the revision describes the operation", reply.findsNoRevision}
	hasNoID         = condition{"if the operation's path has no id", func(r reply) bool { return !r.op.HasID() }}
)

// A reply is an answer to a call of an operation.
type reply struct {
	op     *runtime.Operation
	status int
	body   []byte
}

func replyOf(op *runtime.Operation, resp *http.Response) reply {
	return reply{op, resp.StatusCode, peek(resp)}
}

// kind says what an answer means, nil for success.
func (r reply) kind() error {
	for _, v := range verdicts {
		if slices.ContainsFunc(v.statuses, func(s span) bool { return s.from <= r.status && r.status <= s.to }) && v.when.holds(r) {
			return v.kind
		}
	}
	return ErrMisdirected
}

// isSuccess tells whether an answer has what the description gives for success: another
// server, such as a page to log in to, may answer 2XX to anything and would swallow
// everything that is sent.
func (r reply) isSuccess() bool {
	// What isn't described may be answered with any of them.
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
		// Other members may be of any type: whoever reads them tells.
		return json.Unmarshal(r.body, &answer) == nil && json.Unmarshal(answer.Data, &resource) == nil && isID(resource.ID)
	case runtime.ResponseResources:
		return json.Unmarshal(r.body, &answer) == nil && bytes.HasPrefix(answer.Data, []byte("["))
	default:
		return isEmpty(r.body) || isJSON(r.body)
	}
}

// isDescribed tells whether the revision's description has the operation.
func (r reply) isDescribed() bool { return len(r.op.Success.Statuses) > 0 }

// isOfAPI tells an answer about what an id names from that of a server that doesn't have
// the path.
func (r reply) isOfAPI() bool {
	return len(faultsIn(r.body)) > 0 || r.op.HasID() && !isPage(r.body)
}

// blamesRevision tells whether the first fault is the revision's. One at a field of the
// body isn't, though its name or value may hold the word.
func (r reply) blamesRevision() bool {
	faults := faultsIn(r.body)
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

// findsNoRevision tells whether the API has no revision for the call. A 404 may quote an
// id with the word, so more than that is looked for. It is answered to a path that never
// was, too: only one that is described shows that the revision has gone.
func (r reply) findsNoRevision() bool {
	return r.isDescribed() && slices.ContainsFunc(faultsIn(r.body), func(fault apiFault) bool {
		return strings.Contains(strings.ToLower(fault.Title+" "+fault.Detail), "no valid revision")
	})
}

// isID tells whether an id from the server can be one, and can stand in a path.
func isID(id string) bool {
	return looksLikeName(id) && !strings.ContainsAny(id, "/.")
}

func isEmpty(body []byte) bool { return len(bytes.TrimSpace(body)) == 0 }

// isJSON tells whether a body is an object of JSON, as all of the API's are.
func isJSON(body []byte) bool {
	return bytes.HasPrefix(bytes.TrimSpace(body), []byte("{")) && json.Valid(body)
}

// isPage tells whether a body can't be the API's, not even the beginning of one.
func isPage(body []byte) bool {
	return !isEmpty(body) && !bytes.HasPrefix(bytes.TrimSpace(body), []byte("{"))
}
