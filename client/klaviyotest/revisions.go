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

// revision is how an account is spoken to in one of Klaviyo's revisions. The file that is
// named after it registers it.
type revision struct {
	operations runtime.Operations
	served     map[*runtime.Operation]served
	shows      shows
	renamed    renamed
	// describe gives the module's description, which is parsed once.
	describe func() *description
}

// served is how an operation is answered.
type served struct {
	// do answers a call that passed every check. The account is locked.
	do func(*account, *call) answer
	// rules are those that a body has to keep beyond the description.
	rules []rule
	// partly tells that a profile whose phone number the account refuses is taken without it.
	partly bool
	// maxBody is the largest body in bytes; 0 is the largest of all operations.
	maxBody int
	// filters are the operators that a filter takes, by field.
	filters map[string][]string
	// mend adds to the schema of the body what the description leaves out.
	mend func(body *openapi3.Schema)
}

// shows is how a revision shows what an account holds.
type shows struct {
	profile func(*call, *profile) resource
	member  func(*call, *member) resource
	event   func(*call, *event) resource
	metric  func(*call, *metric) resource
	list    func(*call, *list) resource
	job     func(*call, *job) resource
	failure func(*call, *failure) resource
}

// revisions are those that accounts serve, the oldest first.
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

// name is the revision as the header of requests names it: a date.
func (r *revision) name() string { return r.operations[0].Revision }

// revisionOf finds the revision with a name, or gives nil.
func revisionOf(name string) *revision {
	i := slices.IndexFunc(revisions, func(r *revision) bool { return r.name() == name })
	if i < 0 {
		return nil
	}
	return revisions[i]
}

// match finds the operation of a request.
func (r *revision) match(method, path string) *runtime.Operation {
	op, _ := r.operations.Match(method, path)
	return op
}

// matchLoosely finds the operation of a request, with or without a slash at the end.
func (r *revision) matchLoosely(method, path string) *runtime.Operation {
	path = strings.TrimSuffix(path, "/")
	if op := r.match(method, path); op != nil {
		return op
	}
	return r.match(method, path+"/")
}

// latest finds the operation of a request in the latest revision that has it.
func latest(method, path string) *runtime.Operation {
	for _, r := range slices.Backward(revisions) {
		if op := r.match(method, path); op != nil {
			return op
		}
	}
	return nil
}
