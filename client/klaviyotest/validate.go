package klaviyotest

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"

	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
)

// description is the description of a revision, as requests are checked against it.
type description struct {
	operations map[*runtime.Operation]describedOperation
}

type describedOperation struct {
	route *routers.Route
	body  *openapi3.Schema // nil if the operation takes none
}

// newDescription reads a description, ours or Klaviyo's own, of which it keeps
// the operations that this module has.
func newDescription(r *revision, data []byte) (*description, error) {
	doc, err := openapi3.NewLoader().LoadFromData(data)
	if err != nil {
		return nil, err
	}
	d := &description{operations: make(map[*runtime.Operation]describedOperation)}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			id, ok := r.operations.Lookup(runtime.OperationID(op.OperationID))
			if !ok || id.Method != method || id.Path != path {
				continue
			}
			described := describedOperation{
				route: &routers.Route{Spec: doc, Path: path, PathItem: item, Method: method, Operation: op},
			}
			if op.RequestBody != nil {
				described.body = op.RequestBody.Value.Content.Get(id.MediaType).Schema.Value
				if mend := r.served[id].mend; mend != nil {
					mend(described.body)
				}
			}
			d.operations[id] = described
		}
	}
	for op := range r.operations.All() {
		if _, ok := d.operations[op]; !ok {
			return nil, fmt.Errorf("it lacks the operation %s", op)
		}
	}
	return d, nil
}

// allowNull takes null in attributes and in those of the location, which clears them. The
// description doesn't say so.
func allowNull(names ...string) func(body *openapi3.Schema) {
	return func(body *openapi3.Schema) {
		attributes := body.Properties["data"].Value.Properties["attributes"].Value
		for _, name := range names {
			attributes.Properties[name].Value.Nullable = true
		}
		for _, name := range []string{"address1", "address2", "city", "country", "region", "zip", "timezone"} {
			attributes.Properties["location"].Value.Properties[name].Value.Nullable = true
		}
	}
}

// allowMeta takes the meta of a client's profile, which Klaviyo's SDK has a model for and
// the description leaves out. It changes nothing here.
func allowMeta(body *openapi3.Schema) {
	body.Properties["data"].Value.Properties["meta"] = openapi3.NewObjectSchema().NewRef()
}

// check refuses a call that breaks the description or a rule of Klaviyo's, and
// reads its body.
func (d *description) check(c *call) *answer {
	for _, link := range []func(*call) []refusal{d.checkParameters, d.checkBody, checkRules} {
		if refusals := link(c); len(refusals) > 0 {
			a := refuse(refusals...)
			return &a
		}
	}
	return nil
}

// unknownRevision refuses a call that is of no revision.
func unknownRevision(c *call) refusal {
	if c.req.Header.Get("Revision") == "" {
		return invalidParameter("revision", "The header revision is missing.")
	}
	names := make([]string, len(revisions))
	for i, r := range revisions {
		names[i] = r.name()
	}
	return invalidParameter("revision", "The header revision names another revision than "+strings.Join(names, " and ")+".")
}

func (d *description) checkParameters(c *call) []refusal {
	query, err := url.ParseQuery(c.req.URL.RawQuery)
	if err != nil {
		return []refusal{{status: http.StatusBadRequest, detail: "The query is not escaped well."}}
	}
	route := d.operations[c.operation].route
	asDescribed(query, route.Operation.Parameters)
	err = openapi3filter.ValidateRequest(c.req.Context(), &openapi3filter.RequestValidationInput{
		Request:     c.request(),
		PathParams:  c.pathParameters(),
		QueryParams: query,
		Route:       route,
		Options: &openapi3filter.Options{
			ExcludeRequestBody:  true, // checkBody's
			SkipSettingDefaults: true,
			AuthenticationFunc:  openapi3filter.NoopAuthenticationFunc, // authenticate's
		},
	})
	if err == nil {
		return nil
	}
	r := refusal{status: http.StatusBadRequest, detail: "The parameter is not what the description says."}
	if errors.Is(err, openapi3filter.ErrInvalidRequired) {
		r.detail = "The parameter is missing."
	}
	var failed *openapi3filter.RequestError
	if errors.As(err, &failed) && failed.Parameter != nil {
		r.parameter = failed.Parameter.Name
	}
	return []refusal{r}
}

// asDescribed writes the lists of a query as the description has them: in one parameter
// with commas or in several. Klaviyo takes both.
func asDescribed(query url.Values, parameters openapi3.Parameters) {
	for _, p := range parameters {
		values := listIn(query, p.Value.Name)
		if p.Value.In != openapi3.ParameterInQuery || !p.Value.Schema.Value.Type.Is(openapi3.TypeArray) || len(values) == 0 {
			continue
		}
		if p.Value.Explode != nil && !*p.Value.Explode {
			values = []string{strings.Join(values, ",")}
		}
		query[p.Value.Name] = values
	}
}

// listIn are the values of a list in a query.
func listIn(query url.Values, name string) []string {
	return strings.FieldsFunc(strings.Join(query[name], ","), func(r rune) bool { return r == ',' })
}

func (d *description) checkBody(c *call) []refusal {
	schema := d.operations[c.operation].body
	if schema == nil {
		return nil
	}
	mediaType, _, err := mime.ParseMediaType(c.req.Header.Get("Content-Type"))
	if want := c.operation.MediaType; err != nil || mediaType != want && !c.forwarded {
		return []refusal{{status: http.StatusUnsupportedMediaType, detail: "The Content-Type must be " + want + "."}}
	}
	if limit := cmp.Or(c.served().maxBody, maxBody); len(c.body) > limit {
		return []refusal{{
			status: http.StatusRequestEntityTooLarge,
			detail: "The body has more than " + strconv.Itoa(limit) + " bytes.",
		}}
	}
	if c.readErr != nil || c.decode() != nil {
		return []refusal{{status: http.StatusBadRequest, detail: "The body is not JSON."}}
	}
	err = schema.VisitJSON(c.value, openapi3.VisitAsRequest(), openapi3.MultiErrors(), openapi3.WithStringFormatValidator("date-time", dateTime))
	return append(schemaRefusals(err), unknownFields("", schema, c.value)...)
}

// dateTime takes RFC 3339, and the same without a zone, as the description's own examples
// have it.
var dateTime = openapi3.NewCallbackValidator(func(text string) error {
	if !strings.Contains(text, "T") {
		return errors.New("there is no T between the date and the time")
	}
	_, err := runtime.Timestamp(text).Time()
	return err
})

// schemaDetails say what is wrong by the keyword of the schema that failed: the
// validator's own words may quote values.
var schemaDetails = map[string]string{
	"required": "The field is missing.",
	"type":     "The field has another type.",
	"nullable": "The field can't be null.",
	"enum":     "The field is none of the values that it can be.",
	"format":   "The field has another format.",
}

func schemaRefusals(err error) []refusal {
	var refusals []refusal
	switch err := err.(type) {
	case openapi3.MultiError:
		for _, err := range err {
			refusals = append(refusals, schemaRefusals(err)...)
		}
	case *openapi3.SchemaError:
		detail, ok := schemaDetails[err.SchemaField]
		if !ok {
			detail = "The field is not what the description says."
		}
		refusals = append(refusals, invalid(pointer("", err.JSONPointer()...), detail))
	case error:
		refusals = append(refusals, invalid("", "The body is not what the description says."))
	}
	return refusals
}

// unknownFields refuses the members of an object whose members the description
// lists. It says nothing of those of a free object.
func unknownFields(at string, schema *openapi3.Schema, v any) []refusal {
	var refusals []refusal
	if schema.Items != nil {
		for i, element := range elements(v) {
			refusals = append(refusals, unknownFields(pointer(at, strconv.Itoa(i)), schema.Items.Value, element)...)
		}
	}
	if len(schema.Properties) == 0 {
		return refusals
	}
	members := object(v)
	for _, name := range slices.Sorted(maps.Keys(members)) {
		property, ok := schema.Properties[name]
		if !ok {
			refusals = append(refusals, invalid(pointer(at, name), "There is no such field."))
			continue
		}
		refusals = append(refusals, unknownFields(pointer(at, name), property.Value, members[name])...)
	}
	return refusals
}

// pointerTo is the JSON Pointer to what is in an element of the list at at.
func pointerTo(at string, index int, tokens ...string) string {
	return pointer(pointer(at, strconv.Itoa(index)), tokens...)
}

// pointer is the JSON Pointer to what is below at.
func pointer(at string, tokens ...string) string {
	var b strings.Builder
	b.WriteString(at)
	for _, token := range tokens {
		b.WriteByte('/')
		b.WriteString(pointerEscaper.Replace(token))
	}
	return b.String()
}

var pointerEscaper = strings.NewReplacer("~", "~0", "/", "~1")
