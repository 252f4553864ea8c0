package plan

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rudderklaviyo/rudderklaviyo/internal/delivery"
	"github.com/rudderklaviyo/rudderklaviyo/internal/input"
	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

func TestAnEventCountsOnceForACode(t *testing.T) {
	d := New([]string{"a"}, delivery.BulkAuto)
	for line, codes := range [][]mapper.Code{{"x", "x", "y"}, {"y"}, nil, {"x"}} {
		e := Event{Event: input.Event{Position: input.Position{Line: line + 1}}}
		for _, code := range codes {
			e.Result.Warnings = append(e.Result.Warnings, mapper.Warning{Code: code})
		}
		d.Add(e)
	}
	want := []*Problem{
		{Code: "x", Events: 2, First: []Place{{Line: 1}, {Line: 4}}},
		{Code: "y", Events: 2, First: []Place{{Line: 1}, {Line: 2}}},
	}
	if diff := cmp.Diff(want, d.Plan(nil, Quota{Share: 1}).Warnings); diff != "" {
		t.Error(diff)
	}
}

func TestTypesAreRudderStacks(t *testing.T) {
	d := New([]string{"a"}, delivery.BulkAuto)
	for _, name := range []string{"track", "page", "", "mine", "yours", "track"} {
		d.Add(Event{Result: mapper.Result{Type: name, Skipped: mapper.SkipUnsupportedType}})
	}
	want := map[string]int{"track": 2, "page": 1, "unknown": 1, "other": 2}
	if diff := cmp.Diff(want, d.Plan(nil, Quota{Share: 1}).Types); diff != "" {
		t.Error(diff)
	}
}
