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

// A description is the API description of a revision, against which requests are checked.
type description struct {
	operations map[*runtime.Operation]describedOperation
}

type describedOperation struct {
	route *routers.Route
	body  *openapi3.Schema // nil if the operation has none
}

// newDescription parses an API description, this module's or Klaviyo's own. It keeps the
// operations that this module supports.
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
				if mend := r.operationSpecs[id].fixSchema; mend != nil {
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

// allowNull allows null in attributes and in the fields of the location, which clears them. The
// description doesn't mention it.
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

// allowMeta allows the meta of a client's profile, which Klaviyo's SDK has and the description
// lacks. It has no effect here.
func allowMeta(body *openapi3.Schema) {
	body.Properties["data"].Value.Properties["meta"] = openapi3.NewObjectSchema().NewRef()
}

// check rejects a call that violates the description or a rule. It decodes the body.
func (d *description) check(c *call) *response {
	for _, link := range []func(*call) []requestError{d.checkParameters, d.checkBody, checkRules} {
		if errs := link(c); len(errs) > 0 {
			a := errorResponse(errs...)
			return &a
		}
	}
	return nil
}

// unknownRevision returns the error of a call without a known revision.
func unknownRevision(c *call) requestError {
	if c.req.Header.Get("Revision") == "" {
		return invalidParameter("revision", "The header revision is missing.")
	}
	names := make([]string, len(revisions))
	for i, r := range revisions {
		names[i] = r.name()
	}
	return invalidParameter("revision", "The header revision is not one of: "+strings.Join(names, ", ")+".")
}

func (d *description) checkParameters(c *call) []requestError {
	query, err := url.ParseQuery(c.req.URL.RawQuery)
	if err != nil {
		return []requestError{{status: http.StatusBadRequest, detail: "The query is not escaped correctly."}}
	}
	route := d.operations[c.operation].route
	normalizeLists(query, route.Operation.Parameters)
	err = openapi3filter.ValidateRequest(c.req.Context(), &openapi3filter.RequestValidationInput{
		Request:     c.request(),
		PathParams:  c.pathParameters(),
		QueryParams: query,
		Route:       route,
		Options: &openapi3filter.Options{
			ExcludeRequestBody:  true, // done by checkBody
			SkipSettingDefaults: true,
			AuthenticationFunc:  openapi3filter.NoopAuthenticationFunc, // done by authenticate
		},
	})
	if err == nil {
		return nil
	}
	r := requestError{status: http.StatusBadRequest, detail: "The parameter is invalid."}
	if errors.Is(err, openapi3filter.ErrInvalidRequired) {
		r.detail = "The parameter is missing."
	}
	var failed *openapi3filter.RequestError
	if errors.As(err, &failed) && failed.Parameter != nil {
		r.parameter = failed.Parameter.Name
	}
	return []requestError{r}
}

// normalizeLists brings lists in a query into the form of the description: one parameter with
// commas, or several. Klaviyo accepts both.
func normalizeLists(query url.Values, parameters openapi3.Parameters) {
	for _, p := range parameters {
		values := queryList(query, p.Value.Name)
		if p.Value.In != openapi3.ParameterInQuery || !p.Value.Schema.Value.Type.Is(openapi3.TypeArray) || len(values) == 0 {
			continue
		}
		if p.Value.Explode != nil && !*p.Value.Explode {
			values = []string{strings.Join(values, ",")}
		}
		query[p.Value.Name] = values
	}
}

// queryList returns the elements of a list in a query.
func queryList(query url.Values, name string) []string {
	return strings.FieldsFunc(strings.Join(query[name], ","), func(r rune) bool { return r == ',' })
}

func (d *description) checkBody(c *call) []requestError {
	schema := d.operations[c.operation].body
	if schema == nil {
		return nil
	}
	mediaType, _, err := mime.ParseMediaType(c.req.Header.Get("Content-Type"))
	if want := c.operation.MediaType; err != nil || mediaType != want && !c.fallenForward {
		return []requestError{{status: http.StatusUnsupportedMediaType, detail: "The Content-Type must be " + want + "."}}
	}
	if limit := cmp.Or(c.operationSpec().maxBody, maxBody); len(c.body) > limit {
		return []requestError{{
			status: http.StatusRequestEntityTooLarge,
			detail: "The body has more than " + strconv.Itoa(limit) + " bytes.",
		}}
	}
	if c.readErr != nil || c.decode() != nil {
		return []requestError{{status: http.StatusBadRequest, detail: "The body is not JSON."}}
	}
	err = schema.VisitJSON(c.value, openapi3.VisitAsRequest(), openapi3.MultiErrors(), openapi3.WithStringFormatValidator("date-time", dateTime))
	return append(schemaErrors(err), unknownFields("", schema, c.value)...)
}

// dateTime accepts RFC 3339 with or without a time zone, like the examples in the description.
var dateTime = openapi3.NewCallbackValidator(func(text string) error {
	if !strings.Contains(text, "T") {
		return errors.New("there is no T between the date and the time")
	}
	_, err := runtime.Timestamp(text).Time()
	return err
})

// schemaDetails are the error details by schema keyword. The validator's own messages may
// contain values.
var schemaDetails = map[string]string{
	"required": "The field is missing.",
	"type":     "The field has the wrong type.",
	"nullable": "The field can't be null.",
	"enum":     "The value of the field is not allowed.",
	"format":   "The field has the wrong format.",
}

func schemaErrors(err error) []requestError {
	var errs []requestError
	switch err := err.(type) {
	case openapi3.MultiError:
		for _, err := range err {
			errs = append(errs, schemaErrors(err)...)
		}
	case *openapi3.SchemaError:
		detail, ok := schemaDetails[err.SchemaField]
		if !ok {
			detail = "The field does not match the API description."
		}
		errs = append(errs, invalidField(pointer("", err.JSONPointer()...), detail))
	case error:
		errs = append(errs, invalidField("", "The body does not match the API description."))
	}
	return errs
}

// unknownFields rejects members that an object schema doesn't list. Schemas without a list
// allow any members.
func unknownFields(at string, schema *openapi3.Schema, v any) []requestError {
	var errs []requestError
	if schema.Items != nil {
		for i, element := range elements(v) {
			errs = append(errs, unknownFields(pointer(at, strconv.Itoa(i)), schema.Items.Value, element)...)
		}
	}
	if len(schema.Properties) == 0 {
		return errs
	}
	members := object(v)
	for _, name := range slices.Sorted(maps.Keys(members)) {
		property, ok := schema.Properties[name]
		if !ok {
			errs = append(errs, invalidField(pointer(at, name), "The field is unknown."))
			continue
		}
		errs = append(errs, unknownFields(pointer(at, name), property.Value, members[name])...)
	}
	return errs
}

// pointerTo returns the JSON Pointer to a value in an element of the list at at.
func pointerTo(at string, index int, tokens ...string) string {
	return pointer(pointer(at, strconv.Itoa(index)), tokens...)
}

// pointer returns the JSON Pointer to a value below at.
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
