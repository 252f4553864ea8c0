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
type problems map[string]*found

type found struct {
	Problem
	last Place
}

// add counts an event, once if it has the code several times.
func (p problems) add(code string, at Place) {
	f := p[code]
	switch {
	case f == nil:
		f = &found{Problem: Problem{Code: code}}
		p[code] = f
	case f.last == at:
		return
	}
	f.last = at
	f.Events++
	if len(f.First) < maxPlaces {
		f.First = append(f.First, at)
	}
}

// sorted gives the most frequent first.
func (p problems) sorted() []*Problem {
	sorted := make([]*Problem, 0, len(p))
	for _, f := range p {
		sorted = append(sorted, &f.Problem)
	}
	slices.SortFunc(sorted, func(a, b *Problem) int {
		return cmp.Or(cmp.Compare(b.Events, a.Events), cmp.Compare(a.Code, b.Code))
	})
	return sorted
}
