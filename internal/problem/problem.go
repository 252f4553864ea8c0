// Package problem counts events that can't be sent, are skipped or are sent otherwise than
// they were meant, by code, and knows where the first of them stand.
package problem

import (
	"cmp"
	"slices"
	"strings"

	"github.com/rudderklaviyo/rudderklaviyo/internal/input"
)

// Problem is what is told of the events with a code.
type Problem struct {
	Code   string  `json:"code"`
	Events int     `json:"events"`
	First  []Place `json:"first"`
	// Explain is the command that explains the first, or empty.
	Explain string `json:"explain,omitempty"`
}

// Explain adds to each problem the command that explains the first of its events.
func Explain(problems []*Problem, command func(Place) string) {
	for _, p := range problems {
		p.Explain = command(p.First[0])
	}
}

// Places names the first places, and says whether there are more.
func (p *Problem) Places() string {
	var places []string
	for _, place := range p.First {
		places = append(places, place.String())
	}
	if p.Events > len(places) {
		places = append(places, "…")
	}
	return strings.Join(places, ", ")
}

// maxPlaces is how many events of a problem are told.
const maxPlaces = 3

// Set is the problems of events, by their code. It isn't safe for concurrent use.
type Set map[string]*found

type found struct {
	events int
	first  []input.Position // in the order of the input
	last   input.Position   // that was added
}

// Add counts an event, once if it is added with the code several times in a row. The events
// come in any order.
func (s Set) Add(code string, at input.Position) {
	f := s[code]
	switch {
	case f == nil:
		f = new(found)
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

// Events counts the events of all codes: one with two codes twice.
func (s Set) Events() (events int) {
	for _, f := range s {
		events += f.events
	}
	return events
}

// Sorted gives the problems of events in files, the most frequent first.
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
