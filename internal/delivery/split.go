package delivery

import (
	"errors"
	"regexp"
	"strconv"
	"strings"

	"github.com/rudderklaviyo/rudderklaviyo/client"
)

// split gives the calls to make in place of one of several events that failed;
// none if each of the events would fail in the same way.
func (q *Queue) split(c *call, reason error) []*call {
	switch {
	case c.isGathered():
	case len(c.tasks) == 1:
		return nil
	case c.batching().merge != nil:
		return apart(c.tasks) // the others wait for the first again
	}
	at := c.batching().placesOf(reason)
	if at.shared {
		return nil
	}
	if named, others := q.sift(c, at); len(named) > 0 && !c.misled {
		alone, r := apart(named), &rest{calls: c.part(others)}
		if len(alone) == 0 { // each follows another in its person's line
			return r.calls
		}
		r.named = len(alone)
		for _, one := range alone {
			one.rest = r
		}
		return alone
	}
	half := len(c.tasks) / 2
	return append(c.part(c.tasks[:half]), c.part(c.tasks[half:])...)
}

// apart lets events go alone from now on, and gives the calls of those whose turn it is.
func apart(tasks []*task) []*call {
	var calls []*call
	for _, t := range tasks {
		t.alone = true
		if t.waits == 0 {
			calls = append(calls, callOf(t))
		}
	}
	return calls
}

// part gives the calls of some of the call's events: one, or one each where they are too
// few for it. Those that don't follow the one that they wait for are left out: they go
// when it is their turn.
func (c *call) part(tasks []*task) []*call {
	turn := c.inTurn(tasks)
	switch {
	case len(turn) == 0:
		return nil
	case len(turn) < c.batching().fewest:
		return apart(turn)
	}
	return []*call{{operation: c.operation, tasks: turn, after: c.after, misled: c.misled}}
}

// inTurn gives the events whose turn it is, and those that follow them in their person's
// line.
func (c *call) inTurn(tasks []*task) []*task {
	in := make(map[*task]bool, len(tasks))
	var turn []*task
	for _, t := range tasks {
		if t.waits == 0 || in[c.after[t]] {
			in[t] = true
			turn = append(turn, t)
		}
	}
	return turn
}

// places are what an error names in the body of a call of several requests.
type places struct {
	shared   bool // what all have in common
	elements map[string][]int
}

// placesOf reads the JSON Pointers of an error. What isn't found without one is what all
// have in common: such a call names nothing else that could be missing.
func (b *batching) placesOf(reason error) places {
	var e *client.Error
	if !errors.As(reason, &e) {
		return places{}
	}
	at := places{elements: make(map[string][]int)}
	for _, pointer := range pointersOf(e) {
		list, index, is := b.placeOf(strings.TrimSuffix(pointer, "/"))
		switch {
		case is == inElement:
			at.elements[list] = append(at.elements[list], index)
		case is == inShared, is == aboveLists && errors.Is(reason, client.ErrNotFound):
			at.shared = b.shared != nil
		}
	}
	return at
}

func pointersOf(e *client.Error) []string {
	if len(e.Missing) > 0 {
		return e.Missing
	}
	pointers := []string{e.Pointer}
	for _, fault := range e.Faults {
		if fault.Pointer != e.Pointer {
			pointers = append(pointers, fault.Pointer)
		}
	}
	return pointers
}

// What a pointer leads to.
type whereabouts int

const (
	inShared   whereabouts = iota
	inElement              // of a list of requests
	inList                 // one of them, or one that the body hasn't got, nobody knows where
	aboveLists             // to what holds the lists
)

func (b *batching) placeOf(pointer string) (list string, index int, is whereabouts) {
	for list := range b.lists {
		if strings.HasPrefix(list, pointer+"/") {
			return "", 0, aboveLists
		}
		within, ok := strings.CutPrefix(pointer+"/", list+"/")
		if !ok {
			continue
		}
		number, _, _ := strings.Cut(within, "/")
		if index, err := strconv.Atoi(number); err == nil && index >= 0 {
			return list, index, inElement
		}
		return "", 0, inList
	}
	if elementPointer.MatchString(pointer) {
		return "", 0, inList
	}
	return "", 0, inShared
}

// elementPointer matches a pointer to an element of a list, or into it.
var elementPointer = regexp.MustCompile(`/-?[0-9]+(/|$)`)

// sift parts the events that an error names from the others.
func (q *Queue) sift(c *call, at places) (named, others []*task) {
	isNamed := make(map[*task]bool)
	for _, indexes := range at.elements {
		for _, i := range indexes {
			if c.isGathered() && i < len(c.units) {
				for _, t := range c.units[i] {
					isNamed[t] = true
				}
			}
		}
	}
	for list, indexes := range at.elements {
		if c.isGathered() {
			break
		}
		var owners []*task // of the list's elements
		for _, t := range c.tasks {
			q.load(t)
			for range c.batching().lists[list](t.requests[0].Body()) {
				owners = append(owners, t)
			}
		}
		for _, i := range indexes {
			if i < len(owners) {
				isNamed[owners[i]] = true
			}
		}
	}
	for _, t := range c.tasks {
		if isNamed[t] {
			named = append(named, t)
		} else {
			others = append(others, t)
		}
	}
	return named, others
}
