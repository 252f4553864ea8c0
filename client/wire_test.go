package client_test

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jarcoal/httpmock"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
)

var update = flag.Bool("update", false, "write docs/contract.md anew")

// A wireCase is a call of a revision's API, the one request that it has to make, and what
// it has to make of the response that the description gives it.
type wireCase[API any] struct {
	operation *runtime.Operation
	call      func(*testing.T, API) (any, error)

	// The request. Its method is the operation's.
	path  string // escaped; {data.id} is the id in the body
	query url.Values
	body  string // JSON or asDescribed; empty is none

	// The response.
	status int
	answer string // JSON or asDescribed; empty is none
	want   any    // what the call gives; nil if it gives no response or it is asDescribed
}

// A wireRevision is what is proven of a revision. Its cases are in the file named after it.
type wireRevision[API any] struct {
	revision   string
	operations runtime.Operations
	newAPI     func(*client.Client) API
	cases      []wireCase[API]
	// enums tell the values that the types of parameters have: of a parameter's name or,
	// where an operation has a type of its own, of the operation and the name.
	enums   map[string]func(string) bool
	compare []cmp.Option
}

// wireRevisions are all that a Client knows, which the files named after them add.
var wireRevisions []interface {
	name() string
	prove(*testing.T)
	repeat(*testing.T)
}

// registered are the revisions that a Client knows: those with a file of their own.
func registered(t *testing.T) (revisions []string) {
	t.Helper()
	files, err := filepath.Glob("revision_*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(strings.TrimPrefix(file, "revision_"), ".go")
		revisions = append(revisions, strings.ReplaceAll(name, "_", "-"))
	}
	return revisions
}

func registerWire[API any](w wireRevision[API]) bool {
	wireRevisions = append(wireRevisions, w)
	return true
}

func (w wireRevision[API]) name() string { return w.revision }

// wireErrors are responses with errors that any operation may have, and what they are.
var wireErrors = []struct {
	status int
	code   string
	kind   error
}{
	{http.StatusBadRequest, "invalid", client.ErrInvalidRequest},
	{http.StatusUnauthorized, "not_authenticated", client.ErrUnauthorized},
	{http.StatusForbidden, "permission_denied", client.ErrUnauthorized},
	{http.StatusNotFound, "not_found", client.ErrNotFound},
	{http.StatusMethodNotAllowed, "method_not_allowed", client.ErrInvalidRequest},
	{http.StatusConflict, "duplicate_profile", client.ErrConflict},
	{http.StatusGone, "gone", client.ErrRevisionRetired}, // ErrNotFound of an operation with an id
	{http.StatusRequestEntityTooLarge, "payload_too_large", client.ErrInvalidRequest},
	{http.StatusUnsupportedMediaType, "unsupported_media_type", client.ErrInvalidRequest},
	{http.StatusUnprocessableEntity, "invalid", client.ErrInvalidRequest},
	{http.StatusTooManyRequests, "throttled", client.ErrRateLimited},
	{http.StatusInternalServerError, "error", client.ErrUnavailable},
	{http.StatusBadGateway, "error", client.ErrUnavailable},
	{http.StatusServiceUnavailable, "error", client.ErrUnavailable},
	{http.StatusGatewayTimeout, "error", client.ErrUnavailable},
}

// wireErrorNames are the names of the kinds, for the documentation.
var wireErrorNames = map[error]string{
	client.ErrInvalidRequest:  "ErrInvalidRequest",
	client.ErrUnauthorized:    "ErrUnauthorized",
	client.ErrNotFound:        "ErrNotFound",
	client.ErrConflict:        "ErrConflict",
	client.ErrRevisionRetired: "ErrRevisionRetired",
	client.ErrRateLimited:     "ErrRateLimited",
	client.ErrUnavailable:     "ErrUnavailable",
}

// A contract is what was proven: by operation, each status and what became of it.
type contract map[*runtime.Operation]map[int]string

func (c contract) add(op *runtime.Operation, status int, outcome string) {
	if c[op] == nil {
		c[op] = make(map[int]string)
	}
	c[op][status] = outcome
}

// TestWire makes each call of each description over a mocked network, and gets each
// answer to it. What it proves are the tables in docs/contract.md.
func TestWire(t *testing.T) {
	var names []string
	for _, w := range wireRevisions {
		names = append(names, w.name())
	}
	if all := registered(t); !slices.Equal(names, all) {
		t.Errorf("proven are %q, of %q", names, all)
	}
	for _, w := range wireRevisions {
		t.Run(w.name(), w.prove)
	}
}

func (w wireRevision[API]) prove(t *testing.T) {
	doc := descriptionOf(t, w.revision)
	proven := make(contract)
	var all []wireCase[API]
	for i, tt := range w.cases {
		tt = inFull(t, doc, tt)
		all = append(all, tt)
		name := fmt.Sprintf("%s/%d/%d", tt.operation, tt.status, i)
		if t.Run(name, func(t *testing.T) { w.succeed(t, tt) }) {
			proven.add(tt.operation, tt.status, "")
		}
		for _, failure := range wireErrors {
			kind := failure.kind
			if kind == client.ErrRevisionRetired && tt.operation.HasID() {
				kind = client.ErrNotFound
			}
			if t.Run(fmt.Sprintf("%s/%d", name, failure.status), func(t *testing.T) { w.fail(t, tt, failure.status, failure.code, kind) }) {
				proven.add(tt.operation, failure.status, wireErrorNames[kind])
			}
		}
	}
	checkDescribed(t, w, doc, all, proven)
	if !t.Failed() {
		documented(t, w.revision, proven.table(w.operations))
	}
}

// succeed gets the response of success.
func (w wireRevision[API]) succeed(t *testing.T, tt wireCase[API]) {
	got, err := w.over(t, tt, httpmock.NewStringResponder(tt.status, tt.answer))
	if err != nil {
		t.Fatal(err)
	}
	if tt.want != nil || got == nil {
		if diff := cmp.Diff(tt.want, got, append(w.compare, cmp.Comparer(sameJSON))...); diff != "" {
			t.Errorf("response, want -, got +:\n%s", diff)
		}
		return
	}
	read, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(given(jsonValue([]byte(tt.answer))), given(jsonValue(read))); diff != "" {
		t.Errorf("response, sent -, read +:\n%s", diff)
	}
	named(t, reflect.TypeOf(got))
}

// fail gets a response with an error, and nothing else.
func (w wireRevision[API]) fail(t *testing.T, tt wireCase[API], status int, code string, kind error) {
	const answer = `{"errors":[{"id":"e-1","status":%d,"code":"%s","title":"Failed.","detail":"It failed.",
		"source":{"pointer":"/data/attributes","parameter":"filter"},"links":{},"meta":{"duplicate_profile_id":"01OTHER"}}]}`
	got, err := w.over(t, tt, httpmock.NewStringResponder(status, fmt.Sprintf(answer, status, code)))
	var e *client.Error
	if !errors.As(err, &e) || !errors.Is(err, kind) {
		t.Fatalf("err = %v, want %v", err, kind)
	}
	for other := range wireErrorNames {
		if other != kind && errors.Is(err, other) {
			t.Errorf("err is %v too", other)
		}
	}
	told := client.Error{
		Operation: e.Operation, StatusCode: e.StatusCode, Attempts: e.Attempts, RateLimited: e.RateLimited,
		Code: e.Code, Detail: e.Detail, Pointer: e.Pointer, Parameter: e.Parameter, RequestID: e.RequestID, DuplicateProfileID: e.DuplicateProfileID,
		Faults: e.Faults,
	}
	want := client.Error{
		Operation: tt.operation, StatusCode: status, Attempts: 1,
		Code: code, Detail: "It failed.", Pointer: "/data/attributes", Parameter: "filter", RequestID: "e-1", DuplicateProfileID: "01OTHER",
		Faults: []client.Fault{{Code: code, Detail: "It failed.", Pointer: "/data/attributes", Parameter: "filter", RequestID: "e-1"}},
	}
	if status == http.StatusTooManyRequests {
		want.RateLimited = 1
	}
	if diff := cmp.Diff(want, told, cmp.AllowUnexported(client.Error{})); diff != "" {
		t.Errorf("error, want -, got +:\n%s", diff)
	}
	if got != nil && !reflect.ValueOf(got).IsNil() {
		t.Errorf("a response came with the error: %+v", got)
	}
}

// over makes the call, checks the one request that goes out, and answers it.
func (w wireRevision[API]) over(t *testing.T, tt wireCase[API], answer httpmock.Responder) (any, error) {
	t.Helper()
	requests := 0
	transport := httpmock.NewMockTransport()
	transport.RegisterNoResponder(func(r *http.Request) (*http.Response, error) {
		requests++
		w.check(t, tt, r)
		return answer(r)
	})
	c := newClient(t, client.WithCompanyID(companyID), client.WithHTTPClient(&http.Client{Transport: transport}),
		client.WithRetry(client.RetryPolicy{MaxAttempts: 1}))
	got, err := tt.call(t, w.newAPI(c))
	if requests != 1 {
		t.Errorf("%d requests went out, want 1", requests)
	}
	return got, err
}

// check checks a request against the case.
func (w wireRevision[API]) check(t *testing.T, tt wireCase[API], r *http.Request) {
	t.Helper()
	op := tt.operation
	if r.Method != op.Method || r.URL.Scheme != "https" || r.URL.Host != "a.klaviyo.com" || r.URL.EscapedPath() != tt.path {
		t.Errorf("%s %s, want %s %s", r.Method, r.URL, op.Method, tt.path)
	}
	header := http.Header{
		"Accept":        {op.MediaType},
		"Authorization": {"Klaviyo-API-Key " + key},
		"Content-Type":  {op.MediaType},
		"Revision":      {w.revision},
		"X-Klaviyo-Revision-Fall-Forward-Opt-Out": {"1"},
		"User-Agent": {"rudderklaviyo (+https://github.com/rudderklaviyo/rudderklaviyo)"},
	}
	query := make(url.Values)
	for name, values := range tt.query {
		query[name] = values
	}
	if op.Public {
		header.Del("Authorization")
		query.Set("company_id", companyID)
	}
	if tt.body == "" {
		header.Del("Content-Type")
	}
	if diff := cmp.Diff(header, r.Header); diff != "" {
		t.Errorf("header, want -, got +:\n%s", diff)
	}
	if diff := cmp.Diff(query, r.URL.Query()); diff != "" {
		t.Errorf("query, want -, got +:\n%s", diff)
	}
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			t.Error(err)
		}
	}
	if tt.body == "" {
		if len(body) > 0 {
			t.Errorf("body %s, want none", body)
		}
	} else if diff := cmp.Diff(json.RawMessage(tt.body), json.RawMessage(body), cmp.Comparer(sameJSON)); diff != "" {
		t.Errorf("body, want -, got +:\n%s", diff)
	}
}

// sameJSON compares JSON as values, and its numbers as they are written.
func sameJSON(x, y json.RawMessage) bool {
	return cmp.Equal(jsonValue(x), jsonValue(y))
}

func jsonValue(data json.RawMessage) any {
	if len(data) == 0 {
		return nil
	}
	decoder := json.NewDecoder(strings.NewReader(string(data)))
	decoder.UseNumber()
	var v any
	if err := decoder.Decode(&v); err != nil {
		return fmt.Sprintf("no JSON: %s", data)
	}
	return v
}

// documented compares a revision's table with that in docs/contract.md.
func documented(t *testing.T, revision, want string) {
	const file = "../docs/contract.md"
	var (
		begin = "<!-- " + revision + ": written by go test ./client -run Wire -update -->\n"
		end   = "<!-- end of " + revision + " -->\n"
	)
	page, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, begins := strings.Cut(string(page), begin)
	table, tail, ends := strings.Cut(rest, end)
	switch {
	case begins && ends:
	case !begins && *update:
		head += "\n## Revision " + revision + "\n\n"
	default:
		t.Fatalf("%s lacks the lines %q and %q; -update writes them at its end", file, begin, end)
	}
	if *update {
		if err := os.WriteFile(file, []byte(head+begin+want+end+tail), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if diff := cmp.Diff(strings.Split(want, "\n"), strings.Split(table, "\n")); diff != "" {
		t.Errorf("%s differs from what was proven (-update writes it anew), want -, got +:\n%s", file, diff)
	}
}

// table has a row for each operation and a column for each response.
func (c contract) table(operations runtime.Operations) string {
	var b strings.Builder
	b.WriteString("\n| Operation | Request | Success |")
	for _, failure := range wireErrors {
		fmt.Fprintf(&b, " %d |", failure.status)
	}
	b.WriteString("\n|" + strings.Repeat(" --- |", len(wireErrors)+3) + "\n")
	for op := range operations.All() {
		var successes []string
		for status := range c[op] {
			if status < 300 {
				successes = append(successes, fmt.Sprint(status))
			}
		}
		slices.Sort(successes)
		fmt.Fprintf(&b, "| `%s` | `%s %s` | %s |", op, op.Method, op.Path, strings.Join(successes, ", "))
		for _, failure := range wireErrors {
			fmt.Fprintf(&b, " %s |", strings.TrimPrefix(c[op][failure.status], "Err"))
		}
		b.WriteString("\n")
	}
	b.WriteString("\n")
	return b.String()
}
