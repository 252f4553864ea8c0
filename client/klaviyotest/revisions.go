package klaviyotest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
	"github.com/rudderklaviyo/rudderklaviyo/openapi"
)

// A revision describes how requests of a revision are handled. The file named after it
// registers it.
type revision struct {
	operations     runtime.Operations
	operationSpecs map[*runtime.Operation]operationSpec
	resources      resourceForms
	attributeNames attributeNames
	// describe returns the module's API description, which is parsed once.
	describe func() *description
}

// An operationSpec describes how calls of an operation are handled.
type operationSpec struct {
	// handler responds to a call that passed all checks. The account is locked.
	handler func(*account, *call) response
	// rules are the rules for the body besides the API description.
	rules []rule
	// partialSuccess means that a profile is accepted without a phone number that the account
	// rejects.
	partialSuccess bool
	// maxBody is the maximum size of the body in bytes. 0 means the general maximum.
	maxBody int
	// filters are the supported filter operators by field.
	filters map[string][]string
	// fixSchema corrects the schema of the body.
	fixSchema func(body *openapi3.Schema)
}

// resourceForms are functions that return the resources of a revision.
type resourceForms struct {
	profile func(*call, *profile) resource
	member  func(*call, *listMember) resource
	event   func(*call, *event) resource
	metric  func(*call, *metric) resource
	list    func(*call, *list) resource
	job     func(*call, *job) resource
	failure func(*call, *failure) resource
}

// revisions are the supported revisions, oldest first.
var revisions []*revision

// register adds a revision.
func register(r *revision) bool {
	r.describe = sync.OnceValue(func() *description {
		data, err := openapi.Description(r.name())
		if err != nil {
			panic(err)
		}
		d, err := newDescription(r, data)
		if err != nil {
			panic(fmt.Sprintf("klaviyotest: the description: %v", err))
		}
		return d
	})
	revisions = append(revisions, r)
	slices.SortFunc(revisions, func(a, b *revision) int { return cmp.Compare(a.name(), b.name()) })
	return true
}

// name returns the name of the revision, a date.
func (r *revision) name() string { return r.operations[0].Revision }

// revisionOf returns the revision with a name, or nil.
func revisionOf(name string) *revision {
	i := slices.IndexFunc(revisions, func(r *revision) bool { return r.name() == name })
	if i < 0 {
		return nil
	}
	return revisions[i]
}

// match returns the operation of a request, or nil.
func (r *revision) match(method, path string) *runtime.Operation {
	op, _ := r.operations.Match(method, path)
	return op
}

// matchIgnoringSlash is like match, with or without a trailing slash.
func (r *revision) matchIgnoringSlash(method, path string) *runtime.Operation {
	path = strings.TrimSuffix(path, "/")
	if op := r.match(method, path); op != nil {
		return op
	}
	return r.match(method, path+"/")
}

// methodsOf returns the methods of the operations with a path, in the order of operations.
func (r *revision) methodsOf(path string) (methods []string) {
	for op := range r.operations.All() {
		if r.match(op.Method, path) == op {
			methods = append(methods, op.Method)
		}
	}
	return methods
}

// endpoints returns the methods and paths of the operations, for a message.
func (r *revision) endpoints() (endpoints []string) {
	for op := range r.operations.All() {
		endpoints = append(endpoints, op.Method+" "+op.Path)
	}
	return endpoints
}

// latest returns the operation of a request in the latest revision that has it, or nil.
func latest(method, path string) *runtime.Operation {
	for _, r := range slices.Backward(revisions) {
		if op := r.match(method, path); op != nil {
			return op
		}
	}
	return nil
}
