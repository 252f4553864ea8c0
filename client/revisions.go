package client

import (
	"strings"

	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
)

// revisions are the operations of each revision that this module supports.
var revisions []runtime.Operations

// register adds the operations of a revision.
func register(ops runtime.Operations) bool {
	revisions = append(revisions, ops)
	return true
}

// Operations returns the operations of a revision, such as 2026-07-15, for programs that get
// the name of an operation from their configuration, for example for [WithLimit]. It returns
// nil if this module doesn't support the revision.
func Operations(revision string) runtime.Operations {
	for _, ops := range revisions {
		if ops[0].Revision == revision {
			return ops
		}
	}
	return nil
}

// dailyLimit returns the daily limit of an endpoint. It is the same for all revisions, but an
// older description may lack it.
func dailyLimit(endpoint runtime.Endpoint) runtime.RateLimit {
	for _, ops := range revisions {
		for op := range ops.All() {
			if op.Daily.Calls > 0 && op.Endpoint() == endpoint {
				return op.Daily
			}
		}
	}
	return runtime.RateLimit{}
}

// findOperation returns the operation of a revision with a method and a path. The default is
// the latest revision. An operation that isn't described gets the limits of its endpoint in
// another revision, if there is one.
func findOperation(revision, method, path string) *runtime.Operation {
	if revision == "" {
		for _, ops := range revisions {
			revision = max(revision, ops[0].Revision)
		}
	}
	pattern := pathPattern(path)
	undescribed := &runtime.Operation{
		Revision: revision, ID: runtime.OperationID(method + " " + pattern), Method: method, Path: pattern, MediaType: jsonAPI,
		Public: strings.HasPrefix(path, "/client/"),
	}
	for _, ops := range revisions {
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

// pathPattern replaces the id in a path of the form /api/segments/{id}/profiles by {id}, so
// that calls with different ids share an endpoint.
func pathPattern(path string) string {
	segments := strings.Split(path, "/")
	if len(segments) > 3 && segments[1] == "api" && segments[3] != "" {
		segments[3] = "{id}"
	}
	return strings.Join(segments, "/")
}

// match returns the operation of a path, with or without a trailing slash.
func match(ops runtime.Operations, method, path string) (*runtime.Operation, bool) {
	path = strings.TrimSuffix(path, "/")
	if op, ok := ops.Match(method, path); ok {
		return op, true
	}
	return ops.Match(method, path+"/")
}

// jsonAPI is the media type of JSON:API, which all revisions accept.
const jsonAPI = "application/vnd.api+json"
