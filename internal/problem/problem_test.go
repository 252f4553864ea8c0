package problem

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rudderklaviyo/rudderklaviyo/internal/input"
)

func TestAnEventCountsOnceForACode(t *testing.T) {
	s := Set{}
	for line, codes := range [][]string{{"x", "x", "y"}, {"y"}, nil, {"x"}} {
		for _, code := range codes {
			s.Add(code, input.Position{Line: line + 1})
		}
	}
	want := []*Problem{
		{Code: "x", Events: 2, First: []Place{{Line: 1}, {Line: 4}}},
		{Code: "y", Events: 2, First: []Place{{Line: 1}, {Line: 2}}},
	}
	if diff := cmp.Diff(want, s.Sorted([]string{"a"})); diff != "" {
		t.Error(diff)
	}
	if got := s.Events(); got != 4 {
		t.Errorf("%d events", got)
	}
}

// TestFirstPlacesAreThoseOfTheInput has events that become known in another order, as those
// that Klaviyo refuses do.
func TestFirstPlacesAreThoseOfTheInput(t *testing.T) {
	s := Set{}
	for _, at := range []input.Position{{File: 1, Line: 2}, {Line: 9}, {Line: 30}, {File: 1, Line: 1}, {Line: 9, Event: 2}, {Line: 8, Event: 3}} {
		s.Add("x", at)
	}
	got := s.Sorted([]string{"b", "a"})[0]
	want := &Problem{Code: "x", Events: 6, First: []Place{{File: "b", Line: 8, Event: 3}, {File: "b", Line: 9}, {File: "b", Line: 9, Event: 2}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if places := got.Places(); places != "b line 8 event 3, line 9, line 9 event 2, …" {
		t.Error(places)
	}
}
