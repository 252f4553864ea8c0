// Package problem counts events that can't be sent, are skipped, or are sent with changes, by
// code, and records the first places of each.
package problem

import (
	"cmp"
	"slices"
	"strings"

	"github.com/rudderklaviyo/rudderklaviyo/internal/input"
)

// Problem describes the events with a code.
type Problem struct {
	Code   string  `json:"code"`
	Events int     `json:"events"`
	First  []Place `json:"first"`
	// Explain is the command that explains the first one, or empty.
	Explain string `json:"explain,omitempty"`
}

// Explain sets the command that explains the first event of each problem.
func Explain(problems []*Problem, command func(Place) string) {
	for _, p := range problems {
		p.Explain = command(p.First[0])
	}
}

// Places lists the first places, each file once, and says whether there are more.
func (p *Problem) Places() string {
	var places strings.Builder
	for i, place := range p.First {
		switch {
		case i == 0:
		case place.File == p.First[i-1].File:
			places.WriteString(", ")
			place.File = ""
		default:
			places.WriteString("; ")
		}
		places.WriteString(place.String())
	}
	if p.Events > len(p.First) {
		places.WriteString(", …")
	}
	return places.String()
}

// maxPlaces is the number of places that are listed for a problem.
const maxPlaces = 3

// Set is a set of problems by code. It isn't safe for concurrent use.
type Set map[string]*entry

type entry struct {
	events int
	first  []input.Position // in the order of the input
	last   input.Position   // last one added
}

// Add counts an event. Successive calls with the same code and event count once. Events may be
// added in any order.
func (s Set) Add(code string, at input.Position) {
	f := s[code]
	switch {
	case f == nil:
		f = new(entry)
		s[code] = f
	case f.last == at:
		return
	}
	f.last = at
	f.events++
	if i, there := slices.BinarySearchFunc(f.first, at, compare); i < maxPlaces && !there {
		f.first = slices.Insert(f.first, i, at)
		f.first = f.first[:min(len(f.first), maxPlaces)]
	}
}

func compare(a, b input.Position) int {
	return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Event, b.Event))
}

// Events returns the total number of events of all codes. An event with two codes counts twice.
func (s Set) Events() (events int) {
	for _, f := range s {
		events += f.events
	}
	return events
}

// Sorted returns the problems of events in files, most frequent first.
func (s Set) Sorted(files []string) []*Problem {
	sorted := make([]*Problem, 0, len(s))
	for code, f := range s {
		p := &Problem{Code: code, Events: f.events}
		for _, at := range f.first {
			p.First = append(p.First, PlaceOf(files, at))
		}
		sorted = append(sorted, p)
	}
	slices.SortFunc(sorted, func(a, b *Problem) int {
		return cmp.Or(cmp.Compare(b.Events, a.Events), cmp.Compare(a.Code, b.Code))
	})
	return sorted
}
