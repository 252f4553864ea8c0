package client

import (
	"strings"

	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
)

// described are the operations of each revision that this module describes.
var described []runtime.Operations

// register adds those of a revision.
func register(ops runtime.Operations) bool {
	described = append(described, ops)
	return true
}

// Operations are the calls of a revision, such as 2026-07-15, for a program that is told by
// name which one [WithLimit] is for. There are none of a revision that has no package klaviyo.
func Operations(revision string) runtime.Operations {
	for _, ops := range described {
		if ops[0].Revision == revision {
			return ops
		}
	}
	return nil
}

// dailyOf is the limit of a day that any description gives an endpoint: an older one may
// not have it yet, but the endpoint and its limits are the same.
func dailyOf(endpoint runtime.Endpoint) runtime.RateLimit {
	for _, ops := range described {
		for op := range ops.All() {
			if op.Daily.Calls > 0 && op.Endpoint() == endpoint {
				return op.Daily
			}
		}
	}
	return runtime.RateLimit{}
}

// operationAt is the operation at a method and a path in a revision, of which the empty
// one is the latest. One that isn't described has the limits of its endpoint in another
// revision or, if there is none, no limits.
func operationAt(revision, method, path string) *runtime.Operation {
	if revision == "" {
		for _, ops := range described {
			revision = max(revision, ops[0].Revision)
		}
	}
	pattern := patternOf(path)
	undescribed := &runtime.Operation{
		Revision: revision, ID: runtime.OperationID(method + " " + pattern), Method: method, Path: pattern, MediaType: jsonAPI,
		Public: strings.HasPrefix(path, "/client/"),
	}
	for _, ops := range described {
		op, ok := match(ops, method, path)
		if !ok {
			continue
		}
		if op.Revision == revision {
			return op
		}
		undescribed.ID, undescribed.Path, undescribed.Public = op.ID, op.Path, op.Public
		undescribed.Burst, undescribed.Steady, undescribed.Daily = op.Burst, op.Steady, op.Daily
		undescribed.Scopes = op.Scopes
	}
	return undescribed
}

// patternOf puts {id} in the place of the id that a path has by the rules of JSON:API, as
// in /api/segments/{id}/profiles. Calls that differ in it are of one endpoint.
func patternOf(path string) string {
	segments := strings.Split(path, "/")
	if len(segments) > 3 && segments[1] == "api" && segments[3] != "" {
		segments[3] = "{id}"
	}
	return strings.Join(segments, "/")
}

// match finds the operation of a path with or without a slash at its end.
func match(ops runtime.Operations, method, path string) (*runtime.Operation, bool) {
	path = strings.TrimSuffix(path, "/")
	if op, ok := ops.Match(method, path); ok {
		return op, true
	}
	return ops.Match(method, path+"/")
}

// jsonAPI is the media type of JSON:API, which Klaviyo takes in all revisions.
const jsonAPI = "application/vnd.api+json"
