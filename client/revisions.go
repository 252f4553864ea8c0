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

// operationAt is the operation at a method and a path in a revision, of which no name is
// the latest. One that isn't described has the limits of its endpoint in another revision
// or, if there is none, no limits.
func operationAt(revision, method, path string) *runtime.Operation {
	if revision == "" {
		for _, ops := range described {
			revision = max(revision, ops[0].Revision)
		}
	}
	undescribed := &runtime.Operation{Revision: revision, ID: runtime.OperationID(method + " " + path), Method: method, Path: path, MediaType: jsonAPI}
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
	undescribed.Public = undescribed.Public || strings.HasPrefix(path, "/client/")
	return undescribed
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
