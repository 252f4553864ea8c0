package openapi_test

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"golang.org/x/tools/txtar"

	"github.com/rudderklaviyo/rudderklaviyo/internal/published"
	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// TestMappedRequests checks what the events of the mapper's golden cases become against the
// schemas of the description, and of the published one where KLAVIYO_OPENAPI names it.
func TestMappedRequests(t *testing.T) {
	events := goldenEvents(t)
	eachRevision(t, func(t *testing.T, revision string) {
		descriptions := map[string][]byte{"ours": describe(t, revision)}
		if published.File(t, revision) != "" {
			descriptions["published"] = published.Read(t, revision)
		}
		requests := mapped(t, revision, events)
		for name, data := range descriptions {
			doc, err := openapi3.NewLoader().LoadFromData(data)
			if err != nil {
				t.Fatal(err)
			}
			kinds := make(map[mapper.Kind]int)
			for _, r := range requests {
				op := r.Operation()
				schema := doc.Paths.Find(op.Path).GetOperation(op.Method).RequestBody.Value.Content[op.MediaType].Schema.Value
				body := r.AppendBody(nil)
				var value any
				if err := json.Unmarshal(body, &value); err != nil {
					t.Fatal(err)
				}
				if err := schema.VisitJSON(value, openapi3.VisitAsRequest()); err != nil {
					t.Errorf("%s: %s: %v\n%s", name, op, err, body)
				}
				if unknown := undescribed(schema, value, ""); unknown != "" {
					t.Errorf("%s: %s: %s is not described\n%s", name, op, unknown, body)
				}
				kinds[r.Kind()]++
			}
			for _, kind := range []mapper.Kind{mapper.KindProfile, mapper.KindEvent, mapper.KindSubscription, mapper.KindUnsubscription} {
				if kinds[kind] == 0 {
					t.Errorf("no event becomes a %s", kind)
				}
			}
		}
	})
}

// goldenEvents are the events of the mapper's golden cases.
func goldenEvents(t *testing.T) (events [][]byte) {
	t.Helper()
	paths, err := filepath.Glob("../mapper/testdata/golden/*/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range archive.Files {
			if strings.HasSuffix(part.Name, "/event.json") {
				events = append(events, part.Data)
			}
		}
	}
	return events
}

// mapped are the requests that events become in a revision, with each setting that adds to
// them.
func mapped(t *testing.T, revision string, events [][]byte) (requests []mapper.Request) {
	t.Helper()
	yes := true
	for _, cfg := range []mapper.Config{
		{ListID: "L1", DefaultCountry: "US", Unsubscribe: &yes, OrderedProducts: true, AllowExternalIDOnly: true},
		{ListID: "L1", EnforceEmailAsPrimary: true, FlattenProperties: true, ItemFields: mapper.ItemFieldsTransformer},
		{ListID: "L1", HistoricalImport: true, MergeOnAlias: true},
	} {
		cfg.Revision = revision
		m, err := mapper.New(cfg)
		if err != nil {
			if cfg.HistoricalImport {
				continue // the revision has no place for it
			}
			t.Fatal(err)
		}
		for _, event := range events {
			if result, err := m.Map(event); err == nil {
				requests = append(requests, result.Requests...)
			}
		}
	}
	return requests
}
