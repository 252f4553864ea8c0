package delivery

import (
	"container/list"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// task is an event on its way.
type task struct {
	event  Event
	number int           // counts the events taken in
	place  *list.Element // in the backlog
	// todo are the requests that aren't done. The first may be under way.
	todo []mapper.Request

	ids   []id  // of its person
	waits int   // for how many others
	next  *task // the one that waits for this one, or nil

	// alone is set when its profile was refused together with others.
	alone bool
}

// call is a request to be made, of one event or of several.
type call struct {
	request client.Request
	// tasks are in the order of the input if they are of one person, else in that of
	// the request.
	tasks []*task
	// again says that it was held back, and is sent again since Klaviyo answers.
	again bool
}

// only is the call of an event's next request.
func only(t *task) *call { return &call{request: t.todo[0], tasks: []*task{t}} }
