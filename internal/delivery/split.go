package delivery

import (
	"errors"
	"regexp"
	"strconv"
	"strings"

	"github.com/rudderklaviyo/rudderklaviyo/client"
)

// split returns the calls that replace a failed call of several events. It returns none if each
// event would fail in the same way.
func (q *Queue) split(c *call, reason error) []*call {
	switch {
	case c.isBulk():
	case len(c.tasks) == 1:
		return nil
	case c.batching().merge != nil:
		return sendAlone(c.tasks) // the others follow the first
	}
	at := c.batching().locate(reason)
	if at.shared {
		return nil
	}
	if named, others := q.partition(c, at); len(named) > 0 && !c.wrongPointers {
		alone, r := sendAlone(named), &remainder{calls: c.calls(others)}
		if len(alone) == 0 { // each follows another event of its person
			return r.calls
		}
		r.named = len(alone)
		for _, one := range alone {
			one.remainder = r
		}
		return alone
	}
	half := len(c.tasks) / 2
	return append(c.calls(c.tasks[:half]), c.calls(c.tasks[half:])...)
}

// sendAlone makes events go alone from now on, and returns the calls of those that are ready.
func sendAlone(tasks []*task) []*call {
	var calls []*call
	for _, t := range tasks {
		t.sendAlone = true
		if t.blockers == 0 {
			calls = append(calls, callOf(t))
		}
	}
	return calls
}

// calls returns the calls for some of the call's events: one, or one for each event if there
// are too few. Events whose previous event isn't among them are omitted: they go when they are
// ready.
func (c *call) calls(tasks []*task) []*call {
	turn := c.readyTasks(tasks)
	switch {
	case len(turn) == 0:
		return nil
	case len(turn) < c.batching().minRequests:
		return sendAlone(turn)
	}
	return []*call{{operation: c.operation, tasks: turn, after: c.after, wrongPointers: c.wrongPointers}}
}

// readyTasks returns the events that are ready, and those that follow them in their person's
// queue.
func (c *call) readyTasks(tasks []*task) []*task {
	in := make(map[*task]bool, len(tasks))
	var turn []*task
	for _, t := range tasks {
		if t.blockers == 0 || in[c.after[t]] {
			in[t] = true
			turn = append(turn, t)
		}
	}
	return turn
}

// errorLocations are the parts of a body with several requests that an error points at.
type errorLocations struct {
	shared   bool // what all requests have in common
	elements map[string][]int
}

// locate returns the locations in an error. A 404 without a pointer to an element is about what
// all requests have in common, since nothing else in the body can be missing.
func (b *batching) locate(reason error) errorLocations {
	var e *client.Error
	if !errors.As(reason, &e) {
		return errorLocations{}
	}
	at := errorLocations{elements: make(map[string][]int)}
	for _, pointer := range pointersOf(e) {
		list, index, is := b.classifyPointer(strings.TrimSuffix(pointer, "/"))
		switch {
		case is == inElement:
			at.elements[list] = append(at.elements[list], index)
		case is == inShared, is == aboveLists && errors.Is(reason, client.ErrNotFound):
			at.shared = b.sharedKey != nil
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

// A pointerKind is what a pointer points at.
type pointerKind int

const (
	inShared   pointerKind = iota
	inElement              // an element of a list of requests
	inList                 // a list, or an unknown location in one
	aboveLists             // an object that contains the lists
)

func (b *batching) classifyPointer(pointer string) (list string, index int, is pointerKind) {
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

// elementPointer matches a pointer to an element of a list, or into one.
var elementPointer = regexp.MustCompile(`/-?[0-9]+(/|$)`)

// partition separates the events that an error points at from the others.
func (q *Queue) partition(c *call, at errorLocations) (named, others []*task) {
	isNamed := make(map[*task]bool)
	for _, indexes := range at.elements {
		for _, i := range indexes {
			if c.isBulk() && i < len(c.units) {
				for _, t := range c.units[i] {
					isNamed[t] = true
				}
			}
		}
	}
	for list, indexes := range at.elements {
		if c.isBulk() {
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
