package plan

import (
	"cmp"
	"slices"
)

// Problem is what a plan tells of the events with a code.
type Problem struct {
	Code   string  `json:"code"`
	Events int     `json:"events"`
	First  []Place `json:"first"`
}

// maxPlaces is how many events of a problem are told.
const maxPlaces = 3

// problems are the events with a code, by the code.
type problems map[string]*Problem

func (p problems) add(code string, at Place) {
	if p[code] == nil {
		p[code] = &Problem{Code: code}
	}
	p[code].Events++
	if n := len(p[code].First); n < maxPlaces && (n == 0 || p[code].First[n-1] != at) {
		p[code].First = append(p[code].First, at)
	}
}

// sorted gives the most frequent first.
func (p problems) sorted() []*Problem {
	sorted := make([]*Problem, 0, len(p))
	for _, problem := range p {
		sorted = append(sorted, problem)
	}
	slices.SortFunc(sorted, func(a, b *Problem) int {
		return cmp.Or(cmp.Compare(b.Events, a.Events), cmp.Compare(a.Code, b.Code))
	})
	return sorted
}
