package mapper_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

func TestNewNamesTheWrongSetting(t *testing.T) {
	tests := []struct {
		cfg  mapper.Config
		want string // in the error; empty if there is none
	}{
		{mapper.Config{}, ""},
		{mapper.Config{DefaultCountry: "de"}, ""},
		{mapper.Config{DefaultCountry: "Germany"}, "defaultCountry"},
		{mapper.Config{ItemFields: mapper.ItemFieldsTransformer}, ""},
		{mapper.Config{ItemFields: "rudderstack"}, "itemFields"},
		{mapper.Config{EventFilteringOption: mapper.EventFilteringWhitelist}, ""},
		{mapper.Config{EventFilteringOption: "whitelist"}, "eventFilteringOption"},
		{mapper.Config{Revision: mapper.DefaultRevision()}, ""},
		{mapper.Config{Revision: served}, ""},
		{mapper.Config{Revision: "2022-10-17"}, "revision must be one of 2023-02-22, 2026-07-15"},
		{mapper.Config{HistoricalImport: true, Revision: served}, ""},
		{mapper.Config{HistoricalImport: true}, "historicalImport: not supported by this revision; set revision to one that supports it: 2026-07-15"},
		{mapper.Config{MergeOnAlias: true, Revision: served}, ""},
		{mapper.Config{MergeOnAlias: true}, "mergeOnAlias: not supported by this revision; set revision to one that supports it: 2026-07-15"},
		{mapper.Config{Consent: []mapper.Channel{}}, ""},
		{mapper.Config{Consent: []mapper.Channel{"fax"}}, "consent"},
	}
	for _, tt := range tests {
		_, err := mapper.New(tt.cfg)
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("New(%+v) = %v, want an error with %q", tt.cfg, err, tt.want)
		}
	}
}

// TestRevisions names the revisions, one of which is the default.
func TestRevisions(t *testing.T) {
	if got := mapper.Revisions(); !slices.IsSorted(got) || !slices.Contains(got, served) {
		t.Errorf("Revisions() = %q", got)
	}
	if got := mapper.DefaultRevision(); got != "2023-02-22" {
		t.Errorf("DefaultRevision() = %q", got)
	}
}

// TestOperations holds each request to an operation of the revision asked for.
func TestOperations(t *testing.T) {
	const event = `{"type":"%s","event":"x","groupId":"L","traits":{"email":"ana@example.com","subscribe":%s,"properties":{"subscribe":%[2]s,"listId":"L"}}}`
	for _, revision := range mapper.Revisions() {
		m := newMapper(t, mapper.Config{Revision: revision, Unsubscribe: new(true)})
		kinds := map[mapper.Kind]bool{}
		for _, text := range []string{fmt.Sprintf(event, "track", "true"), fmt.Sprintf(event, "identify", "true"), fmt.Sprintf(event, "group", "false")} {
			result, err := m.Map([]byte(text))
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range result.Requests {
				kinds[r.Kind()] = true
				if op := r.Operation(); op.Revision != revision || op.Method == "" || op.Path == "" {
					t.Errorf("a request of %s has the operation %+v", revision, *op)
				}
				if _, ok := r.Body().(interface{ AppendJSON([]byte) []byte }); !ok {
					t.Errorf("revision %s: the body of %s is encoded by reflection", revision, r.Operation())
				}
			}
		}
		if len(kinds) != 4 {
			t.Errorf("revision %s: kinds %v", revision, kinds)
		}
	}
}

// TestEventKey checks that only events have a key.
func TestEventKey(t *testing.T) {
	for _, revision := range mapper.Revisions() {
		m := newMapper(t, mapper.Config{Revision: revision})
		for text, want := range map[string]mapper.EventKey{
			`{"type":"track","event":" Product Added ","messageId":"m-1","timestamp":"2026-03-01T09:30:00Z","traits":{"email":"ana@example.com"}}`: {Metric: "Added to Cart", UniqueID: "m-1", Time: "2026-03-01T09:30:00Z"},
			`{"type":"identify","messageId":"m-1","timestamp":"2026-03-01T09:30:00Z","traits":{"email":"ana@example.com"}}`:                        {},
		} {
			result, err := m.Map([]byte(text))
			if err != nil {
				t.Fatal(err)
			}
			if got := result.Requests[0].Event(); got != want {
				t.Errorf("%s: %+v, want %+v", text, got, want)
			}
		}
	}
}
