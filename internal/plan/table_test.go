package plan

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rudderklaviyo/rudderklaviyo/internal/input"
	"github.com/rudderklaviyo/rudderklaviyo/internal/problem"
)

func tableOf(t *testing.T, p *Plan) string {
	t.Helper()
	var table strings.Builder
	if err := p.WriteTable(&table, 0); err != nil {
		t.Fatal(err)
	}
	return table.String()
}

func TestTableWarnsOfManyMetrics(t *testing.T) {
	for n, want := range map[int]string{179: "", 180: "near the 200", 200: "near the 200", 201: "too many", maxCounted + 1: "and more"} {
		p := &Plan{MetricsLeftOut: max(0, n-maxCounted)}
		for i := range min(n, maxCounted) {
			p.Metrics = append(p.Metrics, Metric{fmt.Sprint("E", i), 1})
		}
		_, notes, _ := strings.Cut(tableOf(t, p), "\nmetrics")
		notes, _, _ = strings.Cut(notes, "\n")
		if want == "" && strings.Contains(notes, "200") || !strings.Contains(notes, want) {
			t.Errorf("%d metrics: %q, want %q", n, notes, want)
		}
	}
}

// TestTable has what the tables of real events seldom have.
func TestTable(t *testing.T) {
	got := tableOf(t, &Plan{
		Checkpoint: &Checkpoint{Name: "progress.json", At: problem.Place{File: "b.jsonl", Line: 7, Event: 2}, EventsDone: 1_206},
		Events:     1_234_567, Types: map[string]int{"track": 1_234_567},
		People: 250_000, PeopleEstimated: true,
		Metrics:    []Metric{{"A name that is longer than its column \x1b[2J", 1_234_567}, {"お茶を買った 🎁", 7}},
		Errors:     []*problem.Problem{{Code: "invalid_json", Events: 4, First: []problem.Place{{File: "a.jsonl", Line: 1}, {File: "a.jsonl", Line: 9, Event: 12}, {File: "b.jsonl", Line: 1}}}},
		Calls:      []Calls{{"create_event", Bounds{1_000, 1_234_567}, Bounds{2, 21_164}}},
		Seconds:    Bounds{2, 21_164},
		QuotaShare: 1,
		Forms:      input.Forms{input.FormBatch: 1_234_567}, Compressed: map[input.Compression]int{input.Gzip: 2},
	})
	want := `What is left from b.jsonl line 7 event 2 on, by progress.json. Events done before: 1,206.

events                                                 1,234,567  2 s – 5 h 53 min at Klaviyo's limits
  track                                                1,234,567

can't be sent                                                  4
  invalid_json                                                 4  a.jsonl line 1, line 9 event 12; b.jsonl line 1, …

people                                             about 250,000

metrics                                                        2
  A name that is longer than its column ·[2J           1,234,567
  お茶を買った 🎁                                              7

calls                                          1,000 – 1,234,567
  create_event                                 1,000 – 1,234,567  2 s – 5 h 53 min

events from
  batches                                              1,234,567
  files of gzip                                                2
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestTableOnANarrowTerminal has names that only their ends tell apart.
func TestTableOnANarrowTerminal(t *testing.T) {
	p := &Plan{
		Events: 12, Types: map[string]int{"track": 12}, People: 3, QuotaShare: 1,
		Metrics: []Metric{{"Subscription Renewal Payment Failed Again", 9}, {"Subscription Renewal Payment Failed Finally", 3}},
		Errors:  []*problem.Problem{{Code: "invalid_json", Events: 2, First: []problem.Place{{File: "a.jsonl", Line: 1}, {File: "b.jsonl", Line: 9}}}},
		Calls:   []Calls{{"bulk_create_events", Bounds{1, 12}, Bounds{1, 1}}},
		Seconds: Bounds{1, 1},
	}
	var table strings.Builder
	if err := p.WriteTable(&table, 40); err != nil {
		t.Fatal(err)
	}
	want := `events                                12
      1 s at Klaviyo's limits
  track                               12

can't be sent                          2
  invalid_json                         2
      a.jsonl line 1; b.jsonl line 9

people                                 3

metrics                                2
  Subscription R…ent Failed Again      9
  Subscription R…t Failed Finally      3

calls                             1 – 12
  bulk_create_events              1 – 12
      1 s
`
	if diff := cmp.Diff(want, table.String()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	for width := range 30 {
		if err := p.WriteTable(&table, width); err != nil { // however narrow
			t.Fatal(err)
		}
	}
}
