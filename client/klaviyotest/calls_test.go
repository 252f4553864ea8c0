package klaviyotest

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3filter"

	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
	"github.com/rudderklaviyo/rudderklaviyo/internal/published"
)

// reply is a response as a client has it.
type reply struct {
	status int
	header http.Header
	body   string
}

// errors returns the errors of a reply.
func (r reply) errors(t *testing.T) []klaviyo.APIError {
	t.Helper()
	var body klaviyo.APIErrors
	if err := json.Unmarshal([]byte(r.body), &body); err != nil || len(body.Errors) == 0 {
		t.Fatalf("status %d without errors: %s", r.status, r.body)
	}
	return body.Errors
}

// pointers returns the pointers and parameters of the errors of a reply.
func (r reply) pointers(t *testing.T) string {
	t.Helper()
	var sources []string
	for _, e := range r.errors(t) {
		sources = append(sources, e.Source.Pointer+e.Source.Parameter)
	}
	return strings.Join(sources, " ")
}

// decode reads the body of a reply.
func decode[T any](t *testing.T, r reply) T {
	t.Helper()
	var v T
	if err := json.Unmarshal([]byte(r.body), &v); err != nil {
		t.Fatalf("status %d: %v: %s", r.status, err, r.body)
	}
	return v
}

// newRequest makes a request that is let in, but for what edits change. It is of the
// latest revision that has the path.
func newRequest(t *testing.T, method, url, body string, edits ...func(*http.Request)) *http.Request {
	t.Helper()
	if strings.HasPrefix(url, "/") {
		url = "https://a.klaviyo.com" + url
	}
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Klaviyo-API-Key pk_test")
	r.Header.Set("Revision", klaviyo.Revision)
	mediaType := "application/json"
	if op := latest(method, r.URL.EscapedPath()); op != nil {
		r.Header.Set("Revision", op.Revision)
		mediaType = op.MediaType
	}
	if body != "" {
		r.Header.Set("Content-Type", mediaType)
	}
	for _, edit := range edits {
		edit(r)
	}
	return r
}

// send makes a request through the transport, and checks each response against the
// description.
func send(t *testing.T, k *Klaviyo, method, url, body string, edits ...func(*http.Request)) reply {
	t.Helper()
	r := newRequest(t, method, url, body, edits...)
	rsp, err := k.Transport().RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	received, err := io.ReadAll(rsp.Body)
	if err != nil {
		t.Fatal(err)
	}
	op := latest(method, r.URL.EscapedPath())
	sparse := strings.Contains(r.URL.RawQuery, "fields%5B") || strings.Contains(r.URL.RawQuery, "fields[")
	sparse = sparse && !strings.Contains(r.URL.RawQuery, "additional-fields") // without attributes that are required
	asked := op != nil && op.Revision == r.Header.Get("Revision") && k.isServed(revisionOf(op.Revision))
	if asked && !sparse && !(op.Public && rsp.StatusCode >= 400) { // which are not all described
		conforms(t, k, op, r, rsp, received)
	}
	return reply{rsp.StatusCode, rsp.Header, string(received)}
}

func conforms(t *testing.T, k *Klaviyo, op *runtime.Operation, r *http.Request, rsp *http.Response, body []byte) {
	t.Helper()
	err := openapi3filter.ValidateResponse(t.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: r, Route: k.describe(revisionOf(op.Revision)).operations[op].route},
		Status:                 rsp.StatusCode,
		Header:                 rsp.Header,
		Body:                   io.NopCloser(bytes.NewReader(withoutNull(t, body))),
		Options:                &openapi3filter.Options{IncludeResponseStatus: true},
	})
	if err != nil {
		t.Errorf("the response %d of %s is not the description's: %v", rsp.StatusCode, op, err)
	}
}

// withoutNull leaves out members that are null, as Klaviyo's are where the description
// leaves them out.
func withoutNull(t *testing.T, body []byte) []byte {
	t.Helper()
	if len(body) == 0 || body[0] != '{' {
		return body
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var document map[string]any
	if err := decoder.Decode(&document); err != nil {
		t.Fatal(err)
	}
	var clean func(v any)
	clean = func(v any) {
		for name, member := range object(v) {
			if member == nil {
				delete(object(v), name)
			}
			clean(member)
		}
		for _, element := range elements(v) {
			clean(element)
		}
	}
	clean(document)
	return encode(document)
}

// mustSend is send for what has to be taken.
func mustSend(t *testing.T, k *Klaviyo, method, url, body string, edits ...func(*http.Request)) reply {
	t.Helper()
	r := send(t, k, method, url, body, edits...)
	if r.status >= 300 {
		t.Fatalf("%s %s: status %d: %s", method, url, r.status, r.body)
	}
	return r
}

// descriptions are those that the checks must work with: the module's, and
// Klaviyo's own of the revisions that KLAVIYO_OPENAPI names.
func descriptions(t *testing.T) map[string]func(*revision) *description {
	t.Helper()
	all := map[string]func(*revision) *description{"embedded": func(r *revision) *description { return r.describe() }}
	for _, r := range revisions {
		if published.File(t, r.name()) != "" {
			all["published"] = func(r *revision) *description { return readPublished(t, r) }
		}
	}
	return all
}

var publishedDescriptions sync.Map // by revision

func readPublished(t *testing.T, r *revision) *description {
	if d, ok := publishedDescriptions.Load(r); ok {
		return d.(*description)
	}
	name := published.File(t, r.name())
	if name == "" {
		return r.describe()
	}
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	d, err := newDescription(r, data)
	if err != nil {
		t.Fatal(err)
	}
	publishedDescriptions.Store(r, d)
	return d
}

func ofRevision(name string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Revision", name) }
}

func withAuthorization(value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Authorization", value) }
}

// isAt reports whether a time of a response is the moment.
func isAt(answered klaviyo.Timestamp, moment time.Time) bool {
	got, err := answered.Time()
	return err == nil && got.Equal(moment)
}
