package main

import (
	"strings"
	"testing"
	"text/template"
)

func TestFinishNamesNullableOfThePackage(t *testing.T) {
	finished, err := finish([]byte("package klaviyo\n\nimport (\n" + nullableImport + ")\n\ntype A struct {\n\tB nullable.Nullable[string]\n}\n"))
	if err != nil {
		t.Fatal(err)
	}
	if got := string(finished); strings.Contains(got, "nullable") || !strings.Contains(got, "B Nullable[string]") {
		t.Errorf("the code is\n%s", got)
	}
}

func TestFinishReportsComplaints(t *testing.T) {
	_, err := finish([]byte("package klaviyo\n\n// generate: name it SegmentPage\n\n// generate: name it TagPage\n"))
	if err == nil || err.Error() != "name it SegmentPage\nname it TagPage" {
		t.Errorf("the error is %v", err)
	}
}

// TestPagingTemplateNeedsPage renders the template of the iterators for an operation whose
// response has a name from which the name of an item can't be derived.
func TestPagingTemplateNeedsPage(t *testing.T) {
	for response, want := range map[string]string{
		"SegmentPage":   "",
		"SegmentList":   "get_segments returns pages",
		"Page":          "get_segments returns pages",
		"struct{ ID }":  "get_segments returns pages",
		"GetSegments20": "get_segments returns pages",
	} {
		rendered, err := finish([]byte("package klaviyo\n" + renderPaging(t, response)))
		switch {
		case want == "" && err != nil:
			t.Errorf("%s: %v", response, err)
		case want == "" && !strings.Contains(string(rendered), "iter.Seq2[Segment, error]"):
			t.Errorf("%s: no iterator in\n%s", response, rendered)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "x-go-name")):
			t.Errorf("%s: the error is %v", response, err)
		}
	}
}

// renderPaging renders the template for get_segments.
func renderPaging(t *testing.T, response string) string {
	t.Helper()
	type typeDefinition struct {
		ResponseName string
		Schema       struct{ TypeDecl string }
	}
	none := func(any) string { return "" }
	page, err := template.New("paging.tmpl").Funcs(template.FuncMap{
		"genParamArgs":  none,
		"genParamNames": none,
		"getResponseTypeDefinitions": func(any) []typeDefinition {
			return []typeDefinition{{ResponseName: "200", Schema: struct{ TypeDecl string }{response}}}
		},
	}).ParseFiles("../../openapi/templates/paging.tmpl")
	if err != nil {
		t.Fatal(err)
	}
	type parameter struct{ ParamName string }
	type operation struct {
		OperationId, SpecOperationId string
		QueryParams, PathParams      []parameter
	}
	var out strings.Builder
	if err := page.Execute(&out, []operation{{
		OperationId: "GetSegments", SpecOperationId: "get_segments", QueryParams: []parameter{{"page[cursor]"}},
	}}); err != nil {
		t.Fatal(err)
	}
	return out.String()
}
